"""The most memory that a batch takes, for a table and for one ten times as long. Target: within 10 %.

Each size runs in a process of its own, from parquet, on an engine that answers at once; one row in ten is
new. Beside the peaks stands what the long run had in use after as many rows as the short one has.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import dspy
import psutil
import pyarrow as pa
import pyarrow.parquet
from dspy.lm15 import Message, Request, Response, Usage

from kit import batch, tables

SIZES = (20_000, 200_000)
TEXT = "review draft of agreement with client re closing; telephone conference; revise memo to file"


class AtOnce:
    """An engine that always says the same."""

    supports_function_calling = False
    supports_reasoning = False
    supports_response_schema = True
    supported_params = frozenset({"max_tokens", "response_format", "temperature"})

    def complete(self, request: Request) -> Response:
        return Response(None, request.model, Message.assistant('{"answer": "Fine."}'), "stop", Usage(200, 8))

    def close(self) -> None: ...


def write_table(path: Path, rows: int, chance: random.Random) -> None:
    """Write a table piece by piece, so that making it does not count."""
    schema = pa.schema({"id": pa.int64(), "text": pa.string()})
    with pa.parquet.ParquetWriter(path, schema) as writer:
        for start in range(0, rows, 1000):
            texts = [f"{chance.randrange(rows // 10)} {TEXT}" for _ in range(1000)]
            writer.write_table(pa.table([range(start, start + 1000), texts], schema))


def run(rows: int) -> None:
    """Run one size and print what it took."""
    with tempfile.TemporaryDirectory() as folder:
        write_table(Path(folder) / "rows.parquet", rows, random.Random(0))
        lm = dspy.LM("test/at-once", engine=AtOnce(), cache=False)
        dspy.configure(lm=lm, adapter=dspy.JSONAdapter())
        options = {"inputs": ["text"], "to": Path(folder) / "out", "threads": 32, "progress": False}
        early: list[float] = []
        watcher = threading.Thread(target=watch, args=(options["to"] / "results", early), daemon=True)
        watcher.start()
        started = time.perf_counter()
        done = batch.run(dspy.Predict("text -> answer"), Path(folder) / "rows.parquet", **options)
        seconds = time.perf_counter() - started
        peak = peak_bytes()
        watcher.join()
        assert len(done.results) == rows
        print(rows, done.entries, round(seconds), *(round(size / 1e6) for size in (*early, peak)))


def watch(results: Path, early: list[float]) -> None:
    """Note the memory in use when the first 20,000 rows are written."""
    while len(list(results.glob("part-*"))) < SIZES[0] // 1000:
        time.sleep(0.05)
    early.append(psutil.Process().memory_info().rss)


def peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1024 if sys.platform == "linux" else 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--size", type=int, help="run one table of so many rows, and no comparison")
    options = parser.parse_args()
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # prices from DSPy's own table, not the network
    if options.size:
        run(options.size)
        return
    command = [sys.executable, __file__, "--size"]
    lines = [subprocess.check_output([*command, str(size)], text=True).split() for size in SIZES]
    headings = ["rows", "distinct entries", "s", "MB after 20,000 rows", "peak MB"]
    print(tables.columns(headings, [map(int, line) for line in lines]))
    (*_, small), (*_, early, large) = (map(int, line) for line in lines)
    print(
        f"ratio of peaks: {large / small:.3f}, within the long run {large / early:.3f} (target: at most 1.10)"
    )


if __name__ == "__main__":
    main()
