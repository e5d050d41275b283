"""Calls a second against an endpoint that answers after a fixed time. Target: at least 0.90 of the ideal.

The ideal is threads / delay. Beside kit.batch stand dspy.Parallel, given lists of a partition's size or one
list of all, and bare HTTP from as many threads, which shows what machine and endpoint allow.
"""

from __future__ import annotations

import argparse
import http.client
import json
import logging
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import local

import dspy
import pandas

from kit import batch, tables

ENDPOINT = Path(__file__).parents[1] / "endpoint.py"
PARTITION = 500


def with_batch(texts: list[str], threads: int, port: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        table = pandas.DataFrame({"text": texts})
        options = {"threads": threads, "partition_rows": PARTITION, "progress": False}
        run = batch.run(dspy.Predict("text -> answer"), table, inputs=["text"], to=folder, **options)
        assert len(run.results) == len(texts)


def with_parallel(texts: list[str], threads: int, port: int, size: int = PARTITION) -> None:
    program = dspy.Predict("text -> answer")
    for start in range(0, len(texts), size):
        parallel = dspy.Parallel(num_threads=threads, disable_progress_bar=True, max_errors=len(texts))
        some = parallel(
            [(program, dspy.Example(text=t).with_inputs("text")) for t in texts[start : start + size]]
        )
        assert None not in some


def with_one_list(texts: list[str], threads: int, port: int) -> None:
    with_parallel(texts, threads, port, len(texts))


def with_bare_http(texts: list[str], threads: int, port: int) -> None:
    held = local()

    def ask(text: str) -> None:
        held.connection = getattr(held, "connection", None) or http.client.HTTPConnection("127.0.0.1", port)
        body = json.dumps({"messages": [{"role": "user", "content": text}]})
        held.connection.request("POST", "/echo", body, {"Content-Type": "application/json"})
        json.load(held.connection.getresponse())

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(ask, texts))


WAYS: dict[str, Callable[[list[str], int, int], None]] = {
    "kit.batch": with_batch,
    "dspy.Parallel, list by list": with_parallel,
    "dspy.Parallel, one list": with_one_list,
    "bare HTTP": with_bare_http,
}


def measure(way: str, number: int, calls: int, threads: int, port: int) -> tuple[float, float]:
    """Return seconds, and seconds of this process's processor, for so many distinct calls."""
    texts = [f"{way} {number} {call}" for call in range(calls)]
    started, computed = time.perf_counter(), time.process_time()
    WAYS[way](texts, threads, port)
    return time.perf_counter() - started, time.process_time() - computed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--calls", type=int, default=1600, help="calls each way (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=32, help="calls in flight (default: %(default)s)")
    parser.add_argument(
        "--delay", type=float, default=0.2, help="seconds an answer takes (default: %(default)s)"
    )
    parser.add_argument("--rounds", type=int, default=3, help="(default: %(default)s)")
    options = parser.parse_args()
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # prices from DSPy's own table, not the network
    logging.getLogger("dspy").setLevel(logging.ERROR)
    command = [sys.executable, ENDPOINT, str(options.delay)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        port = int(server.stdout.readline())
        lm = dspy.LM(
            "openai/gpt-4.1-mini", api_base=f"http://127.0.0.1:{port}/echo", api_key="sk", cache=False
        )
        dspy.configure(lm=lm, adapter=dspy.JSONAdapter())
        for way in WAYS:
            measure(way, -1, options.threads, options.threads, port)  # connections, imports
        rounds = [
            {way: measure(way, number, options.calls, options.threads, port) for way in WAYS}
            for number in range(options.rounds)
        ]
        server.kill()
    report(rounds, options.calls, options.calls * options.delay / options.threads)


def report(rounds: list[dict[str, tuple[float, float]]], calls: int, ideal: float) -> None:
    rows = []
    for way in WAYS:
        seconds = [times[way][0] for times in rounds]
        computed = statistics.median(times[way][1] for times in rounds) / calls
        shares = [ideal / each for each in seconds]
        median = statistics.median(seconds)
        spread = f"{min(shares):.2f} to {max(shares):.2f}"
        rows.append(
            [way, len(rounds), f"{median:.2f}", f"{1000 * computed:.1f}", f"{ideal / median:.3f}", spread]
        )
    headings = ["way", "n", "median s", "processor ms a call", "of the ideal", "range"]
    print(tables.columns(headings, rows))
    print(f"ideal: {calls:,} calls in {ideal:.2f} s (target: kit.batch at least 0.90 of it)")


if __name__ == "__main__":
    main()
