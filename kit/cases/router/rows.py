"""Rows: what became of each file, kept line by line, so that a run that was cut off goes on where it was.

results = Results("results.jsonl", program="7f3a...")
results.known.get(digest + format), results.add(row)
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError


class Row(BaseModel):
    """What became of one file. `program`, `digest` and `format` say whose answer it is, and to which content.

    `seconds` are those that the models computed, where they say so, and `usd` is the price by the list that
    was given. `same_as` names the file with the same content that was paid for. `again` marks a failure that
    is not the file's: it is tried again in the next run.
    """

    file: str
    kind: str
    by: str = ""
    confidence: float | None = None
    votes: dict[str, str] = {}
    facts: dict[str, Any] = {}
    doubts: list[str] = []
    error: str = ""
    opening: str = ""
    models: list[str] = []
    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    seconds: float = 0.0
    usd: float = 0.0
    same_as: str = ""
    again: bool = False
    digest: str = ""
    format: str = ""
    program: str = ""

    @property
    def content(self) -> str:
        """What a row is found by: the same bytes under another ending may be another kind of file."""
        return f"{self.digest}{self.format}" if self.digest else ""

    @property
    def checked(self) -> bool:
        """Whether a person should look at it."""
        return bool(self.error or self.doubts)


class Results:
    """A file of rows, a line each, that is only ever added to.

    Args:
        path: The file; it is made with the first row.
        program: A mark of the program that answers; rows of another program are not known.
    """

    def __init__(self, path: str | Path, program: str) -> None:
        self.path, self.program = Path(path), program
        self.known: dict[str, Row] = {}
        if self.path.exists():
            self._read()

    def _read(self) -> None:
        for line in self.path.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                row = Row.model_validate_json(line)
            except ValidationError:  # the last line of a run that was killed may be torn
                continue
            if row.program == self.program and row.content and not row.again:
                self.known[row.content] = row

    def add(self, row: Row) -> None:
        """Write a row, and see that it is on disk; one to be tried again is written, but not known."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab+") as file:
            if file.tell() and not _ends_a_line(file):
                file.write(b"\n")
            file.write(row.model_dump_json().encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        if row.content and not row.again:
            self.known[row.content] = row


def _ends_a_line(file: Any) -> bool:
    file.seek(-1, os.SEEK_END)
    return file.read(1) == b"\n"
