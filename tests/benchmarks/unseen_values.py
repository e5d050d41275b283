"""Score what the router reads from letters and invoices: right, flagged and silently wrong for each field.

    python tests/benchmarks/unseen_values.py FOLDER ROWS.jsonl small
    python tests/benchmarks/unseen_values.py FOLDER ROWS.jsonl large --first 20
    python tests/benchmarks/unseen_values.py FOLDER ROWS.jsonl small --kept --places

FOLDER holds letters.csv (name, written_by, about), invoices.csv (name, issued_by, amount_due, due), and the
files that they name. Of `about`, an answer must hold one run of words; runs are parted by `|`. A gold value
that is empty is right if nothing is read. Every file goes to the processor of its kind, so kinds play no
part here. ROWS.jsonl keeps what was read, and a file that is in it is not read again; with --kept no model
is asked. Only counts are printed; --places lists what is silently wrong, and the set is spent then.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import kit
from kit.cases.router import standard, typed
from kit.cases.router.program import Watched
from kit.documents.pages import pages
from kit.evaluation.intervals import interval

_MONEY = re.compile(r"(?:[A-Z]{3}|[$€£])?\s?\d[\d.,\u2019' ]*\d(?:\s?(?:[A-Z]{3}|[$€£]))?")
_DAY = re.compile(r"\d{1,2}\.? \w+ \d{4}|\w+ \d{1,2}, \d{4}|\d{1,4}[-./]\d{1,2}[-./]\d{1,4}")


def rows(folder: Path) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Yield kind, name and gold values of each file."""
    for kind in ("letter", "invoice"):
        path = folder / f"{kind}s.csv"
        if path.exists():
            with path.open(encoding="utf-8", newline="") as file:
                for row in csv.DictReader(file):
                    yield kind, row.pop("name"), row


def simple(kind: str, text: str) -> dict[str, str]:
    """Read without a model: the last line signs; the first line issues, the last sum and day count."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if kind == "letter":
        return {"written_by": lines[-1], "about": next((one for one in lines if len(one) > 60), lines[0])}
    sums, days = _MONEY.findall(text), _DAY.findall(text)
    return {"issued_by": lines[0], "amount_due": (sums or [""])[-1], "due": (days or [""])[-1]}


def same(field: str, wanted: str, read: Any) -> bool:
    """Say whether what was read holds the gold value, or one of several, as lesson 23 does."""
    marks = r"\D" if field == "amount_due" else r"\W"
    plain = re.sub(marks, "", str(read or "")).lower()
    if not (plain and wanted):
        return plain == wanted
    return any(re.sub(marks, "", one).lower() in plain for one in wanted.split("|"))


def read_all(folder: Path, to: Path, role: str, first: int | None) -> None:
    """Ask the model for files that have no row yet, and keep each row at once."""
    known = set(kept(to))
    readers = standard({"small": kit.lm(role)})
    for kind, name, _ in [*rows(folder)][:first]:
        if name in known:
            continue
        path = folder / name
        try:
            found = Watched(readers[kind])(document=typed(path, path.suffix.lower(), pages))
            row = {"name": name, "facts": dict(found.facts), "doubts": list(found.doubts)}
        except (ValueError, TypeError) as error:  # a reply that cannot be parsed is an error in the report
            row = {"name": name, "facts": {}, "doubts": [f"not read: {type(error).__name__}"]}
        with to.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def kept(path: Path) -> dict[str, dict[str, Any]]:
    """Return the rows that were kept, by name."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return {row["name"]: row for row in map(json.loads, lines)}


def line_of(what: str, right: list[bool], flagged: list[bool]) -> str:
    """Return three shares that add up to all; the third with the most that it may be if it is none."""
    pairs = list(zip(right, flagged, strict=True))
    silent = [not good and not flag for good, flag in pairs]
    most = f", at most {100 * (1 - 0.05 ** (1 / len(pairs))):.1f} %" if not any(silent) else ""
    good = interval([good and not flag for good, flag in pairs])
    return (
        f"{what:42} right {good} · flagged {sum(flagged)} (of these right {sum(a and b for a, b in pairs)})"
        f" · silently wrong {sum(silent)}: {interval(silent)}{most}"
    )


def main() -> None:
    """Read, score, and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("folder", type=Path)
    options.add_argument("rows", type=Path)
    options.add_argument("role", choices=("small", "large"))
    options.add_argument("--first", type=int)
    options.add_argument("--kept", action="store_true")
    options.add_argument("--places", action="store_true")
    chosen = options.parse_args()
    if not chosen.kept:
        read_all(chosen.folder, chosen.rows, chosen.role, chosen.first)
    read = kept(chosen.rows)
    gold = [one for one in rows(chosen.folder) if one[1] in read]
    programs: dict[str, Callable[[str, str], tuple[dict[str, Any], bool]]] = {
        chosen.role: lambda kind, name: (read[name]["facts"], bool(read[name]["doubts"])),
        "first and last lines": lambda kind, name: (simple(kind, text_of(chosen.folder / name)), False),
    }
    for program, reads in programs.items():
        for kind in ("letter", "invoice"):
            of_kind = [(name, wanted, *reads(kind, name)) for one, name, wanted in gold if one == kind]
            for field in of_kind[0][1] if of_kind else ():
                right = [same(field, wanted[field], facts.get(field)) for _, wanted, facts, _ in of_kind]
                print(line_of(f"{program}, {kind}: {field}", right, [flag for *_, flag in of_kind]))
                if chosen.places and program == chosen.role:
                    for (name, _, facts, flag), good in zip(of_kind, right, strict=True):
                        if not (good or flag):
                            print(f"    {name}: {facts.get(field)!r}")


def text_of(path: Path) -> str:
    """Return the text that the processors see."""
    return typed(path, path.suffix.lower(), pages).plain


if __name__ == "__main__":
    main()
