"""Time entries: billing narratives brought to a firm's style guide; what is not certain goes to a person.

    guide = Guide.read("american.toml")
    ModelFirst(guide)(narrative="mtg w/ Ana Ortiz re lease")       # a strong model, one call
    TimeEntries(guide, house)(narrative="mtg w/ Ana Ortiz re lease").corrected    # rules, without a model

Read guide, guard and program; then verbs, openings, rules, doubts, house, spelling and intake; then evidence,
marks and wording (what must speak for an entry); then differences, explanations and metrics. To copy it, take
the folder, and terse.py beside it.
"""

from .differences import Difference, content, differences
from .doubts import Doubt, doubts, remark_in
from .guard import faults
from .guide import Guide
from .house import RULES, House
from .intake import refusal
from .metrics import house_score, rule_scores, verdict
from .program import CorrectEntry, ModelFirst, TimeEntries
from .rules import tidy

__all__ = [
    "RULES",
    "CorrectEntry",
    "Difference",
    "Doubt",
    "Guide",
    "House",
    "ModelFirst",
    "TimeEntries",
    "content",
    "differences",
    "doubts",
    "faults",
    "house_score",
    "refusal",
    "remark_in",
    "rule_scores",
    "tidy",
    "verdict",
]
