"""What is served: a filing's text in, its record out, with what a person should look at."""

import dspy
from prototype import Filing, task
from prototype.model import lm
from pydantic import BaseModel


class Read(BaseModel):
    """The answer: a filing, or why there is none."""

    filing: Filing | None
    refused: str | None
    doubts: list[str]


class Reader(dspy.Module):
    """Read a Form 4."""

    def __init__(self) -> None:
        super().__init__()
        self.program = task.best()

    def forward(self, text: str) -> Read:
        """Read one filing from its text."""
        with dspy.context(lm=lm(), adapter=task.ADAPTER):
            return Read(**dict(self.program(text=text)))
