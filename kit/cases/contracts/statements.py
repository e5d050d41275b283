"""Statements that carry their pages, and the check that what they say stands there.

    Statement(text="The rent is $9,400 a month.", pages=[1])

Sums, dates and names are checked letter by letter; whether the sense is right is for a judge.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pydantic import BaseModel

from .pages import Page

_NUMBER = re.compile(r"\d[\d.,]*")
_NAME = re.compile(r"(?<![.!?]\s)(?<!^)\b[A-Z][\w&'\u2019-]*[a-z]\b")
_COMMON = {"The", "This", "Agreement", "Party", "Parties", "Section", "Article", "Exhibit", "Schedule"}


class Statement(BaseModel):
    """A sentence about a contract, and the pages that it rests on."""

    text: str
    pages: list[int] = []


@dataclass(frozen=True)
class Chunk:
    """Text to read in one call: pages that follow each other, or a piece of a long one."""

    pages: tuple[int, ...]
    text: str


def chunks(pages: Sequence[Page], most_characters: int = 5_000) -> list[Chunk]:
    """Cut pages into chunks, between pages where possible; each page is headed by its number.

    >>> from .pages import page
    >>> [chunk.pages for chunk in chunks([page(1, "x" * 30), page(2, "y" * 30), page(3, "z" * 90)], 90)]
    [(1, 2), (3,), (3,)]
    """
    made: list[Chunk] = []
    for number, text in _pieces(pages, most_characters):
        if made and len(made[-1].text) + len(text) < most_characters:
            last = made.pop()
            numbers = last.pages if number in last.pages else (*last.pages, number)
            made.append(Chunk(numbers, f"{last.text}\n{text}"))
        else:
            made.append(Chunk((number,), text))
    return made


def _pieces(pages: Sequence[Page], most: int) -> Iterator[tuple[int, str]]:
    for page in pages:
        head = f"[page {page.number}]\n"
        room = max(1, most - len(head) - 1)
        for start in range(0, len(page.text), room):
            yield page.number, head + page.text[start : start + room]


def details(text: str) -> list[str]:
    """Return what can be checked in a statement: numbers, and names within the sentence.

    >>> details("The Landlord lets Unit 6 to Cordelia for $9,400.")
    ['6', '9,400', 'Landlord', 'Unit', 'Cordelia']
    """
    numbers = [found.strip(".,") for found in _NUMBER.findall(text)]
    names = [name for name in _NAME.findall(text) if name not in _COMMON]
    return [*numbers, *names]


def missing(statement: Statement, pages: Sequence[Page]) -> list[str]:
    """Return the details of a statement that do not stand on the pages that it cites; [] if all do.

    >>> from .pages import page
    >>> missing(Statement(text="It costs $9,400.", pages=[2]), [page(1, "$9,400"), page(2, "blue")])
    ['9,400']
    """
    cited = [page.text for page in pages if page.number in statement.pages]
    words = _bare(" ".join(cited))
    return [
        detail
        for detail in details(statement.text)
        if not re.search(rf"\b{re.escape(_bare(detail))}\b", words)
    ]


def settled(statement: Statement, pages: Sequence[Page], read: Sequence[int]) -> Statement | None:
    """Return a statement with pages that bear it out, chosen among those that were read; None if none do.

    Cited pages that were not read are left out. If the rest does not bear the statement out, the first single
    page that does is cited instead.
    """
    cited = sorted({number for number in statement.pages if number in read})
    if not cited and len(read) == 1:
        cited = list(read)
    tries = ([cited] if cited else []) + [[number] for number in read if details(statement.text)]
    for numbers in tries:
        one = statement.model_copy(update={"pages": numbers})
        if not missing(one, pages):
            return one
    return None


def _bare(text: str) -> str:
    """Return a text in lower case, with plain spaces, and without commas inside numbers."""
    return re.sub(r"(?<=\d),(?=\d{3})", "", " ".join(text.split())).lower()
