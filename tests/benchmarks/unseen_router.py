"""Score the router on a folder that its author never saw: right, flagged and silently wrong.

    python tests/benchmarks/unseen_router.py FOLDER ROWS.jsonl DRAW [small] [large] [--kept]

FOLDER holds files/ and gold.jsonl, a line a file: file, kind, and where careful people may differ `also`,
a list of other kinds; of invoices issued_by, total, currency and due. The models that are named vote beside
titles and counted words; without one, no model is asked. Beside the router stand what the extension says and
one kind for all. ROWS.jsonl keeps what the router said; with --kept only its files are scored, and none is
routed. DRAW names the set in data/pile/unseen.csv, which gets a line for each file: how it went, never what
it is.
"""

from __future__ import annotations

import csv
import hashlib
import json
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import kit
from kit.cases.router import (
    Pile,
    Router,
    Row,
    elected,
    standard,
    voters,
)
from kit.documents.ocr import read as read_picture
from kit.documents.pages import pages
from kit.evaluation.intervals import interval
from kit.project import ROOT

USUAL = {
    ".csv": "table",
    ".docx": "letter",
    ".jpg": "no text",
    ".pdf": "contract",
    ".pptx": "slides",
    ".txt": "letter",
    ".xlsx": "table",
    ".zip": "archive",
}
KEPT = "--kept"
COLUMNS = ("draw", "program", "file", "right", "lenient", "flagged", "confidence")
FIELDS = {"issued_by": "issued_by", "total": "amount_due", "due": "due"}


def known() -> list[tuple[str, str]]:
    """Return the openings of train that the router learns from."""
    with (ROOT / "data" / "documents" / "openings.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == "train"]
    lines = (ROOT / "data" / "pile" / "openings.jsonl").read_text(encoding="utf-8").splitlines()
    rows += [row for row in map(json.loads, lines) if row["split"] == "train"]
    return [(" ".join(row["opening"].split()), row["kind"].replace("complaint", "letter")) for row in rows]


def router(roles: list[str]) -> Router:
    """Return a router with these models; of its processors only the one whose facts have gold values."""
    models = {role: kit.lm(role) for role in roles}
    reads = {"invoice": standard(models)["invoice"]} if "small" in roles else {}
    return Router(read=pages, read_picture=read_picture, voters=voters(models, known()), processors=reads)


def main(folder: Path, to: Path, draw: str, roles: list[str]) -> None:
    """Route, score, and print."""
    gold = {line["file"]: line for line in map(json.loads, (folder / "gold.jsonl").open(encoding="utf-8"))}
    if KEPT not in roles:
        Pile(router(roles), to)(folder=folder / "files")
    rows = kept(to, folder / "files", gold)
    gold, roles = {name: gold[name] for name in rows}, [role for role in roles if role != KEPT]
    usual = {name: USUAL.get(Path(name).suffix.lower(), "letter") for name in gold}
    most = Counter(line["kind"] for line in gold.values()).most_common(1)[0][0]
    programs = {
        f"{' and '.join(['words', *roles])} vote": (
            {name: row.kind for name, row in rows.items()},
            {name for name, row in rows.items() if row.checked},
        ),
        "extension": (usual, set()),
        f"always {most}": (dict.fromkeys(gold, most), set()),
    }
    for strict in (True, False):
        print("\nstrict" if strict else "\nlenient (`also` counts as right)")
        for name, (routed, doubts) in programs.items():
            said(name, gold, routed, doubts, strict)
    first, flagged = next(iter(programs.values()))
    print("\nshare of voters wanted, flagged, silently wrong (strict)")
    for sure in (0.0, 0.6, 0.7, 0.8, 1.01):
        said(f"{sure:.2f}", gold, first, doubted(rows, sure), True)
    if "small" in roles:
        invoices(gold, rows)
    print("\nwrong:")
    for name, row in sorted(rows.items()):
        if row.kind != gold[name]["kind"]:
            mark = "flagged" if name in flagged else "SILENT"
            print(f"{mark:8}{name:40}{gold[name]['kind']:11}-> {row.kind:11}{row.by} {row.error[:60]}")
    baselines = {} if roles else dict([*programs.items()][1:])
    note(draw, gold, rows, {name: programs[name] for name in [*programs][:1]} | baselines)


def kept(path: Path, files: Path, gold: dict[str, Any]) -> dict[str, Row]:
    """Return the rows of the files, the last one of each; a copy has the row of its content."""
    rows = [*map(Row.model_validate_json, path.read_text(encoding="utf-8").splitlines())]
    named, content = {row.file: row for row in rows}, {row.digest: row for row in rows if row.digest}
    found = {}
    for name in gold:
        digest = hashlib.sha256((files / name).read_bytes()).hexdigest()
        if row := named.get(name) or content.get(digest):
            found[name] = row
    return found


def note(draw: str, gold: dict[str, Any], rows: dict[str, Row], programs: dict[str, Any]) -> None:
    """Put a draw's outcomes into data/pile/unseen.csv, in the place of those that it had."""
    path = ROOT / "data" / "pile" / "unseen.csv"
    lines = list(csv.DictReader(path.open(encoding="utf-8", newline=""))) if path.exists() else []
    lines = [
        line for line in lines if (line["draw"], line["program"]) not in {(draw, name) for name in programs}
    ]
    for program, (routed, flagged) in programs.items():
        for number, (name, line) in enumerate(gold.items()):
            sure = rows[name].confidence if program.endswith("vote") else None
            values = (
                *(draw, program, number, int(routed[name] == line["kind"])),
                *(int(routed[name] in {line["kind"], *(line.get("also") or ())}), int(name in flagged)),
                1.0 if sure is None else sure,
            )
            lines.append(dict(zip(COLUMNS, map(str, values), strict=True)))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines)


def doubted(rows: dict[str, Row], sure: float) -> set[str]:
    """Return the files that would be flagged with another threshold; a rule's kind never is for that."""
    return {
        name
        for name, row in rows.items()
        if row.error or row.kind == "unknown" or (row.votes and elected(row.votes, sure)["doubts"])
    }


def said(what: str, gold: dict[str, Any], routed: dict[str, str], flagged: set[str], strict: bool) -> None:
    """Print three shares that add up to all files: right and not flagged, flagged, silently wrong."""
    allowed = {
        name: {line["kind"], *(() if strict else line.get("also") or ())} for name, line in gold.items()
    }
    right = [routed.get(name) in allowed[name] and name not in flagged for name in gold]
    silent = [routed.get(name) not in allowed[name] and name not in flagged for name in gold]
    unflagged = [name not in flagged for name in gold]
    figures = [interval(right), f"{100 - 100 * sum(unflagged) / len(gold):.1f} %", interval(silent)]
    print(f"{what:16}right {figures[0]} · flagged {figures[1]} · silently wrong {figures[2]}")


def invoices(gold: dict[str, Any], rows: dict[str, Row]) -> None:
    """Print how many fields of the invoices were read right, were doubted, and were wrong without a doubt."""
    for field, name in FIELDS.items():
        counts: Counter[str] = Counter()
        for file, line in gold.items():
            if line["kind"] == "invoice" and rows[file].kind == "invoice":
                value, wanted = str(rows[file].facts.get(name, "")), line.get(field) or ""
                doubt = any(one.startswith((name, "words", "only", "title")) for one in rows[file].doubts)
                counts["right" if same(field, value, str(wanted)) else "doubted" if doubt else "silent"] += 1
        print(f"invoices, {field}: {dict(counts)}")


def same(field: str, value: str, wanted: str) -> bool:
    """Compare a value as it was read with the gold one; a date by its numbers, an amount by its digits."""
    if field == "total":
        digits = [re.sub(r"\D", "", number) for number in re.findall(r"\d[\d.,'\s]*", value)]
        return re.sub(r"\D", "", f"{float(wanted):.2f}") in {*digits, *(f"{one}00" for one in digits)}
    if field == "due":
        return dates(value) == dates(wanted) if wanted else not value
    return bool(value) and (folded(value) in folded(wanted) or folded(wanted) in folded(value))


def folded(text: str) -> str:
    """Return letters and digits alone."""
    return re.sub(r"\W", "", text).casefold()


def dates(text: str) -> set[int]:
    """Return the numbers of a date, a month's name as its number."""
    months = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
    named = {months.index(word[:3].lower()) + 1 for word in re.findall(r"[A-Za-z]{3,}", text)
             if word[:3].lower() in months}  # fmt: skip
    return {
        int(number) % 100 if int(number) > 1900 else int(number) for number in re.findall(r"\d+", text)
    } | named


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[4:])
