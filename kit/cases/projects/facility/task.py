"""Task: the programs that are compared, the messages on which they are, and the score."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from pathlib import Path

import dspy

from . import Triage, facility_score

RECORDED_MODEL = "offline/qwen2.5-coder-0.5b"
ADAPTER = dspy.JSONAdapter()
DATA = Path(__file__).parents[2] / "data"
EXAMPLE = {"message": "?!"}
score = facility_score


class Commonest(dspy.Module):
    """Give every message the labels that are commonest in train: what any program must beat."""

    def forward(self, message: str) -> dspy.Prediction:
        """Label one message without reading it."""
        return dspy.Prediction(**commonest())


def programs() -> dict[str, dspy.Module]:
    """Return what is compared, by name."""
    return {"commonest labels": Commonest()}


def best() -> Triage:
    """Return the program that is served."""
    return Triage()


def rows(split: str = "test") -> list[dspy.Example]:
    """Return a split's messages."""
    lines = (DATA / "messages.jsonl").read_text(encoding="utf-8").splitlines()
    chosen = [row for row in map(json.loads, lines) if row["split"] == split]
    return [dspy.Example(row).with_inputs("message") for row in chosen]


@cache
def commonest() -> dict[str, object]:
    """Return the commonest urgency, sentiment and category of train; ties go to the first in the alphabet."""
    train = rows("train")
    counts = {
        "urgency": Counter(row.urgency for row in train),
        "sentiment": Counter(row.sentiment for row in train),
        "categories": Counter(category for row in train for category in row.categories),
    }
    found = {name: min(count, key=lambda label: (-count[label], label)) for name, count in counts.items()}
    return found | {"categories": [found["categories"]]}
