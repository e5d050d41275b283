"""Contracts as typed text: pages, layout and where parts begin, typeset as PDF and read as users' files are.

    pages, gold = package(Path("harbour.txt"))

`#page` begins a page, and `#part` says that the next printed line begins a part. Further lines of command:
`#font times`, helvetica or courier; `#header TEXT` and `#footer TEXT`, on each page from there on, {page} for
its number, alone to end it. A line that begins with "^ " is bold and centred, "> " centred, "* " bold.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import simpleSplit
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from kit.cases.contracts import Page, opened

FONTS = {
    "times": ("Times-Roman", "Times-Bold"),
    "helvetica": ("Helvetica", "Helvetica-Bold"),
    "courier": ("Courier", "Courier-Bold"),
}
MARGIN, SIZE, LEADING = 72, 10.5, 13.0
WIDTH, HEIGHT = A4


class Untypeable(ValueError):
    """A package cannot be typeset: the message says where, and what to do."""


def package(path: Path) -> tuple[list[Page], list[dict[str, Any]]]:
    """Typeset a package; return its pages, read from the PDF, and its parts but the first."""
    data, starts = typeset(path)
    gold = [{"pages": [number], "title": title} for number, title in starts[1:]]
    return opened(data, path.name), gold


def typeset(path: Path) -> tuple[bytes, list[tuple[int, str]]]:
    """Return a package as PDF, and the page and first line of each part.

    Raises:
        Untypeable: If a page is too full, a part has no line, or the first line is of no part.
    """
    to, starts = BytesIO(), []
    canvas = Canvas(to, pagesize=A4)
    font, edges, fresh = FONTS["times"], {"header": "", "footer": ""}, False
    number, top = 0, 0.0
    for at, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        where = f"{path.name}, line {at}"
        name, _, value = line[1:].partition(" ") if line.startswith("#") else ("", "", "")
        if name == "font":
            font = FONTS[value.strip().lower()]
        elif name in edges:
            edges[name] = value.strip()
        elif name == "part":
            fresh = True
        elif name == "page":
            if fresh:
                raise Untypeable(f"{where}: a part without a line. Write its title behind #part.")
            if number:
                canvas.showPage()
            number, top = number + 1, HEIGHT - MARGIN
            for text, height in ((edges["header"], HEIGHT - MARGIN / 2), (edges["footer"], MARGIN / 2)):
                canvas.setFont(font[0], SIZE)
                canvas.drawCentredString(WIDTH / 2, height, text.replace("{page}", str(number)))
        elif name:
            raise Untypeable(f"{where}: no command {name!r}. See the head of packages.py.")
        elif not number:
            raise Untypeable(f"{where}: text before the first #page.")
        else:
            for text, face, left in _set(line, font):
                canvas.setFont(face, SIZE)
                canvas.drawString(left, top - LEADING, text)
                top -= LEADING
            top -= LEADING * (0.5 if line.strip() else 0.3)
            if top < MARGIN:
                raise Untypeable(f"{where}: page {number} is too full. Begin another with #page.")
            if fresh and line.strip():
                starts.append((number, " ".join(line.lstrip("^>* ").split())))
                fresh = False
    canvas.save()  # ends the last page too
    if not starts or starts[0][0] != 1:
        raise Untypeable(f"{path.name}: the first part begins on page 1. Write #part behind the first #page.")
    return to.getvalue(), starts


def _set(line: str, font: tuple[str, str]) -> Iterator[tuple[str, str, float]]:
    """Yield the lines into which a text is broken, each with its font and place."""
    mark = line[:1] if line[1:2] == " " and line[:1] in "^>*" else ""
    face = font[1] if mark in ("^", "*") and mark else font[0]
    for text in simpleSplit(line[2:] if mark else line, face, SIZE, WIDTH - 2 * MARGIN):
        middle = (WIDTH - float(stringWidth(text, face, SIZE))) / 2
        yield text, face, middle if mark in ("^", ">") and mark else MARGIN
