"""Task: the programs that are compared, the messages on which they are, and the score."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import dspy

from . import Checked, Consistent, Triage, WordCounts, facility_score, verdict
from .terse import Terse

RECORDED_MODEL = "offline/qwen2.5-coder-1.5b"
ADAPTER = Terse(bare=True)
DATA = Path(__file__).with_name("data")
STATE = Path(__file__).with_name("state.json")
SURE = 0.9
LONGEST_REPLY = 40
EXAMPLE = {
    "message": "The front door no longer locks. I am the last one here and cannot leave the shop like this."
}


def score(example: dspy.Example, prediction: dspy.Prediction, trace: Any = None) -> dspy.Prediction:
    """Score the labels, and say whether a message is right, flagged or silently wrong."""
    found = facility_score(example, prediction)
    said = verdict(example, prediction)
    kinds = {kind: float(kind == said) for kind in ("right", "flagged", "silently wrong")}
    return dspy.Prediction(score=found.score, objective_scores=found.objective_scores | kinds)


class Same(dspy.Module):
    """Give every message the same labels: what any program must beat."""

    def forward(self, message: str) -> dspy.Prediction:
        """Label one message without reading it."""
        return dspy.Prediction(urgency="low", sentiment="neutral", categories=["feedback"], refused=None)


def programs() -> dict[str, dspy.Module]:
    """Return what is compared, by name; the last is served."""
    return {
        "one answer": Same(),
        "plain": short(Triage()),
        "GEPA + rules": short(trained()),
        "second opinion": best(),
    }


def best() -> Checked:
    """Return the program that is served: GEPA's instructions, the rules, and a second opinion that flags."""
    return Checked(short(trained()), counts(), SURE)


def trained() -> Consistent:
    """Return the program with the state that the lesson's search found."""
    program = Consistent()
    program.load(STATE)
    return program


def short(program: Triage) -> Triage:
    """Cap the replies, which are a few labels; models that reason first are not capped."""
    for predictor in program.predictors():
        predictor.config = {"max_tokens": LONGEST_REPLY}
    return program


def rows(split: str = "test") -> list[dspy.Example]:
    """Return a split's messages."""
    lines = (DATA / "messages.jsonl").read_text(encoding="utf-8").splitlines()
    chosen = [row for row in map(json.loads, lines) if row["split"] == split]
    return [dspy.Example(row).with_inputs("message") for row in chosen]


@cache
def counts() -> dict[str, WordCounts]:
    """Return the second opinion on each field, from train and validation."""
    learned = rows("train") + rows("validation")
    names = ("urgency", "sentiment")
    return {name: WordCounts().learn((row.message, row[name]) for row in learned) for name in names}
