"""Kill a batch (kill -9) at random moments, resume it each time, count rows. Target: each exactly once.

No finished partition may be written again, and what is asked twice is at most what was in flight.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from pathlib import Path

import dspy
import pandas

from kit import batch, tables

ENDPOINT = Path(__file__).parents[1] / "endpoint.py"
THREADS, PARTITION = 8, 50


def begin(url: str, table: Path, to: Path) -> int:
    """Run the batch in a process of its own; return its number."""
    if child := os.fork():
        return child
    lm = dspy.LM("openai/gpt-4.1-mini", api_base=f"{url}/echo", api_key="sk-local", cache=False)
    dspy.configure(lm=lm, adapter=dspy.JSONAdapter())
    options = {"threads": THREADS, "partition_rows": PARTITION, "progress": False}
    batch.run(dspy.Predict("text -> answer"), table, inputs=["text"], to=to, **options)
    os._exit(0)


def finished(to: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in (to / "results").glob("part-*.parquet")}


def seen(url: str) -> int:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"{url}/seen", timeout=10) as reply:
        return json.load(reply)["requests"]


def kill_and_resume(
    url: str, table: Path, to: Path, kills: int, moments: random.Random
) -> list[list[object]]:
    """Return, for each sitting, how it ended and what it found and left."""
    sittings = []
    for number in range(kills + 1):
        before, started = finished(to), time.perf_counter()
        child = begin(url, table, to)
        if number < kills:
            time.sleep(moments.uniform(0.1, 1.0))
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        ended = "killed" if os.WIFSIGNALED(status) else "finished" if status == 0 else "failed"
        after = finished(to)
        again = sum(after.get(name) != written for name, written in before.items())
        seconds = time.perf_counter() - started
        sittings.append([number + 1, ended, f"{seconds:.2f}", len(before), len(after), again])
    return sittings


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=int, default=4000, help="half as many distinct (default: %(default)s)")
    parser.add_argument("--kills", type=int, default=5, help="(default: %(default)s)")
    parser.add_argument(
        "--seed", type=int, default=None, help="of the moments; another one each time by default"
    )
    options = parser.parse_args()
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # prices from DSPy's own table, not the network
    with tempfile.TemporaryDirectory() as folder:
        table, to = Path(folder) / "rows.parquet", Path(folder) / "out"
        texts = [f"entry {number % (options.rows // 2)}" for number in range(options.rows)]
        pandas.DataFrame({"text": texts}).to_parquet(table)
        server = subprocess.Popen([sys.executable, ENDPOINT, "0.03"], stdout=subprocess.PIPE, text=True)
        url = f"http://127.0.0.1:{int(server.stdout.readline())}"
        sittings = kill_and_resume(url, table, to, options.kills, random.Random(options.seed))
        requests = seen(url)
        server.kill()
        report(sittings, batch.read(to), texts, requests)


def report(sittings: list[list[object]], run: batch.BatchRun, texts: list[str], requests: int) -> None:
    headings = ["sitting", "ended", "seconds", "partitions before", "after", "written again"]
    print(tables.columns(headings, sittings))
    results = run.results.to_pandas()
    times = Counter(results["row_number"])
    right = (results.set_index("row_number")["answer"].sort_index() == pandas.Series(texts)).sum()
    counts = [len(texts), len(times), max(times.values()), int(right), len(run.failures)]
    print(tables.columns(["rows", "in the output", "most often", "right answer", "failures"], [counts]))
    print(f"ratio of requests to distinct entries: {requests} / {run.entries} = {requests / run.entries:.3f}")
    lost = counts[:4] != [len(texts), len(texts), 1, len(texts)] or any(sitting[-1] for sitting in sittings)
    raise SystemExit("Rows were lost or written twice." if lost else 0)


if __name__ == "__main__":
    main()
