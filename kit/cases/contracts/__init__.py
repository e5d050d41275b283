"""Contracts: where the parts of a long file begin and end, and where a person should look.

    pages = read("lease.pdf")
    Boundaries()(pages=pages).parts

Read pages, word, reading, rules, running, walk, headings, parts and scores (no model), then program.
To copy it, take the folder; it needs DSPy, pydantic, pypdf and defusedxml.
"""

from .headings import baseline, find, starts
from .pages import Line, Page, UnreadableContract, check, page
from .parts import Part, fits, parts, unfounded
from .program import Boundaries, JudgeHeading, Split, SplitFile, differences, heading_question, printed
from .reading import opened, read
from .rules import Rules
from .running import contents
from .scores import Score, gold_parts, score, total
from .walk import Heading

__all__ = [
    "Boundaries",
    "Heading",
    "JudgeHeading",
    "Line",
    "Page",
    "Part",
    "Rules",
    "Score",
    "Split",
    "SplitFile",
    "UnreadableContract",
    "baseline",
    "check",
    "contents",
    "differences",
    "find",
    "fits",
    "gold_parts",
    "heading_question",
    "opened",
    "page",
    "parts",
    "printed",
    "read",
    "score",
    "starts",
    "total",
    "unfounded",
]
