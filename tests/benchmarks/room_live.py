"""How long thirty learners wait who replay a lesson and then ask live: the model answers one after the other.

Every learner replays ten recorded ratings of lesson 07, then asks two prompts of their own, one after the
other. `scripted` answers each in a fixed time and needs no model; `small` is the offline model. Nothing that
is asked here is recorded. Both sides share the machine.
"""

from __future__ import annotations

import argparse
import os
import statistics
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import dspy
import pandas as pd
from dspy.lm15 import Message, Request, Response, Usage

import kit
from kit import tables
from kit.engines.hosted import RoomEngine
from kit.engines.llama import LlamaEngine
from kit.engines.replay import ReplayEngine, Rollouts
from kit.project import ROOT
from kit.workshop.room import Room

TOKEN, NAME = "harbour-light", "qwen2.5-coder-0.5b"
SIGNATURE = "text -> stars_out_of_five: int"
DISHES = ["soup", "tart", "risotto", "curry", "stew", "salad", "pie", "omelette", "paella", "ramen"]


class Timed:
    """Answer after a fixed time, as a model that is quick and always the same."""

    supports_function_calling = supports_reasoning = False
    supports_response_schema = True
    supported_params = LlamaEngine.supported_params

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def complete(self, request: Request) -> Response:
        time.sleep(self.seconds)
        reply = Message.assistant('{"stars_out_of_five": 3}')
        about = {"seconds": self.seconds}
        return Response(None, request.model, reply, "stop", Usage(1, 1), provider_data=about)


def served(model: str) -> dspy.LM:
    """Return what the room serves: the lessons' recordings, and behind them a model."""
    real = kit.lm("small", profile="offline")
    known = real.engine
    live = Timed(0.2) if model == "scripted" else known.live
    engine = ReplayEngine(live, known.recordings, weights=known.weights)
    return dspy.LM(real.model, engine=engine, cache=False, callbacks=[Rollouts()])


def learner(number: int, address: str, each: int, gate: threading.Barrier) -> tuple[list[float], list[float]]:
    """Replay, then ask; return the seconds of both."""
    settings = {"temperature": 0.0, "max_tokens": 1000, "cache": False}
    lm = dspy.LM(f"offline/{NAME}", engine=RoomEngine(NAME, address), **settings)
    rate = dspy.Predict(SIGNATURE)
    texts = list(pd.read_csv(ROOT / "data" / "reviews" / "reviews.csv").text[:10])
    mine = [
        f"Learner {number}: the {DISHES[(number + n) % 10]} was {n + 1} times better." for n in range(each)
    ]
    gate.wait()
    took = []
    with dspy.context(lm=lm, adapter=dspy.JSONAdapter()):
        for text in [*texts, *mine]:
            started = time.perf_counter()
            rate(text=text)
            took.append(time.perf_counter() - started)
    return took[:10], took[10:]


def learners(address: str, count: int, each: int) -> list[tuple[list[float], list[float]]]:
    """Let learners ask at once, from this process."""
    gate = threading.Barrier(count)
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(lambda number: learner(number, address, each, gate), range(count)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", choices=["scripted", "small"])
    parser.add_argument("--learners", type=int, default=30, help="(default: %(default)s)")
    parser.add_argument("--each", type=int, default=2, help="live prompts of each (default: %(default)s)")
    asked = parser.parse_args()
    os.environ |= {"KIT_LIVE": "yes", "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    lm = served(asked.model)
    with Room("127.0.0.1", 0, TOKEN, {NAME: lm}) as room, ProcessPoolExecutor(1) as elsewhere:
        address = room.address.replace("//", f"//{TOKEN}@")
        started = time.perf_counter()
        took = elsewhere.submit(learners, address, asked.learners, asked.each).result()
        seconds = time.perf_counter() - started
    replayed = [one for replays, _ in took for one in replays]
    rows = [_row("recorded", replayed)]
    rows += [_row(f"live, prompt {n + 1}", [live[n] for _, live in took]) for n in range(asked.each)]
    print(tables.columns(["answers", "n", "median s", "slowest s"], rows))
    print(
        f"{asked.learners} learners in {seconds:.0f} s; live: {room.load.live}, refused: {room.load.refused}"
    )


def _row(name: str, seconds: list[float]) -> list[object]:
    return [name, len(seconds), f"{statistics.median(seconds):.2f}", f"{max(seconds):.1f}"]


if __name__ == "__main__":
    main()
