"""The prompt is shown as it was sent: every message, its tokens, the schema and the reply."""

from typing import Literal

import dspy
import pytest
from scripted import ScriptedEngine

import kit
from kit.display.prompts import from_history

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def ask(signature, reply, adapter=None, demos=(), **inputs):
    """Run a Predict over a scripted reply and return the prompt that was sent."""
    lm = dspy.LM("test/model", engine=ScriptedEngine(reply), cache=False, num_retries=0)
    program = dspy.Predict(signature)
    program.demos = [dspy.Example(**demo) for demo in demos]
    with dspy.context(lm=lm, adapter=adapter or dspy.JSONAdapter()):
        program(**inputs)
    return kit.prompt()


def test_every_message_is_shown():
    """System message, question and reply appear whole, in order."""
    shown = ask("question -> answer", '{"answer": "Blue."}', question="What colour is the sky?")
    assert [message.title for message in shown.messages] == ["system", "user"]
    text = repr(shown)
    assert text.startswith("test/model: ")
    assert "Your input fields are" in text
    assert "What colour is the sky?" in text
    assert text.endswith('--- reply ---\n{"answer": "Blue."}')


def test_demos_are_numbered():
    """Demos are messages too; their titles tell them from the question, and HTML folds them."""
    demos = [{"question": "Sea?", "answer": "Green."}, {"question": "Sun?", "answer": "Yellow."}]
    shown = ask("question -> answer", '{"answer": "Blue."}', demos=demos, question="Sky?")
    assert [message.title for message in shown.messages] == [
        "system",
        "demo 1: user",
        "demo 1: assistant",
        "demo 2: user",
        "demo 2: assistant",
        "user",
    ]
    assert shown._repr_html_().count("<details open") == 3
    assert shown._repr_html_().count("<details style") == 5


def test_the_schema_is_shown():
    """The grammar that binds the reply is part of what was sent."""
    shown = ask(
        dspy.Signature("message -> label", "Sort.").with_updated_fields(
            "label", type_=Literal["low", "high"]
        ),
        '{"label": "low"}',
        message="Help!",
    )
    assert shown.schema["properties"]["label"]["enum"] == ["low", "high"]
    assert "--- schema · no tokens: a grammar that the reply must follow ---" in repr(shown)


def test_pictures_are_named_not_dumped():
    """An image is a placeholder: its base64 would bury the prompt."""
    image = dspy.Image(f"data:image/png;base64,{PIXEL}")
    shown = ask("image: dspy.Image -> sign", '{"sign": "stop"}', image=image)
    assert "[image_url]" in repr(shown)
    assert PIXEL[:20] not in repr(shown) + shown._repr_html_()


def test_markup_is_escaped():
    """HTML in a document, a reply or a model's name is shown as text and never runs."""
    attack = "<img src=x onerror=alert(1)>"
    shown = ask("document -> answer", f'{{"answer": "{attack}"}}', document=attack)
    entry = kit.usage() and dict(dspy.clients.base_lm.GLOBAL_HISTORY[-1], model=attack)
    assert "<img" not in shown._repr_html_()
    assert "<img" not in from_history(entry)._repr_html_()
    assert attack in repr(shown)


def test_counted_tokens_are_exact(monkeypatch):
    """The offline engine counts each message; its numbers are shown as they are."""
    entry = {
        "prompt": None,
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Sky?"}],
        "kwargs": {},
        "response": [reply_with({"message_tokens": [1200, 2]})],
        "outputs": ["Blue."],
        "usage": {"prompt_tokens": 1220, "completion_tokens": 2},
        "model": "m",
    }
    shown = from_history(entry)
    assert [message.heading for message in shown.messages] == ["system · 1,200 tokens", "user · 2 tokens"]
    assert repr(shown).startswith("m: 1,220 tokens in, 2 tokens out\n")


def reply_with(notes):
    engine = ScriptedEngine("Blue.")
    request = dspy.lm15.Request("m", (dspy.lm15.Message.user("Sky?"),))
    return dspy.lm15.Response(**(vars_of(engine.complete(request)) | {"provider_data": notes}))


def vars_of(response):
    return {name: getattr(response, name) for name in response.__dataclass_fields__}


def test_a_total_is_not_shared_out():
    """Where only the total is known, a message has no count of its own."""
    entry = {
        "prompt": None,
        "messages": [{"role": "system", "content": "a" * 30}, {"role": "user", "content": "a" * 10}],
        "kwargs": {},
        "response": None,
        "outputs": ["Blue."],
        "usage": {"prompt_tokens": 12},
        "model": "m",
    }
    assert [message.heading for message in from_history(entry).messages] == ["system", "user"]


def test_a_cached_call_has_no_counts():
    """DSPy's cache reports no tokens, so none are made up."""
    lm = dspy.LM("test/model", engine=ScriptedEngine("Blue."), num_retries=0)
    for _ in range(2):
        lm("Sky?")
    assert repr(kit.prompt()).splitlines() == [
        "test/model",
        "",
        "--- user ---",
        "Sky?",
        "",
        "--- reply ---",
        "Blue.",
    ]


def test_tool_calls_have_no_text():
    """A message that only calls a tool has no content, and is shown empty instead of failing."""
    entry = {
        "prompt": None,
        "messages": [
            {"role": "user", "content": "Sky?"},
            {"role": "assistant", "content": None, "tool_calls": []},
            {"role": "user", "content": "Well?"},
        ],
        "kwargs": {},
        "response": None,
        "outputs": [{"text": None, "tool_calls": []}],
        "usage": {},
        "model": "m",
    }
    assert [message.text for message in from_history(entry).messages] == ["Sky?", "", "Well?"]


def test_earlier_prompts_are_counted_back():
    """`back=1` is the call before the last; beyond the first there is none, and the message says how many."""
    lm = dspy.LM("test/model", engine=ScriptedEngine("Blue."), cache=False)
    lm("Sky?")
    lm("Sea?")
    assert kit.prompt(1).messages[0].text == "Sky?"
    with pytest.raises(LookupError, match="DSPy has made 2 calls in this kernel; there is none 2 back"):
        kit.prompt(2)
