"""Task: the programs that are compared, the filings on which they are, and the score."""

from __future__ import annotations

import json
from pathlib import Path

import dspy
import pypdf

from . import Filing, Form4, Owner, amended, checked, form4_score, gold, plain
from . import rows as rows_of

RECORDED_MODEL = "offline/qwen2.5-coder-1.5b"
ADAPTER = dspy.JSONAdapter()
DATA = Path(__file__).with_name("data")
ROLES = ("Director", "10% Owner", "Officer", "Other")
score = form4_score


class CodeAlone(dspy.Module):
    """Read what code can: checked boxes, an amendment's date, rows in which each cell is in its place."""

    def forward(self, text: str) -> dspy.Prediction:
        """Read one filing; what only a model could read stays empty."""
        owner = Owner(roles=[role for role in ROLES if any(box.startswith(role) for box in checked(text))])
        found = [transaction for row in rows_of(text) if (transaction := plain(row))]
        filing = Filing(
            issuer="", ticker="", owner=owner, filed=None, amends=amended(text), transactions=found
        )
        return dspy.Prediction(filing=filing)


def programs() -> dict[str, dspy.Module]:
    """Return what is compared, by name."""
    return {"code alone": CodeAlone(), "code first, a model for the rest": best()}


def best() -> Form4:
    """Return the program that is served."""
    return Form4()


def rows(split: str = "test") -> list[dspy.Example]:
    """Return a split's filings that have a text layer; a scan needs OCR first."""
    lines = (DATA / "filings.jsonl").read_text(encoding="utf-8").splitlines()
    chosen = [record for record in map(json.loads, lines) if record["split"] == split]
    return [
        dspy.Example(text=text(DATA / "pdf" / f"{record['id']}.pdf"), filing=gold(record)).with_inputs("text")
        for record in chosen
        if not record["scanned"]
    ]


def text(pdf: Path) -> str:
    """Return a PDF's text, page by page."""
    return "\n".join(page.extract_text().strip() for page in pypdf.PdfReader(pdf).pages)


EXAMPLE = {"text": text(DATA / "pdf" / "09.pdf")}
