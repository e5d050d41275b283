"""Time entries: billing narratives brought to a firm's house style, by rules where rules are certain.

    house = House.read("data/time_entries").learn(approved)
    program = TimeEntries(house)
    program(narrative="review lease w/ Margaret Okafor", client="nVista Robotics").corrected

Read house, spelling, rules and doubts (no model), then intake, program and terse, then explanations,
differences and metrics; questions are for optimizers. To copy it, take the folder.
"""

from .differences import Difference, content, differences
from .doubts import Doubt, doubts
from .house import RULES, House
from .intake import refusal
from .metrics import house_score, rule_scores
from .program import Correct, Rewrite, TimeEntries
from .questions import questions
from .rules import tidy
from .terse import Terse

__all__ = [
    "RULES",
    "Correct",
    "Difference",
    "Doubt",
    "House",
    "Rewrite",
    "Terse",
    "TimeEntries",
    "content",
    "differences",
    "doubts",
    "house_score",
    "questions",
    "refusal",
    "rule_scores",
    "tidy",
]
