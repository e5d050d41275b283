"""Score the contracts prototype on real contracts: where their parts begin, by code alone and with a model.

    python tests/benchmarks/contracts_real.py code
    python tests/benchmarks/contracts_real.py small
    python tests/benchmarks/contracts_real.py large

Writes a line for each contract and program into data/contracts/real.csv: counts, never what a contract says.
With `small` and `large` that model judges the headings which neither expressions nor evidence decide.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dspy

import kit
from kit.cases.contracts import (
    Boundaries,
    Page,
    Terse,
    baseline,
    careful,
    doubts,
    gold_starts,
    read,
    score,
    starts,
    weigh,
)
from kit.datasets import fetch
from kit.project import ROOT

SCORES = ROOT / "data" / "contracts" / "real.csv"
COLUMNS = ("contract", "program", "pages", "asked", "found", "false", "missed", "exact")


def contracts() -> Iterator[tuple[dict[str, Any], list[Page]]]:
    """Return the real contracts, each with its gold."""
    folder = fetch.get("contracts")
    for line in (folder / "gold_boundaries.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        yield row, read(folder / row["pdf"])


def by_code(pages: Sequence[Page]) -> dict[str, tuple[list[int], int]]:
    """Return the starts that each program without a model finds, and how many pages it asks about."""
    return {
        "usual expressions": (starts(baseline(pages)), 0),
        "careful expressions": (starts(careful(pages)), 0),
        "with evidence": (Boundaries(ask="nothing")(pages=pages).starts, 0),
        "trusting any evidence": (sorted({*starts(careful(pages)), *_hinted(pages)}), 0),
    }


def _hinted(pages: Sequence[Page]) -> list[int]:
    """Return the pages with a title for which more speaks than against it, however little."""
    return [one.page for one in doubts(pages) if weigh(pages, one).weight > 0]


def by_model(role: str, pages: Sequence[Page]) -> dict[str, tuple[list[int], int]]:
    """Return the starts that code and a model find, and how many pages the model was asked about."""
    with dspy.context(lm=kit.lm(role), adapter=Terse()):
        split = Boundaries(verify=False)(pages=pages)
    return {f"and {role} for doubts": (split.starts, len(split.asked))}


def lines(row: Mapping[str, Any], programs: Mapping[str, tuple[list[int], int]]) -> Iterator[dict[str, Any]]:
    """Return the lines of one contract."""
    for name, (found, asked) in programs.items():
        one = score(gold_starts(row), found)
        values = (row["slug"], name, row["pages"], asked, one.found, one.false, one.missed, one.exact)
        yield dict(zip(COLUMNS, values, strict=True))


def save(new: Sequence[Mapping[str, Any]]) -> None:
    """Put lines into the file, in place of those of the same programs."""
    names = {line["program"] for line in new}
    old = list(csv.DictReader(SCORES.open(encoding="utf-8"))) if SCORES.exists() else []
    with SCORES.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows([*(line for line in old if line["program"] not in names), *new])


def main(who: str) -> None:
    """Score all real contracts."""
    found = [
        line
        for row, pages in contracts()
        for line in lines(row, by_code(pages) if who == "code" else by_model(who, pages))
    ]
    save(found)


if __name__ == "__main__":
    main(sys.argv[1])
