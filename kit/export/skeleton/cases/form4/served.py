"""What is served: a filing in (HTML, text, or a `data:` address of a PDF), its record and its doubts out."""

import dspy
from prototype import Filing, task
from prototype.model import lm
from pydantic import BaseModel


class Read(BaseModel):
    """The answer: a filing, or why there is none."""

    filing: Filing | None
    refused: str | None
    doubts: list[str]
    read_by: str | None


class Reader(dspy.Module):
    """Read a Form 4."""

    def __init__(self) -> None:
        super().__init__()
        self.program = task.best()

    def forward(self, document: str) -> Read:  # or a Path
        """Read a filing from its HTML, from its text, or from `data:application/pdf;base64,...`."""
        with dspy.context(lm=lm(), adapter=task.ADAPTER):
            return Read(**dict(self.program(document=document)))
