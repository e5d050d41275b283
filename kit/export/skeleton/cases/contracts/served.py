"""What is served: a PDF or Word file in, its parts out, and where a person should look."""

import base64
import binascii

import dspy
from prototype import Part, UnreadableContract, opened, task
from pydantic import BaseModel

MOST_CHARACTERS = 40_000_000
"""Of base64: a file of 30 megabytes."""


class Doubt(BaseModel):
    """A place that a person should look at, and why."""

    page: int
    title: str
    why: str


class Parts(BaseModel):
    """The answer: the parts; what is in doubt; pages that nobody read; or why the file was refused."""

    parts: list[Part] = []
    doubts: list[Doubt] = []
    unread: list[int] = []
    refused: str | None = None


class Splitter(dspy.Module):
    """Split a contract."""

    def __init__(self) -> None:
        super().__init__()
        self.program = task.best()

    def forward(self, file: str) -> Parts:
        """Split one contract, from its PDF or Word file in base64."""
        if len(file) > MOST_CHARACTERS:
            return Parts(
                refused=f"The file has {len(file):,} characters of base64; at most {MOST_CHARACTERS:,}."
            )
        try:
            found = self.program(pages=opened(base64.b64decode(file, validate=True), "The file"))
        except (binascii.Error, UnreadableContract) as error:
            return Parts(refused=str(error))
        doubts = [Doubt(page=one.page, title=one.text, why=one.doubt) for one in found.doubts]
        return Parts(parts=found.parts, doubts=doubts, unread=found.unread)
