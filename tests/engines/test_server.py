"""The server in the process speaks OpenAI's protocol: what its engine answers is what a client gets."""

import json
import socket
import struct
import threading
import urllib.error
import urllib.request

import dspy
import pytest
from scripted import ScriptedEngine

from kit.calls import usage
from kit.engines.recordings import Recordings
from kit.engines.replay import ReplayEngine
from kit.engines.server import Server

KEY = "sk-mine-0123456789"


def client(server, key=KEY, name="openai/local", **options):
    return dspy.LM(name, api_base=server.url, api_key=key, num_retries=0, **{"cache": False} | options)


def post(url, body, key=KEY):
    request = urllib.request.Request(url, body, {"Authorization": f"Bearer {key}"})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=10) as reply:
            return reply.status, json.load(reply)
    except urllib.error.HTTPError as refused:
        return refused.code, json.load(refused)


def test_a_plain_lm_gets_what_the_engine_says():
    """dspy.LM needs an address and a key, and no more; reply and tokens arrive."""
    with Server(ScriptedEngine("Blue as ever."), "offline/scripted", KEY) as server:
        lm = client(server)
        assert lm("What colour is the sky?") == ["Blue as ever."]
    assert (lm.history[-1]["usage"]["prompt_tokens"], lm.history[-1]["usage"]["completion_tokens"]) == (5, 3)


def test_the_engine_sees_its_own_models_name():
    """Callers may name any model; the engine is asked under the name that it was given."""
    engine = ScriptedEngine("Blue.")
    with Server(engine, "offline/scripted", KEY) as server:
        client(server, temperature=0.5)("Sky?")
    assert engine.requests[0].model == "offline/scripted"
    assert engine.requests[0].config.temperature == 0.5


def test_recorded_replies_are_marked(tmp_path):
    """Over HTTP too, the usage table tells a recorded reply from a live one."""
    with Server(ReplayEngine(ScriptedEngine("Blue."), Recordings(tmp_path)), "offline/x", KEY) as server:
        lm = client(server)
        lm("Sky?")
        lm("Sky?")
    assert [call.source for call in usage(lm.history).calls] == ["live", "replayed"]


def test_each_completion_has_an_id_of_its_own():
    """Pydantic AI refuses a completion without one."""
    body = json.dumps({"model": "x", "messages": [{"role": "user", "content": "Sky?"}]}).encode()
    with Server(ScriptedEngine("Blue."), "offline/x", KEY) as server:
        replies = [post(f"{server.url}/chat/completions", body)[1] for _ in range(2)]
    first, second = (reply["id"] for reply in replies)
    assert first.startswith("chatcmpl-")
    assert first != second


def test_the_server_keeps_what_it_was_asked_and_answered():
    """Calls and tokens can be counted in one place for any client; what the engine refused is not counted."""
    with Server(ScriptedEngine(dspy.LMError("no"), "Blue as ever."), "offline/x", KEY) as server:
        lm = client(server)
        with pytest.raises(dspy.LMError):
            lm("Sky?")
        lm("What colour is the sky?")
    ((request, response),) = server.answered
    assert (request.model, request.messages[-1].text) == ("offline/x", "What colour is the sky?")
    assert (response.message.text, response.usage.output_tokens) == ("Blue as ever.", 3)


def test_a_wrong_key_is_refused():
    """Nobody gets in without the key."""
    with Server(ScriptedEngine("Blue."), "offline/x", KEY) as server, pytest.raises(dspy.LMAuthError):
        client(server, key="sk-wrong")("Sky?")


def test_an_engines_error_keeps_its_words():
    """What the engine refuses arrives as a DSPy error with the engine's reason, and the server goes on."""
    engine = ScriptedEngine(dspy.LMError("the prompt is too long"), "Blue.")
    with Server(engine, "offline/x", KEY) as server:
        lm = client(server)
        with pytest.raises(dspy.LMError, match="the prompt is too long"):
            lm("Sky?")
        assert lm("Sky?") == ["Blue."]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [("/v1/models", b"{}", 404), ("/v1/chat/completions", b"no JSON", 400)],
)
def test_bad_requests_get_an_error_object(path, body, status):
    """Another path and a body that is no JSON are answered in OpenAI's form."""
    with Server(ScriptedEngine("Blue."), "offline/x", KEY) as server:
        found, reply = post(server.url.removesuffix("/v1") + path, body)
    assert found == status
    assert reply["error"]["message"]


def test_after_the_with_nobody_answers():
    """The port is free again when the `with` ends."""
    with Server(ScriptedEngine("Blue."), "offline/x", KEY) as server:
        lm = client(server)
    with pytest.raises(dspy.LMError):
        lm("Sky?")


def test_a_caller_that_has_gone_is_no_error(capsys):
    """A client that hangs up before the reply leaves no traceback on the page, and the next one is served."""
    asked, hung_up = threading.Event(), threading.Event()

    class Slow(ScriptedEngine):
        def complete(self, request):
            asked.set()
            hung_up.wait(10)
            return super().complete(request)

    with Server(Slow("Blue. " * 200_000), "offline/x", KEY) as server:
        body = json.dumps({"model": "x", "messages": [{"role": "user", "content": "Sky?"}]})
        lines = ["POST /v1/chat/completions HTTP/1.0", f"Authorization: Bearer {KEY}"]
        head = "\r\n".join([*lines, f"Content-Length: {len(body)}"])
        with socket.create_connection(server.server_address) as gone:
            gone.sendall(f"{head}\r\n\r\n{body}".encode())
            asked.wait(10)
            gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        hung_up.set()
        assert client(server)("Sky?")[0].startswith("Blue.")
    assert capsys.readouterr().err == ""


def test_a_stream_has_the_words_why_it_ended_and_what_it_took():
    """A client that asks for a stream gets OpenAI's chunks, and the server keeps the whole reply."""
    body = json.dumps({"model": "x", "messages": [{"role": "user", "content": "Sky?"}], "stream": True})
    with Server(ScriptedEngine("Blue as ever."), "offline/x", KEY) as server:
        request = urllib.request.Request(
            f"{server.url}/chat/completions", body.encode(), {"Authorization": f"Bearer {KEY}"}
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=10) as reply:
            assert reply.headers["Content-Type"] == "text/event-stream"
            *events, done = [line[6:] for line in reply.read().decode().splitlines() if line]
    chunks = [json.loads(event) for event in events]
    text = "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks)
    assert (text, chunks[-1]["choices"][0]["finish_reason"], done) == ("Blue as ever.", "stop", "[DONE]")
    assert chunks[-1]["usage"] == {"prompt_tokens": 1, "completion_tokens": 3, "total_tokens": 4}
    assert [response.message.text for _, response in server.answered] == ["Blue as ever."]


def test_a_stream_that_is_refused_at_once_has_a_status():
    """What the engine refuses before its first word is an error object, as without a stream."""
    body = json.dumps({"model": "x", "messages": [{"role": "user", "content": "Sky?"}], "stream": True})
    with Server(ScriptedEngine(dspy.LMError("no")), "offline/x", KEY) as server:
        status, reply = post(f"{server.url}/chat/completions", body.encode())
    assert (status, reply["error"]["message"]) == (400, "no")
