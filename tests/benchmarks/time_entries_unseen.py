r"""Score the time-entry programs on rows whose author never saw the code: right, flagged, silently wrong.

    python tests/benchmarks/time_entries_unseen.py data/time_entries/unseen_a.jsonl american.toml
    python tests/benchmarks/time_entries_unseen.py data/time_entries/unseen_d.jsonl british.toml --firm uk
    python tests/benchmarks/time_entries_unseen.py data/time_entries/unseen_e.jsonl house.toml --house
    python tests/benchmarks/time_entries_unseen.py unseen_g.jsonl house.toml --house --log g

A row has narrative, expected, accept (other right texts) and must_flag. A stop at the end does not count.
No row is printed unless `--silent` asks for those that are silently wrong; `--log` adds the counts to
unseen.csv, and prints the lines for unseen.md.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path

import dspy

import kit
from kit.cases.terse import Terse
from kit.cases.time_entries import Guide, House, ModelFirst, TimeEntries, verdict
from kit.evaluation.intervals import difference, interval

DATA = Path(__file__).resolve().parents[2] / "data" / "time_entries"
INPUTS = ("narrative", "client", "matter", "hours")
VERDICTS = ("right", "flagged", "silently wrong")


class Untouched(dspy.Module):
    """Leave every narrative as it is: what any program must beat."""

    def forward(self, narrative: str, **_: object) -> dspy.Prediction:
        """Correct nothing."""
        return dspy.Prediction(corrected=narrative, review=False, reasons=[])


class OneCall(dspy.Module):
    """Ask a model; hours and matter are not sent."""

    def __init__(self, guide: Guide, house: House) -> None:
        super().__init__()
        self.program = ModelFirst(guide, house)

    def forward(self, narrative: str, client: str = "", **_: object) -> dspy.Prediction:
        """Correct one narrative."""
        return self.program(narrative=narrative, client=client if client in narrative else "")


def programs(guide: Guide, house: House, model: str | None) -> dict[str, dspy.Module]:
    """Return what is compared, by name; without a model, what asks none."""
    found = {"untouched": Untouched(), "rules and doubts": TimeEntries(guide, house, evidence=False)}
    found |= {"with evidence": TimeEntries(guide, house)}
    return found | ({"one call": OneCall(guide, house)} if model else {})


def house_of(clients: frozenset[str], ours: bool) -> House:
    """Return the house: its clients and, for this project's own, people, dictionary and approved entries."""
    if not ours:
        return House(clients=clients)
    entries = map(json.loads, (DATA / "entries.jsonl").read_text(encoding="utf-8").splitlines())
    learned = House.read(DATA).learn(row["gold"] for row in entries if row["split"] == "train")
    return replace(learned, clients=clients)


def counts(rows: list[dict], found: list[dspy.Prediction], strict: bool) -> list[int]:
    """Count right, flagged and silently wrong; unless strict, a missing flag is no error."""
    said = Counter(
        verdict(row["expected"], one, row["accept"], strict and row["must_flag"])
        for row, one in zip(rows, found, strict=True)
    )
    return [said[kind] for kind in VERDICTS]


def log(name: str, program: str, rows: list[dict], found: list[dspy.Prediction]) -> None:
    """Add a line to unseen.csv, and print one for unseen.md."""
    lenient, strict = (counts(rows, found, on) for on in (False, True))
    with open(DATA / "unseen.csv", "a", newline="", encoding="utf-8") as file:
        line = [name, date.today(), "first", program, len(rows), *lenient, *strict]
        csv.writer(file, lineterminator="\n").writerow(line)
    cells = (date.today(), f"{name} ({len(rows)})", program, *lenient, strict[-1])
    print("  ", "|", " | ".join(map(str, cells)), "|")


def main() -> None:
    """Print a table; on demand, every entry that is silently wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("guide")
    parser.add_argument("--model", choices=["small", "large"])
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--rows", type=int, dest="first", help="only the first rows")
    parser.add_argument(
        "--house", action="store_true", help="with the people and words of this project's house"
    )
    parser.add_argument("--firm", choices=["us", "uk"], help="sets c and d hold both")
    parser.add_argument("--silent", action="store_true", help="print the rows that are silently wrong")
    parser.add_argument("--second", action="store_true", help="count by the second editor's questions")
    parser.add_argument("--log", help="the name of the set: add the counts to unseen.csv")
    asked = parser.parse_args()
    rows = [json.loads(line) for line in asked.file.read_text(encoding="utf-8").splitlines()]
    for row in rows if asked.second else ():
        row["must_flag"] = row.get("second_asks", False)
    if asked.model:
        dspy.configure(lm=kit.lm(asked.model), adapter=Terse())
    if asked.firm:
        rows = [row for row in rows if row["firm"] == asked.firm]
    house = house_of(frozenset(row["client"] for row in rows if "client" in row), asked.house)
    rows, seen = rows[: asked.first], {}
    for name, program in programs(Guide.read(asked.guide), house, asked.model).items():
        if asked.only and name not in asked.only:
            continue
        found = [(row, program(**{k: row[k] for k in INPUTS if k in row})) for row in rows]
        said = seen[name] = [
            verdict(row["expected"], one, row["accept"], row["must_flag"]) for row, one in found
        ]
        print(f"{name}: " + ", ".join(f"{v} {interval([float(x == v) for x in said])}" for v in VERDICTS))
        needless = sum(one.review and not row["must_flag"] for row, one in found)
        for other in seen if name != "untouched" else ():
            if other != name:
                pairs = {v: [[float(x == v) for x in seen[n]] for n in (other, name)] for v in VERDICTS}
                print(f"   from {other}: " + ", ".join(f"{v} {difference(*p)}" for v, p in pairs.items()))
        print("  ", dict(Counter(said)), f"needless flags: {needless}", flush=True)
        if asked.log:
            log(asked.log, name, rows, [one for _, one in found])
        for (row, one), what in zip(found, said, strict=True):
            if asked.silent and what == "silently wrong" and name != "untouched":
                print(
                    f"     {row['narrative']}\n  -> {one.corrected}\n  != {row['expected']}  ({row['why']})"
                )


if __name__ == "__main__":
    main()
