"""Titles: a voter that costs nothing: what stands in the heading of a page.

    heading(document), heading(document, TITLES | {"purchase order": "purchase order|bestellung"})

A short line that begins or ends with a kind's title names it. The head of a mail or memo names a letter.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from .kinds import OTHER, TITLES
from .typed import Document

LINES = 12
MOST_WORDS = 7
_SHORT = 3
_ABOUT = re.compile(r"(?i)^\W*(re|subject|betreff|objet|asunto|fwd?|from|to|date|cc|dear)\b")
_MAIL = (
    r"(?im)^\W*(from|von|de)\s*:",
    r"(?im)^\W*(to|an|à)\s*:",
    r"(?im)^\W*(subject|re|betreff|date|sent)\s*:",
)
_MAILS = frozenset({".eml", ".msg"})


def heading(document: Document, titles: Mapping[str, str] = TITLES) -> str:
    """Return the kind that the head of a document names, or "" if it names none, or two at once."""
    lines = [line.strip() for line in document.plain.splitlines() if line.strip()][:LINES]
    top = "\n".join(lines)
    if document.format in _MAILS or all(re.search(part, top) for part in _MAIL):
        return "letter"
    for line in lines:
        named = headed(line, titles)
        if named:
            return named.pop() if len(named) == 1 else ""
    return ""


def headed(line: str, titles: Mapping[str, str] = TITLES) -> set[str]:
    """Return the kinds whose title begins or ends a short line in which words are written as in a heading.

    >>> headed("INVOICE No. 88"), headed("Lease of a garage"), headed("Please pay the invoice")
    ({'invoice'}, {'contract'}, set())
    """
    if len(line.split()) > MOST_WORDS or _ABOUT.search(line):
        return set()
    short = len(line.split()) <= _SHORT and not line[:1].islower()
    as_heading = short or all(not word[:1].islower() for word in line.split() if len(word) > _SHORT)
    found = {kind for kind, title in titles.items() if _heads(line, title, as_heading)}
    return found - {OTHER} or found


def _heads(line: str, title: str, as_heading: bool) -> bool:
    begins = re.match(rf"\W*({title})\b", line, re.IGNORECASE)
    ends = re.search(rf"\b({title})\W*(n[o°.]\W*)?[\w/-]*\d*\W*$", line, re.IGNORECASE)
    return bool(begins and not begins[1][0].islower()) or bool(ends and as_heading)
