"""Parts of a contract, and what each page is, from headings and classes: no model is asked here."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from pydantic import BaseModel

from .headings import FIRST_LINES, LISTED, Heading, heading
from .pages import Page


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
    ordered = sorted(found, key=lambda one: (one.page, one.line))
    title = pages[0].lines[0].text if pages[0].lines else ""
    opening = "amendment" if (heading(title) or ("",))[0] == "amendment" else "main_agreement"
    first = Heading(1, 0, opening, "main", title)
    made = []
    for one, after in zip([first, *ordered], [*ordered, None], strict=True):
        end = len(pages) if after is None else after.page - (after.line < FIRST_LINES)
        kind = kind_of(one.text) if one.kind == "untitled" else one.kind
        made.append(Part(kind=kind, id=one.id, title=one.text, start=one.page, end=max(end, one.page)))
    return made


def fits(proposed: Sequence[Part], count: int) -> bool:
    """Say whether parts cover the pages from first to last, in order; two may share a page.

    >>> fits([Part(kind="lease", start=1, end=3), Part(kind="exhibit", start=4, end=4)], 5)
    False
    """
    if not proposed or proposed[0].start != 1 or proposed[-1].end != count:
        return False
    joined = all(
        after.start in (one.end, one.end + 1) and after.start > one.start for one, after in pairwise(proposed)
    )
    return joined and all(one.start <= one.end for one in proposed)


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
    }
    return next((kind for word, kind in names.items() if word in title.lower()), "other")


def sequence(pages: Sequence[Page], classes: dict[int, str]) -> str:
    """Return a line per page for `ProposeParts`: its number, its class and its first words.

    >>> from .pages import page
    >>> sequence([page(1, "LEASE OF LAND")], {1: "start"})
    '1 start: LEASE OF LAND'
    """
    words = [page.lines[0].text[:60] if page.lines else "" for page in pages]
    return "\n".join(
        f"{page.number} {classes.get(page.number, 'continuation')}: {text}"
        for page, text in zip(pages, words, strict=True)
    )


def layout(page: Page, line: int = 0) -> str:
    """Return how a line is set, and how full its page is.

    >>> from .pages import Line
    >>> layout(Page(1, (Line("GUARANTY", bold=True, middle=True),)))
    'bold, in the middle; the page has 1 line'
    """
    one = page.lines[line]
    names = [
        "bold" if one.bold else "",
        "in the middle" if one.middle else "",
        "capitals" if one.text.isupper() and not one.bold else "",
    ]
    count = len(page.lines)
    set_as = ", ".join(filter(None, names)) or "plain"
    return f"{set_as}; the page has {count} line{'s' * (count != 1)}"


def page_classes(
    pages: Sequence[Page], sure: Sequence[Heading], asked: dict[int, str], found: Sequence[Heading]
) -> dict[int, str]:
    """Return the class of each page: what was asked and found, and what its lines say without a model."""
    listed = {one.page for one in sure if "list" in one.doubt} | {
        page.number for page in pages if lists(page)
    }
    begun = {1} | {one.page for one in found}
    named = {page.number: "continuation" for page in pages}
    named |= {page.number: "blank" for page in pages if not page.lines and not page.picture}
    named |= {page.number: "signature" for page in pages if signed(page)}
    named |= dict.fromkeys(listed, "contents")
    named |= {number: name for number, name in asked.items() if name != "start"}
    return named | dict.fromkeys(begun, "start")


def lists(page: Page) -> bool:
    """Say whether a page is a table of contents: its title says so, or three lines end in dots and a page.

    >>> from .pages import page
    >>> lists(page(2, "TABLE OF CONTENTS"))
    True
    """
    titled = page.lines[:1] and page.lines[0].text.lower() in ("table of contents", "contents")
    return bool(titled) or sum(bool(LISTED.search(line.text)) for line in page.lines) >= 3


def signed(page: Page) -> bool:
    """Say whether a page holds blocks to sign: two lines that begin with By, Name, Title or Signed."""
    first = ("by:", "name:", "title:", "signed", "/s/")
    return sum(line.text.lower().startswith(first) for line in page.lines) >= 2
