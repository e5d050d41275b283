"""Bounds: how many characters, seconds and unpacked bytes one file may cost, and what a reader hands back.

Pages and pixels have bounds of their own (see `kit.documents.pages`). Seconds are checked between rows, pages
and PDF operators; a single step of a library that runs longer is not interrupted.
"""

from __future__ import annotations

import io
import time
import zipfile
from dataclasses import dataclass, field

from kit.documents.errors import CorruptFile, FileTooLarge, TookTooLong

MAX_CHARACTERS = 2_000_000
MAX_SECONDS = 60.0
MAX_UNPACKED = 300_000_000


@dataclass
class Part:
    """What a reader found on one page: text, what a reader of it should know, and whether OCR is needed."""

    text: str = ""
    notes: list[str] = field(default_factory=list)
    scan: bool = False


@dataclass
class Bounds:
    """What reading one file may cost; the clock runs from the moment it is made."""

    source: str
    characters: int = MAX_CHARACTERS
    seconds: float = MAX_SECONDS
    _end: float = field(init=False)

    def __post_init__(self) -> None:
        self._end = time.monotonic() + self.seconds

    def check(self, where: str) -> None:
        """Stop when the time is used up.

        Raises:
            TookTooLong: With the place that was reached.
        """
        if time.monotonic() > self._end:
            raise TookTooLong(
                self.source,
                f"{self.seconds:g} seconds have passed, at {where}. Read a part (first=, last=), or raise "
                f"seconds=.",
            )

    def cut(self, parts: list[Part]) -> list[Part]:
        """Keep the first `characters` characters of a file; what is cut away is said with the numbers.

        >>> Bounds("a.txt", characters=5).cut([Part("one two")])[0].notes
        ['the first 5 of 7 characters are here; raise characters= for the rest']
        """
        left = self.characters
        for part in parts:
            if (size := len(part.text)) > left:
                part.text = part.text[:left]
                part.notes.append(
                    f"the first {left:,} of {size:,} characters are here; raise characters= for the rest"
                )
            left -= len(part.text)
        return parts


def refuse_swollen(source: str, data: bytes, limit: int = MAX_UNPACKED) -> list[str]:
    """Return the names of what an Office file packs, or refuse it if that unpacks to more than `limit` bytes.

    Raises:
        FileTooLarge: With the number of bytes.
        CorruptFile: If it does not open.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            size = sum(member.file_size for member in archive.infolist())
            names = archive.namelist()
    except (zipfile.BadZipFile, EOFError, OSError) as error:
        raise CorruptFile(source, f"it does not open ({error}). Save it again where it was made.") from error
    if size > limit:
        raise FileTooLarge(source, f"it unpacks to {size:,} bytes, more than {limit:,}. Split or re-save it.")
    return names
