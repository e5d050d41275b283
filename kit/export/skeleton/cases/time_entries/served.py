"""What is served: a narrative in, the corrected one out, with the reasons why a person should look."""

import dspy
from prototype import task
from prototype.model import lm
from pydantic import BaseModel


class Corrected(BaseModel):
    """The answer."""

    corrected: str
    broken: list[str]
    review: bool
    reasons: list[str]


class Corrector(dspy.Module):
    """Correct a billing narrative."""

    def __init__(self) -> None:
        super().__init__()
        self.program = task.best()

    def forward(self, narrative: str, client: str = "") -> Corrected:
        """Correct one narrative; the client's name stays as the client writes it."""
        with dspy.context(lm=lm(), adapter=task.ADAPTER):
            found = self.program(narrative=narrative, client=client)
        return Corrected(**{name: found[name] for name in Corrected.model_fields})
