"""The playground's widgets, without a browser: choices change the prompt, Send asks, errors are shown."""

import re
import sys
import threading
import time

import dspy
import pytest
from scripted import ScriptedEngine

from kit.display.playground import playground
from kit.engines.history import entries

NOTES = {"cold": {"note": "A cold."}, "fracture": {"note": "A broken arm."}}
GOOD = '{"summary": "Ill."}'


def configure(*replies, engine=ScriptedEngine):
    lm = dspy.LM("test/model", engine=engine(*replies), cache=False, num_retries=0)
    dspy.configure(lm=lm)
    return lm


def summaries(**options):
    return playground(dspy.Predict("note -> summary"), NOTES, **options)


def send(view):
    view.button.click()
    wait(lambda: not view.button.disabled)
    return view.reply.value


def wait(done):
    until = time.monotonic() + 10
    while not done():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_menus_change_the_prompt():
    """Adapter and inputs are chosen independently, and the prompt follows at once."""
    view = summaries().view
    assert "[[ ## note ## ]]" in view.prompt.value
    view.menus["adapter"].value = "XML"
    assert "[[ ## note ## ]]" not in view.prompt.value
    assert "&lt;note&gt;" in view.prompt.value
    view.menus["inputs"].value = "fracture"
    assert "A broken arm." in view.prompt.value


def test_inputs_can_be_edited():
    """What is typed is in the prompt at once and in the call; another choice brings its own text back."""
    lm = configure(GOOD)
    view = summaries(adapters={"JSON": dspy.JSONAdapter()}).view
    view.edited["note"].value = "A sprained ankle."
    assert "A sprained ankle." in view.prompt.value
    send(view)
    assert "A sprained ankle." in lm.history[-1]["messages"][-1]["content"]
    view.menus["inputs"].value = "fracture"
    assert view.edited["note"].value == "A broken arm."
    assert "A sprained ankle." not in view.prompt.value
    assert NOTES["cold"] == {"note": "A cold."}


def test_the_user_message_is_open_and_the_system_message_folded():
    """What changes is in sight."""
    page = summaries().view.prompt.value
    system, user = (re.search(rf"<details([^>]*)><summary><b>{role}", page)[1] for role in ("system", "user"))
    assert "open" not in system
    assert "open" in user


def test_a_menu_of_one_is_left_out():
    """What cannot be chosen needs no menu."""
    assert list(summaries().view.menus) == ["adapter", "inputs"]
    one = playground(
        dspy.Predict("note -> summary"), {"cold": NOTES["cold"]}, adapters={"Chat": dspy.ChatAdapter()}
    )
    assert one.view.menus == {}


def test_programs_and_models_have_menus():
    """Each reply says which program and which model it comes from."""
    small, large = (
        dspy.LM(f"test/{size}", engine=ScriptedEngine(GOOD), cache=False) for size in ("small", "large")
    )
    programs = {"direct": dspy.Predict("note -> summary"), "again": dspy.Predict("note -> summary")}
    view = playground(programs, NOTES, models={"small": small, "large": large}).view
    view.menus["adapter"].value = "JSON"
    view.menus["program"].value = "again"
    view.menus["model"].value = "large"
    assert "JSON · again · cold · large</b>: 1 reply" in send(view)
    assert (len(small.history), len(large.history)) == (0, 1)


def test_the_fallback_shows_both_replies():
    """A reply that ChatAdapter cannot parse costs a second call, and one sees it."""
    configure("nonsense", GOOD)
    shown = send(summaries().view)
    assert "Chat · Predict · cold</b>: 2 replies" in shown
    assert "nonsense" in shown
    assert "summary=&#x27;Ill.&#x27;" in shown


def test_the_last_reply_is_shown_however_many_went_before():
    """DSPy keeps the last 10,000 calls, so the newest one stands at the same place as ever."""
    lm = configure(GOOD)
    view = summaries(adapters={"JSON": dspy.JSONAdapter()}).view
    send(view)
    (one,) = lm.history
    entries().extend(one | {"uuid": str(number)} for number in range(10_000 - len(entries())))
    assert "1 reply" in send(view)
    assert len(entries()) == 10_000


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("<b>no JSON</b>", ["error · AdapterParseError", "1 reply", "&lt;b&gt;no JSON&lt;/b&gt;"]),
        (dspy.LMError("out of order"), ["error · LMError", "0 replies", "out of order"]),
        (RuntimeError("broken"), ["error · ", "broken"]),
    ],
)
def test_errors_are_shown_and_the_widget_lives(reply, expected):
    """Whatever goes wrong stands where the reply would, and the next Send works."""
    configure(reply, GOOD)
    view = summaries(adapters={"JSON": dspy.JSONAdapter()}).view
    shown = send(view)
    assert all(text in shown for text in expected)
    assert "<b>no JSON" not in shown
    assert "summary=" in send(view)


def test_without_a_model_the_prompt_is_still_shown():
    """No model is needed to look; Send says what is missing."""
    view = summaries().view
    assert "A cold." in view.prompt.value
    assert "No LM is loaded" in send(view)


def test_a_prompt_that_cannot_be_made_says_why():
    """Inputs that a program does not take end in a message, not in a dead widget."""

    class Picky(dspy.Module):
        def forward(self, text):
            raise ValueError("Texts have words.")

    view = playground({"picky": Picky(), "direct": dspy.Predict("note -> summary")}, NOTES).view
    assert "error · TypeError" in view.prompt.value
    view.menus["program"].value = "direct"
    assert "A cold." in view.prompt.value


def test_menus_work_while_a_model_computes():
    """Send is shut while it runs, with a word on what it waits for; the prompt can be changed meanwhile."""
    gate = threading.Event()

    class Slow(ScriptedEngine):
        def complete(self, request):
            assert gate.wait(10)
            return super().complete(request)

    configure(GOOD, engine=Slow)
    view = summaries(adapters={"JSON": dspy.JSONAdapter(), "XML": dspy.XMLAdapter()}).view
    view.button.click()
    try:
        assert view.button.disabled
        assert view.reply.value == "<i>JSON · Predict · cold: waiting for the reply ...</i>"
        view.menus["adapter"].value = "XML"
        assert "&lt;note&gt;" in view.prompt.value
    finally:
        gate.set()
    wait(lambda: not view.button.disabled)
    assert "JSON · Predict · cold</b>: 1 reply" in view.reply.value


def test_a_second_adapter_shows_the_difference():
    """Comparing with another adapter shows a diff; with itself, the prompt."""
    view = summaries().view
    view.against.value = "XML"
    assert "XML → Chat: " in view.prompt.value
    view.menus["adapter"].value = "XML"
    assert "→" not in view.prompt.value


def test_text_and_html_are_stable():
    """What a notebook stores is the first choice, whatever is chosen later, and holds no widget's id."""
    shown = summaries()
    before = repr(shown), shown._repr_html_()
    bundle = shown._repr_mimebundle_()
    shown.view.menus["adapter"].value = "XML"
    assert (repr(shown), shown._repr_html_()) == before
    assert before[0].startswith("Chat · Predict · cold: 2 messages, ")
    assert "Run this cell in Jupyter" in before[1]
    (widget,) = bundle.values()
    assert widget["model_id"] not in "".join(before)


@pytest.mark.parametrize(("programs", "inputs"), [({}, NOTES), (dspy.Predict("note -> summary"), {})])
def test_an_empty_playground_is_refused(programs, inputs):
    """There must be something to choose."""
    with pytest.raises(ValueError, match="at least one program and one named set of inputs"):
        playground(programs, inputs)


def test_widgets_are_loaded_when_shown():
    """Text and HTML need no ipywidgets; only a display in a notebook loads it."""
    loaded = {name: sys.modules.pop(name) for name in list(sys.modules) if name.startswith("ipywidgets")}
    try:
        shown = summaries()
        shown._repr_html_()
        assert "ipywidgets" not in sys.modules
    finally:
        sys.modules.update(loaded)
