"""Bounds: which pages of a file are read, what that may cost, and what a reader hands back.

Seconds are checked between rows, pages and steps of a PDF; a single step of a library that runs longer is not
interrupted.
"""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, field

from kit.documents.errors import FileTooLarge, NoSuchPage, TookTooLong, TooManyPages
from kit.documents.kinds import MAX_PIXELS

MAX_PAGES = 200
MAX_CHARACTERS = 2_000_000
MAX_SECONDS = 60.0
MAX_UNPACKED = 300_000_000


@dataclass
class Part:
    """What a reader found on one page: text, notes on what is not in it, and whether it needs OCR."""

    text: str = ""
    notes: list[str] = field(default_factory=list)
    scan: bool = False
    bounded: bool = False

    def count(self, what: str, number: int) -> None:
        """Note how often something is in the file, if it is."""
        if number:
            self.notes.append(f"{what}: {number}")


@dataclass
class Bounds:
    """What is read of a file, and what that may cost; the clock runs from the moment it is made."""

    source: str
    first: int = 1
    last: int | None = None
    password: str | None = field(default=None, repr=False)
    limit: int = MAX_PAGES
    max_pixels: int = MAX_PIXELS
    characters: int = MAX_CHARACTERS
    seconds: float = MAX_SECONDS

    def __post_init__(self) -> None:
        self._end = time.monotonic() + self.seconds

    def chosen(self, total: int) -> range:
        """Return the numbers of the wanted pages, once it is clear that they exist and are not too many."""
        last = min(self.last or total, total)
        if not 1 <= self.first <= last:
            raise NoSuchPage(self.source, f"it has {total} pages; choose first and last from 1 to {total}.")
        if (number := last - self.first + 1) > self.limit:
            way = f"Read a part (first=1, last={self.limit}), or raise limit=."
            raise TooManyPages(self.source, f"{number} pages are more than {self.limit}. {way}")
        return range(self.first, last + 1)

    def check(self, where: str) -> None:
        """Stop when the time is used up, with the place that was reached."""
        if time.monotonic() > self._end:
            ways = "Read a part (first=, last=), or raise seconds=."
            raise TookTooLong(self.source, f"{self.seconds:g} seconds have passed, at {where}. {ways}")

    def cut(self, parts: list[Part]) -> list[Part]:
        """Keep the first `characters` characters of a file; what is cut away is said with the numbers.

        >>> Bounds("a.txt", characters=5).cut([Part("one two")])[0].notes
        ['the first 5 of 7 characters are here; raise characters= for the rest']
        """
        left = self.characters
        for part in parts:
            if (size := len(part.text)) > left and not part.bounded:
                part.text = part.text[:left]
                here = f"the first {left:,} of {size:,} characters are here"
                part.notes.append(f"{here}; raise characters= for the rest")
            left = max(0, left - len(part.text))
        return parts


def refuse_swollen(source: str, data: bytes, limit: int = MAX_UNPACKED) -> dict[str, int]:
    """Return what an Office file packs, names and sizes, or refuse it if that is more than `limit` bytes."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        packed = {member.filename: member.file_size for member in archive.infolist()}
    if (size := sum(packed.values())) > limit:
        raise FileTooLarge(source, f"it unpacks to {size:,} bytes, more than {limit:,}. Split or re-save it.")
    return packed


def listed(heading: str, lines: Iterable[str | None]) -> str:
    r"""Return lines under a heading, to be set below a text, or "" if there are none.

    >>> listed("Comments:", ["agreed", None])
    '\n\nComments:\nagreed'
    """
    kept = [line for line in lines if line]
    return "\n\n" + "\n".join([heading, *kept]) if kept else ""
