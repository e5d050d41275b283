"""What surrounds the text of a Word file or a slide is read, and what cannot be read is counted."""

import copy
import io

import docx
import pptx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from PIL import Image
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.oxml import parse_xml as pptx_xml
from pptx.oxml.ns import nsdecls as pptx_ns
from pptx.util import Inches

from kit.documents import errors
from kit.documents.pages import pages


def picture():
    buffer = io.BytesIO()
    Image.new("RGB", (20, 20)).save(buffer, "PNG")
    return io.BytesIO(buffer.getvalue())


@pytest.fixture
def memo(tmp_path):
    """Save a Word file that `fill(document)` filled, and return its only page."""

    def save(fill):
        document = docx.Document()
        document.add_paragraph("Level 2 closes.")
        fill(document)
        document.save(tmp_path / "memo.docx")
        return pages(tmp_path / "memo.docx")[0]

    return save


class TestWord:
    def test_header_and_footer_are_read(self, memo):
        """The letterhead often holds the only name and date."""

        def fill(document):
            document.sections[0].header.paragraphs[0].text = "Harbour Garage Ltd"
            document.sections[0].footer.paragraphs[0].text = "Confidential"

        assert memo(fill).text == "Level 2 closes.\n\nHeader:\nHarbour Garage Ltd\n\nFooter:\nConfidential"

    def test_comments_are_read_with_their_author(self, memo):
        """What a reviewer wrote in the margin counts."""

        def fill(document):
            document.add_comment(document.paragraphs[0].runs, text="Really?", author="Mia")

        assert memo(fill).text == "Level 2 closes.\n\nComments:\nMia: Really?"

    def test_addresses_of_links_are_counted(self, memo):
        """The words of a link are read; where it leads is not, and that is said."""

        def fill(document):
            kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink"
            address = document.part.relate_to("https://example.org/terms", kind, is_external=True)
            words = "<w:r><w:t> See terms</w:t></w:r>"
            link = f'<w:hyperlink {nsdecls("w", "r")} r:id="{address}">{words}</w:hyperlink>'
            document.paragraphs[0]._p.append(parse_xml(link))

        page = memo(fill)
        assert (page.text, page.note) == ("Level 2 closes. See terms", "addresses of links, left out: 1")

    def test_tracked_deletions_are_read_apart(self, memo):
        """A deletion that nobody accepted yet is neither in the text nor lost."""

        def fill(document):
            document.paragraphs[0]._p.append(
                parse_xml(
                    f'<w:del {nsdecls("w")} w:id="1"><w:r><w:delText>for ever</w:delText></w:r></w:del>'
                )
            )

        assert memo(fill).text == "Level 2 closes.\n\nDeleted, as tracked changes:\nfor ever"

    def test_text_boxes_are_read(self, memo):
        """A box that floats on the page is part of it."""

        def fill(document):
            box = (
                f'<w:r {nsdecls("w")} xmlns:v="urn:schemas-microsoft-com:vml"><w:pict><v:shape><v:textbox>'
                "<w:txbxContent><w:p><w:r><w:t>Call 555</w:t></w:r></w:p></w:txbxContent>"
                "</v:textbox></v:shape></w:pict></w:r>"
            )
            document.paragraphs[0]._p.append(parse_xml(box))

        assert memo(fill).text == "Level 2 closes.\n\nCall 555"

    def test_pictures_and_automatic_numbers_are_counted(self, memo):
        """What has no text in the file is said."""

        def fill(document):
            document.add_picture(picture())
            numbered = f'<w:numPr {nsdecls("w")}><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr>'
            document.paragraphs[0]._p.get_or_add_pPr().append(parse_xml(numbered))

        note = memo(fill).note
        assert "pictures not read (save it as PDF to see them): 1" in note
        assert "number or bullet Word computes (the text has 1. or none): 1" in note

    def test_a_watermark_is_read(self, memo):
        """The word DRAFT across the page is a drawing in the header; in the text it is WordArt."""

        def fill(document):
            shape = f'<w:r {nsdecls("w")} xmlns:v="urn:schemas-microsoft-com:vml"><w:pict><v:shape>'
            drawn = parse_xml(f'{shape}<v:textpath string="DRAFT"/></v:shape></w:pict></w:r>')
            document.sections[0].header.paragraphs[0]._p.append(drawn)
            document.paragraphs[0]._p.append(copy.deepcopy(drawn))

        assert memo(fill).text == "Level 2 closes.\n\nHeader:\nDRAFT\n\nWordArt:\nDRAFT"

    def test_a_word_file_with_macros_is_read(self, tmp_path):
        """A .docm is a Word file."""
        document = docx.Document()
        document.add_paragraph("Level 2 closes.")
        document.save(tmp_path / "memo.docm")
        assert pages(tmp_path / "memo.docm")[0].text == "Level 2 closes."


class TestTalks:
    def test_a_talk_without_slides_says_so(self, tmp_path):
        """It is no broken file."""
        pptx.Presentation().save(tmp_path / "a.pptx")
        assert pages(tmp_path / "a.pptx")[0].note == "there are no slides in it"

    def test_pictures_in_fillings_are_counted(self, tmp_path):
        """A slide whose content is its background is not an empty slide."""
        talk = pptx.Presentation()
        slide = talk.slides.add_slide(talk.slide_layouts[6])
        _, relation = slide.part.get_or_add_image_part(picture())
        spaces = "a", "r"
        filling = f'<a:blipFill {pptx_ns(*spaces)}><a:blip r:embed="{relation}"/></a:blipFill>'
        shape = slide.shapes.add_shape(1, 0, 0, Inches(1), Inches(1))
        shape._element.spPr.append(pptx_xml(filling))
        talk.save(tmp_path / "a.pptx")
        assert pages(tmp_path / "a.pptx")[0].note.startswith("pictures, also of films, not read")

    def test_speaker_notes_charts_and_pictures(self, tmp_path):
        """Notes and the numbers of a chart are in the text; a picture is counted; a hidden slide is said."""
        talk = pptx.Presentation()
        slide = talk.slides.add_slide(talk.slide_layouts[5])
        slide.shapes.title.text = "Result"
        slide.notes_slide.notes_text_frame.text = "Counted on 12 days."
        data = CategoryChartData()
        data.categories = ["May"]
        data.add_series("cars", (31,))
        slide.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, 0, 0, Inches(2), Inches(2), data)
        slide.shapes.add_picture(picture(), 0, 0)
        slide.element.set("show", "0")
        talk.save(tmp_path / "talk.pptx")
        page = pages(tmp_path / "talk.pptx")[0]
        assert page.text.startswith("# Result\n\nSpeaker notes:\nCounted on 12 days.\n\nCharts:\ncars May 31")
        assert page.note.startswith("a hidden slide; it is read; pictures, also of films, not read")

    def test_old_office_files_say_how_to_go_on(self, tmp_path):
        """They are refused, and the message says as what to save them."""
        (tmp_path / "a.doc").write_bytes(bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600))
        with pytest.raises(errors.UnsupportedFile, match=r"old formats of Office .* Save it as \.docx"):
            pages(tmp_path / "a.doc")
