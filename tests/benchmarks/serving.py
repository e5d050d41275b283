"""Seconds to the first part of a letter, and bookings a second: the service of lesson 18, beside a bare one.

Both are FastAPI on uvicorn, one process each, in front of the same stand-in for a provider. The bare one
sends the same messages with httpx and has no DSPy. The stand-in waits before its first word, and then sends
a word every five milliseconds. All three and the callers share the machine. Target: a first part at most 1.2
times as late as from the bare service, where the first word takes half a second.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from itertools import chain
from pathlib import Path

import dspy
import httpx
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from kit import tables
from kit.project import ROOT

HOTEL = ROOT / "notebooks"
MESSAGE = "A double room for two nights from 12 May, please. Ida Bach"
FIELDS = {"guest": "BACH, Ida", "arrival": "2027-05-12", "nights": 2, "room": "1 DBL", "desk": "-"}
LETTER = (
    "Thank you very much for your request, Ms Bach. We shall be glad to look into it, and write again soon."
)
CALLER = {"Authorization": "Bearer key-of-the-caller"}
EVERY = 0.005
ADDRESS = "/chat/completions"

provider, bare = FastAPI(), FastAPI()


@provider.get("/health")
@bare.get("/health")
async def health() -> dict[str, str]:
    """Answer as soon as the server is up."""
    return {"status": "ok"}


@provider.post("/v1/chat/completions")
async def chat(request: Request) -> Response:
    """Answer a booking with fields, all else with a letter."""
    asked = await request.json()
    prompt = json.dumps(asked["messages"])
    letter = f"[[ ## letter ## ]]\n{LETTER}\n\n[[ ## completed ## ]]" if "[[ ##" in prompt else LETTER
    text = letter if "`letter`" in prompt else json.dumps(FIELDS)
    words = re.findall(r"\s*\S+", text)
    if asked.get("stream"):
        return StreamingResponse(spoken(words), media_type="text/event-stream")
    await asyncio.sleep(float(os.environ["FIRST"]) + EVERY * len(words))
    return JSONResponse(completion({"message": {"role": "assistant", "content": text}}, "stop"))


async def spoken(words: list[str]) -> AsyncIterator[str]:
    """Yield OpenAI's chunks, a word each."""
    await asyncio.sleep(float(os.environ["FIRST"]))
    for word in words:
        yield f"data: {json.dumps(completion({'delta': {'content': word}}, None))}\n\n"
        await asyncio.sleep(EVERY)
    yield f"data: {json.dumps(completion({'delta': {}}, 'stop'))}\n\ndata: [DONE]\n\n"


def completion(choice: dict, finish: str | None) -> dict:
    """Return an object of OpenAI's protocol."""
    return {
        "id": "1",
        "object": "chat.completion",
        "choices": [{"index": 0, "finish_reason": finish} | choice],
    }


@bare.post("/bookings")
async def bookings(request: Request) -> dict:
    """Forward, and read the fields."""
    reply = await forward().post(ADDRESS, json=body("booking", (await request.json())["message"]))
    return json.loads(reply.json()["choices"][0]["message"]["content"])


@bare.post("/stream")
async def stream(request: Request) -> StreamingResponse:
    """Forward, and pass on each word."""
    message = (await request.json())["message"]
    return StreamingResponse(passed_on(message), media_type="text/event-stream")


async def passed_on(message: str) -> AsyncIterator[str]:
    """Yield the words of the letter as server-sent events."""
    async with forward().stream("POST", ADDRESS, json=body("letter", message) | {"stream": True}) as reply:
        async for line in reply.aiter_lines():
            if line.startswith("data: {"):
                said = json.loads(line.removeprefix("data: "))["choices"][0]["delta"].get("content", "")
                yield f"event: part\ndata: {json.dumps(said)}\n\n"


def forward(kept: list[httpx.AsyncClient] = []) -> httpx.AsyncClient:  # noqa: B006
    """Return the one client of the bare service."""
    if not kept:
        kept.append(httpx.AsyncClient(base_url=os.environ["MODEL_URL"], timeout=60))
    return kept[0]


def body(field: str, message: str) -> dict:
    """Return a request whose prompt is about as long as DSPy's."""
    system = {"role": "system", "content": f"Write the field `{field}`. {900 * 'x'}"}
    return {"model": "local", "messages": [system, {"role": "user", "content": message}]}


def started(running: contextlib.ExitStack, app: str, folder: Path, settings: dict[str, str]) -> str:
    """Start an app in a process of its own, and return its address once it answers."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", app, "--port", str(port), "--log-level", "error"]
    command += ["--timeout-keep-alive", "60"]
    process = subprocess.Popen(command, cwd=folder, env=os.environ | settings)
    running.callback(process.wait)
    running.callback(process.kill)
    for _ in range(1500):
        with contextlib.suppress(httpx.HTTPError):
            httpx.get(f"http://127.0.0.1:{port}/health").raise_for_status()
            return f"http://127.0.0.1:{port}"
        time.sleep(0.2)
    raise TimeoutError(app)


async def load(address: str, path: str, clients: int, each: int) -> tuple[float, list[float]]:
    """Return requests a second, and the seconds until the first part (or the answer) of each request."""
    async with httpx.AsyncClient(
        base_url=address, headers=CALLER, timeout=120, limits=httpx.Limits(max_connections=clients)
    ) as client:

        async def caller() -> list[float]:
            return [await first_part(client, path) for _ in range(each)]

        began = time.monotonic()
        seconds = list(chain(*await asyncio.gather(*[caller() for _ in range(clients)])))
    return len(seconds) / (time.monotonic() - began), seconds


async def first_part(client: httpx.AsyncClient, path: str) -> float:
    """Ask once, and return the seconds until the first part of the answer that is not empty."""
    began, first = time.monotonic(), None
    async with client.stream("POST", path, json={"message": MESSAGE}) as reply:
        reply.raise_for_status()
        async for line in reply.aiter_lines():
            if first is None and line.startswith(("{", 'data: "')):
                first = time.monotonic() - began
    return first


def rows(each: int, firsts: list[float]) -> Iterator[list[object]]:
    """Measure every way, and yield the table's rows."""
    for first in firsts:
        with contextlib.ExitStack() as running, tempfile.TemporaryDirectory() as folder:
            sys.path.insert(0, str(HOTEL))
            from hotel.booking import Book

            Book().save(Path(folder) / "program.json")
            here = Path(__file__).parent
            url = started(running, "serving:provider", here, {"FIRST": str(first)})
            settings = {
                "HOTEL_KEY": "key-of-the-caller",
                "HOTEL_STATE": str(Path(folder) / "program.json"),
                "MODEL": "hotel/large",
                "MODEL_URL": f"{url}/v1",
                "MODEL_KEY": "sk-local",
                "LITELLM_LOCAL_MODEL_COST_MAP": "True",
            }
            services = {
                "bare": started(running, "serving:bare", here, settings),
                "lesson 18": started(running, "hotel.streaming:app", HOTEL, settings),
            }
            for path, clients in (("/stream", 1), ("/stream", 50), ("/bookings", 50)):
                found = {}
                for name, address in services.items():
                    asyncio.run(load(address, path, 2, 2))  # warm
                    found[name] = asyncio.run(load(address, path, clients, each))
                    rate, seconds = found[name]
                    late = statistics.median(seconds) / statistics.median(found["bare"][1])
                    spread = (statistics.median(seconds), sorted(seconds)[int(0.95 * len(seconds))], late)
                    numbers = [f"{rate:.1f}", *(f"{value:.3f}" for value in spread)]
                    yield [first, path, clients, name, len(seconds), *numbers]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--each", type=int, default=4, help="requests of each caller")
    parser.add_argument(
        "--first", type=float, nargs="+", default=[0.0, 0.5], help="seconds to the first word"
    )
    options = parser.parse_args()
    dspy.disable_logging()
    head = ["first word", "path", "callers", "service", "n", "a second", "median s", "95 % s", "ratio"]
    print(tables.columns(head, rows(options.each, options.first)))


if __name__ == "__main__":
    main()
