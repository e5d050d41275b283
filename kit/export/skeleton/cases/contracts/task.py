"""Task: the programs that are compared, the contracts on which they are, and the score."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import dspy

from . import Boundaries, Heading, Page, Rules, Split, baseline, find, gold_parts, parts, read
from . import score as compared
from .terse import Terse

RECORDED_MODEL = "offline/qwen2.5-coder-1.5b"
ADAPTER = Terse()
DATA = Path(__file__).with_name("data")
RULES = Rules()
"""What labels, title words and doubts are: change them for your own papers."""
EXAMPLE = {
    "file": (
        "UEsDBBQAAAAIAAAAIVzaguCwDwEAAMgCAAARAAAAd29yZC9kb2N1bWVudC54bWy9klFLxDAMgP9K2A+4Hj74MHaDTYYbiIhO"
        "0Mdsi1t1bUebu57/3s55Hoogh+BL0iQ0yZck8XFn2q0izbBXo3ax30QD8xQL4dqBFLqVmUiH2JOxCjmYthfe2G6ypiXnpO7V"
        "KM7W63OhUOooTXzcmO511tO7uLGzem7BxzscN1EbipGNRJqIz+gilnezRD4sTq+K7K6YPbz4l39f83/LxGlD7Ik0lGit8VA4"
        "RiYHqDvggYBJY0DWqKgDqaHYD7KRDNnql0JBYU+5JXzJKYyExN/gioeyyqsaslMB6yOFdHBh7A41QaXb/ya4vM9us+v68VSA"
        "Q8ulGbtwRA76LdqAQ2FN84ps6OMnFnG4L3G83fQNUEsBAhQDFAAAAAgAAAAhXNqC4LAPAQAAyAIAABEAAAAAAAAAAAAAAIAB"
        "AAAAAHdvcmQvZG9jdW1lbnQueG1sUEsFBgAAAAABAAEAPwAAAD4BAAAAAA=="
    )
}
"""A Word file of three pages in base64: a lease, its exhibit, and a guaranty."""


class Expressions(dspy.Module):
    """Find parts by headings alone, and doubt nothing."""

    def __init__(self, find: Callable[[Sequence[Page]], list[Heading]]) -> None:
        super().__init__()
        self.find = find

    def forward(self, pages: list[Page]) -> dspy.Prediction:
        """Find the parts of one contract."""
        return dspy.Prediction(parts=parts(pages, self.find(pages)), doubts=[], unread=[])


def programs() -> dict[str, dspy.Module]:
    """Return what is compared, by name."""
    return {
        "usual expression": Expressions(baseline),
        "careful": Boundaries(Rules(doubt=0)),
        "every doubt a start": Expressions(lambda pages: find(pages, RULES)),
        "careful, with doubts": best(),
    }


def best() -> Boundaries:
    """Return the program that is served: it asks no model."""
    return Boundaries(RULES)


def strong() -> Split:
    """Return the program for a model that can hold a whole file; expressions look too."""
    return Split(rules=RULES)


def rows(split: str = "test") -> list[dspy.Example]:
    """Return a split's contracts; their scans were read by OCR before."""
    chosen = [row for row in _lines("gold_boundaries.jsonl") if row["split"] == split]
    scans = {(line["slug"], line["page"]): line["text"] for line in _lines("scans.jsonl")}
    return [
        dspy.Example(
            pages=[
                page.with_text(scans[row["slug"], page.number]) if page.blind else page
                for page in read(DATA / row["pdf"])
            ],
            gold=gold_parts(row),
        ).with_inputs("pages")
        for row in chosen
    ]


def score(example: dspy.Example, prediction: dspy.Prediction, trace: Any = None) -> dspy.Prediction:
    """Score one contract by the share of its boundaries, real or made up, that are not silently wrong."""
    found = compared(example.gold, prediction.parts, prediction.doubts, prediction.unread)
    boundaries = max(1, found.right + found.flagged + found.missed + found.false)
    shares = {"right": found.right / boundaries, "flagged": found.flagged / boundaries}
    return dspy.Prediction(
        score=1 - found.silently_wrong, objective_scores=shares | {"silently wrong": found.silently_wrong}
    )


def _lines(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (DATA / name).read_text(encoding="utf-8").splitlines()]
