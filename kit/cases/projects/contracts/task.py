"""Task: the programs that are compared, the contracts on which they are, and the score."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import dspy

from . import Boundaries, Heading, Page, Terse, baseline, careful, gold_starts, heading_question, read, starts
from . import score as compared

RECORDED_MODEL = "offline/qwen2.5-coder-1.5b"
ADAPTER = Terse()
DATA = Path(__file__).with_name("data")
SHOWN = [
    ("osprey-consulting", 3, 0, "same_paper"),
    ("pellworm-lease", 15, 0, "another_paper"),
    ("thistledown-reseller", 5, 0, "same_paper"),
    ("osprey-consulting", 6, 18, "another_paper"),
    ("pellworm-lease", 14, 1, "same_paper"),
    ("pellworm-lease", 17, 0, "another_paper"),
]
"""Headings that the model is shown with their answers: contract, page, line, answer."""
EXAMPLE = {
    "pages": [
        "LEASE\nbetween Harrow Estates and the tenant named in Exhibit A.",
        "The rent is due on the first.",
        "EXHIBIT A\nThe tenant is Corvane Inc.",
    ]
}


class Expressions(dspy.Module):
    """Find the starts of parts by expressions alone, and ask nobody."""

    def __init__(self, find: Callable[[Sequence[Page]], list[Heading]]) -> None:
        super().__init__()
        self.find = find

    def forward(self, pages: list[Page]) -> dspy.Prediction:
        """Find the starts in one contract."""
        return dspy.Prediction(starts=starts(self.find(pages)))


def programs() -> dict[str, dspy.Module]:
    """Return what is compared, by name."""
    return {
        "usual expressions": Expressions(baseline),
        "careful expressions": Expressions(careful),
        "with evidence": Boundaries(ask="nothing"),
        "and a model asked": Boundaries(verify=False),
        "and shown six": best(),
    }


def best() -> Boundaries:
    """Return the program that is served."""
    program = Boundaries(verify=False)
    program.judge.demos = demos()
    return program


def demos() -> list[dspy.Example]:
    """Return six headings of contracts of another split, with the right answers."""
    pages = {slug: read(DATA / "pdf" / f"{slug}.pdf") for slug, *_ in SHOWN}
    made = []
    for slug, number, line, answer in SHOWN:
        text = pages[slug][number - 1].lines[line].text
        question = heading_question(pages[slug], Heading(number, line, "untitled", "", text))
        made.append(dspy.Example(**question, heading_is=answer))
    return made


def rows(split: str = "test") -> list[dspy.Example]:
    """Return a split's contracts; their scans were read by OCR before."""
    chosen = [row for row in _lines("gold_boundaries.jsonl") if row["split"] == split]
    scans = {(line["slug"], line["page"]): line["text"] for line in _lines("scans.jsonl")}
    return [
        dspy.Example(
            pages=[
                page.with_text(scans[row["slug"], page.number]) if page.blind else page
                for page in read(DATA / row["pdf"])
            ],
            starts=gold_starts(row),
        ).with_inputs("pages")
        for row in chosen
    ]


def score(example: dspy.Example, prediction: dspy.Prediction, trace: Any = None) -> dspy.Prediction:
    """Score one contract by the F1 of its boundaries; the mean over contracts counts each alike."""
    found = compared(example.starts, prediction.starts)
    parts = {"precision": found.precision, "recall": found.recall, "exact": float(found.exact)}
    return dspy.Prediction(score=found.f1, objective_scores=parts)


def _lines(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (DATA / name).read_text(encoding="utf-8").splitlines()]
