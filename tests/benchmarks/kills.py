"""Kill -9 at random moments: a recording, a batch and an optimizer run, each gone on with until it ends.

Target: no reply or row that was there is lost, none is there twice, and what is asked twice is at most what
was in flight. A stand-in model answers by rule; no model is loaded.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dspy
import pandas
from dspy.lm15 import Config, Message, Request

from kit import batch, tables
from kit.engines.recordings import Recordings, read_quietly
from kit.engines.replay import ReplayEngine
from kit.evaluation import budget

sys.path.insert(0, str(Path(__file__).parents[1]))
import optimizing

THREADS, PROMPTS, ROWS = 4, 300, 400
IN_FLIGHT = {"recording": THREADS, "batch": 30, "optimizer": THREADS}  # a batch commits 50 times a second


class Slow(optimizing.RuledEngine):
    """Takes some milliseconds for a reply; notes each prompt when it is asked."""

    def complete(self, request: Request) -> object:
        note(self.log, request.messages[-1].text)
        time.sleep(0.01)
        return optimizing.ScriptedEngine.complete(self, request)


class Ruled(optimizing.RuledEngine):
    """The optimizers' stand-in, a little slower."""

    def complete(self, request: Request) -> object:
        time.sleep(0.004)
        return super().complete(request)


class Upper(dspy.Module):
    """Answers by itself; notes what it is asked."""

    def __init__(self, log: Path) -> None:
        self.log = str(log)

    def forward(self, text: str) -> dspy.Prediction:
        note(self.log, text)
        time.sleep(0.01)
        return dspy.Prediction(answer=text.upper())


def note(path: str | Path, line: str) -> None:
    """Add a line to a file in one write, which a kill cannot tear."""
    with open(path, "ab", buffering=0) as file:
        file.write(f"{json.dumps(line)}\n".encode())


def noted(path: Path) -> list[str]:
    return [json.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []


def recording(folder: Path) -> None:
    """Ask 300 prompts from four threads, as `kit record` does, and note each answer that was handed out."""
    replay = ReplayEngine(
        Slow(log=folder / "asked"), Recordings(folder / "replies", folder / "replies" / "01.jsonl")
    )
    replay.live.replies = ["Yes."]

    def one(number: int) -> None:
        prompt = Message.user(f"Prompt {number}?")
        replay.complete(Request(model="test/model", messages=(prompt,), config=Config(temperature=0.0)))
        note(folder / "answered", f"Prompt {number}?")

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(one, range(PROMPTS)))


def batching(folder: Path) -> None:
    """Run a batch of 400 rows, half of them distinct, in partitions of 20."""
    frame = pandas.DataFrame({"text": [f"entry {number % (ROWS // 2)}" for number in range(ROWS)]})
    options = {"threads": THREADS, "partition_rows": 20, "progress": False}
    batch.run(Upper(folder / "asked"), frame, inputs=["text"], to=folder / "out", **options)


def optimizing_(folder: Path) -> None:
    """Compile with random search, the replies kept in a file."""
    replay = ReplayEngine(Ruled(folder / "asked"), Recordings(folder / "none"))
    optimizing.configure(replay)
    search = optimizing.random_search(num_candidate_programs=6, num_threads=THREADS)
    with budget.cap(calls=100_000, keep=folder / "kept.jsonl"):
        program = search.compile(
            dspy.Predict(optimizing.Sort), trainset=optimizing.TRAIN, valset=optimizing.VAL
        )
    program.save(folder / "program.json")


def lines(path: Path) -> Counter[str]:
    """Return how often each key is in a file of recordings."""
    return Counter(key for key, _ in read_quietly(path))


class Case:
    """One kind of run in its folder, with what was there before the last kill."""

    def __init__(self, name: str, work: Callable[[Path], None], folder: Path) -> None:
        self.name, self.work, self.folder = name, work, folder
        self.before: dict[str, object] = {}
        folder.mkdir()

    def state(self) -> dict[str, object]:
        """Return what is on disk: replies by key, or partitions with the time of their last write."""
        if self.name == "batch":
            parts = (self.folder / "out" / "results").glob("part-*.parquet")
            return {path.name: path.stat().st_mtime_ns for path in parts}
        file = "replies/01.jsonl" if self.name == "recording" else "kept.jsonl"
        return dict(read_quietly(self.folder / file))

    def lost(self) -> int:
        """Count what was there at the last look and is not, or is another now; and answers not on disk."""
        state = self.state()
        gone = sum(state.get(key) != value for key, value in self.before.items())
        if self.name == "recording":
            asks = {json.loads(line)["asks"] for line in state.values()}
            gone += len(set(noted(self.folder / "answered")) - asks)
        self.before = state
        return gone

    def doubled(self) -> int:
        """Count what is on disk more than once."""
        if self.name == "batch":
            if not self.before:
                return 0
            numbers = Counter(batch.read(self.folder / "out").results.to_pandas()["row_number"])
            return sum(count - 1 for count in numbers.values())
        file = "replies/01.jsonl" if self.name == "recording" else "kept.jsonl"
        return sum(count - 1 for count in lines(self.folder / file).values())

    def asked_again(self) -> int:
        """Count the prompts that were asked more than once."""
        path = self.folder / "asked"
        asked = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        return len(asked) - len(set(asked))

    def wrong(self, whole: Path) -> int:
        """Count what a finished run has otherwise than one that was never killed."""
        if self.name == "recording":
            return PROMPTS - len(self.state())
        if self.name == "batch":
            found = batch.read(self.folder / "out").results.to_pandas()
            right = found["answer"] == found["text"].str.upper()
            return ROWS - int(right.sum()) + len(batch.read(self.folder / "out").failures)
        programs = [json.loads((one / "program.json").read_bytes()) for one in (self.folder, whole)]
        return int(programs[0]["demos"] != programs[1]["demos"])


def child(case: Case) -> int:
    """Go on with a run in a process of its own; return its number."""
    if number := os.fork():
        return number
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, 1)
    os.dup2(sink, 2)
    code = 1
    try:
        case.work(case.folder)
        code = 0
    finally:
        os._exit(code)


def kill(name: str, work: Callable, folder: Path, kills: int, moments: random.Random) -> list[object]:
    """Return one row of the table."""
    whole = Case(name, work, folder / f"{name} whole")
    began = time.perf_counter()
    if os.waitpid(child(whole), 0)[1]:
        raise SystemExit(f"{name}: the run that nobody kills has failed.")
    longest = time.perf_counter() - began
    killed = lost = doubled = again = wrong = runs = failed = 0
    case = None
    while killed < kills or case:
        case = case or Case(name, work, folder / f"{name} {runs}")
        number = child(case)
        if killed < kills:
            time.sleep(moments.uniform(0.02, 0.5) * longest)
            os.kill(number, signal.SIGKILL)
        _, status = os.waitpid(number, 0)
        killed += os.WIFSIGNALED(status)
        failed += os.WIFEXITED(status) and status != 0
        lost, doubled = lost + case.lost(), doubled + case.doubled()
        if os.WIFEXITED(status):
            again, wrong, runs, case = (
                again + case.asked_again(),
                wrong + case.wrong(whole.folder),
                runs + 1,
                None,
            )
    return [name, killed, runs, lost, doubled, wrong, failed, again]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--kills", type=int, default=50, help="in all (default: %(default)s)")
    parser.add_argument(
        "--seed", type=int, default=None, help="of the moments; another one each time by default"
    )
    options = parser.parse_args()
    moments = random.Random(options.seed)
    os.environ |= {"KIT_LIVE": "yes", "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    works = {"recording": recording, "batch": batching, "optimizer": optimizing_}
    shares = [len(range(place, options.kills, len(works))) for place in range(len(works))]
    with tempfile.TemporaryDirectory() as folder:
        rows = [
            kill(name, work, Path(folder), share, moments)
            for (name, work), share in zip(works.items(), shares, strict=True)
        ]
    rows.append(["all", *(sum(row[place] for row in rows) for place in range(1, len(rows[0])))])
    headings = ["run", "kills", "runs to the end", "lost", "doubled", "wrong", "failed", "asked again"]
    print(tables.columns(headings, rows))
    too_often = [row[0] for row in rows[:-1] if row[-1] > row[1] * IN_FLIGHT[row[0]]]
    raise SystemExit("Something was lost, doubled or wrong." if any(rows[-1][3:7]) or too_often else 0)


if __name__ == "__main__":
    main()
