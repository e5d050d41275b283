"""Typeset the filings of filings.jsonl as PDFs in the layout of the SEC's Form 4.

    python data/form4/build.py

Facts (companies, dates, codes, shares, prices) are those of public filings; footnotes are authored, and
owners are known by what they are to the company. One filing becomes a scan: a picture without a text layer.
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.pagesizes import landscape, letter
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table

HERE = Path(__file__).parent
LABEL = ParagraphStyle("label", fontName="Helvetica", fontSize=7, leading=8.5)
VALUE = ParagraphStyle("value", parent=LABEL, fontName="Times-Roman", fontSize=9, leading=10.5)
HEAD = ParagraphStyle("head", parent=LABEL, fontName="Helvetica-Bold", fontSize=8.5, leading=10, alignment=1)
TITLE = ParagraphStyle("title", parent=HEAD, fontSize=13, leading=15, alignment=0)
TABLE_1 = {
    "1. Title of Security (Instr. 3)": 150,
    "2. Transaction Date (Month/Day/Year)": 75,
    "3. Transaction Code (Instr. 8)": 60,
    "4. Amount": 75,
    "(A) or (D)": 40,
    "Price": 80,
    "5. Amount of Securities Beneficially Owned Following Reported Transaction(s)": 110,
    "6. Ownership Form: Direct (D) or Indirect (I)": 70,
    "7. Nature of Indirect Beneficial Ownership": 72,
}
TABLE_2 = {
    "1. Title of Derivative Security": 110,
    "2. Conversion or Exercise Price": 60,
    "3. Transaction Date": 65,
    "4. Transaction Code": 55,
    "5. Number": 60,
    "(A) or (D)": 40,
    "6. Expiration Date": 65,
    "7. Title of Underlying Securities": 105,
    "Amount of Underlying Securities": 70,
    "8. Price": 45,
    "9. Number Owned Following": 57,
}
ROLES = {
    "Director": "Director",
    "10% Owner": "10% Owner",
    "Officer": "Officer (give title below)",
    "Other": "Other (specify below)",
}
NAMES = (
    "Table I - Non-Derivative Securities Acquired, Disposed of, or Beneficially Owned",
    "Table II - Derivative Securities Acquired, Disposed of, or Beneficially Owned (e.g., puts, calls, "
    "warrants, options, convertible securities)",
)


def filings() -> list[dict[str, Any]]:
    """Return the facts of all filings."""
    return [json.loads(line) for line in (HERE / "filings.jsonl").read_text(encoding="utf-8").splitlines()]


def pdf(filing: dict[str, Any]) -> bytes:
    """Typeset a filing."""
    story = [_banner(filing), _boxes(filing)]
    first = [_transaction(row) for row in filing["transactions"]] + [
        _holding(row) for row in filing["holdings"]
    ]
    story += _table(NAMES[0], TABLE_1, first)
    story += _table(NAMES[1], TABLE_2, [_derivative(row) for row in filing["derivatives"]])
    story += _notes(filing)
    file = io.BytesIO()
    margins = dict.fromkeys(("leftMargin", "rightMargin", "topMargin", "bottomMargin"), 28)
    title = f"Form {filing['form']}, {filing['issuer']}"
    SimpleDocTemplate(file, pagesize=landscape(letter), title=title, invariant=1, **margins).build(story)
    return _scanned(file.getvalue()) if filing["scanned"] else file.getvalue()


def _banner(filing: dict[str, Any]) -> Table:
    agency = (
        "UNITED STATES SECURITIES AND EXCHANGE COMMISSION<br/><font size=6>Washington, D.C. 20549</font><br/>"
        "STATEMENT OF CHANGES IN BENEFICIAL OWNERSHIP<br/><font size=5.5>Filed pursuant to Section 16(a) of "
        "the Securities Exchange Act of 1934 or Section 30(h) of the Investment Company Act of 1940</font>"
    )
    rendition = (
        "Teaching rendition. Not an official document. Facts from a public filing; notes are authored."
    )
    cells = [Paragraph(f"FORM {filing['form']}", TITLE), Paragraph(agency, HEAD), Paragraph(rendition, LABEL)]
    return Table([cells], colWidths=[110, 470, 152])


def _boxes(filing: dict[str, Any]) -> Table:
    owner, grid = (
        filing["owner"],
        [("GRID", (0, 0), (-1, -1), 0.5, "black"), ("VALIGN", (0, 0), (-1, -1), "TOP")],
    )
    roles = [f"[{'X' if role in owner['roles'] else ' '}] {label}" for role, label in ROLES.items()]
    amended = "4. If Amendment, Date of Original Filed (Month/Day/Year)"
    rows = [
        [
            _box("1. Name of Reporting Person", "Reporting owner"),
            _box(
                "2. Issuer Name and Ticker or Trading Symbol",
                f"{escape(filing['issuer'])} [ {filing['ticker']} ]",
            ),
            _box(
                "5. Relationship of Reporting Person(s) to Issuer",
                *roles,
                escape(owner["officer_title"] or ""),
            ),
        ],
        [
            _box("3. Date of Earliest Transaction (Month/Day/Year)", _date(filing["period"])),
            _box(amended, _date(filing["original_filed"])),
            _box("6. Individual or Joint/Group Filing", "[X] Form filed by One Reporting Person"),
        ],
    ]
    return Table(rows, colWidths=[220, 270, 242], style=grid)


def _box(label: str, *values: str) -> list[Paragraph]:
    return [Paragraph(label, LABEL), *(Paragraph(value, VALUE) for value in values if value)]


def _table(name: str, columns: dict[str, int], rows: list[list[str]]) -> list[Flowable]:
    if not rows:
        return []
    head = [[Paragraph(name, HEAD)] + [""] * (len(columns) - 1), [Paragraph(text, LABEL) for text in columns]]
    body = [[Paragraph(text, VALUE) for text in row] for row in rows]
    style = [
        ("SPAN", (0, 0), (-1, 0)),
        ("GRID", (0, 0), (-1, -1), 0.4, "black"),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ]
    return [Spacer(1, 6), Table([*head, *body], colWidths=list(columns.values()), repeatRows=2, style=style)]


def _transaction(row: dict[str, Any]) -> list[str]:
    cells = {
        "security": escape(row["security"]),
        "date": _date(row["date"]),
        "code": row["code"],
        "shares": _number(row["shares"]),
        "acquired_or_disposed": row["acquired_or_disposed"],
        "price": _number(row["price"], "$"),
        "owned_after": _number(row["owned_after"]),
        "ownership": row["ownership"],
        "nature": "By trust" if row["ownership"] == "I" else "",
    }
    return [
        f"{text}<super>({row['marks'][name]})</super>" if name in row["marks"] else text
        for name, text in cells.items()
    ]


def _holding(row: dict[str, Any]) -> list[str]:
    nature = "By trust" if row["ownership"] == "I" else ""
    return [
        escape(row["security"]),
        "",
        "",
        "",
        "",
        "",
        _number(row["owned_after"]),
        row["ownership"],
        nature,
    ]


def _derivative(row: dict[str, Any]) -> list[str]:
    price, expires = _number(row["exercise_price"], "$"), _date(row["expires"])
    underlying = [escape(row["underlying"]), _number(row["underlying_shares"])]
    after = [_number(row["price"], "$"), _number(row["owned_after"])]
    moved = [_date(row["date"]), row["code"], _number(row["shares"]), row["acquired_or_disposed"]]
    return [escape(row["security"]), price, *moved, expires, *underlying, *after]


def _notes(filing: dict[str, Any]) -> list[Flowable]:
    notes = [Paragraph(f"{n}. {escape(text)}", LABEL) for n, text in enumerate(filing["footnotes"], start=1)]
    signed = Paragraph(f"/s/ Attorney-in-Fact for the reporting owner &nbsp; {_date(filing['filed'])}", VALUE)
    parts = [Paragraph("<b>Explanation of Responses:</b>", LABEL), *notes] if notes else []
    return [
        Spacer(1, 5),
        *parts,
        Spacer(1, 6),
        signed,
        Paragraph("** Signature of Reporting Person; Date", LABEL),
    ]


def _date(iso: str | None) -> str:
    return f"{iso[5:7]}/{iso[8:10]}/{iso[:4]}" if iso else ""


def _number(value: float | None, unit: str = "") -> str:
    """Return a number as the form prints it.

    >>> _number(1200.5, "$"), _number(None)
    ('$1,200.5', '')
    """
    return "" if value is None else f"{unit}{value:,}"


def _scanned(document: bytes) -> bytes:
    """Return a PDF that holds nothing but a picture of each page, a little askew."""
    import pypdfium2
    from PIL import Image

    file = io.BytesIO()
    canvas = Canvas(file, pagesize=landscape(letter), invariant=1)
    for page in pypdfium2.PdfDocument(document):
        picture = page.render(scale=150 / 72, grayscale=True).to_pil()
        picture = picture.rotate(0.4, Image.Resampling.BICUBIC, fillcolor=255).quantize(16)
        canvas.drawImage(ImageReader(picture.convert("L")), 0, 0, *landscape(letter))
        canvas.showPage()
    canvas.save()
    return file.getvalue()


if __name__ == "__main__":
    (HERE / "pdf").mkdir(exist_ok=True)
    for filing in filings():
        (HERE / "pdf" / f"{filing['id']}.pdf").write_bytes(pdf(filing))
