"""How long a room takes to answer thirty learners who replay at once. Target: a median under 200 ms.

Every learner asks the fifty ratings of lesson 07, one after the other and without a pause, each over a
connection of its own: harder than a room, in which people read in between. Both share the machine.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import statistics
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler

import dspy
import pandas as pd

from kit import tables
from kit.engines.hosted import RoomEngine
from kit.engines.listening import Listener
from kit.project import ROOT
from kit.workshop.room import Room

TOKEN = "harbour-light"
NAME = "qwen2.5-coder-0.5b"
REPLY = {"choices": [{"index": 0, "message": {"role": "assistant", "content": '{"stars_out_of_five": 3}'}}]}


class Keeper(BaseHTTPRequestHandler):
    """Keep what a client sends."""

    def do_POST(self) -> None:
        self.server.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
        content = json.dumps(REPLY).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: object) -> None: ...


def bodies() -> list[bytes]:
    """Return the requests of lesson 07's fifty ratings, as a participant's machine sends them."""
    texts = pd.read_csv(ROOT / "data" / "reviews" / "reviews.csv").text[:50]
    with Listener(Keeper) as keeper:
        keeper.bodies = []
        engine = RoomEngine(NAME, keeper.address.replace("//", f"//{TOKEN}@"))
        settings = {"temperature": 0.0, "max_tokens": 1000, "cache": False}
        lm = dspy.LM(f"offline/{NAME}", engine=engine, **settings)
        with dspy.context(lm=lm, adapter=dspy.JSONAdapter()):
            for text in texts:
                dspy.Predict("text -> stars_out_of_five: int")(text=text)
    return keeper.bodies


def learner(port: int, asked: list[bytes]) -> list[float]:
    """Ask everything once and return the milliseconds that each answer took."""
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    took = []
    for body in asked:
        started = time.perf_counter()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("POST", "/v1/chat/completions", body, headers)
        reply = connection.getresponse()
        content = reply.read()
        connection.close()
        took.append(1000 * (time.perf_counter() - started))
        if reply.status != 200:
            raise SystemExit(f"{reply.status}: {content[:300].decode()}")
    return took


def learners(port: int, count: int, asked: list[bytes]) -> list[float]:
    """Let learners ask at once, from this process."""
    with ThreadPoolExecutor(count) as pool:
        return [ms for took in pool.map(learner, [port] * count, [asked] * count) for ms in took]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--learners", type=int, default=30, help="(default: %(default)s)")
    count = parser.parse_args().learners
    os.environ |= {"KIT_LIVE": "never", "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    asked = bodies()
    with Room("127.0.0.1", 0, TOKEN) as room, ProcessPoolExecutor(1) as elsewhere:
        port = room.server_address[1]
        learner(port, asked[:1])  # reads the recordings
        started = time.perf_counter()
        took = elsewhere.submit(learners, port, count, asked).result()
        seconds = time.perf_counter() - started
    quantiles = statistics.quantiles(took, n=20)
    row = [
        count,
        len(took),
        f"{statistics.median(took):.0f}",
        f"{quantiles[-1]:.0f}",
        f"{len(took) / seconds:.0f}",
    ]
    print(tables.columns(["learners", "answers", "median ms", "95 % ms", "a second"], [row]))
    print(f"live: {room.load.live}; target: a median under 200 ms")


if __name__ == "__main__":
    main()
