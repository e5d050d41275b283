"""What is served: how a text begins in, its kind out, with who says so."""

from pathlib import Path

import dspy
from prototype import Document, task
from prototype.model import lm
from pydantic import BaseModel


class Sorted(BaseModel):
    """The answer: a kind, the rule or the voters who name it, and the share of voters who do."""

    kind: str
    by: str
    confidence: float | None = None
    votes: dict[str, str] = {}


class Sorter(dspy.Module):
    """Name the kind of a document."""

    def __init__(self) -> None:
        super().__init__()
        self.program = task.best(process=False)

    def forward(self, text: str) -> Sorted:
        """Name the kind of one document from its first page."""
        with dspy.context(lm=lm(), adapter=task.ADAPTER):
            return Sorted(**self.program.named(Document(Path("text"), ".txt", (text,))))
