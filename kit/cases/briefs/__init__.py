"""Briefs: what a contract says, each statement with its page, and its facts as a typed record.

    Summarize()(pages=read("lease.pdf")).statements
    FindFacts()(pages=read("lease.pdf")).facts

Read statements (no model), then summaries; and values (no model), then facts. Pages come from `contracts`.
"""

from .facts import Facts, FindFacts, NameType, fact_scores
from .statements import SIGNS, Statement, missing, objection, passages, weight
from .summaries import Choose, Shorten, Summarize

__all__ = [
    "SIGNS",
    "Choose",
    "Facts",
    "FindFacts",
    "NameType",
    "Shorten",
    "Statement",
    "Summarize",
    "fact_scores",
    "missing",
    "objection",
    "passages",
    "weight",
]
