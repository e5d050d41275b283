"""200 malformed requests at each server: none crashes, answers a stranger, leaks, or stops answering others.

The requests are drawn from a list of kinds, half of them with the key. Traffic goes to this machine alone. At
the end each server must answer a good request, and the memory of its process is compared: before, after the
requests, and after as many again (what a first use loads is loaded by then).
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import dspy
import httpx
import psutil
from dspy.lm15 import Message, Response, Usage

from kit import export, tables
from kit.engines import listening
from kit.engines.server import Server
from kit.workshop.room import Room

sys.path.insert(0, str(Path(__file__).parents[2] / "notebooks"))
from registry import Registry
from served_folder import Folder

KEY = "key-of-the-caller-7"
LARGE = bytes(6_000_000)
CHAT = json.dumps({"model": "small", "messages": [{"role": "user", "content": "Sky?"}]}).encode()


class Parrot:
    """An engine that always says the same."""

    supports_function_calling = supports_reasoning = False
    supports_response_schema = True
    supported_params = frozenset({"max_tokens", "response_format", "temperature"})

    def complete(self, request: object) -> Response:
        """Answer."""
        reply = Message.assistant('{"urgency": "low"}')
        return Response(id=None, model="parrot", message=reply, finish_reason="stop", usage=Usage(1, 1))

    def recorded(self, request: object) -> None:
        """Know nothing."""


@dataclass
class Target:
    """A server under fire: where it listens, and how a good request reads."""

    name: str
    port: int
    method: str
    path: str
    body: bytes
    process: psutil.Process
    log: Path | None = None
    statuses: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


def kinds(target: Target, rng: random.Random, key: str, path: str) -> dict[str, list[bytes]]:
    """Return the pieces of one request of each kind; between the pieces of a slow one the sender waits."""

    def head(extra: str = "", method: str = target.method, path: str = path, key: str = key) -> bytes:
        lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", key, extra]
        return ("\r\n".join(filter(None, lines)) + "\r\n\r\n").encode("latin-1", "replace")

    def length(value: object) -> str:
        return f"Content-Length: {value}"

    junk = bytes(rng.randrange(256) for _ in range(rng.randrange(1, 2_000)))
    word = "".join(rng.choices("abcxyz", k=rng.randrange(1, 12)))
    deep = b"[" * rng.randrange(1_000, 60_000)
    odd = {"model": rng.choice([5, None, [], {}, "x" * 9]), "messages": rng.choice([1, None, "x", [1], [{}]])}
    wrong, number = json.dumps(odd).encode(), rng.choice([word, "1e3", "0x10", "1,000", ""])
    other = rng.choice(["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"])
    version = f"HTTP/{rng.randrange(2, 10)}.0"
    body, full = target.body, length(len(target.body))
    return {
        "negative length": [head(length(-rng.randrange(1, 10**9))), body],
        "length that is no number": [head(length(number)), body],
        "two lengths": [head(f"{length(3)}\r\n{length(30)}"), body],
        "no length": [head(), body],
        "promises more": [head(length(len(body) + rng.randrange(1, 10**5))), body],
        "promises a terabyte": [head(length(10**12)), body],
        "large body": [head(length(len(LARGE))), LARGE],
        "chunked": [head("Transfer-Encoding: chunked"), b"5\r\nhello\r\n0\r\n\r\n"],
        "broken chunks": [head("Transfer-Encoding: chunked"), b"zz\r\n" + junk],
        "chunked, with a length": [head(f"Transfer-Encoding: chunked\r\n{length(4)}"), b"zz\r\n"],
        "slow head": [bytes([byte]) for byte in head(full)[: rng.randrange(8, 40)]],
        "slow body": [head(length(90)), *(b"x" for _ in range(20))],
        "silence": [],
        "half a head": [head(full)[: rng.randrange(1, len(head(full)) - 2)]],
        "junk": [junk],
        "junk as a body": [head(length(len(junk))), junk],
        "no JSON": [head(length(len(word))), word.encode()],
        "deep JSON": [head(length(len(deep))), deep],
        "other JSON": [head(length(len(wrong))), wrong],
        "bad UTF-8": [head(length(4)), b"\xff\xfe\x00\x01"],
        "unknown method": [head(length(0), method=word.upper())],
        "other method": [head(length(0), method=other)],
        "another path": [head(length(2), path=f"{path}/../%2e%2e/{word}"), b"{}"],
        "long path": [head(path="/" + 70_000 * "x")],
        "long header": [head(f"X-Word: {70_000 * 'x'}")],
        "many headers": [head("\r\n".join(f"X-{number}: {word}" for number in range(500)))],
        "folded header": [head(f"X-Word: {word}\r\n {word}\r\nno colon here")],
        "old protocol": [f"{target.method} {path}\r\n\r\n".encode()],
        "new protocol": [f"{target.method} {path} {version}\r\n{key}\r\n\r\n".encode("latin-1")],
        "TLS": [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + junk],
        "hangs up": [head(length(90)), b""],
        "odd key": [head(length(2), key=f"Authorization: Bearer \xfc{word}"), b"{}"],
    }


def send(target: Target, pieces: list[bytes]) -> bytes:
    """Send the pieces, and return what comes back."""
    answer = b""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", target.port), 20) as link:
        for piece in pieces:
            with contextlib.suppress(OSError):
                link.sendall(piece)
            time.sleep(0.05 if len(pieces) > 5 else 0)
        if pieces and not pieces[-1]:  # it hangs up
            return b""
        while (received := link.recv(65_536)) and len(answer) < 10**6:
            answer += received
    return answer


def attack(target: Target, number: int, seed: int) -> None:
    """Send one malformed request, and note what came back; every second one comes from a stranger."""
    rng = random.Random(f"{target.name} {seed} {number}")
    knows = number % 2 == 0
    wrong = ["", "Authorization: Bearer", "Authorization: Bearer x", "Authorization: Basic eDp5"]
    key = f"Authorization: Bearer {KEY}" if knows else rng.choice(wrong)
    every = kinds(target, rng, key, target.path if knows else target.path.removeprefix(f"/{KEY}"))
    names = list(every)
    kind = names[number // 2] if number < 2 * len(names) else rng.choice(names)
    answer = send(target, every[kind])
    status = answer.split(b" ")[1].decode("latin-1") if answer.startswith(b"HTTP/1.") else "closed"
    target.statuses[status] += 1
    if answer and status[0] not in "345" and not knows:
        target.faults.append(f"{kind}: a stranger got {answer[:60]!r}")
    if b"Traceback" in answer or len(answer) > 5_000:
        target.faults.append(f"{kind}: an answer of {len(answer):,} bytes: {answer[:60]!r}")


def good(target: Target) -> float:
    """Send a good request, and return the milliseconds until its answer."""
    began = time.perf_counter()
    method, path = (
        ("GET", f"/{KEY}/index.json") if target.name == "registry" else (target.method, target.path)
    )
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    with httpx.Client(base_url=f"http://127.0.0.1:{target.port}", trust_env=False, timeout=60) as client:
        reply = client.request(method, path, content=target.body, headers=headers)
    if reply.status_code != 200:
        target.faults.append(f"a good request got {reply.status_code}: {reply.text[:100]}")
    return 1000 * (time.perf_counter() - began)


@contextlib.contextmanager
def targets(place: Path) -> Iterator[list[Target]]:
    """Open every server."""
    own = psutil.Process()
    lm = dspy.LM("offline/parrot", engine=Parrot(), cache=False)
    with contextlib.ExitStack() as running:
        chat = running.enter_context(Server(Parrot(), "offline/parrot", KEY))
        shelf = Registry(place / "registry", {KEY: "workshop"}, readers=KEY)
        folder = Folder(place, readers=KEY)
        room = Room("127.0.0.1", 0, KEY, {"small": lm})
        room._answered = lambda engine, request: engine.complete(request)
        for server in (shelf, folder, room):
            running.enter_context(server)
        (place / "notice.txt").write_text("Open from 05:30.")
        found = [
            Target("server", chat.server_address[1], "POST", "/v1/chat/completions", CHAT, own),
            Target("room", room.server_address[1], "POST", "/v1/chat/completions", CHAT, own),
            Target("folder", folder.server_address[1], "GET", f"/{KEY}/notice.txt", b"", own),
            Target("registry", shelf.server_address[1], "PUT", f"/{KEY}/api/packages/x", b"{}", own),
        ]
        yield [*found, running.enter_context(exported(place, chat))]


@contextlib.contextmanager
def exported(place: Path, chat: Server) -> Iterator[Target]:
    """Start the server of a `kit new` project: serve.py, which exports and lesson 18 have too."""
    project = export.new("triage", "message -> urgency: Literal['low', 'high']", place / "triage").folder
    settings = {"MODEL": "openai/local", "MODEL_API_BASE": chat.url, "OPENAI_API_KEY": KEY}
    settings |= {"DSPY_API_KEY": KEY}
    log = place / "serve.log"
    with log.open("w") as out:
        command = [sys.executable, "serve.py", "0"]
        process = subprocess.Popen(command, cwd=project, env=os.environ | settings, stdout=out, stderr=out)
    try:
        while "Serving at " not in (said := log.read_text()):
            if process.poll() is not None:
                raise RuntimeError(said)
            time.sleep(0.2)
        port = int(said.partition("Serving at http://127.0.0.1:")[2].partition(",")[0])
        body = b'{"message": "The printer hums."}'
        yield Target("serve.py", port, "POST", "/Triage", body, psutil.Process(process.pid), log)
    finally:
        process.kill()
        process.wait()


def megabytes(target: Target) -> float:
    """Return the memory of a target's process."""
    return target.process.memory_info().rss / 1e6


def row(target: Target, count: int, seed: int) -> list[str]:
    """Attack a server twice, eight callers at a time, and return its line of the table."""
    good(target)
    memory = [megabytes(target)]
    with ThreadPoolExecutor(8) as callers:
        for times in range(2):
            list(callers.map(lambda number: attack(target, number, seed + times), range(count)))  # noqa: B023
            memory.append(megabytes(target))
    latency = good(target)
    if target.log and "Traceback" in target.log.read_text():
        target.faults.append("a traceback in the log")
    statuses = " ".join(f"{status}:{number}" for status, number in sorted(target.statuses.items()))
    faults = "; ".join(target.faults) or "none"
    return [target.name, statuses, *(f"{value:.0f}" for value in memory), f"{latency:.0f}", faults]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=200, help="(default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="(default: %(default)s)")
    options = parser.parse_args()
    listening.READS_WITHIN = 2.0  # so that slow senders do not take all day
    names = ["server", "answers", "MB before", "after", "after again", "good request, ms", "faults"]
    with tempfile.TemporaryDirectory() as place, targets(Path(place)) as found:
        rows = [row(target, options.requests, options.seed) for target in found]
    print(tables.columns(names, rows))


if __name__ == "__main__":
    main()
