"""The strip of pages: pictures where there are any, words where there are none."""

import io

import pytest
from PIL import Image
from reportlab.pdfgen.canvas import Canvas
from strips.pages import strip

from kit.documents.pages import pages


@pytest.fixture
def three(tmp_path):
    """Return the pages of a PDF of two pages and of a CSV."""
    canvas = Canvas(str(tmp_path / "a.pdf"), pagesize=(200, 300), invariant=1)
    for text in ("one", "two"):
        canvas.drawString(20, 100, text)
        canvas.showPage()
    canvas.save()
    (tmp_path / "b.csv").write_text("x\n<b>\n", encoding="utf-8")
    return pages(tmp_path / "a.pdf") + pages(tmp_path / "b.csv")


def test_plain_text_is_a_table(three):
    """Without HTML the strip still says which pages there are and how much text each has."""
    assert repr(strip(three)).splitlines() == [
        "source  page  characters  remark",
        "a.pdf      1           3",
        "a.pdf      2           3",
        "b.csv      1          21",
    ]


def test_html_holds_a_picture_for_each_page_that_has_one(three):
    """Pages of the PDF are drawn; the table is shown by its first words, with no markup let through."""
    shown = strip(three)._repr_html_()
    assert shown.count("<img") == 2
    assert "&lt;b&gt;" in shown
    assert "<b>" not in shown


def test_captions_say_what_is_odd(tmp_path):
    """A picture that calls itself a PDF, and has no text, says both."""
    picture = io.BytesIO()
    Image.new("RGB", (50, 50)).save(picture, "PNG")
    (tmp_path / "scan.pdf").write_bytes(picture.getvalue())
    row = pages(tmp_path / "scan.pdf")
    assert "named .pdf, read as .png, no text: needs OCR" in strip(row)._repr_html_()
    assert repr(strip(row)).endswith("named .pdf, read as .png, no text: needs OCR")


def test_what_is_not_shown_is_counted_and_not_drawn(three):
    """A long document shows its first pages and says how many follow."""
    short = strip(three, most=1)
    assert repr(short).endswith("... and 2 more pages")
    assert short._repr_html_().count("<figure") == 1


def test_pictures_are_small(three):
    """A strip of two pages stays far below what a notebook can hold."""
    assert len(strip(three)._repr_html_()) < 10_000
