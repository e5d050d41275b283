"""A PDF gives what people see in it: typed values, comments, and a warning where text is only a picture."""

import io
import logging

import numpy
import pytest
from PIL import Image
from pypdf import PdfReader, PdfWriter, apply_configuration
from pypdf.annotations import FreeText, Text
from pypdf.generic import (
    ArrayObject,
    DecodedStreamObject,
    DictionaryObject,
    FloatObject,
    NameObject,
)
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from kit.documents import errors
from kit.documents.pages import pages
from kit.documents.pdfs import _unmapped


@pytest.fixture
def put(tmp_path):
    """Write what `draw(canvas)` draws to a PDF and return its path."""

    def write(draw, name="a.pdf", size=(400, 400)):
        canvas = Canvas(str(tmp_path / name), pagesize=size)
        draw(canvas)
        canvas.save()
        return tmp_path / name

    return write


def rewritten(path, change):
    """Let `change(writer)` edit a PDF in place."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(path.read_bytes())))
    change(writer)
    writer.write(path)
    return path


def dark(page):
    return int((numpy.asarray(Image.open(io.BytesIO(page.png())).convert("L")) < 128).sum())


def scan(size=(400, 380)):
    return ImageReader(Image.effect_noise(size, 80))


def form(canvas, **values):
    canvas.drawString(20, 350, "Application")
    fields = canvas.acroForm
    fields.textfield(name="surname", tooltip="Family name", value=values.get("surname", ""), x=20, y=300)
    fields.textfield(name="empty", x=20, y=250)
    fields.checkbox(name="member", checked=values.get("member", False), x=20, y=200)
    fields.choice(name="zone", value="B", options=["A", "B"], x=20, y=150)


class TestForms:
    def test_typed_values_are_in_the_text(self, put):
        """Text, ticked boxes and choices stand below the printed text; empty fields are left out."""
        page = pages(put(lambda canvas: form(canvas, surname="Okonkwo", member=True)))[0]
        assert (
            page.text
            == "Application\n\nForm fields of the file:\nFamily name: Okonkwo\nmember: checked\nzone: B"
        )
        assert page.note == "form fields that are filled, at the end of the text: 3"

    def test_typed_values_are_in_the_picture(self, put):
        """A model that sees gets the filled form, not the empty one."""
        filled = pages(put(lambda canvas: form(canvas, surname="MMMMMMMMM"), "filled.pdf"))[0]
        empty = pages(put(form, "empty.pdf"))[0]
        assert dark(filled) > dark(empty) + 200

    def test_a_password_field_is_not_read(self, put):
        """What is typed into a password field stays out of the text."""

        def draw(canvas):
            canvas.drawString(20, 300, "PIN")
            canvas.acroForm.textfield(name="pin", value="4711", fieldFlags="password", x=9, y=9)

        assert pages(put(draw))[0].text == "PIN\n\nForm fields of the file:\npin: (a password)"

    def test_a_scanned_form_still_needs_ocr(self, put):
        """Values that were typed onto a scan do not hide that the rest is a picture."""

        def draw(canvas):
            canvas.drawImage(scan(), 0, 0)
            canvas.acroForm.textfield(name="name", value="Jo", x=20, y=300)

        page = pages(put(draw))[0]
        assert (page.text, page.needs_ocr) == ("Form fields of the file:\nname: Jo", True)


class TestBesideTheText:
    def test_comments_are_in_the_text(self, put):
        """A sticky note and a text box are read with their author."""

        def change(writer):
            box = FreeText(text="not agreed", rect=(20, 20, 90, 40))
            writer.add_annotation(0, box)
            note = Text(text="check the date", rect=(50, 50, 70, 70))
            note[NameObject("/T")] = note["/Contents"].__class__("Mia")
            writer.add_annotation(0, note)

        page = pages(rewritten(put(lambda canvas: canvas.drawString(20, 300, "Terms")), change))[0]
        assert page.text == "Terms\n\nComments:\nFreeText: not agreed\nText by Mia: check the date"
        assert page.note == "comments, at the end of the text: 2"

    def test_attached_files_are_named(self, put):
        """An invoice that carries its own XML says so."""
        path = put(lambda canvas: canvas.drawString(20, 300, "Invoice"))
        page = pages(rewritten(path, lambda writer: writer.add_attachment("factur-x.xml", b"<a/>")))[0]
        assert page.note == "files attached to the PDF are not read: factur-x.xml"

    def test_films_and_sounds_are_said(self, put):
        """What only plays is no text, and its place in the page is known."""
        path = put(lambda canvas: canvas.drawString(20, 300, "See the film."))

        def change(writer):
            place = ArrayObject([FloatObject(number) for number in (0, 0, 9, 9)])
            film = {NameObject("/Subtype"): NameObject("/RichMedia"), NameObject("/Rect"): place}
            writer.pages[0][NameObject("/Annots")] = ArrayObject([DictionaryObject(film)])

        note = pages(rewritten(path, change))[0].note
        assert note == "marks, films and sounds without words, which are not read: 1 RichMedia"


class TestPictures:
    def test_a_scan_with_a_footer_needs_ocr(self, put):
        """One line of text below a scan does not make the page a page of text."""

        def draw(canvas):
            canvas.drawImage(scan(), 0, 20)
            canvas.drawString(20, 5, "Case 1:26-cv-00417 Document 12 Page 3 of 9")

        page = pages(put(draw))[0]
        assert page.needs_ocr
        assert page.note == ("a picture covers 95% of the page, and only 42 characters are text: use OCR")

    def test_letters_that_are_drawn_need_ocr(self, put):
        """A page whose letters are curves has no text but its footer."""

        def draw(canvas):
            for line in range(500):
                canvas.line(line % 40 * 9, 40 + line // 40 * 20, line % 40 * 9 + 5, 50 + line // 40 * 20)
            canvas.drawString(20, 5, "Page 1 of 1")

        page = pages(put(draw))[0]
        assert (page.text, page.needs_ocr) == ("Page 1 of 1", True)
        assert "500 drawn lines" in page.note

    def test_a_letterhead_does_not_need_ocr(self, put):
        """A logo above a short letter is a logo."""

        def draw(canvas):
            canvas.drawImage(scan((400, 60)), 0, 340)
            canvas.drawString(20, 200, "Dear Ms Falk, the garage closes at ten.")

        page = pages(put(draw))[0]
        assert (page.needs_ocr, page.note) == (False, "")

    def test_text_over_a_background_does_not_need_ocr(self, put):
        """A page full of text is read, whatever lies behind it."""

        def draw(canvas):
            canvas.drawImage(scan(), 0, 0)
            for line in range(10):
                canvas.drawString(20, 300 - 20 * line, "The tenant pays the rent on the first day.")

        page = pages(put(draw))[0]
        assert not page.needs_ocr
        assert page.note == "pictures cover 95% of the page; what they show is in page.image only"

    def test_a_figure_beside_text_is_said(self, put):
        """A chart that fills half a page of text is not in that text; a logo needs no note."""

        def draw(canvas, share):
            canvas.drawImage(scan((400, int(400 * share))), 0, 0)
            for line in range(10):
                canvas.drawString(20, 390 - 15 * line, "The tenant pays the rent on the first day.")

        assert "pictures cover 50%" in pages(put(lambda canvas: draw(canvas, 0.5)))[0].note
        assert pages(put(lambda canvas: draw(canvas, 0.1)))[0].note == ""


class TestUnreadable:
    def test_a_page_that_unpacks_to_too_much_is_not_empty(self, put):
        """A page that is too large to read says so, and needs OCR; the pages beside it are read."""

        def change(writer):
            stream = DecodedStreamObject()
            stream.set_data(b"q Q\n" * 20_000)
            writer.pages[0][NameObject("/Contents")] = writer._add_object(stream.flate_encode())

        def draw(canvas):
            canvas.showPage()
            canvas.drawString(20, 300, "second")

        path = rewritten(put(draw), change)
        with apply_configuration(zlib_maximum_output_length=10_000):
            first, second = pages(path)
        assert (first.needs_ocr, second.text) == (True, "second")
        assert "pypdf cannot read its text (LimitReachedError" in first.note

    def test_seconds_are_bounded(self, put):
        """A file that takes too long stops with the number of seconds and the page."""
        path = put(lambda canvas: [canvas.drawString(20, 300, "words") for _ in range(2000)])
        with pytest.raises(
            errors.TookTooLong, match=r"a\.pdf: 0 seconds have passed, at page 1\. Read a part"
        ):
            pages(path, seconds=0)

    def test_characters_are_bounded(self, put):
        """What is cut is said on the page that is cut and on every page after it."""

        def draw(canvas):
            for text in ("0123456789", "abcdefghij"):
                canvas.drawString(20, 300, text)
                canvas.showPage()

        first, second = pages(put(draw), characters=12)
        assert (first.text, first.note, second.text) == ("0123456789", "", "ab")
        assert second.note == "the first 2 of 10 characters are here; raise characters= for the rest"


def test_addresses_of_links_are_counted(put):
    """Where a link leads is not in the text of a page."""

    def draw(canvas):
        canvas.drawString(20, 350, "See our terms of use.")
        canvas.linkURL("https://example.org/terms", (20, 340, 200, 360))

    assert pages(put(draw))[0].note == "addresses of links, left out: 1"


def test_a_damaged_piece_is_said(put):
    """pypdf goes on without what it cannot unpack; the page does not look complete."""
    logging.getLogger("pypdf").setLevel(logging.ERROR)  # as once contracts were read

    def draw(canvas):
        canvas.setPageCompression(1)
        canvas.drawString(20, 300, "The sum is 300 euro, and it is due in May.")

    path = put(draw)
    data = path.read_bytes()
    at = data.index(b"stream", data.index(b"/FlateDecode")) + 8
    path.write_bytes(data[:at] + bytes(20) + data[at + 20 :])
    assert "a piece of the page is damaged, and what it held is missing" in pages(path)[0].note


def test_names_of_glyphs_are_no_text():
    """A font without a table of letters gives names such as /g12, which only OCR can turn into words."""
    assert _unmapped("/g1/g2/g17\n/g4/g5/g6") == 1.0
    assert _unmapped("a/b and https://a1.example/v2/x3") == 0.0
