"""The contracts program for a strong model, as every provider takes it."""

import dspy
import pytest
from standin import WIRES, StandIn

import kit
from kit.cases.contracts import Split, page


@pytest.fixture(params=WIRES)
def provider(request, monkeypatch):
    monkeypatch.setenv("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    with StandIn(request.param) as standin:
        for name, value in standin.environment().items():
            monkeypatch.setenv(name, value)
        yield standin


@pytest.mark.parametrize("adapter", [dspy.ChatAdapter, dspy.JSONAdapter])
def test_a_whole_file_in_one_call(adapter, provider):
    """Nothing is refused, a list of parts comes back, and one that does not fit the pages is no answer."""
    pages = [page(1, "LEASE\nThe rent is 5."), page(2, "EXHIBIT A\nThe plan.")]
    with dspy.context(lm=kit.lm("large", cache=False, num_retries=0), adapter=adapter()):
        made = Split(tries=2)(pages=pages)
    assert provider.refused == []
    assert provider.answered == made.calls
    assert made.parts or (made.objection and made.unread == [1, 2])
