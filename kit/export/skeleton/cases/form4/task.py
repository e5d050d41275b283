"""Task: the programs that are compared, the filings on which they are, and the score."""

from __future__ import annotations

import json
from pathlib import Path

import dspy

from . import Form4, Page, by_code, form4_score, gold, read

RECORDED_MODEL = "offline/qwen2.5-coder-1.5b"
ADAPTER = dspy.JSONAdapter()
DATA = Path(__file__).with_name("data")
score = form4_score


class OneExpression(dspy.Module):
    """Read a filing's bare text by expressions: the simplest baseline, which doubts nothing."""

    def forward(self, document: Path) -> dspy.Prediction:
        """Read one filing."""
        filing, _ = by_code(Page(bare(document)))
        return dspy.Prediction(filing=filing, doubts=[])


def bare(path: Path) -> str:
    """Return a filing's text without its layout: a cell a line, as most readers give it."""
    return "\n".join(cell.text for cell in read(path).cells)


def programs() -> dict[str, dspy.Module]:
    """Return what is compared, by name."""
    return {"expressions over the text": OneExpression(), "code first, a model where it doubts": best()}


def best() -> Form4:
    """Return the program that is served."""
    return Form4()


def rows(split: str = "test") -> list[dspy.Example]:
    """Return a split's filings that have a text layer, in the project's layout and in the SEC's."""
    lines = (DATA / "filings.jsonl").read_text(encoding="utf-8").splitlines()
    records = {record["id"]: record for record in map(json.loads, lines)}
    chosen = [number for number, one in records.items() if one["split"] == split and not one["scanned"]]
    files = [DATA / "pdf" / f"{number}.pdf" for number in chosen]
    if split == "test":
        files += sorted((DATA / "sec").iterdir())
    return [
        dspy.Example(document=file, filing=gold(records[file.stem])).with_inputs("document") for file in files
    ]


EXAMPLE = {"document": (DATA / "copied.txt").read_text(encoding="utf-8")}
