"""Facility messages: what people write to a building's facility team becomes urgency, sentiment, categories.

    triage = Triage()
    triage(message="The lights in hall B flicker again.").urgency

Read guide, program, terse (an adapter), metrics, reflection (for GEPA); public reads a set to compare with.
To copy it, take the folder.
"""

from .guide import GUIDE, Category, Sentiment, Urgency
from .metrics import explain, facility_score, scores, yes_no_score
from .program import (
    Consistent,
    JudgeSentiment,
    JudgeUrgency,
    NameCategories,
    Triage,
    consistent,
    guided,
    refusal,
)
from .public import PUBLIC, read_public
from .reflection import RuleProposer
from .terse import Terse

__all__ = [
    "GUIDE",
    "PUBLIC",
    "Category",
    "Consistent",
    "JudgeSentiment",
    "JudgeUrgency",
    "NameCategories",
    "RuleProposer",
    "Sentiment",
    "Terse",
    "Triage",
    "Urgency",
    "consistent",
    "explain",
    "facility_score",
    "guided",
    "read_public",
    "refusal",
    "scores",
    "yes_no_score",
]
