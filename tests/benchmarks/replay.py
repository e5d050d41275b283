"""How long a replayed call takes, beside a hit in DSPy's own memory cache. Target: at most 1.2 times."""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from typing import Literal

import dspy
from dspy.lm15 import Message, Request, Response, Usage

from kit import tables
from kit.engines.recordings import Recordings
from kit.engines.replay import ReplayEngine, Rollouts

ADAPTERS = {"json": dspy.JSONAdapter, "chat": dspy.ChatAdapter}
REPLIES = {"json": '{"stars": 4}', "chat": "[[ ## stars ## ]]\n4\n\n[[ ## completed ## ]]"}


class OneReply:
    """A live engine that always says the same, and counts how often it was asked."""

    supports_function_calling = False
    supports_reasoning = False
    supports_response_schema = True
    supported_params = frozenset({"max_tokens", "response_format", "temperature"})

    def __init__(self, reply: str) -> None:
        self.reply = reply
        self.calls = 0

    def complete(self, request: Request) -> Response:
        self.calls += 1
        return Response(None, request.model, Message.assistant(self.reply), "stop", Usage(200, 8))

    def close(self) -> None: ...


class Rating(dspy.Signature):
    """Rate a review the way its writer would."""

    review: str = dspy.InputField()
    stars: Literal[1, 2, 3, 4, 5] = dspy.OutputField()


def seconds(rate: dspy.Predict, lm: dspy.LM, review: str) -> float:
    started = time.perf_counter()
    rate(review=review, lm=lm)
    return time.perf_counter() - started


def measure(adapter: str, calls: int) -> dict[str, list[float]]:
    """Time both ways, one after the other, `calls` times; the first call of each is not counted."""
    recorded, cached = OneReply(REPLIES[adapter]), OneReply(REPLIES[adapter])
    with tempfile.TemporaryDirectory() as folder:
        engine = ReplayEngine(recorded, Recordings(Path(folder)))
        lms = {
            "replayed": lm_with(engine, cache=False, callbacks=[Rollouts()]),
            "cached": lm_with(cached, cache=True),
        }
        rate, review = dspy.Predict(Rating), "It works, but the lid squeaks. " * 20
        with dspy.context(adapter=ADAPTERS[adapter]()):
            rounds = [{way: seconds(rate, lm, review) for way, lm in lms.items()} for _ in range(calls + 1)]
    if (recorded.calls, cached.calls) != (1, 1):
        raise SystemExit(f"Not all calls were hits: {recorded.calls} and {cached.calls} went live.")
    return {way: [times[way] for times in rounds[1:]] for way in lms}


def lm_with(engine: object, **options: object) -> dspy.LM:
    return dspy.LM("scripted/one", engine=engine, temperature=0.0, max_tokens=1000, num_retries=0, **options)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=1000, help="calls of each kind (default: %(default)s)")
    calls = parser.parse_args().calls
    rows = []
    for adapter in ADAPTERS:
        dspy.configure_cache(enable_disk_cache=False)
        replayed, cached = map(statistics.median, measure(adapter, calls).values())
        rows.append(
            [adapter, calls, f"{1000 * replayed:.3f}", f"{1000 * cached:.3f}", f"{replayed / cached:.2f}"]
        )
    print(tables.columns(["adapter", "n", "replayed, median ms", "cached, median ms", "ratio"], rows))
    print("target: ratio at most 1.2")


if __name__ == "__main__":
    main()
