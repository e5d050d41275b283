"""Tokens a second through dspy.Predict and LlamaEngine, beside llama.cpp called bare. Target: at least 0.95.

Both ways send the very same messages, schema and parameters to the same loaded model, in turn, and read the
whole prompt each time. Seconds count from the call to the answer.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import dspy
from dspy.lm15 import Request

from kit import tables
from kit.engines.llama import LlamaEngine, _body

TOPICS = ["bees", "tides", "bread", "glass", "clocks", "maps", "kites", "salt", "paper", "bridges"]


@dataclass(frozen=True)
class Run:
    """One reply: how many tokens, how fast."""

    tokens: int
    seconds: float

    @property
    def rate(self) -> float:
        return self.tokens / self.seconds


class NotingEngine(LlamaEngine):
    """Keep the last request, so that it can be sent once more without DSPy."""

    def stream(self, request: Request) -> Iterator[Any]:
        self.request = request
        return super().stream(request)


def through_dspy(lm: dspy.LM, topic: str) -> Run:
    describe = dspy.Predict("topic -> paragraph")
    started, before = time.perf_counter(), len(lm.history)
    describe(topic=topic, lm=lm)
    elapsed = time.perf_counter() - started
    if len(lm.history) != before + 1:
        raise SystemExit("DSPy asked twice: the first reply did not parse, so the two ways do not compare.")
    return Run(lm.history[-1]["usage"]["completion_tokens"], elapsed)


def bare(engine: NotingEngine) -> Run:
    body = _body(engine.request) | {"cache_prompt": False, "stream": False}
    del body["stream_options"]
    started = time.perf_counter()
    reply = engine.runtime._server.handle_chat_completions(body)
    elapsed = time.perf_counter() - started
    reply = json.loads(reply) if isinstance(reply, str | bytes) else reply
    return Run(reply["usage"]["completion_tokens"], elapsed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument(
        "--model", default="qwen2.5-coder-0.5b", help="name or .gguf file (default: %(default)s)"
    )
    parser.add_argument("--rounds", type=int, default=8, help="replies each way (default: %(default)s)")
    options = parser.parse_args()
    engine = NotingEngine(options.model, reuse_prefix=False)
    lm = dspy.LM("offline/model", engine=engine, cache=False, temperature=0.0, max_tokens=400, num_retries=0)
    dspy.configure(adapter=dspy.JSONAdapter())
    through_dspy(lm, "rain")  # loads the model
    runs = {"dspy.Predict": [], "llama.cpp": []}
    for number in range(options.rounds):
        runs["dspy.Predict"].append(through_dspy(lm, TOPICS[number % len(TOPICS)]))
        runs["llama.cpp"].append(bare(engine))
    report(runs)


def report(runs: dict[str, list[Run]]) -> None:
    rows = [
        [
            way,
            len(found),
            sum(run.tokens for run in found),
            f"{statistics.median(run.seconds for run in found):.2f}",
            f"{statistics.median(run.rate for run in found):.2f}",
        ]
        for way, found in runs.items()
    ]
    print(tables.columns(["way", "n", "tokens", "median s", "median tokens/s"], rows))
    through, alone = ([run.rate for run in found] for found in runs.values())
    pairs = [one / other for one, other in zip(through, alone, strict=True)]
    ratio = statistics.median(through) / statistics.median(alone)
    print(f"ratio of medians: {ratio:.3f} (target: at least 0.95)")
    print(f"ratio of each pair: median {statistics.median(pairs):.3f}, {min(pairs):.2f} to {max(pairs):.2f}")


if __name__ == "__main__":
    main()
