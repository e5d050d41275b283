"""Task: the programs that are compared, the documents on which they are, and the score."""

from __future__ import annotations

import json
import re
from pathlib import Path

import dspy

from .analyzer import LONGEST, Analyzer, analyzer_score

RECORDED_MODEL = "offline/qwen2.5-coder-1.5b"
ADAPTER = dspy.JSONAdapter()
DATA = Path(__file__).with_name("data")
SHOWY = re.compile(r"\b\d{1,2} [A-Z][a-z]+ \d{4}|[A-Z]\w+(?: [A-Z]\w+)+|\d[\d.,]*\d")
score = analyzer_score


class Showy(dspy.Module):
    """Take the first six names and numbers that stand out: what any model must beat."""

    def forward(self, document: str) -> dspy.Prediction:
        """Describe one document without understanding it."""
        found = list(dict.fromkeys(SHOWY.findall(document[:LONGEST])))[:6]
        entries = {str(place): text for place, text in enumerate(found)}
        return dspy.Prediction(kind=None, what_matters=entries, unfounded=[], unread=0, refused=None)


def programs() -> dict[str, dspy.Module]:
    """Return what is compared, by name."""
    return {"what stands out": Showy(), "analyzer": best()}


def best() -> Analyzer:
    """Return the program that is served."""
    return Analyzer()


def rows(split: str = "all") -> list[dspy.Example]:
    """Return the documents; there is one split."""
    lines = (DATA / "documents.jsonl").read_text(encoding="utf-8").splitlines()
    return [dspy.Example(row).with_inputs("document") for row in map(json.loads, lines)]


EXAMPLE = {"document": rows()[0].document}
