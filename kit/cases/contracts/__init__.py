"""Contracts: where the parts of a long PDF begin and end, and what they say, with the pages that say it.

    pages = read("lease.pdf")
    Boundaries()(pages=pages).parts

Read pages, headings and scores (no model), then program; statements (no model), then summaries; and facts.
To copy it, take the folder; it needs DSPy, pydantic and pypdf.
"""

from .facts import Facts, FindFacts, NameType, fact_scores
from .headings import Heading, baseline, careful, doubts, starts
from .pages import Line, Page, UnreadableContract, check, page, read
from .program import Boundaries, ClassifyPage, Part, ProposeParts, Verifier, VerifyStart, parts
from .scores import Score, gold_starts, page_accuracy, score, total
from .statements import Chunk, Statement, chunks, missing
from .summaries import MergeStatements, Summarize, SummarizeChunk

__all__ = [
    "Boundaries",
    "Chunk",
    "ClassifyPage",
    "Facts",
    "FindFacts",
    "Heading",
    "Line",
    "MergeStatements",
    "NameType",
    "Page",
    "Part",
    "ProposeParts",
    "Score",
    "Statement",
    "Summarize",
    "SummarizeChunk",
    "UnreadableContract",
    "Verifier",
    "VerifyStart",
    "baseline",
    "careful",
    "check",
    "chunks",
    "doubts",
    "fact_scores",
    "gold_starts",
    "missing",
    "page",
    "page_accuracy",
    "parts",
    "read",
    "score",
    "starts",
    "total",
]
