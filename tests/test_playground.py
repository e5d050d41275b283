"""The playground's widgets, without a browser: choices change the prompt, Send asks, errors are shown."""

import re

import dspy
import pytest
from playground import Playground
from scripted import ScriptedEngine

from kit.engines.history import entries

NOTES = {"cold": {"note": "A cold."}, "fracture": {"note": "A broken arm."}}
GOOD = '{"summary": "Ill."}'


def configure(*replies, engine=ScriptedEngine):
    lm = dspy.LM("test/model", engine=engine(*replies), cache=False, num_retries=0)
    dspy.configure(lm=lm)
    return lm


def summaries(**options):
    return Playground(dspy.Predict("note -> summary"), NOTES, **options)


def send(view):
    view.button.click()
    assert not view.button.disabled
    return view.reply.value


def test_menus_change_the_prompt():
    """Adapter and inputs are chosen independently, and the prompt follows at once."""
    view = summaries()
    assert "[[ ## note ## ]]" in view.prompt.value
    view.adapter.value = "XML"
    assert "[[ ## note ## ]]" not in view.prompt.value
    assert "&lt;note&gt;" in view.prompt.value
    view.chosen.value = "fracture"
    assert "A broken arm." in view.prompt.value


def test_inputs_can_be_edited():
    """What is typed is in the prompt at once and in the call; another choice brings its own text back."""
    lm = configure(GOOD)
    view = summaries(adapters={"JSON": dspy.JSONAdapter()})
    view.edited["note"].value = "A sprained ankle."
    assert "A sprained ankle." in view.prompt.value
    send(view)
    assert "A sprained ankle." in lm.history[-1]["messages"][-1]["content"]
    view.chosen.value = "fracture"
    assert view.edited["note"].value == "A broken arm."
    assert "A sprained ankle." not in view.prompt.value
    assert NOTES["cold"] == {"note": "A cold."}


def test_the_user_message_is_open_and_the_system_message_folded():
    """What changes is in sight."""
    page = summaries().prompt.value
    system, user = (re.search(rf"<details([^>]*)><summary><b>{role}", page)[1] for role in ("system", "user"))
    assert "open" not in system
    assert "open" in user


def test_the_fallback_shows_both_replies():
    """A reply that ChatAdapter cannot parse costs a second call, and one sees it."""
    configure("nonsense", GOOD)
    shown = send(summaries())
    assert "Chat · Predict · cold</b>: 2 replies" in shown
    assert "nonsense" in shown
    assert "summary=&#x27;Ill.&#x27;" in shown


def test_the_last_reply_is_shown_however_many_went_before():
    """DSPy keeps the last 10,000 calls, so the newest one stands at the same place as ever."""
    lm = configure(GOOD)
    view = summaries(adapters={"JSON": dspy.JSONAdapter()})
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
    view = summaries(adapters={"JSON": dspy.JSONAdapter()})
    shown = send(view)
    assert all(text in shown for text in expected)
    assert "<b>no JSON" not in shown
    assert "summary=" in send(view)


def test_without_a_model_the_prompt_is_still_shown():
    """No model is needed to look; Send says what is missing."""
    view = summaries()
    assert "A cold." in view.prompt.value
    assert "No LM is loaded" in send(view)


def test_a_second_adapter_shows_the_difference():
    """Comparing with another adapter shows a diff; with itself, the prompt."""
    view = summaries()
    view.against.value = "XML"
    assert "XML → Chat: " in view.prompt.value
    view.adapter.value = "XML"
    assert "→" not in view.prompt.value


def test_text_and_html_are_stable():
    """What a notebook stores is the first choice, whatever is chosen later, and holds no widget's id."""
    shown = summaries()
    before = repr(shown), shown._repr_html_()
    bundle = shown._repr_mimebundle_()
    shown.adapter.value = "XML"
    assert (repr(shown), shown._repr_html_()) == before
    assert before[0].startswith("Chat · Predict · cold: 2 messages, ")
    assert "Run this cell in Jupyter" in before[1]
    (widget,) = bundle.values()
    assert widget["model_id"] not in "".join(before)
