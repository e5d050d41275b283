"""Make the office files, a filing on one page, and files with something wrong.

    python data/files/build.py

Needs reportlab, which is in the development group. Everything in the files is invented.
"""

from __future__ import annotations

import io
import json
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
BAD = HERE / "bad"
MADE = datetime(2026, 11, 2, 9, 0)
PASSWORD = "harbour"
TERMS = [
    ("1. The space", "The owner lets space 27 on level 2 of the Harbour Street garage to Ines Falk."),
    ("2. The term", "The lease begins on 1 March 2027 and ends on 29 February 2028."),
    (
        "3. The rent",
        "The rent is 145 euros a month, due on the third working day, plus 12 euros for charging.",
    ),
]
ORDERS = [
    ("item", "pieces", "euros"),
    ("bollard", 12, 1140),
    ("sign plate", 40, 880),
    ("pay station", 2, 9800),
]
TARIFF = "zone,first_hour_eur,day_eur\nA,3.20,24.00\nB,2.10,15.00\nC,1.00,7.50\n"
SALES = [
    ("11/02/2026", "M", 8000, "A", 12.50, 54210),
    ("11/02/2026", "S", 3150, "D", 61.20, 51060),
    ("11/03/2026", "S", 1875, "D", 62.05, 49185),
    ("11/04/2026", "S", 2600, "D", 60.75, 46585),
]
SOLD = sum(row[2] for row in SALES if row[1] == "S")


def lease() -> bytes:
    """Return a lease of three pages, a clause on each."""
    from reportlab.platypus import PageBreak, Paragraph

    title, body = _styles()
    story = []
    for heading, text in TERMS:
        story += [Paragraph(heading, title), Paragraph(text, body), PageBreak()]
    return _pdf(story[:-1], "Lease of a parking space")


def form4() -> bytes:
    """Return a filing in the manner of the SEC's Form 4: one option exercise and three sales."""
    from reportlab.platypus import Paragraph, Spacer, Table

    title, body = _styles()
    head = ["Date", "Code", "Amount", "(A) or (D)", "Price", "Owned after"]
    rows = [
        [date, code, f"{shares:,}", side, f"${price:.2f}", f"{after:,}"]
        for date, code, shares, side, price, after in SALES
    ]
    grid = [("GRID", (0, 0), (-1, -1), 0.5, "black"), ("FONT", (0, 0), (-1, 0), "Helvetica-Bold", 9)]
    story = [
        Paragraph("FORM 4 - STATEMENT OF CHANGES IN BENEFICIAL OWNERSHIP", title),
        Paragraph("Teaching document: the company, the person and the trades are invented.", body),
        Paragraph("1. Reporting person: Whitcombe Dana. Chief Financial Officer", body),
        Paragraph("2. Issuer: Larkspur Instruments, Inc. [LRKS]", body),
        Paragraph("Table I - Non-Derivative Securities: Common Stock", body),
        Spacer(1, 8),
        Table([head, *rows], style=grid),
        Spacer(1, 12),
        Paragraph("Code M: exercise of an option. Code S: open-market sale.", body),
        Paragraph("Explanation: the sales were made under a plan adopted on 05/18/2026.", body),
    ]
    return _pdf(story, "Form 4", size=(595, 340))


def memo() -> bytes:
    """Return a Word document with a heading, a paragraph and a table."""
    import docx

    document = docx.Document()
    document.core_properties.created = document.core_properties.modified = MADE
    document.add_heading("Level 2 closes for cleaning", 1)
    document.add_paragraph("Please move all cars from level 2 by Friday 18:00. Level 3 stays open.")
    table = document.add_table(rows=0, cols=2)
    for left, right in [("level", "open again"), ("2", "Monday 06:00")]:
        cells = table.add_row().cells
        cells[0].text, cells[1].text = left, right
    return _saved(document)


def orders() -> bytes:
    """Return a workbook with two sheets."""
    import openpyxl

    book = openpyxl.Workbook()
    book.active.title = "orders"
    for row in ORDERS:
        book.active.append(row)
    totals = book.create_sheet("totals")
    totals.append(("euros", sum(row[2] for row in ORDERS[1:])))
    return _saved(book)


def talk() -> bytes:
    """Return two slides."""
    import pptx

    slides = pptx.Presentation()
    for heading, text in [
        ("Fewer cars, more room", "A trial in Harbour Street"),
        ("Result", "31 spaces saved"),
    ]:
        slide = slides.slides.add_slide(slides.slide_layouts[1])
        slide.shapes.title.text, slide.placeholders[1].text = heading, text
    return _saved(slides)


def notice() -> bytes:
    """Return a web page with a menu that is not part of the text."""
    return (
        b"<!doctype html><html><head><title>Notice</title><style>p {color: red}</style></head><body>"
        b"<nav><a href='/'>Home</a></nav><main><h1>New opening hours</h1>"
        b"<p>From 1 December the garage opens at <b>05:30</b>.</p></main></body></html>\n"
    )


def ticket() -> bytes:
    """Return a picture with text, as PNG."""
    from PIL import Image, ImageDraw

    picture = Image.new("L", (420, 190), 255)
    pen = ImageDraw.Draw(picture)
    for top, text in [(24, "HARBOUR STREET GARAGE"), (74, "ENTERED 08:42"), (124, "PAID 6.40 EUR")]:
        pen.text((24, top), text, fill=0, font=_font(26))
    return _saved(picture, format="PNG", optimize=True)


def bundle(files: dict[str, bytes]) -> bytes:
    """Return a zip of some of the files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("memo.docx", "tariff.csv"):
            archive.writestr(zipfile.ZipInfo(name, MADE.timetuple()[:6]), files[name])
    return buffer.getvalue()


def bad() -> dict[str, bytes]:
    """Return files with something wrong, one of each kind."""
    from PIL import Image

    whole, picture = lease(), Image.open(io.BytesIO(ticket()))
    return {
        "breaks-off.pdf": whole[: len(whole) // 3],
        "encrypted.pdf": _encrypted(whole),
        "five-hundred-pages.pdf": _long(500),
        "huge.png": _saved(Image.new("1", (20_000, 20_000)), format="PNG", optimize=True),
        "no-bytes.pdf": b"",
        "picture-named.pdf": ticket(),
        "scan.pdf": _saved(picture, format="PDF", creationDate=MADE.timetuple(), modDate=MADE.timetuple()),
        "unknown.xyz": bytes(range(256)),
    }


def _encrypted(data: bytes) -> bytes:
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(data)))
    writer.encrypt(PASSWORD, algorithm="RC4-128")
    return _written(writer)


def _long(count: int) -> bytes:
    from pypdf import PdfWriter

    writer = PdfWriter()
    for _ in range(count):
        writer.add_blank_page(300, 400)
    return _written(writer)


def _written(writer: Any) -> bytes:
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def _saved(document: Any, **options: Any) -> bytes:
    buffer = io.BytesIO()
    document.save(buffer, **options)
    return buffer.getvalue()


def _pdf(story: list, title: str, size: tuple[float, float] = (298, 420)) -> bytes:
    from reportlab.platypus import SimpleDocTemplate

    buffer = io.BytesIO()
    margins = dict.fromkeys(("leftMargin", "rightMargin", "topMargin", "bottomMargin"), 36)
    SimpleDocTemplate(buffer, pagesize=size, title=title, invariant=1, **margins).build(story)
    return buffer.getvalue()


def _styles() -> tuple[Any, Any]:
    from reportlab.lib.styles import getSampleStyleSheet

    styles = getSampleStyleSheet()
    return styles["Heading2"], styles["BodyText"]


def _font(size: int) -> Any:
    import matplotlib
    from PIL import ImageFont

    file = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
    return ImageFont.truetype(file, size, layout_engine=ImageFont.Layout.BASIC)


def good() -> dict[str, bytes]:
    """Return the files that are in order."""
    files = {
        "lease.pdf": lease(),
        "form4.pdf": form4(),
        "memo.docx": memo(),
        "orders.xlsx": orders(),
        "talk.pptx": talk(),
        "notice.html": notice(),
        "tariff.csv": TARIFF.encode(),
        "ticket.png": ticket(),
    }
    return files | {"bundle.zip": bundle(files)}


if __name__ == "__main__":
    BAD.mkdir(exist_ok=True)
    for folder, files in [(HERE, good()), (BAD, bad())]:
        for name, data in files.items():
            (folder / name).write_bytes(data)
    (HERE / "form4.json").write_text(json.dumps({"shares_sold": SOLD}) + "\n", encoding="utf-8")
