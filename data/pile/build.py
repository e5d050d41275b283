"""Typeset what was written for the pile: patents, invoices, letters, a photograph without a word in it.

    python data/pile/build.py

Needs reportlab, which is in the development group, and pypdfium2, pillow, python-docx and openpyxl, which the
project has. People, companies and numbers are invented. A source has a head of `key: value` lines, a line
`---`, and a body, a paragraph a line:

    ! text                 a heading
    : text                 a line in the middle
    cell | cell            a row of a table
"""

from __future__ import annotations

import csv
import html
import io
import random
from collections.abc import Iterator
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

HERE = Path(__file__).parent
MADE = datetime(2026, 11, 28, 9, 0)
SCAN_DPI = 110


def source(path: Path) -> tuple[dict[str, str], list[str]]:
    """Read the head and the lines of a source."""
    head, _, body = path.read_text(encoding="utf-8").partition("\n---\n")
    return dict(line.split(": ", 1) for line in head.splitlines()), body.strip().splitlines()


def pdf(lines: list[str], style: str = "letterhead") -> bytes:
    """Return a page of A4, in one column; a patent's abstract and the like stay plain paragraphs."""
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table

    font = "Times" if style in ("patent", "old") else "Helvetica"
    body = ParagraphStyle("body", fontName=f"{font}-Roman" if font == "Times" else font, leading=16)
    body.spaceAfter = 5
    heading = ParagraphStyle("heading", body, fontName=f"{font}-Bold", fontSize=13, leading=18)
    middle = ParagraphStyle("middle", heading, alignment=1)
    story: list[Any] = []
    for table, group in groupby(lines, lambda line: " | " in line):
        if table:
            rows = [[Paragraph(escape(cell), body) for cell in line.split(" | ")] for line in group]
            width = max(map(len, rows))
            story += [Table([row + [""] * (width - len(row)) for row in rows]), Spacer(1, 6)]
            continue
        for line in group:
            chosen = {"! ": heading, ": ": middle}.get(line[:2], body)
            text = escape(line[2:] if chosen is not body else line)
            story.append(Paragraph(text, chosen) if text else Spacer(1, 8))
    buffer = io.BytesIO()
    SimpleDocTemplate(buffer, author="Authored for this project", invariant=1).build(story)
    return buffer.getvalue()


def sideways(lines: list[str]) -> bytes:
    """Return the page as a scanner sees it when it was fed from the long side: a picture that lies."""
    import pypdfium2
    from PIL import Image

    page = pypdfium2.PdfDocument(pdf(lines))[0].render(scale=SCAN_DPI / 72, grayscale=True).to_pil()
    lying = page.transpose(Image.Transpose.ROTATE_90).quantize(16).convert("L")
    buffer = io.BytesIO()
    stamp = MADE.timetuple()
    lying.save(buffer, "PDF", resolution=SCAN_DPI, creationDate=stamp, modDate=stamp)
    return buffer.getvalue()


def docx(lines: list[str]) -> bytes:
    """Return a Word document."""
    import docx

    document = docx.Document()
    document.core_properties.created = document.core_properties.modified = MADE
    for line in lines:
        if line.startswith("! "):
            document.add_heading(line[2:], 1)
        else:
            document.add_paragraph(line.replace(" | ", "\t"))
    return _saved(document)


def web(lines: list[str]) -> bytes:
    """Return a web page."""
    return ("\n".join(["<!doctype html><html><body>", *_markup(lines), "</body></html>"]) + "\n").encode()


def _markup(lines: list[str]) -> Iterator[str]:
    for line in lines:
        if " | " in line:
            cells = "".join(f"<td>{html.escape(cell)}</td>" for cell in line.split(" | "))
            yield f"<table><tr>{cells}</tr></table>"
        else:
            tag = {"! ": "h1", ": ": "h2"}.get(line[:2], "p")
            yield f"<{tag}>{html.escape(line if tag == 'p' else line[2:])}</{tag}>"


def workbook(lines: list[str]) -> bytes:
    """Return a workbook with one sheet."""
    import openpyxl

    book = openpyxl.Workbook()
    book.properties.created = book.properties.modified = MADE
    for line in lines:
        book.active.append(line.split(" | "))
    return _saved(book)


def landscape(width: int = 480, height: int = 320) -> bytes:
    """Return what a camera might have seen: a sky, hills, water, grain, and no letter anywhere."""
    from PIL import Image, ImageDraw, ImageFilter

    dice = random.Random(17)
    picture = Image.new("RGB", (width, height))
    pen = ImageDraw.Draw(picture)
    for y in range(height):
        pen.line((0, y, width, y), fill=(120 + y // 4, 160 + y // 6, 215 - y // 5))
    for base, colour in ((170, (86, 104, 118)), (205, (62, 84, 74)), (240, (44, 62, 48))):
        ridge, y = [(0, height)], base
        for x in range(0, width + 24, 24):
            y = min(max(y + dice.randrange(-18, 19), base - 40), base + 30)
            ridge.append((x, y))
        pen.polygon([*ridge, (width, height)], fill=colour)
    pen.rectangle((0, 275, width, height), fill=(70, 98, 120))
    picture = picture.filter(ImageFilter.GaussianBlur(1.5))
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=80)
    return buffer.getvalue()


def _saved(document: Any) -> bytes:
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


MAKERS = {"docx": docx, "html": web, "xlsx": workbook, "sideways": sideways}


def made(head: dict[str, str], lines: list[str]) -> bytes:
    """Return the file that a source becomes."""
    if head["style"] == "txt":
        return ("\n".join(lines) + "\n").encode()
    maker = MAKERS.get(head["style"])
    return maker(lines) if maker else pdf(lines, head["style"])


def gold(heads: list[dict[str, str]]) -> str:
    """Return what stands on the invoices, as CSV."""
    names = ["name", "issued_by", "amount_due", "due"]
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, names, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(head for head in heads if "due" in head)
    return buffer.getvalue()


if __name__ == "__main__":
    (HERE / "files").mkdir(exist_ok=True)
    read = [source(path) for path in sorted((HERE / "sources").glob("*.txt"))]
    for head, lines in read:
        (HERE / "files" / head["name"]).write_bytes(made(head, lines))
    (HERE / "invoices.csv").write_text(gold([head for head, _ in read]), encoding="utf-8")
    (HERE / "files" / "IMG_4410.jpg").write_bytes(landscape())
