"""Facility messages: what people write to a building's facility team becomes urgency, sentiment, categories.

    triage = Triage()
    triage(message="The lights in hall B flicker again.").urgency

Read guide, program, metrics; public reads a set to compare with. To copy it, take the folder.
"""

from .guide import GUIDE, Category, Sentiment, Urgency
from .metrics import explain, facility_score, scores, yes_no_score
from .program import JudgeSentiment, JudgeUrgency, NameCategories, Triage, guided, refusal
from .public import PUBLIC, read_public

__all__ = [
    "GUIDE",
    "PUBLIC",
    "Category",
    "JudgeSentiment",
    "JudgeUrgency",
    "NameCategories",
    "Sentiment",
    "Triage",
    "Urgency",
    "explain",
    "facility_score",
    "guided",
    "read_public",
    "refusal",
    "scores",
    "yes_no_score",
]
