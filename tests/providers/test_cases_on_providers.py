"""The programs of the cases for a strong model, on stand-ins as strict as the providers."""

import dspy
import pytest
from dspy.adapters.baml_adapter import BAMLAdapter
from standin import WIRES, StandIn

import kit
from kit import project
from kit.cases.form4 import Form4

FILING = project.ROOT / "data" / "form4" / "sec" / "20.html"


@pytest.mark.parametrize(
    "adapter", [dspy.JSONAdapter(), BAMLAdapter(), dspy.ChatAdapter()], ids=lambda one: type(one).__name__
)
@pytest.mark.parametrize("profile", WIRES)
def test_form_4_in_one_call(profile, adapter, monkeypatch):
    """No provider refuses its schema, and a made-up reading never passes without a doubt."""
    monkeypatch.setenv("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    with StandIn(profile) as provider:
        for name, value in provider.environment().items():
            monkeypatch.setenv(name, value)
        with dspy.context(lm=kit.lm("large", profile=profile, cache=False), adapter=adapter):
            found = Form4(code_first=False)(document=FILING)
    assert provider.refused == []
    assert found.read_by == "model"
    assert found.doubts
