"""One metric of several: hand-computed scores, DSPy's three ways of calling it, and scores that are none."""

import inspect
import logging
import math

import dspy
import numpy as np
import pytest
from scores import BadScore, breakdown, combine, exact, overlap, score_of

GOLD = dspy.Example(id=7, text="No mail", urgency="high", topics=["mail", "vpn"]).with_inputs("text")
HALF = dspy.Prediction(urgency="high", topics=["mail"])  # urgency 1, topics 2/3
metric = combine(urgency=exact("urgency"), topics=overlap("topics"), weights={"urgency": 3}, threshold=0.9)


class Echo(dspy.Module):
    """Answer each text with the labels that stand in it; one text crashes."""

    def forward(self, text):
        if text == "crash":
            raise RuntimeError("no model")
        urgency, *topics = text.split()
        return dspy.Prediction(urgency=urgency, topics=topics)


def rows(*texts):
    made = enumerate(texts, start=1)
    return [
        dspy.Example(id=i, text=text, urgency="high", topics=["a", "b"]).with_inputs("text")
        for i, text in made
    ]


def evaluate(devset, metric, **settings):
    return dspy.Evaluate(devset=devset, metric=metric, num_threads=1, **settings)(Echo())


class TestCombined:
    def test_the_score_is_the_weighted_mean(self):
        """(3 * 1 + 1 * 2/3) / 4 = 11/12."""
        assert metric(GOLD, HALF).score == pytest.approx(11 / 12)

    def test_every_score_is_kept(self):
        """The parts stand where GEPA looks for the objectives of its frontier."""
        assert metric(GOLD, HALF).objective_scores == {"urgency": 1.0, "topics": pytest.approx(2 / 3)}

    def test_a_metric_without_weight_counts_once(self):
        """Two metrics without weights make a plain mean."""
        both = combine(yes=lambda *_: True, no=lambda *_: 0)
        assert both(GOLD, HALF).score == 0.5

    def test_feedback_has_a_line_for_each_metric(self):
        """A metric that says nothing is given by its number."""
        found = combine(topics=overlap("topics"), short=lambda *_: 0.5)(GOLD, HALF)
        assert found.feedback == "topics 0.67: missing 'vpn'\nshort 0.50"

    def test_bootstrapping_gets_pass_or_fail(self):
        """With a trace, a row becomes a demo from the threshold on: 11/12 passes 0.9, not 0.95."""
        strict = combine(**metric.metrics, weights=metric.weights, threshold=0.95)
        assert metric(GOLD, HALF, []) is True
        assert strict(GOLD, HALF, []) is False

    def test_gepa_gets_the_feedback(self):
        """GEPA hands over a trace too, and a predictor's name; it gets score and feedback."""
        inspect.signature(metric).bind(None, None, None, None, None)
        found = metric(GOLD, HALF, [], "predict", [])
        assert (found.score, found.feedback) == (metric(GOLD, HALF).score, metric(GOLD, HALF).feedback)

    def test_dspys_own_metrics_fit(self):
        """`answer_exact_match` is combined as it is."""
        both = combine(answer=dspy.evaluate.answer_exact_match)
        assert both(dspy.Example(answer="Oslo"), dspy.Prediction(answer="oslo.")).score == 1.0

    @pytest.mark.parametrize(
        ("settings", "message"),
        [
            ({}, "Nothing to combine"),
            ({"a": bool, "weights": {"b": 1}}, r"A weight for \['b'\], but the metrics are \['a'\]"),
            ({"a": bool, "weights": {"a": -1}}, "one above zero"),
            ({"a": bool, "weights": {"a": 0}}, "one above zero"),
            ({"a": bool, "weights": {"a": math.nan}}, "one above zero"),
            ({"a": bool, "threshold": 0}, r"score in \(0, 1\]; found 0"),
            ({"a": bool, "threshold": 80}, r"score in \(0, 1\]; found 80"),
        ],
    )
    def test_settings_that_make_no_sense_are_refused(self, settings, message):
        """A misspelt weight does not silently count as 1."""
        with pytest.raises(ValueError, match=message):
            combine(**settings)


NO_SCORES = ["good", "0.5", None, math.nan, 85, -0.1, (0.5, "why"), [1], dspy.Prediction(feedback="why"), ...]


class TestBadScores:
    @pytest.mark.parametrize(
        "value", [True, 0, 1.0, np.float64(0.5), np.bool_(True), dspy.Prediction(score=1)]
    )
    def test_numbers_from_0_to_1_are_scores(self, value):
        """Booleans and NumPy's numbers will do, alone or in a Prediction."""
        assert 0 <= score_of(value, "tone", GOLD) <= 1

    @pytest.mark.parametrize("value", NO_SCORES, ids=repr)
    def test_all_else_is_refused_by_name(self, value):
        """The error names the metric, the row and the value."""
        with pytest.raises(BadScore, match=r"(?s)Metric 'tone' returned .* for row 7\. Return a bool"):
            score_of(value, "tone", GOLD)

    def test_a_row_without_id_is_named_by_how_it_begins(self):
        """A row is found again even if nobody numbered it."""
        with pytest.raises(BadScore, match=r"the row \{'text': 'No mail'"):
            score_of(None, "tone", dspy.Example(text="No mail"))

    @pytest.mark.parametrize("value", NO_SCORES, ids=repr)
    def test_evaluate_stops_at_it(self, value):
        """Evaluate would log an error and count 0.0; a bad score stops it with the error itself."""
        with pytest.raises(BadScore, match="Metric 'tone' returned"):
            evaluate(rows("high a", "high b"), combine(tone=lambda *_: value))

    def test_one_bad_row_is_found_in_threads_too(self):
        """The one None among three is named, however many threads work."""
        tone = combine(tone=lambda example, _: None if example.id == 2 else 1.0)
        with pytest.raises(BadScore, match="row 2"):
            dspy.Evaluate(devset=rows("high a", "high b", "low"), metric=tone, num_threads=3)(Echo())

    @pytest.mark.parametrize("arguments", [([],), ([], "predict", [])])
    def test_no_demo_is_made_of_it(self, arguments):
        """Called with a trace it raises at once, so that it cannot pass for true."""
        with pytest.raises(BadScore):
            combine(tone=lambda *_: "good")(GOLD, HALF, *arguments)


class TestBreakdown:
    def test_by_hand(self):
        """Topics 1, 2/3, 0 make 55.6 %; with urgency 1, 1, 0 weighted three to one, 88.9 % together."""
        result = evaluate(rows("high a b", "high a", "low"), metric)
        table = breakdown(result)
        assert [round(score.mean, 1) for score in table["score"]] == [66.7, 55.6, 63.9]
        assert table[["full", "partial", "zero"]].values.tolist() == [[2, 0, 1], [1, 1, 1], [1, 1, 1]]
        assert list(table.index) == ["urgency", "topics", "together"]
        assert result.score == pytest.approx(table["score"]["together"].mean, abs=0.01)

    @pytest.mark.parametrize("failure_score", [0.0, math.nan])
    def test_a_crashed_row_is_not_a_zero(self, failure_score, caplog):
        """Whatever Evaluate wrote down for it, the row is named and no mean is shown."""
        with caplog.at_level(logging.CRITICAL, logger="dspy"):
            result = evaluate(rows("high a b", "crash", "low"), metric, failure_score=failure_score)
        with pytest.raises(ValueError, match=r"1 of 3 rows have no breakdown, so they crashed: row 2\."):
            breakdown(result)

    def test_a_metric_that_raises_is_found_out(self, caplog):
        """A typo in a field's name reads 0.0 in DSPy; here it is an error that counts the rows."""
        with caplog.at_level(logging.CRITICAL, logger="dspy"):
            result = evaluate(rows("high a b", "low"), combine(urgency=exact("urgncy")))
        assert result.score == 0.0
        with pytest.raises(ValueError, match="2 of 2 rows have no breakdown"):
            breakdown(result)

    def test_a_forgotten_with_inputs_is_found_out(self, caplog):
        """Without inputs no program runs; the rows count as crashed and not as wrong."""
        bare = [dspy.Example(id=1, text="high a", urgency="high", topics=["a"])] * 2
        with caplog.at_level(logging.CRITICAL, logger="dspy"):
            result = evaluate(bare, metric)
        with pytest.raises(ValueError, match="2 of 2 rows"):
            breakdown(result)

    def test_another_metrics_result_is_refused(self):
        """A plain score has no breakdown, and the error says why that may be."""
        result = evaluate(rows("high a", "low"), lambda *_: 1.0)
        with pytest.raises(ValueError, match="not made by `combine`"):
            breakdown(result)


class TestWithOptimizers:
    def test_bootstrapping_keeps_only_rows_that_pass(self):
        """Of two rows the one that scores 1 becomes a demo."""
        program = dspy.Predict("text -> urgency, topics: list[str]")
        replies = {"a b": ["a", "b"], "a": ["a"]}

        class Known(dspy.Module):
            def __init__(self):
                self.predict = program

            def forward(self, text):
                prediction = dspy.Prediction(urgency="high", topics=replies[text])
                dspy.settings.trace.append((self.predict, {"text": text}, prediction))
                return prediction

        optimizer = dspy.BootstrapFewShot(metric=combine(topics=overlap("topics")), max_labeled_demos=0)
        compiled = optimizer.compile(Known(), trainset=rows("a", "a b"))
        assert [demo.text for demo in compiled.predict.demos] == ["a b"]


def topics(*labels):
    return dspy.Example(topics=list(labels))


def test_equality_is_all_or_nothing():
    """The same value scores 1, any other 0, and case counts."""
    gold = dspy.Example(urgency="high")
    scores = [exact("urgency")(gold, dspy.Prediction(urgency=said)).score for said in ("high", "High", "low")]
    assert scores == [1.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("expected", "predicted", "score"),
    [
        (["a"], ["a"], 1.0),
        (["a", "b"], ["a"], 2 / 3),  # 2 * 1 shared / (2 + 1)
        (["a", "b"], ["b", "c", "d"], 0.4),  # 2 * 1 / (2 + 3)
        (["a"], ["b"], 0.0),
        (["a"], [], 0.0),
        ([], [], 1.0),
        (["a"], ["a", "a"], 1.0),  # a label named twice is one label
    ],
)
def test_overlap_by_hand(expected, predicted, score):
    """Partial credit is twice the shared labels, divided by the labels on both sides."""
    found = overlap("topics")(topics(*expected), dspy.Prediction(topics=predicted))
    assert found.score == pytest.approx(score)


def test_feedback_says_what_is_amiss():
    """GEPA's reflection model reads which labels are missing and which are too many."""
    found = overlap("topics")(topics("a", "b"), dspy.Prediction(topics=["b", "c"]))
    assert found.feedback == "missing 'a'; too many 'c'"
    assert overlap("topics")(topics("a"), dspy.Prediction(topics=["a"])).feedback == "right"


def test_a_misspelt_field_is_named_with_those_there_are():
    """A typo is an error that lists the fields, on whichever side it is missing."""
    with pytest.raises(AttributeError, match=r"The example has no field 'urgncy'; it has \['urgency'\]"):
        exact("urgncy")(dspy.Example(urgency="low"), dspy.Prediction(urgncy="low"))
    with pytest.raises(AttributeError, match=r"The prediction has no field 'urgency'; it has \['answer'\]"):
        exact("urgency")(dspy.Example(urgency="low"), dspy.Prediction(answer="low"))


@pytest.mark.parametrize("predicted", ["network", None, 3])
def test_labels_must_be_a_list(predicted):
    """A string is not taken apart into letters."""
    with pytest.raises(TypeError, match="'topics' must be a list of labels"):
        overlap("topics")(topics("network"), dspy.Prediction(topics=predicted))
