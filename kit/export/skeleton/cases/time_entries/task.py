"""Task: the programs that are compared, the rows on which they are, and the score."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import dspy

from . import Guide, House, TimeEntries, house_score
from .terse import Terse

RECORDED_MODEL = "offline/qwen2.5-coder-0.5b"
ADAPTER = Terse()
DATA = Path(__file__).with_name("data")
GUIDE = Guide.read("house.toml")
EXAMPLE = {
    "narrative": "proofread the joint pretrial stmt.; correct 17 citations.",
    "client": "Dr. Oats Foods",
}
score = house_score


class Untouched(dspy.Module):
    """Leave every narrative as it is: what any program must beat."""

    def forward(self, narrative: str, client: str = "") -> dspy.Prediction:
        """Correct nothing."""
        return dspy.Prediction(corrected=narrative, review=False)


def programs() -> dict[str, dspy.Module]:
    """Return what is compared, by name; the last is served."""
    return {
        "untouched": Untouched(),
        "rules alone": TimeEntries(GUIDE, house(), evidence=False),
        "rules and evidence": best(),
    }


def best() -> TimeEntries:
    """Return the program that is served: rules, and a person where nothing speaks for an entry."""
    return TimeEntries(GUIDE, house())


def rows(split: str = "test") -> list[dspy.Example]:
    """Return a split's rows."""
    chosen = [row for row in _entries() if row["split"] == split]
    return [dspy.Example(row).with_inputs("narrative", "client") for row in chosen]


@cache
def house() -> House:
    """Return the firm's people and dictionary, with the words of the approved entries of train."""
    return House.read(DATA).learn(row["gold"] for row in _entries() if row["split"] == "train")


@cache
def _entries() -> list[dict]:
    lines = (DATA / "entries.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]
