r"""Score the time-entry programs on rows whose author never saw the code: right, flagged, silently wrong.

    python tests/benchmarks/time_entries_unseen.py data/time_entries/unseen_a.jsonl american.toml
    python tests/benchmarks/time_entries_unseen.py data/time_entries/unseen_d.jsonl british.toml --firm uk

A row has narrative, expected, accept (other right texts) and must_flag. A stop at the end does not count.
"""

from __future__ import annotations

import argparse
import json
import math
from collections import Counter
from pathlib import Path

import dspy

import kit
from kit.cases.terse import Terse
from kit.cases.time_entries import Guide, House, ModelFirst, TimeEntries, verdict
from kit.evaluation.intervals import interval

VERDICTS = ("right", "flagged", "silently wrong")


class Untouched(dspy.Module):
    """Leave every narrative as it is: what any program must beat."""

    def forward(self, narrative: str, client: str = "") -> dspy.Prediction:
        """Correct nothing."""
        return dspy.Prediction(corrected=narrative, review=False, reasons=[])


def programs(guide: Guide, model: str | None, clients: frozenset[str]) -> dict[str, dspy.Module]:
    """Return what is compared, by name; without a model, what asks none."""
    house = House(clients=clients)
    found = {"untouched": Untouched(), "rules and doubts": TimeEntries(guide, house, new_words=None)}
    found |= {f"evidence, {most} new words": TimeEntries(guide, house, most) for most in (math.inf, 2, 1, 0)}
    return found | ({"one call": ModelFirst(guide)} if model else {})


def main() -> None:
    """Print a table, and every entry that is silently wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", type=Path)
    parser.add_argument("guide")
    parser.add_argument("--model", choices=["small", "large"])
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--firm", choices=["us", "uk"], help="sets c and d hold both")
    asked = parser.parse_args()
    rows = [json.loads(line) for line in asked.rows.read_text(encoding="utf-8").splitlines()]
    if asked.model:
        dspy.configure(lm=kit.lm(asked.model), adapter=Terse())
    if asked.firm:
        rows = [row for row in rows if row["firm"] == asked.firm]
    clients = frozenset(row["client"] for row in rows if "client" in row)
    for name, program in programs(Guide.read(asked.guide), asked.model, clients).items():
        if asked.only and name not in asked.only:
            continue
        found = [(row, program(narrative=row["narrative"], client=row.get("client", ""))) for row in rows]
        said = [verdict(row["expected"], one, row["accept"], row["must_flag"]) for row, one in found]
        print(f"{name}: " + ", ".join(f"{v} {interval([float(x == v) for x in said])}" for v in VERDICTS))
        needless = sum(one.review and not row["must_flag"] for row, one in found)
        print("  ", dict(Counter(said)), f"needless flags: {needless}", flush=True)
        for (row, one), what in zip(found, said, strict=True):
            if what == "silently wrong" and name != "untouched":
                print(
                    f"     {row['narrative']}\n  -> {one.corrected}\n  != {row['expected']}  ({row['why']})"
                )


if __name__ == "__main__":
    main()
