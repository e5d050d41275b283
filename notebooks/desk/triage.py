"""A program for an IT help desk: how urgent is a ticket?"""

from typing import Literal

import dspy


class Urgency(dspy.Signature):
    """Decide how urgent a ticket to the IT help desk is."""

    ticket: str = dspy.InputField()
    urgency: Literal["low", "normal", "high"] = dspy.OutputField()


class Triage(dspy.Module):
    def __init__(self):
        self.classify = dspy.Predict(Urgency)

    def forward(self, ticket):
        return self.classify(ticket=ticket)
