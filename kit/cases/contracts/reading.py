"""Reading: the pages of a PDF or a Word file, each line with its layout.

pages = read("lease.pdf")              # or "lease.docx"
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

from .pages import MOST_PAGES, MOST_UNPACKED, Line, Page, UnreadableContract, page
from .word import paragraphs

MOST_BYTES = 100_000_000
INDENT_POINTS = 50
_BOLD = ("bold", "black", "heavy", "demi")


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
