"""The cases' programs for a strong model, on stand-ins that refuse what each provider refuses."""

import dspy
import pytest
from standin import WIRES, StandIn

import kit
from kit.cases.facility import OneCall
from kit.cases.terse import Terse
from kit.cases.time_entries import Guide, ModelFirst


@pytest.fixture(params=WIRES)
def lm(request, monkeypatch):
    monkeypatch.setenv("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    with StandIn(request.param) as standin:
        for name, value in standin.environment().items():
            monkeypatch.setenv(name, value)
        yield kit.lm("large", cache=False, num_retries=0)


def test_time_entries_in_one_call(lm):
    """A made-up answer is read, found wrong by the guard, and the entry goes to a person as it came."""
    with dspy.context(lm=lm, adapter=Terse()):
        found = ModelFirst(Guide.read("american.toml"))(narrative="review lease w/ Ana Ortiz, 2 hrs")
    assert (found.corrected, found.review) == ("review lease w/ Ana Ortiz, 2 hrs", True)


def test_facility_messages_in_one_call(lm):
    """Labels of the guide come back, and the model's doubts send the message to a person."""
    with dspy.context(lm=lm, adapter=Terse()):
        found = OneCall()(message="The lights in hall B flicker again.")
    assert found.urgency in ("low", "medium", "high")
    assert found.review
