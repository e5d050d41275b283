"""Pages as plain data: what a page says, its lines with their layout, and what a file may not be.

    pages = read("lease.pdf")              # or "lease.docx"
    pages[0].top[0]

If your pages come from elsewhere, e.g. from OCR, make them with `page(number, text)`.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any

MOST_PAGES = 600
MOST_BYTES = 100_000_000
MOST_CHARACTERS = 60_000
"""No page of a contract holds more; one that does is a spreadsheet or an attack."""
MOST_UNPACKED = 20_000_000
TOP, FOOT = 6, 3
INDENT_POINTS = 50
SIGNATURE = re.compile(
    r"(?i)\W*(?:by\s*:|name\s*:|title\s*:|date\s*:|signed\b|/s/|signature|for and on behalf of"
    r"|in witness whereof|authori[sz]ed signatory"
    r"|executed (?:as a deed )?by|unterschrift|ort, datum)|_{5,}|.*_{8,}$"
)
_BOLD = ("bold", "black", "heavy", "demi")
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


def read(path: str | Path) -> list[Page]:
    """Read the pages of a PDF or a Word file, without OCR.

    Raises:
        UnreadableContract: If it is neither, locked, broken, too long, or swells when it is unpacked.
    """
    path = Path(path)
    if not path.is_file():
        raise UnreadableContract(f"There is no file {path}. Check the name.")
    if (size := path.stat().st_size) > MOST_BYTES:
        raise UnreadableContract(
            f"{path.name} has {size:,} bytes; at most {MOST_BYTES:,} are read. Split it."
        )
    return opened(path.read_bytes(), path.name)


def opened(data: bytes, name: str) -> list[Page]:
    """Read the pages of a file that is in memory, as `read` does.

    Args:
        data: The whole file.
        name: What errors call it.
    """
    if data[:4] == b"PK\3\4":
        from .word import paragraphs

        return paragraphs(data, name)
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    logging.getLogger("pypdf").setLevel(logging.ERROR)
    try:
        reader = PdfReader(BytesIO(data))
        if reader.is_encrypted:
            raise UnreadableContract(f"{name} asks for a password. Save a copy without one.")
        if len(reader.pages) > MOST_PAGES:
            raise UnreadableContract(
                f"{name} has {len(reader.pages):,} pages; expected at most {MOST_PAGES}. Split it."
            )
        return [_page(number, source) for number, source in enumerate(reader.pages, 1)]
    except (PyPdfError, RecursionError, KeyError, ValueError, AttributeError, TypeError) as error:
        if isinstance(error, UnreadableContract):
            raise
        raise UnreadableContract(
            f"{name} cannot be read as a PDF ({type(error).__name__}: {str(error)[:120]}). "
            "Open it in a viewer and save it again."
        ) from error


def _page(number: int, source: Any) -> Page:
    contents = source.get_contents()
    if contents is not None and (size := len(contents.get_data())) > MOST_UNPACKED:
        raise UnreadableContract(
            f"Page {number} unpacks to {size:,} bytes; expected at most {MOST_UNPACKED:,}. "
            "Leave it out, or print it again."
        )
    spans: list[tuple[str, float, bool]] = []

    def note(text: str, matrix: list[float], place: list[float], font: Any, size: float) -> None:
        if text.strip():
            name = str((font or {}).get("/BaseFont", "")).lower()
            bold = any(word in name for word in _BOLD)
            spans.append((text.strip(), place[4] * matrix[0] + matrix[4], bold))

    pictures, areas = _pictures(source), []

    def measure(operator: bytes, operands: Any, matrix: list[float], place: list[float]) -> None:
        if operator == b"Do" and operands[0] in pictures:
            areas.append(abs(matrix[0] * matrix[3] - matrix[1] * matrix[2]))

    text = source.extract_text(visitor_text=note, visitor_operand_before=measure)
    covered = sum(areas) / max(1.0, float(source.mediabox.width * source.mediabox.height))
    rotation = (source.get("/Rotate") or 0) % 360
    made = page(number, text, picture=bool(pictures), rotation=rotation, covered=min(1.0, covered))
    return replace(made, lines=tuple(_laid_out(made.lines, spans)))


def _laid_out(lines: tuple[Line, ...], spans: list[tuple[str, float, bool]]) -> Iterator[Line]:
    """Find the span with which each line begins; spans come in the order of the lines."""
    margin = min((left for _, left, _ in spans), default=0.0)
    place = 0
    for line in lines:
        for index in range(place, len(spans)):
            text, left, bold = spans[index]
            if line.text.startswith(" ".join(text.split())[:12]):
                place = index + 1
                yield replace(line, bold=bold, middle=left > margin + INDENT_POINTS)
                break
        else:
            yield line


def _pictures(source: Any) -> set[str]:
    """Return the names of the pictures that a page may draw, those inside a form included."""
    resources = source.get("/Resources") or {}
    objects = resources.get_object().get("/XObject") if resources else None
    found = objects.get_object().items() if objects else ()
    return {name for name, item in found if _is_picture(item.get_object())}


def _is_picture(item: Any, depth: int = 0) -> bool:
    if item.get("/Subtype") != "/Form":
        return item.get("/Subtype") == "/Image"
    inside = (item.get("/Resources") or {}).get("/XObject") if depth < 3 else None
    return any(_is_picture(one.get_object(), depth + 1) for one in (inside or {}).values())
