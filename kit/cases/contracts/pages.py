r"""Pages as plain data: what a page says, its lines with their layout, and what a contract may not be.

    page(1, "LEASE\nThe rent is 5.").top[0]

`reading` makes pages of files; if yours come from elsewhere, e.g. from OCR, make them with `page`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

MOST_PAGES = 600
MOST_CHARACTERS = 60_000
"""No page of a contract holds more; one that does is a spreadsheet or an attack."""
MOST_UNPACKED = 20_000_000
TOP, FOOT = 6, 3
SIGNATURE = re.compile(
    r"(?i)\W*(?:by\s*:|name\s*:|title\s*:|date\s*:|signed\b|/s/|signature|for and on behalf of"
    r"|in witness whereof|authori[sz]ed signatory"
    r"|executed (?:as a deed )?by|unterschrift|ort, datum)|_{5,}|.*_{8,}$"
)
MOSTLY_PICTURE, LITTLE_TEXT, A_FOOTER = 0.5, 300, 80
"""A page that pictures cover by half, with fewer characters than this, is a scan with a footer or a stamp; a
picture with less text than a footer is one too."""


class UnreadableContract(ValueError):
    """A contract cannot be read: the message says what was found, what was expected and what to do."""


@dataclass(frozen=True)
class Line:
    """A line of a page, and whether it is bold or set away from the margin; None if nobody can tell."""

    text: str
    bold: bool | None = None
    middle: bool | None = None


@dataclass(frozen=True)
class Page:
    """A page: its number from 1, its lines that hold more than space, and whether it shows a picture.

    `covered` is the share of the page that pictures cover, from 0 to 1.
    """

    number: int
    lines: tuple[Line, ...] = ()
    picture: bool = False
    rotation: int = 0
    covered: float = 0.0

    @property
    def text(self) -> str:
        """All lines."""
        return "\n".join(line.text for line in self.lines)

    @property
    def top(self) -> tuple[Line, ...]:
        """The first lines: most parts of a contract show here that they begin."""
        return self.lines[:TOP]

    @property
    def foot(self) -> tuple[Line, ...]:
        """The last lines, as far as they are not among the first."""
        return self.lines[TOP:][-FOOT:]

    @property
    def blind(self) -> bool:
        """Whether there is a picture where text should be: the page needs OCR."""
        mostly = self.covered >= MOSTLY_PICTURE and len(self.text) < LITTLE_TEXT
        return self.picture and (mostly or len(self.text) < A_FOOTER)

    def with_text(self, text: str) -> Page:
        """Return the page with the text that OCR found on it.

        >>> Page(3, picture=True).with_text("EXHIBIT A").top[0].text
        'EXHIBIT A'
        """
        return replace(self, lines=page(self.number, text).lines, covered=0.0, picture=False)


def page(number: int, text: str, **details: Any) -> Page:
    """Make a page from its number and its text.

    Raises:
        UnreadableContract: If the text is longer than that of any page.

    >>> page(1, " LEASE  OF LAND").lines[0]
    Line(text='LEASE OF LAND', bold=None, middle=None)
    """
    if len(text) > MOST_CHARACTERS:
        raise UnreadableContract(
            f"Page {number} holds {len(text):,} characters; a page of a contract has at most "
            f"{MOST_CHARACTERS:,}. Split the file, or leave that page out."
        )
    lines = [" ".join(line.split()) for line in text.splitlines()]
    return Page(number, tuple(Line(line) for line in lines if line), **details)


def signed(page: Page) -> bool:
    r"""Say whether a page holds blocks to sign: two lines that are one, or a line of blanks and one more.

    >>> signed(page(9, "For and on behalf of Corvane Inc.\n________________"))
    True
    """
    return sum(bool(SIGNATURE.match(line.text)) for line in page.lines) >= 2


def check(pages: Sequence[Page]) -> None:
    """Refuse what is no contract: no page, no text on any, too many, or numbers that do not run from 1.

    Raises:
        UnreadableContract: With what was found.
    """
    numbers = [page.number for page in pages]
    if not 0 < len(numbers) <= MOST_PAGES:
        raise UnreadableContract(
            f"{len(numbers):,} pages; expected 1 to {MOST_PAGES}."
            + (" Split the file into contracts." if numbers else " Was the file empty?")
        )
    if numbers != list(range(1, len(numbers) + 1)):
        raise UnreadableContract(f"Page numbers run {numbers[:5]} ...; expected 1, 2, 3 without a gap.")
    if not any(page.lines for page in pages):
        raise UnreadableContract(f"No text on any of {len(numbers)} pages. Run OCR over the file first.")
