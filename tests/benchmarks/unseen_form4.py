"""Score the Form 4 prototype on a folder of filings: right, flagged, silently wrong.

    python tests/benchmarks/unseen_form4.py FOLDER [small|large] [--first N] [--errors]

FOLDER holds gold.jsonl and the files that it names. Without a role nothing is asked: code reads alone. With
one, a model reads the first N filings of up to four transactions, beside code on the same filings.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import dspy
from dspy.adapters.baml_adapter import BAMLAdapter

import kit
from kit.cases.form4 import Filing, Form4, Page, by_code, read
from kit.cases.form4 import day as as_printed
from kit.evaluation.intervals import interval

CORE = ("table", "date", "code", "shares", "acquired_or_disposed", "price", "owned_after")
MORE = ("security", "deemed_date", "ownership", "nature")
DERIVATIVE = ("exercise_price", "exercisable", "expires", "underlying", "underlying_shares")
TOP = ("issuer", "ticker", "names", "roles", "officer_title", "period", "amends", "signed", "holdings")
Outcome = tuple[str, str, Any, Any]
Reader = Callable[[Path], tuple[Filing | None, list[str]]]


def expected(gold: dict[str, Any]) -> dict[str, Any]:
    """Return a gold line in the words of the schema."""
    owners = gold["owners"]
    top = {name: gold.get(name) for name in ("issuer", "ticker", "period", "signed", "holdings")}
    top |= {
        "names": [owner["name"] for owner in owners],
        "roles": gold.get("roles_on_page") or owners[0]["roles"],
        "officer_title": owners[0].get("officer_title"),
        "amends": gold.get("original_filed"),
    }
    rows = [
        row | {"acquired_or_disposed": "A" if row["acquired"] in ("A", True) else "D"}
        for row in gold["transactions"]
    ]
    return top | {
        "rows": [row | {"table": "II" if str(row["table"]) in ("2", "II") else "I"} for row in rows]
    }


def plain(value: Any) -> Any:
    """Return a value as it is compared: without case, spaces, or ways of writing dates and numbers."""
    if isinstance(value, list):
        return sorted(map(plain, value))
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        if isinstance(found := as_printed(value), date):
            return found.isoformat()
        return "".join(value.split()).lower() or None
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def outcomes(gold: dict[str, Any], filing: Filing | None, doubts: list[str]) -> Iterator[Outcome]:
    """Yield a field's name, what became of it, what was expected and what was found."""
    wanted = expected(gold)
    flags = {doubt.partition(":")[0] for doubt in doubts}
    found = dict.fromkeys(TOP) | {"rows": []}
    if filing:
        found = filing.model_dump(include={"issuer", "ticker", "period", "amends", "signed"})
        found |= filing.owner.model_dump(include={"names", "roles", "officer_title"})
        found |= {"holdings": len(filing.holdings), "rows": [row.model_dump() for row in filing.transactions]}
    for name in TOP:
        yield _outcome(name, wanted[name], found[name], bool({name, "filing"} & flags))
    for place in range(max(len(wanted["rows"]), len(found["rows"]))):
        one, other = (rows[place] if place < len(rows) else {} for rows in (wanted["rows"], found["rows"]))
        flagged = bool({f"row {place + 1}", "transactions", "filing"} & flags)
        for name in (*CORE, *MORE, *(DERIVATIVE if (one or other).get("table") == "II" else ())):
            if one and other:
                yield _outcome(name, one.get(name), other.get(name), flagged)
            else:
                yield name, "flagged" if flagged else "silently wrong", one.get(name), other.get(name)
        whole = one and other and all(plain(one.get(name)) == plain(other.get(name)) for name in CORE)
        yield "row", "right" if whole else "flagged" if flagged else "silently wrong", None, None


def _outcome(name: str, wanted: Any, found: Any, flagged: bool) -> Outcome:
    right = plain(wanted) == plain(found)
    return name, "right" if right else "flagged" if flagged else "silently wrong", wanted, found


def code(path: Path) -> tuple[Filing | None, list[str]]:
    """Read a filing by code."""
    return by_code(read(path))


def expressions(path: Path) -> tuple[Filing | None, list[str]]:
    """Read a filing's bare text by expressions: the simplest baseline, which doubts nothing."""
    return by_code(Page(bare(path)))[0], []


def bare(path: Path) -> str:
    """Return a filing's text without its layout: a cell a line, as most readers give it."""
    return "\n".join(cell.text for cell in read(path).cells)


def asked(path: Path) -> tuple[Filing | None, list[str]]:
    """Ask a model first."""
    found = Form4(code_first=False)(document=path)
    return found.filing, found.doubts


def score(folder: Path, lines: list[dict[str, Any]], reader: Reader, errors: bool) -> None:
    """Print the table of one reader."""
    fields: list[Outcome] = []
    filings: Counter[str] = Counter()
    start, needless = time.perf_counter(), 0
    for gold in lines:
        filing, doubts = reader(_path(folder, gold["file"]))
        each = list(outcomes(gold, filing, doubts))
        fields += each
        wrong = any(kind != "right" for _, kind, *_ in each)
        silent = any(kind == "silently wrong" for _, kind, *_ in each)
        filings["silently wrong" if silent else "flagged" if doubts else "right"] += 1
        needless += bool(doubts) and not wrong
        if errors and (wrong or doubts):
            print("  ", gold["file"], gold["kind"], doubts)
            for name, kind, one, other in each:
                if kind != "right" and name != "row":
                    print("      ", kind, name, repr(one), repr(other))
    rows = [outcome for outcome in fields if outcome[0] == "row"]
    fields = [outcome for outcome in fields if outcome[0] != "row"]
    for title, found in (("fields", fields), ("rows", rows)):
        print(
            title,
            {
                kind: f"{sum(one[1] == kind for one in found)}: {interval([one[1] == kind for one in found])}"
                for kind in ("right", "flagged", "silently wrong")
            },
        )
    print(
        "filings",
        dict(filings),
        f"flagged though all was right: {needless}",
        f"{time.perf_counter() - start:.0f} s",
    )
    wrong = Counter((kind, name) for name, kind, *_ in fields if kind != "right")
    print("wrong", {f"{name} {kind}": count for (kind, name), count in wrong.most_common()}, flush=True)


def _path(folder: Path, name: str) -> Path:
    return next(path for path in (folder / name, folder / "files" / name) if path.exists())


def main(folder: str, *options: str) -> None:
    """Score code and the baseline, or a model beside code."""
    lines = [json.loads(line) for line in Path(folder, "gold.jsonl").read_text(encoding="utf-8").splitlines()]
    role = next((option for option in options if option in ("small", "large")), None)
    readers: dict[str, Reader] = {"code": code, "expressions over the text": expressions}
    if role:
        first = int(options[options.index("--first") + 1])
        lines = [gold for gold in lines if len(gold["transactions"]) <= 4][:first]
        readers = {"code": code, f"one call, {role}": asked}
        dspy.configure(lm=kit.lm(role, cache=False, max_tokens=2000), adapter=BAMLAdapter())
    for name, reader in readers.items():
        print(f"== {name}, {len(lines)} filings")
        score(Path(folder), lines, reader, "--errors" in options and name == "code")


if __name__ == "__main__":
    main(*sys.argv[1:])
