"""Switching the provider is one line: the same program against llama.cpp's own OpenAI-compatible server."""

import dspy
import pytest
from scripted import ScriptedEngine

import kit
from kit.engines import models, runtime
from kit.engines.server import Server

KEY = "sk-provider-0123456789"
STARS = {
    "type": "object",
    "properties": {"stars": {"enum": [1, 2, 3, 4, 5]}},
    "required": ["stars"],
    "additionalProperties": False,
}
BOUND = {"type": "json_schema", "json_schema": {"name": "reply", "schema": STARS}}


@pytest.fixture(scope="module")
def server(smoke_model):
    return runtime._server(str(smoke_model), 2048, 2, KEY)


@pytest.fixture
def address(server, monkeypatch):
    url = f"{server.listening_address}/v1"
    monkeypatch.setenv("LOCAL_SERVER_URL", url)
    monkeypatch.setenv("LOCAL_SERVER_KEY", KEY)
    return url


def rate(lm):
    """Run one program; only its model differs from test to test."""
    program = dspy.Predict("review -> stars: int", response_format=BOUND, max_tokens=40)
    with dspy.context(lm=lm, adapter=dspy.JSONAdapter()):
        return program(review="Best boots that I have worn.").stars


def test_a_plain_lm_needs_an_address_and_a_key(address):
    """`dspy.LM("openai/...", api_base=..., api_key=...)` is the whole switch; nothing of kit takes part."""
    lm = dspy.LM("openai/local", api_base=address, api_key=KEY, cache=False)
    assert rate(lm) in (1, 2, 3, 4, 5)
    assert lm.history[-1]["usage"]["completion_tokens"] > 0


def test_a_role_follows_the_profile(address):
    """`kit.lm("small", profile="local-server")` is that same plain LM."""
    lm = kit.lm("small", profile="local-server", cache=False)
    assert type(lm) is dspy.LM
    assert rate(lm) in (1, 2, 3, 4, 5)


def test_the_environment_alone_can_switch(address, monkeypatch):
    """With KIT_PROFILE set, a program that says `kit.lm("small")` changes its provider unchanged."""
    monkeypatch.setenv("KIT_PROFILE", "local-server")
    assert rate(kit.lm("small", cache=False)) in (1, 2, 3, 4, 5)


def test_parts_of_a_program_can_have_different_providers(address):
    """A pinned part goes to the server while the rest stays with the model of the context."""

    class Two(dspy.Module):
        def __init__(self):
            self.first = dspy.Predict("review -> stars: int")
            self.second = dspy.Predict("review -> stars: int", response_format=BOUND)
            self.second.set_lm(dspy.LM("openai/local", api_base=address, api_key=KEY, cache=False))

        def forward(self, review):
            return dspy.Prediction(both=[self.first(review=review).stars, self.second(review=review).stars])

    scripted = dspy.LM("test/scripted", engine=ScriptedEngine('{"stars": 9}'), cache=False)
    with dspy.context(lm=scripted, adapter=dspy.JSONAdapter()):
        first, second = Two()(review="Best boots that I have worn.").both
    assert first == 9
    assert second in (1, 2, 3, 4, 5)


def test_usage_of_an_own_server_costs_nothing(address):
    """A model of one's own has tokens, no price, and counts as live."""
    lm = dspy.LM("openai/local", api_base=address, api_key=KEY, cache=False)
    rate(lm)
    (call,) = kit.usage(lm.history).calls
    assert (call.source, call.cost_usd) == ("live", 0.0)
    assert call.input_tokens > 0


def test_every_profile_with_a_key_builds_an_lm(monkeypatch):
    """For each hosted profile, a key is all that `kit.lm` needs, and DSPy's own engine asks the provider."""
    for profile in ("openai", "anthropic", "google", "openrouter"):
        monkeypatch.setenv(models.table()["profiles"][profile]["key"], "sk-not-a-real-key")
        for role in ("small", "large", "vision"):
            lm = kit.lm(role, profile=profile)
            assert isinstance(lm, dspy.LM)
            assert (lm.engine, lm.model) == ("auto", models.model(role, profile).model)


def test_dspys_cache_does_not_tell_addresses_apart():
    """Lesson 08 warns of it: two servers under one model name share their answers, two names do not."""

    def ask(reply, name):
        with Server(ScriptedEngine(reply), "test/scripted", KEY) as server:
            return dspy.LM(name, api_base=server.url, api_key=KEY)("What colour is the sky?")

    dspy.configure_cache(enable_disk_cache=False)
    assert ask("Blue.", "openai/local") == ["Blue."]
    assert ask("Green.", "openai/local") == ["Blue."]
    assert ask("Green.", "openai/other") == ["Green."]
