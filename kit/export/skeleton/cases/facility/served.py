"""What is served: a message in, its labels out, or the reason why no model was asked."""

import dspy
from prototype import Category, Sentiment, Urgency, task
from prototype.model import lm
from pydantic import BaseModel


class Labels(BaseModel):
    """The answer."""

    urgency: Urgency | None
    sentiment: Sentiment | None
    categories: list[Category]
    refused: str | None


class Desk(dspy.Module):
    """Label a message."""

    def __init__(self) -> None:
        super().__init__()
        self.program = task.best()

    def forward(self, message: str) -> Labels:
        """Label one message."""
        with dspy.context(lm=lm(), adapter=task.ADAPTER):
            return Labels(**dict(self.program(message=message)))
