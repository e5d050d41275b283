"""Calls a second on one Dask worker and on two, each its own process. Target: two at least 1.8 times one.

The endpoint answers after a fixed time, so that one worker's share of the ideal is seen beside it.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import dspy
import pandas
from distributed import Client, LocalCluster

from kit import batch, tables

ENDPOINT = Path(__file__).parents[1] / "endpoint.py"


def measure(client: Client, name: str, calls: int, threads: int) -> float:
    """Return the seconds that so many distinct calls take."""
    table = pandas.DataFrame({"text": [f"{name} {number}" for number in range(calls)]})
    options = {"threads": threads, "scheduler": client, "progress": False}
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        run = batch.run(dspy.Predict("text -> answer"), table, inputs=["text"], to=folder, **options)
        assert len(run.results) == calls
        return time.perf_counter() - started


def rate(cluster: LocalCluster, workers: int, number: int, options: argparse.Namespace) -> float:
    """Return calls a second on so many workers, each with as many calls to make."""
    cluster.scale(workers)
    with Client(cluster) as client:
        while len(client.nthreads()) != workers:
            time.sleep(0.1)
        name, calls = f"{workers} {number}", workers * options.calls
        measure(
            client, f"{name} first", 2 * workers * options.threads, options.threads
        )  # imports, connections
        return calls / measure(client, name, calls, options.threads)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--calls", type=int, default=800, help="calls a worker (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=32, help="in flight a worker (default: %(default)s)")
    parser.add_argument(
        "--delay", type=float, default=0.2, help="seconds an answer takes (default: %(default)s)"
    )
    parser.add_argument("--rounds", type=int, default=3, help="(default: %(default)s)")
    options = parser.parse_args()
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # prices from DSPy's own table, not the network
    with (
        subprocess.Popen(
            [sys.executable, ENDPOINT, str(options.delay)], stdout=subprocess.PIPE, text=True
        ) as server,
        LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=":0") as cluster,
    ):
        url = f"http://127.0.0.1:{int(server.stdout.readline())}/echo"
        lm = dspy.LM("openai/gpt-4.1-mini", api_base=url, api_key="sk-local", cache=False)
        dspy.configure(lm=lm, adapter=dspy.JSONAdapter())
        rounds = [[rate(cluster, n, number, options) for n in (1, 2)] for number in range(options.rounds)]
        server.kill()
    report(rounds, options.threads / options.delay)


def report(rounds: list[list[float]], ideal: float) -> None:
    medians = [statistics.median(rates) for rates in zip(*rounds, strict=True)]
    rows = [
        [workers, len(rounds), f"{median:.0f}", f"{median / (workers * ideal):.3f}"]
        for workers, median in zip((1, 2), medians, strict=True)
    ]
    print(tables.columns(["workers", "n", "calls/s", "of the ideal"], rows))
    pairs = [two / one for one, two in rounds]
    spread = f"{min(pairs):.2f} to {max(pairs):.2f}"
    print(f"ratio two / one: median {statistics.median(pairs):.2f}, {spread} (target: at least 1.8)")


if __name__ == "__main__":
    main()
