"""A server for a workshop's network: strangers and malformed requests cost little and get nothing."""

import contextlib
import json
import socket
import threading
import time

import dspy
import httpx
import pytest
from registry import Registry
from scripted import ScriptedEngine

from kit.engines import listening
from kit.engines.listening import CannotListen
from kit.engines.lms import lm as kit_lm
from kit.engines.server import Server
from kit.workshop.room import Room

KEY = "harbour-light-7"
BODY = json.dumps({"model": "small", "messages": [{"role": "user", "content": "Sky?"}]}).encode()
POST = f"POST /v1/chat/completions HTTP/1.1\r\nAuthorization: Bearer {KEY}\r\n"


@pytest.fixture
def server():
    with Server(ScriptedEngine("Blue."), "test/scripted", KEY) as server:
        yield server


@pytest.fixture
def hurried(monkeypatch):
    monkeypatch.setattr(listening, "READS_WITHIN", 0.3)


def say(server, *pieces, pause=0.0):
    """Send pieces of a request, and return the status and the body of the answer."""
    with socket.create_connection(server.server_address[:2], timeout=20) as connection:
        for piece in pieces:
            with contextlib.suppress(ConnectionError):
                connection.sendall(piece.encode() if isinstance(piece, str) else piece)
            time.sleep(pause)
        answer = b""
        with contextlib.suppress(ConnectionError):
            while received := connection.recv(65_536):
                answer += received
    head, _, body = answer.partition(b"\r\n\r\n")
    return (int(head.split()[1]) if head else None), body


def good(server):
    return say(server, f"{POST}Content-Length: {len(BODY)}\r\n\r\n", BODY)[0]


@pytest.mark.parametrize(
    ("status", "head", "body"),
    [
        (400, f"{POST}Content-Length: -1\r\n\r\n", BODY),
        (400, f"{POST}Content-Length: many\r\n\r\n", BODY),
        (400, f"{POST}Content-Length: 1e2\r\n\r\n", BODY),
        (400, f"{POST}Content-Length: +9\r\n\r\n", BODY),
        (411, f"{POST}Content-Length: \r\n\r\n", BODY),
        (411, f"{POST}\r\n", BODY),
        (411, f"{POST}Transfer-Encoding: chunked\r\n\r\n", b"5\r\nhello\r\n0\r\n\r\n"),
        (413, f"{POST}Content-Length: 99999999\r\n\r\n", BODY),
        (431, f"{POST}X: {70_000 * 'x'}\r\n\r\n", b""),
        (431, POST + 101 * "X: y\r\n" + "\r\n", b""),
        (414, f"POST /{70_000 * 'x'} HTTP/1.1\r\n\r\n", b""),
        (400, "\x16\x03\x01 is how a TLS client begins\r\n\r\n", b""),
        (400, "POST\r\n\r\n", b""),
        (505, "POST / HTTP/3.0\r\n\r\n", b""),
        (501, POST.replace("POST", "BREW") + "\r\n", b""),
        (404, f"{POST.replace('/v1', '/v2')}Content-Length: 2\r\n\r\n", b"{}"),
        (400, f"{POST}Content-Length: 7\r\n\r\n", b"no JSON"),
        (400, f"{POST}Content-Length: 2\r\n\r\n", b"[]"),
        (400, f"{POST}Content-Length: 4\r\n\r\n", b"\xff\xfe\x00\x01"),
        (400, f"{POST}Content-Length: 100000\r\n\r\n", 100_000 * b"["),
        (400, f"{POST}Content-Length: 26\r\n\r\n", b'{"messages": {"role": 5}} '),
    ],
)
def test_a_malformed_request_gets_a_short_reason(server, capfd, status, head, body):
    """Each ends with its own status and an error object, and the next caller is served."""
    found, answer = say(server, head, body)
    assert found == status
    assert json.loads(answer)["error"]["message"]
    assert len(answer) < 1_000
    assert good(server) == 200
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("pieces", [["POST /v1"], [POST], [f"{POST}Content-Length: 9\r\n\r\n", "12345678"]])
def test_a_request_that_stops_ends_in_time(server, pieces):
    """A caller that sends nothing more loses its connection."""
    began = time.perf_counter()
    assert say(server, *pieces)[0] is None
    assert time.perf_counter() - began < 5


def test_a_head_that_drips_ends_in_time(server, hurried):
    """A caller that sends a byte now and then never pauses; it cannot keep its place for ever."""
    with socket.create_connection(server.server_address[:2], timeout=20) as connection:
        with contextlib.suppress(ConnectionError):
            for _ in range(100):
                connection.sendall(b"x")
                time.sleep(0.1)
                if not server.heads:
                    break
        with contextlib.suppress(ConnectionError):
            assert connection.recv(1) == b""
    assert not server.heads
    assert good(server) == 200


def test_a_long_answer_is_not_cut(hurried):
    """Only the head of a request is timed, not the model."""

    class Slow(ScriptedEngine):
        def complete(self, request):
            time.sleep(1)
            return super().complete(request)

    with Server(Slow("Blue."), "test/scripted", KEY) as server:
        assert good(server) == 200


def test_a_length_that_is_not_true_is_told(server):
    """A caller that promises more than it sends, and then waits for the answer, is told both numbers."""
    with socket.create_connection(server.server_address[:2], timeout=20) as caller:
        caller.sendall(f"{POST}Content-Length: 9\r\n\r\n12345".encode())
        caller.shutdown(socket.SHUT_WR)
        assert b"is 9, and 5 bytes arrived" in caller.recv(65_536) + caller.recv(65_536)


@pytest.mark.parametrize(
    "key", ["", "Bearer", "Bearer ", f"bearer{KEY}", f"Bearer {KEY}x", "Basic eDp5", "Bearer \xfc"]
)
@pytest.mark.parametrize("method", ["POST", "GET", "HEAD", "PUT", "DELETE", "BREW"])
def test_the_key_is_checked_before_the_body(server, key, method):
    """A stranger is refused at once, though the body that it promises never arrives."""
    began = time.perf_counter()
    head = (
        f"{method} /v1/chat/completions HTTP/1.1\r\nContent-Length: 3000000\r\nAuthorization: {key}\r\n\r\n"
    )
    with socket.create_connection(server.server_address[:2], timeout=20) as stranger:
        stranger.sendall(head.encode("latin-1"))
        assert stranger.recv(65_536).startswith(b"HTTP/1.0 401")
    assert time.perf_counter() - began < 1
    assert server.answered == []


def test_a_stranger_with_a_large_body_reads_the_reason(server):
    """The connection is not reset while the stranger sends: a wrong key does not look like a bad network."""
    head = "POST /v1/chat/completions HTTP/1.1\r\nContent-Length: 3000000\r\n\r\n"
    assert say(server, head, 3_000_000 * b"x")[0] == 401


def test_a_full_server_says_so(monkeypatch):
    """The caller for whom there is no place is asked to try again; those who have one keep it."""
    monkeypatch.setattr(listening, "MOST_CONNECTIONS", 1)
    began, go_on = threading.Event(), threading.Event()

    class Slow(ScriptedEngine):
        def complete(self, request):
            began.set()
            go_on.wait(10)
            return super().complete(request)

    with Server(Slow("Blue."), "test/scripted", KEY) as server:
        first = []
        thread = threading.Thread(target=lambda: first.append(good(server)))
        thread.start()
        began.wait(10)
        assert good(server) == 503
        go_on.set()
        thread.join()
    assert first == [200]


def test_a_caller_that_does_not_read_frees_its_thread(monkeypatch):
    """The answer must be taken within a time too."""
    monkeypatch.setattr(listening, "SENDS_WITHIN", 0.3)
    before = threading.active_count()
    with (
        Server(ScriptedEngine("Blue. " * 2_000_000), "test/scripted", KEY) as server,
        socket.create_connection(server.server_address[:2]) as caller,
    ):
        caller.sendall(f"{POST}Content-Length: {len(BODY)}\r\n\r\n".encode() + BODY)
        until = time.monotonic() + 20
        while not server.answered or threading.active_count() > before + 1:
            assert time.monotonic() < until
            time.sleep(0.05)


def test_an_error_of_our_own_is_one_line(server, monkeypatch, caplog, capfd):
    """What nobody foresaw is logged without traceback and secrets, and the server goes on."""
    monkeypatch.setenv("DB_PASSWORD", "mine-of-db-7")
    with monkeypatch.context() as broken:
        broken.setattr(server, "complete", lambda request: {}["mine-of-db-7"])
        assert good(server) == 500
    assert [record.message for record in caplog.records] == ["A request failed: KeyError: '(hidden)'"]
    assert "Traceback" not in capfd.readouterr().err
    assert good(server) == 200


def test_a_server_starts_again_at_once(tmp_path):
    """The port of a room that has just answered is free for the next room."""
    with Room("127.0.0.1", 0, KEY, {"none": None}) as room:
        port = room.server_address[1]
        assert good(room) == 400
    with Room("127.0.0.1", port, KEY, {"none": None}) as room:
        assert good(room) == 400


def test_a_busy_port_is_called_busy(server):
    """The message names the port and the next step; it does not blame the address."""
    with pytest.raises(CannotListen, match=r"Port \d+ at 127.0.0.1 is taken.*choose another port") as busy:
        Room("127.0.0.1", server.server_address[1], KEY, {"none": None})
    assert "own address" not in str(busy.value)


@pytest.mark.parametrize(
    ("host", "port", "reason"),
    [
        ("192.0.2.1", 8700, "own address"),
        ("no such host", 8700, "own address"),
        ("127.0.0.1", 70_000, "1024 to 65535"),
    ],
)
def test_a_wrong_address_or_port_is_explained(host, port, reason):
    """Another machine's address, a name that nobody has, and a number that is no port."""
    with pytest.raises(CannotListen, match=reason):
        Room(host, port, KEY, {"none": None})


@pytest.mark.parametrize("key", ["", " ", "two words", "Schlüssel", "a\nb", None])
def test_no_server_opens_without_a_key(tmp_path, key):
    """An empty key would let everyone in, and one that cannot be sent would let nobody in."""
    with pytest.raises(ValueError, match="needs a key"):
        Server(ScriptedEngine("Blue."), "test/scripted", key)
    with pytest.raises(ValueError, match="needs a key"):
        Room("127.0.0.1", 0, key, {"none": None})
    with pytest.raises(ValueError, match="needs a key"):
        Registry(tmp_path, {key: "workshop"})


def test_a_token_with_quotes_leads_to_the_room(monkeypatch):
    """The invitation quotes what a URL cannot hold, and the room's client takes it back."""
    odd = """it's-"mine"/7@%"""
    lm = dspy.LM("offline/x", engine=ScriptedEngine('{"colour": "blue"}'), cache=False)
    with Room("127.0.0.1", 0, odd, {"qwen2.5-coder-0.5b": lm}) as room:
        monkeypatch.setattr(room, "complete", lm.engine.complete)
        monkeypatch.setenv("KIT_ROOM", room.invitation.partition("=")[2])
        assert kit_lm("small")("Sky?") == ['{"colour": "blue"}']


PROXIES = [
    {"HTTP_PROXY": "http://127.0.0.1:9"},
    {"http_proxy": "http://127.0.0.1:9", "NO_PROXY": "example.org"},
    {"ALL_PROXY": "http://127.0.0.1:9", "no_proxy": "example.org"},
    {"ALL_PROXY": "socks5://127.0.0.1:9", "NO_PROXY": ""},
    {"HTTP_PROXY": "http://127.0.0.1:9", "NO_PROXY": "*"},
]


@pytest.mark.parametrize("proxies", PROXIES)
def test_this_machine_is_reached_past_every_proxy(proxies, monkeypatch, tmp_path):
    """A room's client and a plain LM ask directly, whatever proxies are set, and other exceptions stay."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name, value in proxies.items():
        monkeypatch.setenv(name, value)
    with Server(ScriptedEngine("Blue.", "Blue."), "test/scripted", KEY) as server:
        plain = dspy.LM("openai/x", api_base=server.url, api_key=KEY, num_retries=0)
        assert plain("Sky?", cache=False) == ["Blue."]
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("KIT_ROOM", server.address.replace("//", f"//{KEY}@"))
        assert kit_lm("small", num_retries=0)("Sky?") == ["Blue."]
        if "socks" not in str(proxies):
            assert httpx.post(f"{server.url}/chat/completions").status_code == 401


class TestRegistry:
    def test_a_stranger_reads_nothing(self, tmp_path):
        """Without the readers' key in its URL, not even the index is given."""
        with Registry(tmp_path, {}) as registry:
            assert httpx.get(registry.url).status_code == 200
            for path in ("/", "/index.json", "/x/index.json", "//index.json", "/%2e/index.json"):
                assert httpx.get(registry.address + path).status_code == 401

    def test_anyone_reads_if_that_was_said(self, tmp_path):
        """An open registry must be asked for."""
        with Registry(tmp_path, {}, readers=None) as registry:
            assert httpx.get(f"{registry.address}/index.json").status_code == 200
            assert httpx.get(f"{registry.address}/").status_code == 404
