"""Run with `pytest`; no test here asks a model."""

import dspy
from dspy.utils import DummyLM

import kit
from tenants.triage import Safe

LEAK = "Water drips from the ceiling of the second-floor kitchen, right above the sockets."


def test_sparks_always_go_to_the_electricians():
    """The rule holds whatever the model says, and lets other messages pass."""
    with dspy.context(lm=DummyLM([{"team": "cleaning"}]), adapter=dspy.ChatAdapter()):
        assert Safe()(message="SPARKS came out of the socket").team == "electrics"
        assert Safe()(message="The bin is full").team == "cleaning"


def test_a_leak_goes_to_the_plumbers(monkeypatch):
    """A recorded reply of the real model; without one, because the prompt has changed, the test fails."""
    monkeypatch.setenv("KIT_LIVE", "never")
    with dspy.context(lm=kit.lm("small", profile="offline"), adapter=dspy.JSONAdapter()):
        assert Safe()(message=LEAK).team == "plumbing"
