"""What is served: a file in, its kind out, with who says so, what it says, and what to check."""

import base64
import binascii
import re
import tempfile
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import dspy
from prototype import found, task
from prototype.model import lm
from pydantic import BaseModel


class Sorted(BaseModel):
    """The answer: a kind, who names it, the share of voters who do, facts, and what to check."""

    kind: str
    by: str = ""
    confidence: float | None = None
    votes: dict[str, str] = {}
    facts: dict[str, Any] = {}
    doubts: list[str] = []
    error: str = ""


class Sorter(dspy.Module):
    """Route one file."""

    def __init__(self) -> None:
        super().__init__()
        self.program = task.best()

    def forward(self, name: str, content: str) -> Sorted:
        """Route one file: its name, and its bytes in base64."""
        try:
            data = base64.b64decode(content, validate=True)
        except binascii.Error:
            return Sorted(kind="unreadable", error="the content is not base64: encode the file's bytes")
        with tempfile.TemporaryDirectory() as place:
            ending = re.sub(r"[^\w.]", "", PurePosixPath(name).suffix)[:10]
            path = Path(place) / "inbox" / f"file{ending}"
            path.parent.mkdir()
            path.write_bytes(data)
            file = replace(next(found(path.parent, Path(place) / "unpacked")), name=name)
            with dspy.context(lm=lm(), adapter=task.ADAPTER):
                said = dict(self.program(file=file))
        return Sorted(**{field: said[field] for field in Sorted.model_fields})
