"""Contracts: where the parts of a long PDF begin and end, and what they say, with the pages that say it.

    pages = read("lease.pdf")
    Boundaries()(pages=pages).parts

Read pages, headings, parts and scores (no model), then agent and program; statements (no model), then
summaries; and values (no model), then facts.
To copy it, take the folder; it needs DSPy, pydantic and pypdf.
"""

from .agent import Verifier, VerifyStart
from .evidence import Evidence, weigh
from .facts import Facts, FindFacts, NameType, fact_scores
from .headings import Heading, baseline, careful, doubts, starts
from .pages import Line, Page, UnreadableContract, check, page, read
from .parts import Part, parts
from .program import Boundaries, ClassifyPage, JudgeHeading, ProposeParts, heading_question
from .scores import Score, gold_starts, page_accuracy, score, total
from .statements import Statement, missing, objection, passages
from .summaries import Choose, Shorten, Summarize
from .terse import Terse

__all__ = [
    "Boundaries",
    "Choose",
    "ClassifyPage",
    "Evidence",
    "Facts",
    "FindFacts",
    "Heading",
    "JudgeHeading",
    "Line",
    "NameType",
    "Page",
    "Part",
    "ProposeParts",
    "Score",
    "Shorten",
    "Statement",
    "Summarize",
    "Terse",
    "UnreadableContract",
    "Verifier",
    "VerifyStart",
    "baseline",
    "careful",
    "check",
    "doubts",
    "fact_scores",
    "gold_starts",
    "heading_question",
    "missing",
    "objection",
    "page",
    "page_accuracy",
    "parts",
    "passages",
    "read",
    "score",
    "starts",
    "total",
    "weigh",
]
