"""Any file is read as what it is, or refused with the next step; a bad file takes no others along."""

import http.server
import io
import threading
import time
import zipfile

import docx
import openpyxl
import pptx
import pytest
from PIL import Image
from pypdf import PdfReader, PdfWriter
from reportlab.pdfgen.canvas import Canvas

from kit.documents import errors
from kit.documents.pages import pages, read_all


def pdf(*texts, size=(300, 200)):
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=size, invariant=1)
    for text in texts:
        canvas.drawString(20, 100, text)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def blank_pdf(count):
    writer = PdfWriter()
    for _ in range(count):
        writer.add_blank_page(200, 300)
    return written(writer)


def encrypted(data, password="sesame", algorithm="RC4-128"):
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(data)))
    writer.encrypt(password, algorithm=algorithm)
    return written(writer)


def written(writer):
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def picture(size=(120, 80), mode="RGB", kind="PNG"):
    buffer = io.BytesIO()
    Image.new(mode, size).save(buffer, kind)
    return buffer.getvalue()


def image_of(page):
    return Image.open(io.BytesIO(page.png()))


@pytest.fixture
def put(tmp_path):
    """Write bytes to a file and return its path."""

    def write(name, data):
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return write


class TestGoodFiles:
    def test_a_pdf_gives_its_pages(self, put):
        """Each page has its number, its own text and the file's name."""
        two = pages(put("two.pdf", pdf("one", "two")))
        assert [(page.number, page.text, page.source) for page in two] == [
            (1, "one", "two.pdf"),
            (2, "two", "two.pdf"),
        ]
        assert not any(page.needs_ocr or page.note for page in two)

    def test_first_and_last_choose_pages_and_keep_their_numbers(self, put):
        """A slice is numbered as in the file."""
        middle = pages(put("four.pdf", pdf("a", "b", "c", "d")), first=2, last=3)
        assert [(page.number, page.text) for page in middle] == [(2, "b"), (3, "c")]

    def test_a_page_is_drawn_as_a_dspy_image(self, put):
        """A page of 300 by 200 points is 600 by 400 pixels at the default 144 dots per inch."""
        page = pages(put("one.pdf", pdf("one")))[0]
        assert image_of(page).size == (600, 400)
        assert page.image.url.startswith("data:image/png;base64,")
        assert page.image is page.image

    def test_a_poster_is_drawn_within_the_longest_side(self, put):
        """A page of five metres does not become a picture of hundreds of megapixels."""
        page = pages(put("poster.pdf", pdf("big", size=(14_000, 7_000))))[0]
        assert image_of(page).size == (2000, 1000)

    def test_office_files_give_sheets_and_slides(self, tmp_path):
        """A page is a sheet of a workbook, a slide of a talk, or a whole Word document."""
        book, talk, memo = openpyxl.Workbook(), pptx.Presentation(), docx.Document()
        book.active.append(["bollard", 12])
        book.create_sheet("totals").append(["euros", 1140])
        for title in ("First", "Second"):
            talk.slides.add_slide(talk.slide_layouts[5]).shapes.title.text = title
        memo.add_paragraph("Level 2 closes.")
        for name, document in [("b.xlsx", book), ("t.pptx", talk), ("m.docx", memo)]:
            document.save(tmp_path / name)
        assert [page.text for page in pages(tmp_path / "b.xlsx")] == [
            "# Sheet\nbollard,12",
            "# totals\neuros,1140",
        ]
        assert [page.text for page in pages(tmp_path / "t.pptx")] == ["# First", "# Second"]
        assert [page.text for page in pages(tmp_path / "m.docx")] == ["Level 2 closes."]

    def test_office_pages_cannot_be_drawn_and_say_so(self, put):
        """The picture of a page that has none is a clear error, not an empty picture."""
        page = pages(put("tariff.csv", b"zone,eur\nA,3\n"))[0]
        assert not page.drawable
        assert not page.needs_ocr
        with pytest.raises(errors.NoPicture, match=r"tariff\.csv: .* Save it as PDF"):
            _ = page.image

    def test_a_web_page_loses_its_tags(self, put):
        """HTML becomes its text."""
        text = pages(put("n.html", b"<html><body><h1>Hours</h1><p>At <b>05:30</b>.</p></body></html>"))[
            0
        ].text
        assert text == "# Hours\n\nAt **05:30**."

    def test_a_picture_is_one_page_without_text(self, put):
        """A photograph has a picture and no text, and says that it needs OCR."""
        page = pages(put("photo.jpg", picture(kind="JPEG")))[0]
        assert (page.text, page.needs_ocr, image_of(page).size) == ("", True, (120, 80))

    def test_a_photograph_is_drawn_upright(self, put):
        """A camera held sideways says so in the file; the picture is turned before a model sees it."""
        sideways = Image.Exif()
        sideways[0x0112] = 6
        buffer = io.BytesIO()
        Image.new("RGB", (120, 80)).save(buffer, "JPEG", exif=sideways)
        assert image_of(pages(put("photo.jpg", buffer.getvalue()))[0]).size == (80, 120)

    def test_an_archive_gives_the_pages_of_its_files(self, tmp_path):
        """Files in a zip are read where they lie."""
        with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
            archive.writestr("a.csv", "x\n1\n")
            archive.writestr("b.pdf", pdf("one", "two"))
        assert [(page.source, page.number) for page in pages(tmp_path / "all.zip")] == [
            ("all.zip/a.csv", 1),
            ("all.zip/b.pdf", 1),
            ("all.zip/b.pdf", 2),
        ]

    def test_an_address_is_fetched(self, put, tmp_path):
        """A file behind http is read like one on disk; an address that gives nothing is a MissingFile."""
        put("one.pdf", pdf("over the wire"))
        handler = type(
            "Quiet", (http.server.SimpleHTTPRequestHandler,), {"log_message": lambda *arguments: None}
        )
        with http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), lambda *a: handler(*a, directory=str(tmp_path))
        ) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            address = f"http://127.0.0.1:{server.server_port}"
            assert pages(f"{address}/one.pdf")[0].text == "over the wire"
            with pytest.raises(errors.MissingFile, match=r"^http://127\.0\.0\.1:\d+/two\.pdf: .*404"):
                pages(f"{address}/two.pdf?token=opensesame")  # what may be secret is not shown
            server.shutdown()

    def test_a_sign_in_page_is_no_report(self, put, tmp_path):
        """Whoever asks an address for a PDF and gets a web page is told."""
        (handler := type("Page", (http.server.BaseHTTPRequestHandler,), {})).log_message = lambda *words: None

        def do_get(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<p>Please sign in to read this.</p>")

        handler.do_GET = do_get
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            [page] = pages(f"http://127.0.0.1:{server.server_port}/report.pdf")
            server.shutdown()
        assert "The server sent a web page" in page.note


class TestBadFiles:
    def test_a_missing_file_is_named(self, tmp_path):
        """The message holds the path."""
        with pytest.raises(errors.MissingFile, match=r"nothing\.pdf: there is no such file"):
            pages(tmp_path / "nothing.pdf")

    def test_a_file_without_bytes_is_empty(self, put):
        """Nothing is not the same as a page without text."""
        with pytest.raises(errors.EmptyFile, match="no bytes"):
            pages(put("empty.pdf", b""))

    def test_a_pdf_without_pages_is_corrupt(self, put):
        """PDFium opens no PDF that holds nothing; no empty list comes back either."""
        with pytest.raises(errors.CorruptFile, match="damaged"):
            pages(put("hollow.pdf", blank_pdf(0)))

    def test_a_scan_of_several_pages_keeps_them_all(self, put):
        """Pages without text are pages."""
        assert [page.text for page in pages(put("scan.pdf", blank_pdf(3)))] == ["", "", ""]

    def test_a_folder_without_files_is_empty(self, tmp_path):
        """An empty folder gives an error and not an empty list."""
        with pytest.raises(errors.EmptyFile):
            pages(tmp_path)

    @pytest.mark.parametrize("share", [0.1, 0.4])
    def test_a_pdf_that_breaks_off_is_corrupt(self, put, share):
        """A download that stopped is refused with the advice to fetch it again."""
        whole = pdf("one", "two", "three")
        with pytest.raises(errors.CorruptFile, match="again"):
            pages(put("half.pdf", whole[: int(len(whole) * share)]))

    def test_an_office_file_that_breaks_off_is_corrupt(self, tmp_path):
        """Half a workbook does not open."""
        openpyxl.Workbook().save(tmp_path / "b.xlsx")
        (tmp_path / "b.xlsx").write_bytes((tmp_path / "b.xlsx").read_bytes()[:1500])
        with pytest.raises(errors.CorruptFile, match="XLSX"):
            pages(tmp_path / "b.xlsx")

    @pytest.mark.parametrize(("folder", "kind"), [("word", "docx"), ("xl", "xlsx"), ("ppt", "pptx")])
    def test_an_office_file_with_rubbish_inside_is_corrupt(self, tmp_path, folder, kind):
        """A container that opens proves nothing about what is in it."""
        with zipfile.ZipFile(tmp_path / f"a.{kind}", "w") as archive:
            archive.writestr("[Content_Types].xml", "<Types/>")
            archive.writestr(f"{folder}/rubbish.xml", "<")
        with pytest.raises(errors.CorruptFile, match="again"):
            pages(tmp_path / f"a.{kind}")

    def test_an_archive_that_breaks_off_is_corrupt(self, put):
        """Half a zip does not open."""
        with pytest.raises(errors.CorruptFile, match="archive"):
            pages(put("half.zip", b"PK\x03\x04 and then nothing"))

    def test_a_picture_that_breaks_off_is_corrupt(self, put):
        """A picture whose header is damaged is not decoded."""
        with pytest.raises(errors.CorruptFile, match="picture"):
            pages(put("broken.png", b"\x89PNG\r\n\x1a\n and then nothing"))

    @pytest.mark.parametrize("algorithm", ["RC4-128", "AES-256"])
    def test_an_encrypted_pdf_wants_its_password(self, put, algorithm):
        """Without one, or with a wrong one, the message says what to give; with it, text and picture come."""
        path = put("locked.pdf", encrypted(pdf("secret"), algorithm=algorithm))
        with pytest.raises(errors.EncryptedFile, match=r"password="):
            pages(path)
        with pytest.raises(errors.EncryptedFile, match="does not open it"):
            pages(path, password="wrong")
        page = pages(path, password="sesame")[0]
        assert page.text == "secret"
        assert image_of(page).size == (600, 400)

    def test_a_password_is_not_shown(self, put):
        """The password stays out of every repr."""
        page = pages(put("locked.pdf", encrypted(pdf("secret"))), password="sesame")[0]
        assert "sesame" not in repr([page, page._file])

    def test_an_office_file_under_a_password_is_encrypted(self, put):
        """Protected Office files are of another make than open ones, and are told from broken ones."""
        with pytest.raises(errors.EncryptedFile, match="password"):
            pages(put("locked.docx", bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600)))

    def test_a_file_of_no_known_kind_is_unsupported(self, put):
        """The message names the extension and what to save the file as."""
        with pytest.raises(errors.UnsupportedFile, match=r"\.xyz files\. Save it as PDF"):
            pages(put("model.xyz", bytes(range(256))))

    def test_an_image_only_pdf_needs_ocr(self, tmp_path):
        """A scan is no error: its page has a picture, no text, and says so."""
        Image.new("RGB", (400, 300), "white").save(tmp_path / "scan.pdf")
        page = pages(tmp_path / "scan.pdf")[0]
        assert (page.text, page.needs_ocr) == ("", True)
        assert image_of(page).size[0] > 100


@pytest.mark.parametrize("kind", ["epub+zip", "vnd.oasis.opendocument.text"])
def test_books_and_texts_of_libreoffice_are_refused_with_a_way_on(kind, tmp_path):
    """By what they are, whatever their names say; they are not taken for archives."""
    with zipfile.ZipFile(tmp_path / "memo.zip", "w") as archive:
        archive.writestr("mimetype", f"application/{kind}")
        archive.writestr("content.xml", "<text/>")
    with pytest.raises(errors.UnsupportedFile, match=r"Save it as \.docx or PDF"):
        pages(tmp_path / "memo.zip")


class TestExtensionsThatLie:
    def test_a_picture_named_pdf_is_read_as_a_picture(self, put):
        """Content decides, and the page says what happened."""
        page = pages(put("scan.pdf", picture()))[0]
        assert page.note == "named .pdf, read as .png"
        assert image_of(page).size == (120, 80)

    def test_a_pdf_named_txt_is_read_as_a_pdf(self, put):
        """Text readers never see the inside of a PDF."""
        page = pages(put("lease.txt", pdf("the lease")))[0]
        assert (page.text, page.note) == ("the lease", "named .txt, read as .pdf")

    def test_text_named_docx_is_read_as_text(self, put):
        """A plain text with a grand name is still read."""
        page = pages(put("memo.docx", b"Level 2 closes."))[0]
        assert (page.text, page.note) == ("Level 2 closes.", "named .docx, read as .txt")

    def test_a_jpeg_named_png_is_no_lie_that_matters(self, put):
        """Both are pictures, and one reader reads them."""
        assert pages(put("photo.png", picture(kind="JPEG")))[0].note == ""

    def test_a_word_file_named_zip_is_read_as_word(self, tmp_path):
        """A Word file is a zip inside, and still nobody wants to read its parts."""
        memo = docx.Document()
        memo.add_paragraph("Level 2 closes.")
        memo.save(tmp_path / "memo.zip")
        assert [page.text for page in pages(tmp_path / "memo.zip")] == ["Level 2 closes."]

    def test_bytes_named_pdf_are_corrupt(self, put):
        """What is neither PDF nor text cannot be read as anything."""
        with pytest.raises(errors.CorruptFile, match="not PDF"):
            pages(put("noise.pdf", bytes(range(256))))


class TestLimits:
    def test_five_hundred_pages_are_refused_with_the_way_on(self, put):
        """The message says how many there are, how to read a part, and how to raise the limit."""
        with pytest.raises(errors.TooManyPages, match=r"500 pages .* 200\. .*last=200\), or raise limit="):
            pages(put("long.pdf", blank_pdf(500)))

    def test_five_hundred_pages_draw_nothing_until_asked(self, put):
        """Reading them all takes seconds, and holds the file once and no picture."""
        started = time.perf_counter()
        long = pages(put("long.pdf", blank_pdf(500)), limit=500)
        assert len(long) == 500
        assert time.perf_counter() - started < 30
        assert len({id(page._file) for page in long}) == 1
        assert not any("image" in vars(page) for page in long)

    def test_a_part_of_five_hundred_pages_is_read(self, put):
        """The limit counts what is asked for, not what the file holds."""
        last = pages(put("long.pdf", blank_pdf(500)), first=499)
        assert [page.number for page in last] == [499, 500]

    def test_pages_that_are_not_there_cannot_be_chosen(self, put):
        """A slice beyond the end says how many pages there are; in a batch it is one more row."""
        path = put("two.pdf", pdf("a", "b"))
        with pytest.raises(errors.NoSuchPage, match="it has 2 pages"):
            pages(path, first=3)
        assert isinstance(read_all([path], first=3)[0].error, errors.NoSuchPage)

    @pytest.mark.parametrize("side", [8_000, 20_000])
    def test_a_picture_too_large_is_refused_undecoded(self, put, side):
        """A few kilobytes may unfold into gigabytes: the header is enough to refuse them."""
        with pytest.raises(errors.ImageTooLarge, match=r"pixels.*Shrink it"):
            pages(put("bomb.png", picture((side, side), mode="1")))

    def test_the_limit_of_pixels_can_be_raised(self, put):
        """Who knows the picture may ask for it; it is still drawn within the longest side."""
        page = pages(put("large.png", picture((8_000, 8_000), mode="1")), max_pixels=70_000_000)[0]
        assert image_of(page).size == (2000, 2000)


def test_a_batch_loses_nothing(put, tmp_path):
    """Each file of a batch is a row: pages, or the error; good files behind bad ones are read."""
    sources = [put("a.pdf", pdf("a")), put("b.pdf", b""), tmp_path / "c.pdf", put("d.pdf", pdf("d1", "d2"))]
    outcomes = read_all(sources)
    assert [len(outcome.pages) for outcome in outcomes] == [1, 0, 0, 2]
    assert [type(outcome.error) for outcome in outcomes] == [
        type(None),
        errors.EmptyFile,
        errors.MissingFile,
        type(None),
    ]


def test_a_bad_file_in_an_archive_is_one_row(tmp_path):
    """Its neighbours in the zip are read, and all three are accounted for."""
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for name, data in [("a.pdf", pdf("a")), ("b.pdf", b""), ("c.csv", b"x\n1\n")]:
            archive.writestr(name, data)
    outcomes = read_all([tmp_path / "all.zip"])
    assert [(outcome.source, bool(outcome.error)) for outcome in outcomes] == [
        ("all.zip/a.pdf", False),
        ("all.zip/b.pdf", True),
        ("all.zip/c.csv", False),
    ]


def test_an_archive_that_swells_is_refused_before_it_is_unpacked(tmp_path, monkeypatch):
    """Its table of contents says how many bytes are in it."""
    monkeypatch.setattr("kit.documents.pages.MAX_BYTES", 5000)
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros.txt", bytes(6000))
    with pytest.raises(errors.FileTooLarge, match=r"it unpacks to 6,000 bytes"):
        pages(tmp_path / "bomb.zip")


def test_every_error_is_one_family():
    """One `except UnreadableFile` is enough."""
    kinds = errors.UnreadableFile.__subclasses__()
    assert len(kinds) == 11
