"""Layout: a filing as cells with places, from the SEC's HTML, from a printed PDF, or from plain text.

    page = read(Path("filing.html"))
    page.cells, page.text

A cell of a PDF is what drawn lines enclose; a cell of HTML has the numbers of its row and its columns; plain
text has no cells. What is nested in a cell becomes its lines, with a tab between what stands side by side.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

MOST_BYTES = 5_000_000
MOST_PAGES = 60
EDGE = 1e6  # where a cell would end that has no line there
_ONE_AT_A_TIME = threading.Lock()  # PDFium may not be called from two threads at once


class UnreadableFiling(ValueError):
    """A filing cannot be read: the message says what was found and what to do."""


@dataclass(frozen=True)
class Cell:
    """Text between lines, and where it is: the table or page, then left, top, right and bottom."""

    text: str
    sheet: int
    left: float
    top: float
    right: float
    bottom: float

    @property
    def flat(self) -> str:
        """The text on one line."""
        return " ".join(self.text.split())


@dataclass(frozen=True)
class Page:
    """A filing as it is laid out: its text, a row of cells a line, and its cells if it has any."""

    text: str
    cells: tuple[Cell, ...] = ()


def read(document: Path | bytes | str) -> Page:
    """Read a file, its bytes, or a text (HTML or plain).

    Raises:
        UnreadableFiling: If it is too large, broken, locked, or the XML that needs no reading.
    """
    data = document.read_bytes() if isinstance(document, Path) else document
    if len(data) > MOST_BYTES:
        raise UnreadableFiling(
            f"{len(data):,} bytes; at most {MOST_BYTES:,} are read. A Form 4 has a few pages."
        )
    if isinstance(data, bytes) and data.lstrip()[:5] == b"%PDF-":
        return _of_pdf(data)
    if isinstance(data, bytes):
        try:
            data = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            data = data.decode("cp1252", errors="replace")
    if "<ownershipDocument" in data:
        raise UnreadableFiling(
            "this is the filing's XML: its fields have names, so parse it instead of reading it"
        )
    return _of_html(data) if re.search(r"<t[dr][\s>]", data, re.IGNORECASE) else Page(data)


@dataclass
class _Table:
    rows: list[list[tuple[list[str], int, int]]] = field(default_factory=list)


class _Tables(HTMLParser):
    """Collect the outermost tables; a table in a cell becomes text of that cell."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[_Table] = []
        self.open: list[_Table] = []
        self.loose: list[str] = []
        self.skip = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("style", "script", "title"):
            self.skip += 1
        elif tag == "table":
            self.write("\n")
            self.open.append(_Table())
        elif tag == "tr" and self.open:
            self.open[-1].rows.append([])
        elif tag in ("td", "th") and self.open:
            spans = [
                int(found) if (found := dict(attrs).get(name) or "1").isdigit() else 1
                for name in ("colspan", "rowspan")
            ]
            if not self.open[-1].rows:
                self.open[-1].rows.append([])
            self.open[-1].rows[-1].append(([], *spans))
        elif tag in ("br", "p", "div", "hr"):
            self.write("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("style", "script", "title"):
            self.skip = max(0, self.skip - 1)
        elif tag == "table" and self.open:
            done = self.open.pop()
            if self.open:
                self.write("\n".join("\t".join(_lines(cell[0]) for cell in row) for row in done.rows) + "\n")
            else:
                self.tables.append(done)

    def handle_data(self, data: str) -> None:
        if not self.skip:
            self.write(re.sub(r"\s+", " ", data))

    def write(self, text: str) -> None:
        """Add text to the innermost open cell."""
        if not self.open:
            self.loose.append(text)
        elif self.open[-1].rows and self.open[-1].rows[-1]:
            self.open[-1].rows[-1][-1][0].append(text)


def _lines(parts: list[str]) -> str:
    lines = (re.sub(r"[ \xa0]+", " ", line).strip(" ") for line in "".join(parts).split("\n"))
    return "\n".join(line for line in lines if line.strip())


def _of_html(source: str) -> Page:
    parser = _Tables()
    parser.feed(source)
    parser.close()
    while parser.open:  # a page that ends before its tables do
        parser.handle_endtag("table")
    cells = [cell for number, table in enumerate(parser.tables) for cell in _placed(number, table)]
    return Page(_as_text(cells) if cells else _lines(parser.loose), tuple(cells))


def _placed(number: int, table: _Table) -> Iterator[Cell]:
    """Give each cell its columns and rows, as `colspan` and `rowspan` say."""
    taken: set[tuple[int, int]] = set()
    for top, row in enumerate(table.rows):
        left = 0
        for parts, wide, high in row:
            while (top, left) in taken:
                left += 1
            taken |= {
                (top + down, left + along)
                for down in range(min(high, 200))
                for along in range(min(wide, 200))
            }
            yield Cell(_lines(parts), number, left, top, left + wide, top + high)
            left += wide


@dataclass(frozen=True)
class _Word:
    text: str
    left: float
    top: float
    right: float
    bottom: float


def _of_pdf(data: bytes) -> Page:
    import pypdfium2

    with _ONE_AT_A_TIME:
        try:
            document = pypdfium2.PdfDocument(data)
        except pypdfium2.PdfiumError as error:
            raise UnreadableFiling(
                f"PDFium cannot open it ({error}). Open it in a viewer and print it again."
            ) from error
        with document:
            if len(document) > MOST_PAGES:
                raise UnreadableFiling(f"{len(document)} pages; a Form 4 has a few. Split the file.")
            sheets = [(_words(page), *_rules(page)) for page in document]
    cells = [
        cell
        for number, (words, across, down) in enumerate(sheets)
        for cell in _enclosed(number, words, across, down)
    ]
    return Page(_as_text(cells), tuple(cells))


def _words(page: Any) -> list[_Word]:
    """Return the words of a page in the order in which they are written; tops are counted downwards."""
    text, height = page.get_textpage(), page.get_height()
    words: list[_Word] = []
    letters: list[tuple[str, float, float, float, float]] = []
    for place in range(text.count_chars()):
        letter = text.get_text_range(place, 1)
        if letter.strip():
            left, bottom, right, top = text.get_charbox(place, loose=True)
            box = (letter, left, height - top, right, height - bottom)
            if letters and (
                box[2] > letters[-1][4]
                or box[4] < letters[-1][2]
                or not -0.6 < (left - letters[-1][3]) / (box[4] - box[2]) < 0.6
            ):
                words.append(_word(letters))
                letters = []
            letters.append(box)
        elif letters:
            words.append(_word(letters))
            letters = []
    return [*words, _word(letters)] if letters else words


def _word(letters: list[tuple[str, float, float, float, float]]) -> _Word:
    text, left, top, right, bottom = zip(*letters, strict=True)
    return _Word("".join(text), min(left), min(top), max(right), max(bottom))


def _rules(page: Any) -> tuple[list[_Word], list[_Word]]:
    """Return the lines of a page that run across and those that run down, thin rectangles too."""
    import pypdfium2.raw as pdfium

    height, across, down = page.get_height(), [], []
    for drawn in page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_PATH], max_depth=8):
        left, bottom, right, top = drawn.get_bounds()
        rule = _Word("", left, height - top, right, height - bottom)
        if top - bottom < 2 < right - left:
            across.append(rule)
        elif right - left < 2 < top - bottom:
            down.append(rule)
    return [rule for rule in across if _meets(rule, down)], down


def _meets(rule: _Word, down: list[_Word]) -> bool:
    """Say whether a line across ends at lines that run down: a border does, an underline does not."""
    near = [other for other in down if other.top - 2 <= rule.bottom and rule.top <= other.bottom + 2]
    return all(
        any(abs(other.left - end) < 2 or abs(other.right - end) < 2 for other in near)
        for end in (rule.left, rule.right)
    )


def _enclosed(number: int, words: list[_Word], across: list[_Word], down: list[_Word]) -> Iterator[Cell]:
    """Gather words by the lines around them; a word that no line encloses on all sides stands for itself."""
    found: dict[tuple[float, float, float, float], list[_Word]] = {}
    for word in words:
        x, y = (word.left + word.right) / 2, (word.top + word.bottom) / 2
        beside = [rule for rule in down if rule.top - 1 <= y <= rule.bottom + 1]
        above = [rule for rule in across if rule.left - 1 <= x <= rule.right + 1]
        left = max((rule.right for rule in beside if rule.right <= x), default=-1.0)
        right = min((rule.left for rule in beside if rule.left >= x), default=EDGE)
        top = max((rule.bottom for rule in above if rule.bottom <= y), default=-1.0)
        bottom = min((rule.top for rule in above if rule.top >= y), default=EDGE)
        key = (left, top, right, bottom)
        if (
            left < 0 or right == EDGE
        ):  # no table: a line of its own; a cell that has no top goes on from the last page
            loose = [
                old for old in found if old[0] < 0 and min(old[3], word.bottom) - max(old[1], word.top) > 2
            ]
            key = loose[0] if loose else (-1.0, word.top, EDGE, word.bottom)
        found.setdefault(key, []).append(word)
    order = sorted(found, key=lambda box: (round(box[1]), box[0]))
    for key in order:
        yield Cell(_written(found[key]), number, *key)


def _written(words: list[_Word]) -> str:
    """Write words as lines, with a tab between those that stand well apart."""
    text, last = "", None
    for word in words:
        if last is None:
            text = word.text
        elif word.top > last.bottom - 1 or word.bottom < last.top + 1:
            text += f"\n{word.text}"
        elif word.left - last.right > 1.5 * (word.bottom - word.top):
            text += f"\t{word.text}"
        else:
            glued = 0 <= word.left - last.right < 0.5 or (
                word.text.startswith("(") and word.text[1:2].isdigit()
            )
            text += word.text if glued else f" {word.text}"
        last = word
    return text


def _as_text(cells: list[Cell]) -> str:
    """Write the cells of a row on one line, as a person would copy the table."""
    rows: dict[tuple[int, float], list[Cell]] = {}
    for cell in cells:
        rows.setdefault((cell.sheet, round(cell.top)), []).append(cell)
    lines = (
        " | ".join(cell.flat for cell in row) if len(row) > 1 else row[0].text.replace("\t", "  ")
        for row in rows.values()
    )
    return "\n".join(line for line in lines if line.strip(" |"))
