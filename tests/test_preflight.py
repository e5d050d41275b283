"""A preflight names each trap that it can see from one row, and leaves a sound set-up alone."""

import math

import dspy
import pytest
from preflight import preflight, trials
from scores import exact
from scripted import ScriptedEngine

MOOD = "text -> mood: Literal['good', 'bad']"
ROWS = [
    dspy.Example(text=f"{number} is {mood}.", mood=mood).with_inputs("text")
    for number in range(20)
    for mood in ("good", "bad")
]


def right(example, prediction, trace=None):
    return example.mood == prediction.mood


def scripted(*replies, **options):
    options = {"cache": True, "temperature": 0.0} | options
    return dspy.LM("scripted/model", engine=ScriptedEngine(*(replies or ['{"mood": "good"}'])), **options)


@pytest.fixture(autouse=True)
def configured():
    dspy.configure(lm=scripted(), adapter=dspy.JSONAdapter())


class Moody(dspy.Module):
    def __init__(self):
        self.ask = dspy.Predict(MOOD)

    def forward(self, text):
        return self.ask(text=text)


def look(program=None, devset=ROWS, metric=right, **options):
    return preflight(program or dspy.Predict(MOOD), devset, metric, **options)


def only(found, state="bad"):
    [one] = [one for one in found.findings if one.state == state]
    return one


def test_a_sound_set_up_is_ready():
    """No finding is made up where nothing is wrong; what the whole devset takes is told."""
    found = look(Moody())
    assert found.ok
    assert {one.state for one in found.findings} == {"good"}
    assert repr(found).startswith(
        "Ready.\ngood: inputs, number of rows, program, predictors, metric\n1 call "
    )
    assert found.takes.startswith("1 call for one row, so 40 for 40: about ")


def test_only_one_row_is_paid_for():
    """The program runs once, whatever the metric is asked."""
    engine = dspy.settings.lm.engine
    look(Moody())
    assert len(engine.requests) == 1


def test_forgotten_inputs():
    """Rows without with_inputs are found, and the line that mends them names the program's own field."""
    found = look(devset=[dspy.Example(row.toDict()) for row in ROWS])
    assert not found.ok
    assert only(found).next_step == 'devset = [row.with_inputs("text") for row in devset]'
    assert only(found).found.startswith("40 of 40 rows: no inputs.")


def test_inputs_that_name_no_field():
    """with_inputs("txt") on a row with `text` leaves it without inputs too."""
    assert "names no field" in only(look(devset=[row.with_inputs("txt") for row in ROWS])).found


def test_one_bare_row_among_many_is_counted():
    """A single row of a later export is enough for a zero."""
    assert only(look(devset=[*ROWS, dspy.Example(text="x", mood="bad")])).found.startswith(
        "1 of 41 rows: no inputs."
    )


def test_inputs_that_the_program_lacks():
    """A renamed field is named on both sides, and a Predict that goes on regardless is told of."""
    rows = [dspy.Example(note=row.text, mood=row.mood).with_inputs("note") for row in ROWS]
    found = look(devset=rows)
    assert only(found).found == "40 of 40 rows: no 'text', which the program wants."
    assert "a row gives 'note'" in only(found).next_step
    assert "answer to a blank" in only(found).symptom


def test_inputs_that_the_program_does_not_know():
    """A forward that does not take them raises; a plain Predict ignores them with a log line."""
    rows = [row.with_inputs("text", "mood") for row in ROWS]
    gold = {"gold": lambda row: dspy.Prediction(mood=row.mood)}
    raised = [one.what for one in look(Moody(), rows, **gold).findings if one.state == "bad"]
    assert raised == ["inputs", "program"]
    ignored = only(look(devset=rows, **gold), "note")
    assert ignored.found.endswith("rows: 'mood', which the program does not know.")


def test_empty_inputs():
    """A row with nothing in it is to be known before it is paid for."""
    rows = [*ROWS, dspy.Example(text="", mood="bad").with_inputs("text")]
    assert only(look(devset=rows), "note").found == "1 of 41 rows: an input is empty or None."


def test_few_rows():
    """Four rows say nothing, and no number of crashes stops Evaluate on them."""
    found = only(look(devset=ROWS[:4]), "note")
    assert found.found == "4 rows: a score about the middle is known to within 49 points, either way."
    assert found.symptom.startswith("Crashes never stop it: fewer rows")


def test_leaks():
    """A row of the devset in the trainset, or among the demos, is found, and shown."""
    assert "'0 is good.'" in only(look(trainset=ROWS[:2])).found
    program = dspy.LabeledFewShot(k=4).compile(Moody(), trainset=ROWS)
    assert "4 of 40 rows stand in the demos too" in only(look(program)).found
    other = [dspy.Example(text=f"A sunny day, number {n}", mood="good").with_inputs("text") for n in range(4)]
    assert look(trainset=other).good.count("leaks") == 1


def test_no_model():
    """Without a model nothing is run, and the line that gives one is named."""
    with dspy.context(lm=None):
        found = look(Moody())
    assert only(found).what == "model"
    assert found.takes == ""


def test_a_pinned_program_needs_no_configured_model():
    """Its own model will do; that it is pinned is a note."""
    program = Moody()
    program.set_lm(scripted())
    with dspy.context(lm=None):
        found = look(program)
    assert found.ok
    assert only(found, "note").found == "Pinned: ask on scripted/model."


def test_a_program_that_raises():
    """The error is told with the line of the caller's own code, not of DSPy's."""

    class Broken(Moody):
        def forward(self, text):
            return self.ask(text=text.txt)

    found = only(look(Broken()))
    assert found.found.startswith(
        "It raises AttributeError: 'str' object has no attribute 'txt' (test_preflight.py"
    )
    assert found.found.endswith("in forward: return self.ask(text=text.txt))")


def test_keys_in_errors_are_hidden():
    """Some providers repeat the key that they refuse."""
    dspy.configure(lm=scripted(dspy.LMError("Bad key sk-0123456789abcdef"), num_retries=0))
    assert "Bad key (hidden)" in only(look()).found


def test_a_program_that_returns_nothing():
    """A forgotten return is told as such; a string is a note."""

    class Silent(Moody):
        def forward(self, text):
            self.ask(text=text)

    class Plain(Moody):
        def forward(self, text):
            return self.ask(text=text).mood

    assert only(look(Silent())).found == "It returns NoneType, not a dspy.Prediction."
    plain = look(Plain(), metric=lambda example, prediction, trace=None: example.mood == prediction)
    assert only(plain, "note").found == "It returns str, not a dspy.Prediction."


def test_a_program_that_can_only_be_awaited():
    """Evaluate calls forward, and aforward alone is none."""

    class Awaited(dspy.Module):
        def __init__(self):
            self.ask = dspy.Predict(MOOD)

        async def aforward(self, text):
            return await self.ask.acall(text=text)

    assert only(look(Awaited())).found.startswith("It has aforward alone")


def test_a_typo_in_the_metric():
    """What Evaluate counts as 0.0 is an error here, with its line."""

    def typo(example, prediction, trace=None):
        return example.mood == prediction.moood

    found = only(look(metric=typo))
    assert "AttributeError" in found.found
    assert found.found.endswith("in typo: return example.mood == prediction.moood)")


@pytest.mark.parametrize("value", ["good", None, math.nan, 85, -1])
def test_what_is_no_score(value):
    """Text, None, NaN and numbers outside of 0 to 1 are refused, with metric and value."""
    found = only(look(metric=lambda example, prediction, trace=None: value))
    assert repr(value) in found.found
    assert found.next_step == "Return a number from 0 to 1 in every case."


def test_a_bool_for_a_float():
    """A metric that promises a float and returns a bool is a note."""

    def partial(example, prediction, trace=None) -> float:
        return example.mood == prediction.mood

    assert only(look(metric=partial), "note").found == "It promises a float and returns True, a bool."


@pytest.mark.parametrize("returned", ["Score", "float | Unknown", "not ( an expression", "os.nowhere"])
def test_an_annotation_that_means_nothing_here(returned):
    """A name that only a type checker knows is not looked up; the metric is judged all the same."""

    def metric(example, prediction, trace=None):
        return example.mood == prediction.mood

    metric.__annotations__ = {"example": "Row", "return": returned}
    assert look(metric=metric).ok


def test_a_promise_in_quotes_is_a_promise():
    """With `from __future__ import annotations` every annotation is text."""

    def metric(example, prediction, trace=None) -> "float":
        return example.mood == prediction.mood

    assert only(look(metric=metric), "note").found == "It promises a float and returns True, a bool."


def test_a_metric_of_two_arguments():
    """Evaluate takes it, an optimizer does not."""
    found = only(look(metric=lambda example, prediction: example.mood == prediction.mood), "note")
    assert found.found.startswith("It takes two arguments.")


def test_a_metric_that_gives_every_answer_the_same():
    """Right, wrong and empty are scored alike: it compares nothing."""
    found = only(look(metric=lambda example, prediction, trace=None: 1.0))
    assert found.found.startswith("It gives every answer the same: own 1, gold 1, ")


def test_a_metric_that_refuses_gold():
    """A metric that gives gold nothing compares the wrong things."""

    def strict(example, prediction, trace=None):
        return float(prediction.mood != example.mood)

    assert "It gives the gold answer itself 0 of 1." in {one.found for one in look(metric=strict).findings}


def test_gold_that_gets_part():
    """Gold with less than full marks is a note: it may be meant."""
    found = look(metric=lambda example, prediction, trace=None: 0.9 * (example.mood == prediction.mood))
    assert found.ok
    assert only(found, "note").found == "It gives the gold answer itself 0.9 of 1."


def test_an_empty_answer_with_full_marks():
    """Who says nothing must not be right."""

    def forgiving(example, prediction, trace=None):
        return prediction.mood in (example.mood, "")

    assert only(look(metric=forgiving)).found == "It gives full marks to an empty answer."


def test_labels_named_otherwise():
    """Where gold has other names than the answer, that is said; `gold` translates."""
    rows = [dspy.Example(text=row.text, label=row.mood).with_inputs("text") for row in ROWS]

    def renamed(example, prediction, trace=None):
        return example.label == prediction.mood

    found = only(look(devset=rows, metric=renamed), "note")
    assert "a row's labels are ['label'], the answer's ['mood']" in found.found
    told = look(devset=rows, metric=renamed, gold=lambda row: dspy.Prediction(mood=row.label))
    assert {one.state for one in told.findings} == {"good"}


def test_a_metric_that_rewards_length():
    """Padding without content, and a copy of the input, raise the score, and that is told."""
    dspy.configure(lm=scripted('{"summary": "Good."}'))

    def longer(example, prediction, trace=None):
        return min(1.0, len(prediction.summary) / 100)

    told = [one.found for one in look(dspy.Predict("text -> summary"), metric=longer).findings]
    assert "Words without content would raise its score, from 0.05 to 0.87." in told
    assert "A copy of the input would raise its score, from 0.05 to 0.10." in told


def test_a_metric_of_a_field_without_a_label():
    """One number printed twice is no finding: gold and another row's gold keep the program's own summary."""
    dspy.configure(lm=scripted('{"mood": "good", "summary": "0 is fine."}'))

    def longer(example, prediction, trace=None):
        return min(1.0, len(prediction.summary) / 20)

    found = look(dspy.Predict("text -> mood: Literal['good', 'bad'], summary"), metric=longer)
    told = [one.found for one in found.findings if one.what == "metric"]
    assert told[0] == "It does not read the fields that have a label; there is no gold for summary."
    assert not any("gold answer itself" in one or "another row's gold" in one for one in told)


def test_a_wrong_answer_that_is_true():
    """A Prediction with score 0.0 is true in Python, and so a demo for BootstrapFewShot."""
    found = only(look(metric=exact("mood")), "note")
    assert found.found.startswith("It returns a Prediction with score 0 for another row's gold")


def test_predictors_that_the_program_does_not_hold():
    """What is made in forward, no optimizer sees."""

    class Hidden(dspy.Module):
        def forward(self, text):
            return dspy.Predict(MOOD)(text=text)

    assert only(look(Hidden()), "note").found == (
        "1 ran that the program does not hold as an attribute: text -> mood."
    )


def test_copies_of_held_predictors_are_no_strangers():
    """BestOfN runs copies; they belong to the predictor that they were made of."""
    best = dspy.BestOfN(Moody(), N=2, reward_fn=lambda arguments, prediction: 0.0, threshold=1.0)
    assert {one.state for one in look(best).findings} == {"good"}


def test_frozen_predictors():
    """A part that was compiled before is passed by."""

    class Whole(dspy.Module):
        def __init__(self):
            self.part = Moody()
            self.part._compiled = True

        def forward(self, text):
            return self.part(text=text)

    assert only(look(Whole()), "note").found.startswith("Frozen: part.ask, inside of a module")


def test_a_second_call():
    """ChatAdapter's fallback is told with the number of calls."""
    dspy.configure(lm=scripted("no markers", '{"mood": "good"}'), adapter=dspy.ChatAdapter())
    found = look(Moody())
    assert only(found, "note").found.startswith("2 calls where 1 predictor ran: the reply to ChatAdapter")
    assert found.takes.startswith("2 calls for one row, so 80 for 40")


def test_two_steps_are_no_fallback():
    """TwoStepAdapter plans its second call."""
    dspy.configure(
        lm=scripted("It is good."), adapter=dspy.TwoStepAdapter(scripted("[[ ## mood ## ]]\ngood\n"))
    )
    assert not [one for one in look(Moody()).findings if one.what == "second calls"]


def test_rollouts_at_temperature_zero():
    """An id without chance asks for the same reply again."""
    with pytest.warns(UserWarning, match="rollout_id has no effect"):
        found = look(dspy.Predict(MOOD, rollout_id=3))
    assert only(found, "note").what == "rollouts"


def test_no_cache():
    """A model without DSPy's cache is paid again; the kit's own are served by recordings."""
    dspy.configure(lm=scripted(cache=False))
    assert only(look(), "note").what == "cache"


def test_a_cached_row_has_no_price():
    """What came out of DSPy's cache took no tokens, so none are made up."""
    look()
    assert "came out of DSPy's cache" in look().takes


def test_a_judge_counts():
    """Calls of the metric are paid for, too; each row takes one more."""
    judge = dspy.Predict("text, mood -> right: bool")
    judge.set_lm(scripted('{"right": true}', '{"right": true}', '{"right": false}'))

    def judged(example, prediction, trace=None):
        return judge(text=example.text, mood=str(prediction.mood)).right

    assert look(metric=judged).takes.startswith("2 calls for one row, so 80 for 40")


def test_misuse_raises():
    """What is no program, no row or no metric is the caller's mistake, and said at once."""
    for wrong, message in [
        ({"program": len}, "A program is a dspy.Module"),
        ({"metric": "exact"}, "A metric is called as"),
        ({"devset": [{"text": "x"}]}, "A row is a dspy.Example; found dict"),
    ]:
        with pytest.raises(TypeError, match=message):
            look(**wrong)
    with pytest.raises(ValueError, match="There are no rows"):
        look(devset=[])
    with pytest.raises(ValueError, match="Unknown profile 'opnai'"):
        look(prices="opnai")


def test_stops_are_let_through():
    """Ctrl-C stops a preflight."""

    class Stopped(Moody):
        def forward(self, text):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        look(Stopped())


def test_it_reads_as_text_and_as_html():
    """What is wrong comes first, with its symptom and the next step, and nothing runs as markup."""

    def typo(example, prediction, trace=None):
        return prediction["<b>"]

    found = look(devset=ROWS[:4], metric=typo)
    lines = repr(found).splitlines()
    assert lines[0] == "Do not start: 1 to fix. 1 to know."
    assert lines[1].startswith("bad   metric: It raises KeyError")
    assert lines[2].startswith("      a run shows: 0.0 for each such row")
    assert lines[3].startswith("      -> Mend that line")
    assert "<b>'" not in found._repr_html_()
    assert "&lt;b&gt;" in found._repr_html_()


def test_a_place_is_not_made_up():
    """An error without a line of the caller's own has no place."""
    assert trials.run(int, "x").failure == "ValueError: invalid literal for int() with base 10: 'x'"
