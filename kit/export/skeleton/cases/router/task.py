"""Task: the programs that are compared, the files on which they are, and the score."""

from __future__ import annotations

import base64
import csv
import json
from functools import partial
from pathlib import Path
from typing import Any

import dspy

from . import Found, Pile, Report, Router, found, standard, voters
from .documents.ocr import read as read_picture
from .documents.pages import pages

RECORDED_MODEL = "offline/qwen2.5-coder-0.5b"
ADAPTER = dspy.JSONAdapter()
DATA = Path(__file__).with_name("data")
KNOWN = [tuple(row) for row in json.loads(Path(__file__).with_name("state.json").read_text(encoding="utf-8"))]
PATIENT = 3600.0
"""Seconds for each file of the evaluation: on a slow machine, OCR of a scan must not end as an error."""
USUAL = {
    ".pdf": "contract",
    ".docx": "letter",
    ".txt": "letter",
    ".html": "letter",
    ".htm": "letter",
    ".csv": "table",
    ".xlsx": "table",
    ".jpg": "no text",
}


class ByExtension(dspy.Module):
    """Say what files with such a name usually are, and look at nothing else."""

    def forward(self, file: Found) -> dspy.Prediction:
        """Name the kind of one file."""
        return dspy.Prediction(kind=USUAL.get(Path(file.name).suffix.lower(), "letter"), doubts=[], error="")


def models() -> dict[str, Any]:
    """Return a model by role: the small one reads invoices, letters and what has no processor of its own."""
    from .model import lm

    return {"small": lm()}


def programs() -> dict[str, dspy.Module]:
    """Return what is compared, by name."""
    return {"file extension": ByExtension(), "router": routed({}, seconds=PATIENT)}


def best() -> Router:
    """Return the program that is served.

    A strong model may vote, too: `voters(models(), KNOWN)` in place of `voters({}, KNOWN)`.
    """
    return routed(standard(models()))


def route(folder: str | Path, to: str | Path = "results.jsonl") -> Report:
    """Route every file of a folder; each row is kept in `to`, so that a run that was cut off goes on."""
    return Report(Pile(best(), to)(folder=folder).rows)


def routed(processors: dict[str, dspy.Module], seconds: float = 60.0) -> Router:
    """Return a router whose voters are titles and counted words; a file may be read for so many seconds."""
    return Router(
        partial(pages, seconds=seconds),
        read_picture=read_picture,
        voters=voters({}, KNOWN),
        processors=processors,
        seconds=seconds,
    )


def rows() -> list[dspy.Example]:
    """Return the files of the sample with their kinds."""
    with (DATA / "pile.csv").open(encoding="utf-8", newline="") as file:
        kinds = {Path(row["source"]).name: row["kind"] for row in csv.DictReader(file)}
    return [
        dspy.Example(file=file, kind=kinds[file.name]).with_inputs("file")
        for file in found(DATA / "files", DATA)
    ]


def score(example: dspy.Example, prediction: dspy.Prediction, trace: Any = None) -> dspy.Prediction:
    """Score 1 for a right kind without a flag; the parts say flagged, and wrong without a flag."""
    right, flagged = example.kind == prediction.kind, bool(prediction.doubts or prediction.error)
    parts = {"flagged": float(flagged), "silently wrong": float(not right and not flagged)}
    return dspy.Prediction(score=float(right and not flagged), objective_scores=parts)


_LETTER = DATA / "files" / "please read.txt"
EXAMPLE = {"name": _LETTER.name, "content": base64.b64encode(_LETTER.read_bytes()).decode()}
