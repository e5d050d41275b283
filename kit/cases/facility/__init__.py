"""Facility messages: what people write to a building's facility team becomes urgency, sentiment, categories.

    OneCall()(message="The lights in hall B flicker again.").urgency              # a strong model, one call
    Checked(Consistent(), counts)(message="The lights in hall B flicker again.").review

Read guide, program, counts (a second opinion), metrics, reflection (for GEPA); public reads a set to compare
with. To copy it, take the folder, and terse.py beside it.
"""

from .counts import WordCounts
from .guide import GUIDE, Category, Guide, Rules, Sentiment, Urgency
from .metrics import explain, facility_score, scores, verdict, yes_no_score
from .program import Checked, Consistent, OneCall, Triage, consistent, guided, refusal
from .public import PUBLIC, read_public
from .reflection import RuleProposer

__all__ = [
    "GUIDE",
    "PUBLIC",
    "Category",
    "Checked",
    "Consistent",
    "Guide",
    "OneCall",
    "RuleProposer",
    "Rules",
    "Sentiment",
    "Triage",
    "Urgency",
    "WordCounts",
    "consistent",
    "explain",
    "facility_score",
    "guided",
    "read_public",
    "refusal",
    "scores",
    "verdict",
    "yes_no_score",
]
