"""What is served: a document's text in, a dictionary of what matters in it out."""

from typing import Any

import dspy
from prototype import task
from prototype.model import lm
from pydantic import BaseModel


class Described(BaseModel):
    """The answer: what the document is and says, what is not in it, and what was not read.

    `unread` counts the characters at its end that the model did not see.
    """

    kind: str | None
    what_matters: dict[str, Any]
    unfounded: list[str]
    unread: int
    refused: str | None


class Describer(dspy.Module):
    """Describe a document."""

    def __init__(self) -> None:
        super().__init__()
        self.program = task.best()

    def forward(self, document: str) -> Described:
        """Describe one document from its text."""
        with dspy.context(lm=lm(), adapter=task.ADAPTER):
            return Described(**dict(self.program(document=document)))
