"""What is served: a message in, its labels out, and the reasons why a person should look."""

import dspy
from prototype import task
from prototype.model import lm
from pydantic import BaseModel


class Labels(BaseModel):
    """The answer; without labels, if the message was refused."""

    urgency: str | None
    sentiment: str | None
    categories: list[str]
    review: bool
    reasons: list[str]


class Desk(dspy.Module):
    """Label a message."""

    def __init__(self) -> None:
        super().__init__()
        self.program = task.best()

    def forward(self, message: str) -> Labels:
        """Label one message."""
        with dspy.context(lm=lm(), adapter=task.ADAPTER):
            found = self.program(message=message)
        return Labels(**{name: found[name] for name in Labels.model_fields})
