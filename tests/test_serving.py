"""The bookings of lesson 18, served by the serve.py of every export and by the lesson's own service."""

import asyncio
import gc
import importlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import dspy
import httpx
import pytest
from dspy.lm15 import StreamDeltaEvent, StreamEndEvent, StreamStartEvent, TextDelta
from fastapi import FastAPI
from fastapi.testclient import TestClient
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client
from scripted import ScriptedEngine

from kit.engines.server import Server
from kit.export.files import EVERY
from kit.project import ROOT

HOTEL = ROOT / "notebooks" / "hotel"
MESSAGE = "A double room for two nights, please."
FIELDS = {"guest": "BACH, Ida", "arrival": "12-MAY", "nights": 2, "room": "1 DBL", "desk": "-"}
MODEL_KEY, CALLER = "sk-model-0123456789", {"Authorization": "Bearer key-of-the-caller"}
CONFIG = """
models:
  default: desk
  registry:
    desk: {{model: openai/local, api_base: {url}, env: DESK_MODEL_KEY, cache: false, max_tokens: 1000}}
"""


@pytest.fixture(autouse=True, scope="module")
def lesson_folder():
    """Import as a kernel in the lesson's folder does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(HOTEL.parent)
        yield


@pytest.fixture(scope="module")
def engine():
    return ScriptedEngine(json.dumps(FIELDS))


@pytest.fixture(scope="module")
def desk(engine, tmp_path_factory):
    project = tmp_path_factory.mktemp("desk")
    package = project / "src" / "hotel"
    shutil.copytree(HOTEL, package, ignore=shutil.ignore_patterns("__pycache__", "app.py"))
    state = package / "programs" / "workshop" / "bookings"
    state.mkdir(parents=True)
    importlib.import_module("hotel.booking").Book().save(state / "program.json")
    with Server(engine, "test/scripted", MODEL_KEY) as model:
        (project / "dspy.config.yaml").write_text(CONFIG.format(url=model.url), encoding="utf-8")
        yield from serve(project)


class Address(str):
    """The server's address, and the folder that it runs in."""

    def __new__(cls, url, project):
        self = super().__new__(cls, url)
        self.project = project
        return self


def serve(project):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = {
        "DESK_MODEL_KEY": MODEL_KEY,
        "DSPY_API_KEY": "key-of-the-caller",
        "PYTHONPATH": str(ROOT / "tests" / "offline"),
    }
    shutil.copy(EVERY / "serve.py", project)
    command = [sys.executable, "serve.py", str(port)]
    log = (project / "server.log").open("w", encoding="utf-8")
    with (
        log,
        subprocess.Popen(command, cwd=project, env=os.environ | settings, stdout=log, stderr=log) as process,
    ):
        try:
            url = f"http://127.0.0.1:{port}"
            wait_until_ready(url, process)
            yield Address(url, project)
        finally:
            process.kill()


def wait_until_ready(url, process):
    for _ in range(1500):
        assert process.poll() is None, "the server ended by itself"
        try:
            return httpx.get(f"{url}/health/ready", headers=CALLER).raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.2)
    raise TimeoutError(url)


def test_it_answers_a_caller_with_a_key(desk):
    """The installed state is served, behind a key, with a typed answer."""
    reply = httpx.post(f"{desk}/Bookings", json={"message": MESSAGE}, headers=CALLER, timeout=300)
    assert (reply.status_code, reply.json()) == (200, FIELDS)


@pytest.mark.parametrize(
    "path", ["/Bookings", "/mcp/", "/mcp", "/api/logs/Bookings", "/openapi.json", "/", "/login"]
)
@pytest.mark.parametrize("key", ["", "Bearer", "Bearer guessed", "Bearer k\xfcche"])
def test_a_stranger_gets_nothing(desk, engine, path, key):
    """Without the key nothing is answered at any address, and nothing reaches the model."""
    before = len(engine.requests)
    headers = [(b"Authorization", key.encode("latin-1"))]
    for method in ("GET", "POST"):
        reply = httpx.request(method, desk + path, content=b'{"message": "x"}', headers=headers)
        assert (reply.status_code, reply.json()["detail"][:14]) == (401, "Send your key:")
    assert len(engine.requests) == before


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (413, b'"' + 41_000_001 * b"x" + b'"'),
        (400, b"no JSON"),
        (400, 90_000 * b"["),
        (400, b"\xff\xfe"),
        (422, b""),
    ],
)
def test_a_malformed_body_gets_a_short_reason(desk, engine, status, body):
    """What is too long or not JSON is refused before any work, and is not repeated."""
    before = len(engine.requests)
    reply = httpx.post(f"{desk}/Bookings", content=body, headers=CALLER)
    assert reply.status_code == status
    assert len(reply.content) < 500
    assert len(engine.requests) == before


def test_a_chunked_body_is_bounded_too(desk):
    """A body without a length ends at the same bound."""
    chunks = (1_000_000 * b"x" for _ in range(60))
    assert httpx.post(f"{desk}/Bookings", content=chunks, headers=CALLER).status_code == 413


@pytest.mark.parametrize("key", ["", "Authorization: Bearer key-of-the-caller\r\n"])
@pytest.mark.parametrize("pause", [0.0, 0.3])
def test_broken_chunks_end_their_own_request_alone(desk, key, pause):
    """With the head or after it, they get a refusal and leave no traceback, and the next caller is served."""
    port = int(desk.rpartition(":")[2])
    head = f"POST /Bookings HTTP/1.1\r\nHost: x\r\n{key}Transfer-Encoding: chunked\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=30) as caller:
        caller.sendall(head.encode() + (b"zz\r\n" if not pause else b""))
        time.sleep(pause)
        with suppress(OSError):
            caller.sendall(b"zz\r\n")
        assert caller.recv(65_536).split()[1] in (b"400", b"401")
    assert httpx.get(f"{desk}/health/ready", headers=CALLER).status_code == 200
    assert "Traceback" not in (desk.project / "server.log").read_text(encoding="utf-8")


def test_a_log_grows_to_its_bound_and_no_further(desk, engine):
    """A long log is put aside when the next request has been answered, and is readable by its owner alone."""
    logs = desk.project / "logs"
    ask = {"message": MESSAGE}
    httpx.post(f"{desk}/Bookings", json=ask, headers=CALLER, timeout=300).raise_for_status()
    log = logs / "Bookings.log"
    log.write_text(5_000_001 * "x", encoding="utf-8")
    httpx.post(f"{desk}/Bookings", json=ask, headers=CALLER, timeout=300).raise_for_status()
    aside = logs / "Bookings.log.1"
    for _ in range(100):  # the answer leaves before the log is looked at
        if aside.exists():
            break
        time.sleep(0.1)
    assert aside.stat().st_size > 5_000_000
    assert not log.exists() or log.stat().st_size < 100_000
    assert logs.stat().st_mode & 0o077 == 0


def test_a_wrong_field_is_named(desk):
    """A request that does not fit is answered with what is missing, and asks no model."""
    reply = httpx.post(f"{desk}/Bookings", json={"text": "A double room."}, headers=CALLER)
    assert reply.status_code == 422
    assert reply.json()["detail"][0]["loc"] == ["body", "message"]


def test_its_description_has_the_types(desk):
    """The types of `forward` become OpenAPI, so a client can be generated from it."""
    schemas = httpx.get(f"{desk}/openapi.json", headers=CALLER).json()["components"]["schemas"]
    assert schemas["BookingsResponse"]["properties"]["nights"]["type"] == "integer"


def test_it_is_a_tool_for_agents(desk):
    """MCP lists one tool, and calling it gives the same answer."""

    async def call():
        async with (
            httpx.AsyncClient(headers=CALLER, timeout=300) as client,
            streamable_http_client(f"{desk}/mcp/", http_client=client) as (reads, writes, _),
            ClientSession(reads, writes) as session,
        ):
            await session.initialize()
            tools = [tool.name for tool in (await session.list_tools()).tools]
            return tools, await session.call_tool("Bookings", {"message": MESSAGE})

    tools, result = asyncio.run(call())
    assert tools == ["Bookings"]
    assert result.structuredContent == FIELDS


def test_dspy_cli_cannot_mount_it_by_itself():
    """The reason for `serve.py`: once this fails, `dspy-cli serve --mcp` will do, and the file can go."""
    from dspy_cli.server.mcp import mount_mcp_http
    from fastmcp import FastMCP

    with pytest.raises(AttributeError, match="add_event_handler"):
        mount_mcp_http(FastAPI(), FastMCP("tools"))


@pytest.mark.parametrize("started_by", ["hotel/Dockerfile", "18_serving.ipynb"])
def test_idle_connections_outlive_those_of_callers(started_by):
    """uvicorn's own 5 seconds are httpx's, too: on a busy machine a request meets a closing connection."""
    text = (HOTEL.parent / started_by).read_text(encoding="utf-8")
    seconds = int(re.search(r'--timeout-keep-alive\W+"(\d+)', text)[1])
    assert seconds > max(60, httpx.Limits().keepalive_expiry)  # load balancers keep them for 60


@pytest.fixture
def service(monkeypatch, tmp_path):
    """Return the lesson's own service, and the engine behind it."""
    engine = ScriptedEngine(json.dumps(FIELDS))
    importlib.import_module("hotel.booking").Book().save(tmp_path / "program.json")
    with Server(engine, "test/scripted", MODEL_KEY) as model:
        settings = {"MODEL": "hotel/large", "MODEL_URL": model.url, "MODEL_KEY": MODEL_KEY}
        state = str(tmp_path / "program.json")
        for name, value in {**settings, "HOTEL_KEY": "key-of-the-caller", "HOTEL_STATE": state}.items():
            monkeypatch.setenv(name, value)
        importlib.reload(importlib.import_module("hotel.app"))
        app = importlib.reload(importlib.import_module("hotel.streaming"))
        yield TestClient(app.app), engine


class TestService:
    """`hotel/app.py`, the lesson's own service, and `hotel/streaming.py`, which adds letters in parts."""

    def test_it_answers_a_caller_with_a_key(self, service):
        """The program's fields come back, typed."""
        reply = service[0].post("/bookings", json={"message": MESSAGE}, headers=CALLER)
        assert (reply.status_code, reply.json()) == (200, FIELDS)

    @pytest.mark.parametrize(
        ("status", "request_"),
        [
            (401, {"json": {"message": MESSAGE}}),
            (401, {"json": {"message": MESSAGE}, "headers": {"Authorization": "Bearer guessed"}}),
            (413, {"json": {"message": 30_000 * "x"}, "headers": CALLER}),
            (413, {"content": iter([b"x"]), "headers": CALLER}),
            (422, {"json": {"text": MESSAGE}, "headers": CALLER}),
            (422, {"json": {"message": 6_000 * "x"}, "headers": CALLER}),
        ],
    )
    def test_the_others_cost_no_call(self, service, status, request_):
        """A stranger, and what is too long or does not fit, never reach the model."""
        client, engine = service
        assert client.post("/bookings", **request_).status_code == status
        assert engine.requests == []

    @pytest.mark.parametrize(
        ("status", "reply"), [(503, dspy.LMServerError("down")), (502, "no booking at all")]
    )
    def test_a_failing_model_has_a_status(self, service, status, reply):
        """A caller can tell a model that is down from one that answers in the wrong form."""
        client, engine = service
        engine.replies = [reply]
        assert client.post("/bookings", json={"message": MESSAGE}, headers=CALLER).status_code == status

    def test_a_letter_comes_in_parts(self, service):
        """The parts make the letter, they come as events, and the last event has the whole."""
        client, engine = service
        engine.replies = [LETTER]
        engine.stream = word_by_word(engine)
        for _ in range(2):  # a listener that is used twice would be silent
            *parts, (name, whole) = events(client)
            assert {kind for kind, _ in parts} == {"part"}
            assert len(parts) > 5
            assert (name, "".join(part for _, part in parts)) == ("done", whole)
            assert whole == "Thank you for your request. We look forward to it."

    def test_callers_at_once_get_their_own_letters(self, service):
        """Parts of two streams that run at the same time are not mixed."""
        client, engine = service
        engine.replies, engine.stream = [LETTER], word_by_word(engine, seconds=0.01)
        with ThreadPoolExecutor(4) as threads:
            letters = list(threads.map(lambda _: events(client), range(8)))
        assert letters == [letters[0]] * 8

    @pytest.mark.parametrize(
        ("said", "reply"),
        [("try again later", dspy.LMServerError("down")), ("wrong form", "no letter at all")],
    )
    def test_a_stream_that_fails_says_so(self, service, said, reply):
        """The status has been sent by then, so the failure is an event."""
        client, engine = service
        engine.replies = [reply]
        ((name, reason),) = events(client)[-1:]
        assert name == "error"
        assert said in reason

    @pytest.mark.parametrize("closed", [True, False])
    def test_a_caller_that_leaves_stops_the_model(self, service, closed):
        """Whether the stream is closed or only let go, the model stops writing, and no error is left."""
        _, engine = service
        engine.replies = [LETTER.replace("Thank", 200 * "Thank ")]
        engine.stream = word_by_word(engine, seconds=0.01)
        complaints = asyncio.run(leave_early(sys.modules["hotel.streaming"].letter(MESSAGE), closed))
        words = len(engine.said)
        time.sleep(0.3)
        assert complaints == []
        assert len(engine.said) == words < 100

    def test_a_stream_needs_the_key_too(self, service):
        """A stranger gets no letter, and no model is asked."""
        client, engine = service
        assert client.post("/stream", json={"message": MESSAGE}).status_code == 401
        assert engine.requests == []


LETTER = "[[ ## letter ## ]]\nThank you for your request. We look forward to it.\n\n[[ ## completed ## ]]"


def events(client):
    """Return (name, data) of each server-sent event of a letter."""
    reply = client.post("/stream", json={"message": MESSAGE}, headers=CALLER)
    assert reply.headers["content-type"].startswith("text/event-stream")
    pairs = [block.split("\n") for block in reply.text.strip().split("\n\n")]
    return [(name.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for name, data in pairs]


async def leave_early(parts, closed):
    """Take one part, and return what the event loop has to complain about after that."""
    complaints = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: complaints.append(context))
    await anext(parts)
    if closed:
        await parts.aclose()
    del parts
    gc.collect()
    await asyncio.sleep(0.3)
    return complaints


def word_by_word(engine, seconds=0.0):
    """Let a scripted engine speak in words, as a model does; `engine.said` are those that it spoke."""
    engine.said = []

    def stream(request):
        response = engine.complete(request)
        yield StreamStartEvent(model=request.model)
        for word in re.findall(r"\s*\S+", response.message.text):
            time.sleep(seconds)
            engine.said.append(word)
            yield StreamDeltaEvent(TextDelta(word))
        yield StreamEndEvent("stop", response.usage)

    return stream
