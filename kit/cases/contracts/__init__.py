"""Contracts: where the parts of a long PDF begin and end, and what they say, with the pages that say it.

    pages = read("lease.pdf")
    Boundaries()(pages=pages).parts

Read pages, headings and scores (no model), then program and summaries. To copy it, take the folder; it needs
DSPy, pydantic and pypdf.
"""

from .headings import Heading, baseline, careful, doubts, starts
from .pages import Line, Page, UnreadableContract, check, page, read
from .program import Boundaries, ClassifyPage, Part, ProposeParts, Verifier, VerifyStart, parts
from .scores import Score, gold_starts, page_accuracy, score, total

__all__ = [
    "Boundaries",
    "ClassifyPage",
    "Heading",
    "Line",
    "Page",
    "Part",
    "ProposeParts",
    "Score",
    "UnreadableContract",
    "Verifier",
    "VerifyStart",
    "baseline",
    "careful",
    "check",
    "doubts",
    "gold_starts",
    "page",
    "page_accuracy",
    "parts",
    "read",
    "score",
    "starts",
    "total",
]
