"""Which team looks after a tenant's message: a rule first, then a model."""

from typing import Literal

import dspy


class Triage(dspy.Signature):
    """Decide which team looks after a tenant's message."""

    message: str = dspy.InputField()
    team: Literal["plumbing", "electrics", "cleaning"] = dspy.OutputField()


class Safe(dspy.Module):
    def __init__(self):
        self.triage = dspy.Predict(Triage)

    def forward(self, message):
        if "sparks" in message.lower():
            return dspy.Prediction(team="electrics")
        return self.triage(message=message)
