"""Parts of a contract, and the checks that a list of parts must pass, whoever made it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from pydantic import BaseModel

from .pages import Page
from .rules import Rules, parsed
from .walk import Heading


class Part(BaseModel):
    """A part of a contract: what it is, its title, and its first and last page."""

    kind: str
    id: str = ""
    title: str = ""
    start: int
    end: int


def parts(pages: Sequence[Page], found: Sequence[Heading]) -> list[Part]:
    """Return the parts that begin with the given headings; a part that begins further down shares its page.

    >>> from .pages import page
    >>> parts([page(1, "LEASE"), page(2, "EXHIBIT A")], [Heading(2, 0, "exhibit", "A", "EXHIBIT A")])[1].start
    2
    """
    rules = Rules()
    ordered = sorted(found, key=lambda one: (one.page, one.line))
    title = pages[0].lines[0].text if pages[0].lines else ""
    opening = "amendment" if (parsed(title, rules) or ("",))[0] == "amendment" else "main_agreement"
    first = Heading(1, 0, opening, "main", title)
    made = []
    for one, after in zip([first, *ordered], [*ordered, None], strict=True):
        end = len(pages) if after is None else after.page - (after.line < rules.first_lines)
        kind = kind_of(one.text) if one.kind == "untitled" else one.kind
        made.append(Part(kind=kind, id=one.id, title=one.text, start=one.page, end=max(end, one.page)))
    return made


def fits(proposed: Sequence[Part], count: int) -> str:
    """Return what is wrong with parts that should cover the pages from first to last, or "".

    Two parts may share a page: one ends on it, or both begin on it.

    >>> fits([Part(kind="lease", start=1, end=3), Part(kind="exhibit", start=4, end=4)], 5)
    'The last part ends on page 4; the file has 5 pages.'
    """
    if not proposed:
        return "There is no part; expected at least one."
    if proposed[0].start != 1:
        return f"The first part starts on page {proposed[0].start}; expected page 1."
    for one in proposed:
        if one.end < one.start:
            return f"{one.title!r} starts on page {one.start} and ends before it, on page {one.end}."
    for one, after in pairwise(proposed):
        if after.start not in (one.end, one.end + 1):
            return f"{one.title!r} ends on page {one.end}, and {after.title!r} starts on page {after.start}."
    if proposed[-1].end != count:
        return f"The last part ends on page {proposed[-1].end}; the file has {count} pages."
    return ""


def unfounded(proposed: Sequence[Part], pages: Sequence[Page]) -> str:
    """Return which title is not on the page where its part should begin, or "".

    >>> from .pages import page
    >>> unfounded([Part(kind="exhibit", title="EXHIBIT B", start=1, end=1)], [page(1, "EXHIBIT A")])
    "The title 'EXHIBIT B' is not on page 1."
    """
    for one in proposed:
        words = _letters(one.title)
        if not words and one.start > 1:
            return f"The part that starts on page {one.start} has no title. Give its title as printed."
        if words not in _letters(pages[one.start - 1].text):
            return f"The title {one.title!r} is not on page {one.start}."
    return ""


def kind_of(title: str) -> str:
    """Return what a part without a label is, from the words of its title.

    >>> kind_of("PERSONAL GUARANTEE"), kind_of("CORVANE HOLDINGS, INC.")
    ('guaranty', 'other')
    """
    names = {
        "guarant": "guaranty",
        "amendment": "amendment",
        "addendum": "addendum",
        "assign": "assignment",
        "letter": "letter",
        "rider": "rider",
        "questionnaire": "questionnaire",
        "note": "note",
        "agreement": "agreement",
    }
    return next((kind for word, kind in names.items() if word in title.lower()), "other")


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).lower()
