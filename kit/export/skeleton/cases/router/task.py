"""Task: the programs that are compared, the files on which they are, and the score."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import dspy

from . import Found, Router, found
from .documents.ocr import read as read_picture
from .documents.pages import pages

RECORDED_MODEL = "offline/qwen2.5-coder-1.5b"
SMALL_MODEL = "offline/qwen2.5-coder-0.5b"
ADAPTER = dspy.JSONAdapter()
DATA = Path(__file__).with_name("data")
KNOWN = json.loads(Path(__file__).with_name("state.json").read_text(encoding="utf-8"))
EXAMPLE = {"text": (DATA / "files" / "please read.txt").read_text(encoding="utf-8")}
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
        return dspy.Prediction(kind=USUAL.get(Path(file.name).suffix.lower(), "letter"))


def models() -> dict[str, Any]:
    """Return a model by role; a model that MODEL names plays both roles."""
    from .model import lm

    large = lm()
    recorded = large.model == RECORDED_MODEL
    return {"large": large, "small": large.copy(model=SMALL_MODEL) if recorded else large}


def programs() -> dict[str, dspy.Module]:
    """Return what is compared, by name."""
    return {"file extension": ByExtension(), "router": best(process=False)}


def best(process: bool = True) -> Router:
    """Return the program that is served; `Pile(best(), to=...)` runs it over a folder."""
    return Router(read=pages, read_picture=read_picture, models=models(), known=KNOWN, process=process)


def rows() -> list[dspy.Example]:
    """Return the files of the sample with their kinds."""
    with (DATA / "pile.csv").open(encoding="utf-8", newline="") as file:
        kinds = {Path(row["source"]).name: row["kind"] for row in csv.DictReader(file)}
    return [
        dspy.Example(file=file, kind=kinds[file.name]).with_inputs("file")
        for file in found(DATA / "files", DATA)
    ]


def score(example: dspy.Example, prediction: dspy.Prediction, trace: Any = None) -> bool:
    """Say whether a file was routed right."""
    return example.kind == prediction.kind
