"""Texts of LibreOffice and electronic books are read whole, in order, and locked ones are refused."""

import zipfile

import pytest

from kit.documents import errors
from kit.documents.pages import pages, read_all

SPACES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for name in ("office", "text", "table", "draw", "style")
)
BOOK = {
    "META-INF/container.xml": '<container><rootfile full-path="OEBPS/book.opf"/></container>',
    "OEBPS/book.opf": '<package><item id="one" href="one.xhtml"/><item id="two" href="the%20second.xhtml"/>'
    '<spine><itemref idref="two"/><itemref idref="one"/></spine></package>',
    "OEBPS/one.xhtml": "<html><body><p>Level 2 closes.</p></body></html>",
    "OEBPS/the second.xhtml": "<html><body><h1>Rules</h1></body></html>",
}


@pytest.fixture
def packed(tmp_path):
    """Write an archive that begins with its kind, as both formats do."""

    def write(name, kind, files):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr("mimetype", kind)
            for place, content in files.items():
                archive.writestr(place, content)
        return tmp_path / name

    return write


@pytest.fixture
def odt(packed):
    """Write an .odt whose body is the given XML."""

    def write(body, name="memo.odt", **files):
        content = f"<office:document-content {SPACES}><office:body><office:text>{body}"
        content += "</office:text></office:body></office:document-content>"
        kind = "application/vnd.oasis.opendocument.text"
        return packed(name, kind, {"content.xml": content} | files)

    return write


class TestText:
    @pytest.mark.parametrize(
        ("body", "text"),
        [
            ("<text:h>Rules</text:h><text:p>A<text:s text:c='2'/>2<text:tab/>b</text:p>", "Rules\nA  2\tb"),
            ("<text:p>Pay <text:span>no</text:span> fee</text:p>", "Pay no fee"),
            ("<text:list><text:list-item><text:p>one</text:p></text:list-item></text:list>", "- one"),
            (
                "<table:table><table:table-row><table:table-cell><text:p>a</text:p></table:table-cell>"
                "<table:table-cell table:number-columns-repeated='2'><text:p>b</text:p></table:table-cell>"
                "</table:table-row></table:table>",
                "a | b | b",
            ),
            (
                "<text:p>Due<text:note><text:note-citation>1</text:note-citation><text:note-body>"
                "<text:p>in May</text:p></text:note-body></text:note> now</text:p>",
                "Due now\n\nNotes:\nin May",
            ),
            (
                "<text:p>Due<office:annotation><creator>Mia</creator><text:p>Really?</text:p>"
                "</office:annotation></text:p>",
                "Due\n\nComments:\nMia: Really?",
            ),
            (
                "<text:tracked-changes><text:deletion><text:p>for ever</text:p></text:deletion>"
                "</text:tracked-changes><text:p>Due</text:p>",
                "Due\n\nDeleted, as tracked changes:\nfor ever",
            ),
            ("<text:p><draw:text-box><text:p>boxed</text:p></draw:text-box></text:p>", "boxed"),
        ],
    )  # fmt: skip
    def test_each_kind_of_content_is_read(self, odt, body, text):
        """Running text in order; what stands beside it is under a heading of its own."""
        [page] = pages(odt(body))
        assert (page.text, page.note) == (text, "")

    def test_headers_are_read_and_pictures_counted(self, odt):
        """The letterhead lies in another file, and a picture needs OCR or a PDF."""
        styles = (
            f"<style:master {SPACES}><style:header><text:p>Harbour Ltd</text:p></style:header></style:master>"
        )
        [page] = pages(odt("<text:p>Due<draw:image/></text:p>", **{"styles.xml": styles}))
        assert page.text == "Due\n\nHeader:\nHarbour Ltd"
        assert page.note == "pictures not read (save it as PDF to see them): 1"

    def test_a_wrong_name_is_no_hindrance(self, odt):
        """A mail program that names it .zip changes nothing."""
        [page] = pages(odt("<text:p>Due</text:p>", name="memo.zip"))
        assert (page.text, page.note) == ("Due", "named .zip, read as .odt")

    def test_a_password_is_named(self, odt):
        """Locked content is no text."""
        files = {"META-INF/manifest.xml": "<manifest><encryption-data/></manifest>"}
        with pytest.raises(errors.EncryptedFile, match="Save it again without"):
            pages(odt("", **files))

    def test_a_broken_one_is_an_outcome(self, packed):
        """Among many files, one that lacks its content loses nothing of the others."""
        [outcome] = read_all([packed("memo.odt", "application/vnd.oasis.opendocument.text", {"x": ""})])
        assert isinstance(outcome.error, errors.CorruptFile)


class TestBook:
    def test_chapters_come_in_reading_order(self, packed):
        """The spine orders them, not their names or their places in the archive."""
        found = pages(packed("rules.epub", "application/epub+zip", BOOK))
        assert [(page.number, page.text) for page in found] == [(1, "# Rules"), (2, "Level 2 closes.")]

    def test_copy_protection_is_named(self, packed):
        """Encrypted fonts are harmless; encrypted chapters cannot be read."""
        font = BOOK | {"META-INF/encryption.xml": '<e><CipherReference URI="OEBPS/a.otf"/></e>'}
        lacking = {place: text for place, text in BOOK.items() if "one" not in place}
        assert (
            "one.xhtml is missing" in pages(packed("lacking.epub", "application/epub+zip", lacking))[1].note
        )
        assert len(pages(packed("font.epub", "application/epub+zip", font))) == 2
        locked = BOOK | {"META-INF/encryption.xml": '<e><CipherReference URI="OEBPS/one.xhtml"/></e>'}
        with pytest.raises(errors.EncryptedFile, match="copy protection"):
            pages(packed("locked.epub", "application/epub+zip", locked))
