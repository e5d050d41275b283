"""Replies that an adapter cannot parse: what lesson 05 says about them, proved on scripted replies."""

import math

import dspy
import pytest
from dspy.adapters.baml_adapter import BAMLAdapter

from tests.scripted import ScriptedEngine

GARBAGE = "I would rather talk about the weather."
GOOD = '{"stars": 4}'
ADAPTERS = {
    "Chat": dspy.ChatAdapter,
    "JSON": dspy.JSONAdapter,
    "XML": dspy.XMLAdapter,
    "BAML": BAMLAdapter,
}


def model(*replies):
    return dspy.LM("scripted/model", engine=ScriptedEngine(*replies), cache=False, num_retries=0)


@pytest.mark.parametrize("name", ADAPTERS)
def test_a_hopeless_reply_names_adapter_reply_and_fields(name):
    """Whoever reads the error sees what came back and what was wanted."""
    with (
        dspy.context(lm=model(GARBAGE), adapter=ADAPTERS[name]()),
        pytest.raises(dspy.AdapterParseError) as error,
    ):
        dspy.Predict("review -> stars: int")(review="Fine.")
    assert GARBAGE in str(error.value)
    assert "stars" in str(error.value)


@pytest.mark.parametrize(("name", "calls"), [("Chat", 2), ("XML", 2), ("JSON", 1), ("BAML", 1)])
def test_only_chat_and_xml_spend_a_second_call(name, calls):
    """The fallback asks again through JSONAdapter; adapters that are JSON already do not."""
    lm = model(GARBAGE)
    with dspy.context(lm=lm, adapter=ADAPTERS[name]()), pytest.raises(dspy.AdapterParseError):
        dspy.Predict("review -> stars: int")(review="Fine.")
    assert len(lm.history) == calls


def test_a_second_call_can_save_the_answer():
    """Chat cannot read JSON, its fallback can: two calls, one answer."""
    lm = model(GARBAGE, GOOD)
    with dspy.context(lm=lm, adapter=dspy.ChatAdapter()):
        assert dspy.Predict("review -> stars: int")(review="Fine.").stars == 4
    assert len(lm.history) == 2


def test_an_evaluation_goes_on_after_a_reply_that_cannot_be_parsed():
    """One lost row is NaN, the rows after it are scored."""
    rows = [dspy.Example(review=text, stars=4).with_inputs("review") for text in ("one", "two", "three")]
    evaluate = dspy.Evaluate(
        devset=rows,
        metric=lambda example, prediction, trace=None: example.stars == prediction.stars,
        num_threads=1,
        failure_score=math.nan,
        max_errors=3,
    )
    with dspy.context(lm=model(GOOD, GARBAGE, GOOD), adapter=dspy.JSONAdapter()):
        result = evaluate(dspy.Predict("review -> stars: int"))
    assert [math.isnan(score) or score for _, _, score in result.results] == [True, True, True]
    assert [math.isnan(score) for _, _, score in result.results] == [False, True, False]
