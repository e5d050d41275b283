"""The local-server profile against a real server: llama.cpp's own, on loopback, behind a key."""

import dspy
import pytest

from kit.engines import lms, runtime

KEY = "sk-local-0123456789"
ANSWER = {
    "type": "object",
    "properties": {"answer": {"enum": ["blue", "green"]}},
    "required": ["answer"],
    "additionalProperties": False,
}


@pytest.fixture(scope="module")
def server(smoke_model):
    return runtime._server(str(smoke_model), 2048, 2, KEY)


@pytest.fixture
def profile(server, monkeypatch):
    monkeypatch.setenv("KIT_PROFILE", "local-server")
    monkeypatch.setenv("LOCAL_SERVER_URL", f"{server.listening_address}/v1")
    monkeypatch.setenv("LOCAL_SERVER_KEY", KEY)


def test_a_server_of_ones_own_answers(profile):
    """With the address set, `kit.lm("small")` is a plain dspy.LM for OpenAI's protocol, and answers."""
    lm = lms.lm("small", cache=False, temperature=0.0, max_tokens=60)
    assert lm.engine == "auto"
    assert lm.model == "openai/local"
    bound = {"type": "json_schema", "json_schema": {"name": "reply", "schema": ANSWER}}
    with dspy.context(lm=lm, adapter=dspy.JSONAdapter()):
        ask = dspy.Predict("question -> answer", response_format=bound)
        assert ask(question="What colour is the sky?").answer in ("blue", "green")
    assert lm.history[-1]["usage"]["completion_tokens"] > 0


def test_the_key_is_sent(profile, monkeypatch):
    """The server lets nobody in without LOCAL_SERVER_KEY's value."""
    monkeypatch.setenv("LOCAL_SERVER_KEY", "sk-wrong")
    with pytest.raises(dspy.LMAuthError):
        lms.lm("small", cache=False, num_retries=0)("Hi")


def test_a_server_that_is_gone_is_one_of_dspys_errors(profile, monkeypatch):
    """Nothing listens at the address: the error is a dspy.LMError, as for every other model."""
    monkeypatch.setenv("LOCAL_SERVER_URL", "http://127.0.0.1:9/v1")
    with pytest.raises(dspy.LMError):
        lms.lm("small", cache=False, num_retries=0)("Hi")


def test_a_model_of_another_name_can_be_asked_for(profile, monkeypatch):
    """Servers with several models, e.g. vLLM's or LM Studio's, are told which by LOCAL_SERVER_MODEL."""
    monkeypatch.setenv("LOCAL_SERVER_MODEL", "openai/my-model")
    assert lms.lm("large").model == "openai/my-model"
