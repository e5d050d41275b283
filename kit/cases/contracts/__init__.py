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
from .program import Boundaries, ClassifyPage, JudgeHeading, ProposeParts
from .scores import Score, gold_starts, page_accuracy, score, total
from .statements import Chunk, Statement, chunks, missing
from .summaries import MergeStatements, Summarize, SummarizeChunk

__all__ = [
    "Boundaries",
    "Chunk",
    "ClassifyPage",
    "Evidence",
    "Facts",
    "FindFacts",
    "Heading",
    "JudgeHeading",
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
    "weigh",
]
