"""A rehearsal shows what would be sent, to the letter, and sends nothing."""

import dspy
import pydantic
import pytest
from dspy.adapters.baml_adapter import BAMLAdapter
from dspy.clients.base_lm import GLOBAL_HISTORY
from dspy.utils.callback import BaseCallback
from scripted import ScriptedEngine

from kit.engines.rehearsal import first_call

REPLIES = {
    "Chat": "[[ ## answer ## ]]\nBlue.\n[[ ## completed ## ]]",
    "JSON": '{"answer": "Blue."}',
    "XML": "<answer>Blue.</answer>",
    "BAML": '{"answer": "Blue."}',
}
ADAPTERS = {
    "Chat": dspy.ChatAdapter(),
    "JSON": dspy.JSONAdapter(),
    "XML": dspy.XMLAdapter(),
    "BAML": BAMLAdapter(),
}


def model(*replies, engine=ScriptedEngine):
    return dspy.LM("test/model", engine=engine(*replies), cache=False, num_retries=0)


def schema(kwargs):
    wanted = kwargs.get("response_format")
    return wanted.model_json_schema() if isinstance(wanted, type) else wanted


@pytest.mark.parametrize("name", ADAPTERS)
def test_what_is_rehearsed_is_what_is_sent(name):
    """Messages, demos and schema of a rehearsal are those of the call that follows it."""
    program = dspy.Predict("question -> answer")
    program.demos = [dspy.Example(question="Sea?", answer="Green.")]
    lm = model(REPLIES[name])
    with dspy.context(lm=lm, adapter=ADAPTERS[name]):
        program(question="Sky?")
    rehearsed = first_call(program, {"question": "Sky?"}, ADAPTERS[name], lm)
    (sent,) = lm.history
    assert rehearsed["messages"] == sent["messages"]
    assert schema(rehearsed["kwargs"]) == schema(sent["kwargs"])


def test_two_steps_are_rehearsed_up_to_the_first():
    """TwoStep's first prompt is free text; its extraction model is not asked."""
    extractor = model("never")
    call = first_call(
        dspy.Predict("question -> answer"), {"question": "Sky?"}, dspy.TwoStepAdapter(extractor)
    )
    assert "[[ ##" not in str(call["messages"])
    assert extractor.history == []


class Listener(BaseCallback):
    def __init__(self):
        self.heard = []

    def on_lm_start(self, call_id, instance, inputs):
        self.heard.append(inputs)


def test_nothing_is_asked_and_nothing_is_noted():
    """Neither the configured model nor one that is pinned is called; histories and tracers stay empty."""
    lm, listener = model("never"), Listener()
    program = dspy.ChainOfThought("question -> answer")
    program.set_lm(lm)
    dspy.configure(lm=lm, callbacks=[listener])
    first_call(program, {"question": "Sky?"}, dspy.JSONAdapter())
    assert lm.history == GLOBAL_HISTORY == program.history == listener.heard == []
    assert program.predict.lm is lm


def test_a_compiled_part_is_rehearsed_too():
    """DSPy's own set_lm passes by parts that are compiled; a rehearsal must not ask their model."""
    lm = model("never")
    program = dspy.ChainOfThought("question -> answer")
    program.set_lm(lm)
    program._compiled = True

    class Desk(dspy.Module):
        def __init__(self):
            self.part = program

        def forward(self, question):
            return self.part(question=question)

    assert first_call(Desk(), {"question": "Sky?"}, dspy.ChatAdapter())["messages"]
    assert lm.history == []


class FreeEngine(ScriptedEngine):
    supports_response_schema = False
    supported_params = frozenset({"max_tokens"})


class ObjectEngine(ScriptedEngine):
    supports_response_schema = False


@pytest.mark.parametrize(("engine", "wanted"), [(FreeEngine, None), (ObjectEngine, {"type": "json_object"})])
def test_the_models_abilities_count(engine, wanted):
    """A model that cannot follow a schema is sent none."""
    call = first_call(
        dspy.Predict("question -> answer"), {"question": "Sky?"}, dspy.JSONAdapter(), model("", engine=engine)
    )
    assert call["kwargs"].get("response_format") == wanted


def test_a_program_that_asks_nobody_says_so():
    """Rules that answer without a model leave no prompt to show."""

    class Rules(dspy.Module):
        def forward(self, question):
            return dspy.Prediction(answer="Blue.")

    with pytest.raises(ValueError, match="Rules ended without calling a model on"):
        first_call(Rules(), {"question": "Sky?"}, dspy.ChatAdapter())


def test_an_adapter_that_cannot_write_the_signature_is_heard():
    """BAML refuses recursive types; its own message reaches the reader."""

    class Tree(pydantic.BaseModel):
        left: "Tree | None"

    signature = dspy.Signature("text -> tree").with_updated_fields("tree", type_=Tree)
    with pytest.raises(ValueError, match="recursive"):
        first_call(dspy.Predict(signature), {"text": "a"}, BAMLAdapter())
