"""What is served: the text of a contract's pages in, its parts out."""

import dspy
from prototype import Part, page, task
from prototype.model import lm
from pydantic import BaseModel


class Parts(BaseModel):
    """The answer: the parts, and the pages that a model was asked about."""

    parts: list[Part]
    asked: list[int]


class Splitter(dspy.Module):
    """Split a contract."""

    def __init__(self) -> None:
        super().__init__()
        self.program = task.best()

    def forward(self, pages: list[str]) -> Parts:
        """Split one contract, from the texts of its pages in order."""
        with dspy.context(lm=lm(), adapter=task.ADAPTER):
            found = self.program(pages=[page(number, text) for number, text in enumerate(pages, 1)])
        return Parts(parts=found.parts, asked=found.asked)
