"""The triage as it is served: its installed state, the adapter it was measured with, a typed answer."""

from pathlib import Path
from typing import Literal

import dspy
from pydantic import BaseModel

from desk.triage import Triage

STATE = Path(__file__).parents[1] / "programs" / "workshop" / "triage" / "program.json"


class Verdict(BaseModel):
    urgency: Literal["low", "normal", "high"]


class HelpDesk(dspy.Module):
    def __init__(self):
        self.triage = Triage()
        self.triage.load(STATE)

    def forward(self, ticket: str) -> Verdict:
        with dspy.context(adapter=dspy.JSONAdapter()):
            return Verdict(urgency=self.triage(ticket=ticket).urgency)
