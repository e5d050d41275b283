"""Score the facility prototype on the public set that DSPy's tutorial uses, as the tutorial scores.

    python tests/benchmarks/facility_public.py constant
    python tests/benchmarks/facility_public.py small [ROWS]

The first asks no model: it gives every message the same answer, the one that scores best. The second asks
about the first ROWS messages, by the plain program and by the one that `kit export facility` serves. Both
write a line for each message into data/facility/public.csv: which fields were right, never what it says.
"""

from __future__ import annotations

import csv
import sys
from collections import Counter
from pathlib import Path

import dspy

import kit
from kit.cases.facility import Consistent, Triage, read_public, scores, yes_no_score
from kit.cases.terse import Terse
from kit.datasets import fetch
from kit.project import ROOT

SCORES = ROOT / "data" / "facility" / "public.csv"
STATE = ROOT / "kit" / "export" / "skeleton" / "cases" / "facility" / "state.json"
COLUMNS = ("model", "program", "row", "urgency", "sentiment", "score")


class Constant(dspy.Module):
    """Give every message what most messages have: for a category, whether more than half have it."""

    def __init__(self, rows: list[dspy.Example]) -> None:
        super().__init__()
        self.answer: dict[str, object] = {
            name: Counter(row[name] for row in rows).most_common(1)[0][0] for name in ("urgency", "sentiment")
        }
        named = Counter(category for row in rows for category in row.categories)
        self.answer["categories"] = [name for name, count in named.items() if 2 * count > len(rows)]

    def forward(self, message: str) -> dspy.Prediction:
        """Label one message without reading it."""
        return dspy.Prediction(**self.answer)


def main(role: str, count: int) -> None:
    """Score messages that have no line yet, and add their lines."""
    rows = read_public(fetch.get("facility") / "dataset.json")
    programs: dict[str, dspy.Module] = {"one answer for all": Constant(rows)}
    if role != "constant":
        dspy.configure(lm=kit.lm(role, max_tokens=40), adapter=Terse(bare=True))
        served = Consistent()
        served.load(STATE)
        programs, rows = {"plain": Triage(), "served": served}, rows[:count]
    lines = list(csv.DictReader(SCORES.open(encoding="utf-8"))) if SCORES.exists() else []
    done = {(line["model"], line["program"], int(line["row"])) for line in lines}
    for name, program in programs.items():
        for number, row in enumerate(rows):
            if (role, name, number) not in done:
                lines.append(scored(role, name, number, row, program(message=row.message)))
                write(SCORES, lines)


def scored(role: str, name: str, number: int, row: dspy.Example, found: dspy.Prediction) -> dict[str, object]:
    """Return a line of public.csv."""
    right = scores(row, found)
    values = (role, name, number, right["urgency"], right["sentiment"], round(yes_no_score(row, found), 4))
    return dict(zip(COLUMNS, values, strict=True))


def write(path: Path, lines: list[dict[str, object]]) -> None:
    """Write all lines, by model, program and row."""
    ordered = sorted(lines, key=lambda line: (line["model"], line["program"], int(line["row"])))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(ordered)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 68)
