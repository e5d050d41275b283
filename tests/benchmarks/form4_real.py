"""Score the Form 4 prototype on real filings: each XML typeset in the form's layout, then read as any PDF.

    python tests/benchmarks/form4_real.py large [--every-row] [ID ...]
    python tests/benchmarks/form4_real.py code

The second form asks no model: it says how many rows of all filings are read right by code alone. The first
writes a line for each filing into data/form4/real.csv: which fields were right, never what they say. With
--every-row the model reads all rows, about ten seconds each on `large`; without it, what code cannot read.
Without IDs: the filings that data/form4 did not take its facts from, for --every-row those with up to 13
transactions.
"""

from __future__ import annotations

import csv
import importlib.util
import json
import math
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path
from typing import Any

import dspy

import kit
from kit.cases.form4 import Filing, Form4, fields, gold, plain, rows, totals_right
from kit.datasets import fetch
from kit.documents.pages import pages
from kit.project import ROOT

FORM4 = ROOT / "data" / "form4"
SCORES = FORM4 / "real.csv"
LONGEST = 13
COLUMNS = (
    "filing",
    "model",
    "rows_by",
    "transactions",
    "right",
    "fields",
    "totals",
    "doubts",
    "wrong",
    "seconds",
)
CELLS = {
    "security": "securityTitle",
    "date": "transactionDate",
    "shares": "transactionAmounts/transactionShares",
    "acquired_or_disposed": "transactionAmounts/transactionAcquiredDisposedCode",
    "price": "transactionAmounts/transactionPricePerShare",
    "owned_after": "postTransactionAmounts/sharesOwnedFollowingTransaction",
    "ownership": "ownershipNature/directOrIndirectOwnership",
}
NUMBERS = ("shares", "price", "owned_after")


def record(xml: Path) -> dict[str, Any]:
    """Read an ownership document into the form of a line of filings.jsonl."""
    root = ET.parse(xml).getroot()
    owner = root.find("reportingOwner/reportingOwnerRelationship")
    boxes = {
        "Director": "isDirector",
        "10% Owner": "isTenPercentOwner",
        "Officer": "isOfficer",
        "Other": "isOther",
    }
    roles = [role for role, tag in boxes.items() if _said(owner, tag).lower() in ("1", "true")]
    notes = root.findall("footnotes/footnote")
    return {
        "id": xml.stem,
        "form": _said(root, "documentType"),
        "original_filed": _said(root, "dateOfOriginalSubmission") or None,
        "scanned": False,
        "issuer": _said(root, "issuer/issuerName"),
        "ticker": _said(root, "issuer/issuerTradingSymbol"),
        "owner": {"roles": roles, "officer_title": _said(owner, "officerTitle") or None},
        "period": _said(root, "periodOfReport"),
        "filed": _said(root, "ownerSignature/signatureDate"),
        "transactions": [_row(node) for node in root.findall("nonDerivativeTable/nonDerivativeTransaction")],
        "holdings": [_row(node) for node in root.findall("nonDerivativeTable/nonDerivativeHolding")],
        "derivatives": [_derivative(node) for node in root.findall("derivativeTable/derivativeTransaction")],
        "footnotes": [" ".join((note.text or "").split()) for note in notes],
    }


def _said(node: ET.Element | None, path: str) -> str:
    return (node.findtext(f"{path}/value") or node.findtext(path) or "").strip() if node is not None else ""


def _row(node: ET.Element) -> dict[str, Any]:
    found: dict[str, Any] = {name: _said(node, path) for name, path in CELLS.items()}
    marks = {name: node.find(f"{path}/footnoteId") for name, path in CELLS.items()}
    marks = {name: int(mark.get("id")[1:]) for name, mark in marks.items() if mark is not None}
    amounts = {name: _number(found[name]) for name in NUMBERS}
    return found | amounts | {"code": _said(node, "transactionCoding/transactionCode"), "marks": marks}


def _derivative(node: ET.Element) -> dict[str, Any]:
    more = {
        "expires": _said(node, "expirationDate")[:10],
        "underlying": _said(node, "underlyingSecurity/underlyingSecurityTitle"),
        "underlying_shares": _number(_said(node, "underlyingSecurity/underlyingSecurityShares")),
        "exercise_price": _number(_said(node, "conversionOrExercisePrice")),
    }
    return _row(node) | more


def _number(text: str) -> float | None:
    value = float(text) if text else None
    return int(value) if value is not None and value.is_integer() else value


def typeset(filing: dict[str, Any]) -> str:
    """Return the text of the filing's PDF."""
    spec = importlib.util.spec_from_file_location("build_form4", FORM4 / "build.py")
    build = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "filing.pdf"
        path.write_bytes(build.pdf(filing))
        return "\n".join(page.text for page in pages(path))


def scores(
    role: str, rows_by: str, filing: dict[str, Any], seconds: float, found: dspy.Prediction
) -> dict[str, Any]:
    """Return a line of real.csv."""
    expected: Filing = gold(filing)
    compared = fields(expected, found.filing)
    wrong = Counter(name for name, right in compared if not right)
    values = (
        filing["id"],
        role,
        rows_by,
        len(expected.transactions),
        sum(right for _, right in compared),
        len(compared),
        totals_right(expected, found.filing),
        len(found.doubts),
        " ".join(f"{name}:{count}" for name, count in sorted(wrong.items())),
        round(seconds, 1),
    )
    return dict(zip(COLUMNS, values, strict=True))


def chosen(ids: list[str], longest: float = math.inf) -> list[dict[str, Any]]:
    """Return the filings that are named, or the short ones that lent the authored set no facts."""
    folder = fetch.get("form4") / "xml"
    used = {
        json.loads(line)["facts_from"]
        for line in (FORM4 / "filings.jsonl").read_text(encoding="utf-8").splitlines()
    }
    records = [record(path) for path in sorted(folder.glob("*.xml"))]
    if ids:
        return [filing for filing in records if filing["id"] in ids]
    fresh = [filing for filing in records if filing["id"][-20:] not in used]
    return [filing for filing in fresh if len(filing["transactions"]) <= longest]


def by_code() -> None:
    """Read every row of every real filing without a model."""
    right = total = 0
    for filing in (record(path) for path in sorted((fetch.get("form4") / "xml").glob("*.xml"))):
        expected = gold(filing).transactions
        found = [plain(row) for row in rows(typeset(filing))]
        right += sum(pair[0] == pair[1] for pair in zip(expected, found, strict=False))
        total += max(len(expected), len(found))
    print(f"{right} of {total} rows")


def main(role: str, options: list[str]) -> None:
    """Score filings that have no line yet, and add their lines."""
    dspy.configure(lm=kit.lm(role), adapter=dspy.JSONAdapter())
    every_row = "--every-row" in options
    rows_by, longest = ("model", LONGEST) if every_row else ("code", math.inf)
    program = Form4(code_first=not every_row)
    lines = list(csv.DictReader(SCORES.open(encoding="utf-8"))) if SCORES.exists() else []
    done = {(row["filing"], row["model"], row["rows_by"]) for row in lines}
    for filing in chosen([option for option in options if option != "--every-row"], longest):
        if (filing["id"], role, rows_by) in done:
            continue
        start = time.perf_counter()
        found = program(text=typeset(filing))
        row = scores(role, rows_by, filing, time.perf_counter() - start, found)
        print(row, flush=True)
        lines = sorted([*lines, row], key=lambda row: [row[name] for name in ("model", "rows_by", "filing")])
        with SCORES.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(lines)


if __name__ == "__main__":
    by_code() if sys.argv[1] == "code" else main(sys.argv[1], sys.argv[2:])
