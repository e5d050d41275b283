"""Typeset the real filings of data/real/get.py in the SEC's layout, for tests/benchmarks/unseen_form4.py.

    python tests/benchmarks/form4_real.py FOLDER [--pdf N]

Writes a page of HTML for each XML file, a print of the first N, and gold.jsonl. Development used these; the
figures of the lesson come from filings that nobody had seen.
"""

from __future__ import annotations

import importlib.util
import json
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from types import ModuleType
from typing import Any

from kit.project import ROOT

ROLES = {
    "isDirector": "Director",
    "isTenPercentOwner": "10% Owner",
    "isOfficer": "Officer",
    "isOther": "Other",
}
CELLS = {
    "security": "securityTitle",
    "date": "transactionDate",
    "deemed_date": "deemedExecutionDate",
    "code": "transactionCoding/transactionCode",
    "shares": "transactionAmounts/transactionShares",
    "acquired": "transactionAmounts/transactionAcquiredDisposedCode",
    "price": "transactionAmounts/transactionPricePerShare",
    "owned_after": "postTransactionAmounts/sharesOwnedFollowingTransaction",
    "ownership": "ownershipNature/directOrIndirectOwnership",
    "nature": "ownershipNature/natureOfOwnership",
    "exercise_price": "conversionOrExercisePrice",
    "exercisable": "exerciseDate",
    "expires": "expirationDate",
    "underlying": "underlyingSecurity/underlyingSecurityTitle",
    "underlying_shares": "underlyingSecurity/underlyingSecurityShares",
}
NUMBERS = ("shares", "price", "owned_after", "exercise_price", "underlying_shares")


def record(xml: Path) -> dict[str, Any]:
    """Read an ownership document: what it says, as gold and as what `sec.html` typesets."""
    root = ET.parse(xml).getroot()
    owners = []
    for owner in root.findall("reportingOwner"):
        related = owner.find("reportingOwnerRelationship")
        roles = [role for tag, role in ROLES.items() if _said(related, tag).lower() in ("1", "true")]
        titles = {
            "officer_title": _said(related, "officerTitle") or None,
            "other": _said(related, "otherText") or None,
        }
        owners.append({"name": _said(owner, "reportingOwnerId/rptOwnerName"), "roles": roles, **titles})
    rows = {
        table: [
            {"table": table, **_row(node)}
            for node in root.findall(f"{name}Table/*")
            if node.tag.startswith(name)
        ]
        for table, name in (("I", "nonDerivative"), ("II", "derivative"))
    }
    signatures = root.findall("ownerSignature")
    return {
        "file": f"{xml.stem}.html",
        "kind": "html",
        "issuer": _said(root, "issuer/issuerName"),
        "ticker": _said(root, "issuer/issuerTradingSymbol"),
        "owners": owners,
        "period": _said(root, "periodOfReport"),
        "signed": max(_said(one, "signatureDate")[:10] for one in signatures),
        "original_filed": _said(root, "dateOfOriginalSubmission") or None,
        "footnotes": [" ".join((note.text or "").split()) for note in root.findall("footnotes/footnote")],
        "rows": rows,
        "transactions": [row for table in rows.values() for row in table if row["date"]],
        "holdings": sum(not row["date"] for table in rows.values() for row in table),
        "signatures": [_said(one, "signatureName") for one in signatures],
    }


def _said(node: ET.Element | None, path: str) -> str:
    return (node.findtext(f"{path}/value") or node.findtext(path) or "").strip() if node is not None else ""


def _row(node: ET.Element) -> dict[str, Any]:
    found: dict[str, Any] = {name: _said(node, path) or None for name, path in CELLS.items()}
    marks = {
        name: [int(mark.get("id")[1:]) for mark in node.findall(f"{path}//footnoteId")]
        for name, path in CELLS.items()
    }
    amounts = {name: float(found[name]) if found[name] else None for name in NUMBERS}
    return found | amounts | {"marks": {name: found for name, found in marks.items() if found}}


def _script(path: str) -> ModuleType:
    """Import a script that lies beside the data."""
    spec = importlib.util.spec_from_file_location(Path(path).stem, ROOT / "data" / path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def page(gold: dict[str, Any]) -> str:
    """Typeset a record as the SEC does."""
    sec = _script("form4/sec.py")
    rows = {
        table: [row | {"acquired_or_disposed": row["acquired"]} for row in gold["rows"][table]]
        for table in gold["rows"]
    }
    filing = gold | {
        "owner": gold["owners"][0],
        "owners": [owner["name"] for owner in gold["owners"]],
        "filed": gold["signed"],
        "transactions": rows["I"],
        "holdings": [],
        "derivatives": rows["II"],
    }
    return sec.html(filing), sec


def main(folder: str, *options: str) -> None:
    """Write the pages and their gold."""
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    prints = int(options[1]) if options else 0
    lines = []
    for xml in sorted((_script("real/get.py").fetch("form4") / "xml").glob("*.xml")):
        gold = record(xml)
        source, sec = page(gold)
        (target / gold["file"]).write_text(source, encoding="utf-8")
        lines.append(gold)
        if prints:
            prints -= 1
            (target / f"{xml.stem}.pdf").write_bytes(sec.printed(source, landscape=prints % 3 == 0))
            lines.append(gold | {"file": f"{xml.stem}.pdf", "kind": "pdf"})
    (target / "gold.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
