"""What speaks for a doubtful heading and against it: numbers of pages and sections, signatures, old titles.

    weigh(pages, heading).weight

Each sign is worth little by itself; a weight of two or more, either way, needs no model.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .headings import Heading
from .pages import Page
from .parts import signed

ENOUGH = 2
_SECTION = re.compile(r"^(?:§\s*)?(\d{1,2})(?:\.\d+)*[.)]?\s+[A-Z]")
_CHAPTER = re.compile(r"(?i)(chapter|part|article|section|division|title)\b")
_CONTINUED = re.compile(r"(?i)\W*\(?continued\)?\W*$")
_FOOT_WIDTH = 60
_NEAR = 12


@dataclass(frozen=True)
class Evidence:
    """The signs that were seen, in words, and their sum: above zero for a start, below for none."""

    signs: tuple[str, ...]
    weight: int


def weigh(pages: Sequence[Page], heading: Heading) -> Evidence:
    r"""Weigh what code can see around a heading.

    >>> from .pages import page
    >>> pages = [page(1, "LEASE\nBy: A\nName: B\n7"), page(2, "GUARANTY\n1. The Guarantor pays\n1")]
    >>> weigh(pages, Heading(2, 0, "untitled", "", "GUARANTY")).signs
    ('the page before ends with signatures', 'page numbers begin again', 'sections begin again at 1')
    """
    found = list(_signs(pages, heading))
    return Evidence(tuple(sign for sign, _ in found), sum(weight for _, weight in found))


def _signs(pages: Sequence[Page], heading: Heading) -> Iterator[tuple[str, int]]:
    page, before = pages[heading.page - 1], pages[heading.page - 2]
    if _CHAPTER.match(heading.text):
        yield "it is called a chapter or a part", -3
    if _repeated(pages, heading):
        yield "it repeats an earlier title", -3
    if heading.kind != "untitled":
        yield "it names an attachment", 2
    if heading.line == 0:
        if signed(before):
            yield "the page before ends with signatures", 1
        yield from _page_numbers(before, page)
    numbers = [
        int(found[1])
        for line in page.lines[heading.line + 1 :][:_NEAR]
        if (found := _SECTION.match(line.text))
    ]
    if numbers and numbers[0] == 1:
        yield "sections begin again at 1", 1
    elif numbers:
        yield f"sections go on with {numbers[0]}", -2


def _repeated(pages: Sequence[Page], heading: Heading) -> bool:
    """Say whether a title stood on an earlier page, set as a title, or says that it goes on."""
    title = _CONTINUED.sub("", heading.text).lower()
    earlier = {
        line.text.lower()
        for page in pages[: heading.page - 1]
        for line in page.top
        if line.bold and line.middle
    }
    return title in earlier or bool(_CONTINUED.search(heading.text))


def _page_numbers(before: Page, page: Page) -> Iterator[tuple[str, int]]:
    last, this = _number(before), _number(page)
    if last is not None and this is not None:
        if this == last + 1:
            yield "page numbers go on", -1
        elif this == 1:
            yield "page numbers begin again", 2
    elif last != this:
        yield "the foot of the page changes", 1


def _number(page: Page) -> int | None:
    """Return the number at the foot of a page, or None."""
    foot = page.lines[-1].text if page.lines else ""
    found = re.search(r"(\d{1,3})\W*$", foot)
    return int(found[1]) if found and len(foot) < _FOOT_WIDTH else None
