"""Seconds a call of one evaluation, with the shared start of its prompts read once or every time. Target: 4x.

The prompts share about 500 tokens of instruction; the review after it has about 20, and the reply about 8.
"""

from __future__ import annotations

import argparse
import csv
import math
import statistics
import time
from dataclasses import dataclass
from typing import Literal

import dspy

from kit import tables, usage
from kit.display.prompts import from_history
from kit.engines.llama import LlamaEngine
from kit.project import ROOT


class Rating(dspy.Signature):
    """Rate a product review with the number of stars that its writer would give.

    What counts is how the writer feels about having bought the thing, not how you would feel in their
    place, and not how serious the defect would be to an engineer.

    1 star: the writer is angry or feels cheated. It never worked, broke at once or did harm, nobody
    answered, the money is gone, others are warned off.

    2 stars: the writer is disappointed but calm. It works now and then, or less well than promised. A
    single good point beside a list of faults does not lift a review above 2 stars.

    3 stars: the writer is undecided. Good and bad are about even, or the thing is all right, average,
    does its job. A review without any feeling gets 3 stars.

    4 stars: the writer is content and names one small flaw, such as a short cable or a late parcel.

    5 stars: the writer is delighted. It does more than they hoped, they tell their friends, they bought
    a second one. Praise without any "but" is 5 stars.

    Beware of irony: "great, it lasted a whole day" is anger, not praise. Beware of the word "not": "not
    bad at all" is praise, "not what I hoped for" is disappointment. Numbers are prices, sizes or dates.

    When two readings are possible, take the one that a friend of the writer would take. A review that
    praises the service and blames the product is about the product. A review that blames only the
    parcel, the weather or the writer's own mistake keeps the stars that the product has earned.
    """

    review: str = dspy.InputField()
    stars: Literal[1, 2, 3, 4, 5] = dspy.OutputField()


@dataclass(frozen=True)
class Evaluation:
    """One pass over the reviews; `seconds` holds what each call took, in order."""

    way: str
    seconds: list[float]
    elapsed: float
    shared_tokens: int
    score: float

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    def row(self) -> list[object]:
        calls = len(self.seconds)
        times = (f"{self.median:.2f}", f"{self.elapsed:.1f}")
        return [self.way, calls, self.shared_tokens, *times, f"{self.score:.1f}"]


def reviews(count: int) -> list[dspy.Example]:
    with (ROOT / "data" / "reviews" / "reviews.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))[:count]
    return [dspy.Example(review=row["text"], stars=int(row["stars"])).with_inputs("review") for row in rows]


def same_stars(example: dspy.Example, prediction: dspy.Prediction, trace: object = None) -> bool:
    return example.stars == prediction.stars


def evaluate(model: str, devset: list[dspy.Example], *, reuse_prefix: bool) -> Evaluation:
    engine = LlamaEngine(model, reuse_prefix=reuse_prefix)
    lm = dspy.LM("offline/model", engine=engine, cache=False, temperature=0.0, max_tokens=50, num_retries=0)
    lm("Say yes.")  # loads the model, and leaves none of the reviews' prompt in its memory
    lm.history.clear()
    run = dspy.Evaluate(devset=devset, metric=same_stars, num_threads=1, failure_score=math.nan)
    started = time.perf_counter()
    with dspy.context(lm=lm, adapter=dspy.JSONAdapter()):
        score = run(dspy.Predict(Rating)).score
    elapsed = time.perf_counter() - started
    seconds = [call.seconds for call in usage(lm.history).calls]
    shared = from_history(lm.history[0]).messages[0].tokens
    return Evaluation("read once" if reuse_prefix else "read each time", seconds, elapsed, shared, score)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument(
        "--model", default="qwen2.5-coder-0.5b", help="name or .gguf file (default: %(default)s)"
    )
    parser.add_argument("--calls", type=int, default=40, help="reviews, at most 50 (default: %(default)s)")
    options = parser.parse_args()
    devset = reviews(options.calls)
    once, each = (evaluate(options.model, devset, reuse_prefix=reuse) for reuse in (True, False))
    headings = ["shared start", "n", "shared tokens", "median s", "all s", "score"]
    print(tables.columns(headings, [once.row(), each.row()]))
    print(f"ratio of medians: {each.median / once.median:.1f} (target: at least 4)")
    print(f"ratio of all seconds: {each.elapsed / once.elapsed:.1f}")


if __name__ == "__main__":
    main()
