"""The strip of parts: gold above, prediction below, in a picture, in text and under the mouse."""

import io

import pytest
from PIL import Image
from reportlab.pdfgen.canvas import Canvas
from strips.parts import part_strip
from strips.spans import COLOURS

from kit.cases.contracts import Part
from kit.documents.pages import pages

GOLD = [
    {"start": 1, "kind": "main_agreement", "id": "main", "title": "LEASE"},
    {"start": 3, "kind": "exhibit", "id": "A"},
]
PREDICTED = [
    Part(kind="main_agreement", title="LEASE", start=1, end=2),
    Part(kind="exhibit", title="EXHIBIT A", start=3, end=3),
    Part(kind="exhibit", title="EXHIBIT B <b>", start=4, end=4),
]


@pytest.fixture
def four(tmp_path):
    """Return the pages of a PDF of four pages."""
    canvas = Canvas(str(tmp_path / "lease.pdf"), pagesize=(200, 300), invariant=1)
    for text in ("LEASE", "terms", "EXHIBIT A", "more of A"):
        canvas.drawString(20, 250, text)
        canvas.showPage()
    canvas.save()
    return pages(tmp_path / "lease.pdf")


@pytest.fixture
def strip(four):
    """Return a strip whose prediction makes up one boundary."""
    return part_strip(four, gold=GOLD, predicted=PREDICTED, reasons={4: "the model says <start>"})


def test_text_shows_both_sides_and_where_they_differ(strip):
    """A reader without pictures sees each page's part on both sides, and what the letters mean."""
    assert repr(strip).splitlines() == [
        "lease.pdf, 4 pages: 1 of 1 boundaries found, 1 false",
        "",
        "page       1234",
        "gold       AABB",
        "predicted  AABC",
        "differs       ^",
        "",
        "A from page 1: LEASE",
        "B from page 3: exhibit A",
        "C from page 4: EXHIBIT B <b>",
    ]


def test_long_documents_break_into_lines(four):
    """After 40 pages a new line of pages begins."""
    many = four * 12
    shown = repr(part_strip(many, gold=GOLD)).splitlines()
    assert [line for line in shown if line.startswith("page")] == [
        "page       " + "1234" * 10,
        "page       12341234",
    ]


def test_the_picture_holds_the_colours_of_both_sides(strip):
    """The bars have the colours of the parts, on white, so that the picture reads on a dark page too."""
    picture = Image.open(io.BytesIO(strip._repr_png_())).convert("RGB")
    seen = {colour for _, colour in picture.getcolors(1 << 24)}

    def near(colour):
        want = tuple(int(colour[start : start + 2], 16) for start in (1, 3, 5))
        return any(max(abs(one - other) for one, other in zip(want, got, strict=True)) < 12 for got in seen)

    assert all(near(colour) for colour in COLOURS[:3])
    assert not near(COLOURS[4])
    assert picture.getpixel((0, 0)) == (255, 255, 255)


def test_a_click_shows_the_page_and_the_reason(strip):
    """The widget shows the page that was clicked, its part on both sides, and why."""
    view = strip.view
    assert [button.description for button in view.buttons] == ["1", "2", "3", "4 ≠"]
    view.buttons[3].click()
    assert "gold: exhibit A" in view.about.value
    assert "predicted: EXHIBIT B &lt;b&gt;" in view.about.value
    assert "the model says &lt;start&gt;" in view.about.value
    assert bytes(view.page.value).startswith(b"\x89PNG")
    view.buttons[0].click()
    assert "A part starts here in gold and predicted." in view.about.value


def test_every_page_has_a_reason(strip):
    """Where none was given, the parts say it: which side starts a part, or that the page goes on."""
    assert [strip.why(number) for number in (1, 2, 3, 4)] == [
        "A part starts here in gold and predicted.",
        "No part starts here: the page continues the one before it.",
        "A part starts here in gold and predicted.",
        "the model says <start>",
    ]
    assert part_strip(strip.pages, gold=GOLD, predicted=PREDICTED).why(4) == (
        "A part starts here in predicted; not in gold."
    )


def test_the_pages_are_the_buttons(strip):
    """Each page is a button that shows its picture, between a band for each side; the bands are named."""
    top, row, legend, _ = strip.view.box.children
    assert "gold above, predicted below" in top.value
    assert top.value.count("data:image/png;base64,") == 4
    assert [len(figure.children) for figure in row.children] == [3, 3, 3, 3]
    assert row.children[0].children[1] is strip.view.buttons[0]
    assert "EXHIBIT B &lt;b&gt;" in legend.value


def test_the_widget_comes_beside_picture_and_text(strip):
    """Jupyter gets the widget in addition; GitHub and a printed page show the picture."""
    assert "application/vnd.jupyter.widget-view+json" in strip._repr_mimebundle_()


def test_one_side_is_enough(four):
    """Without gold there is a prediction alone, and no score."""
    shown = repr(part_strip(four, predicted=PREDICTED))
    assert shown.startswith("lease.pdf, 4 pages\n")
    assert "gold" not in shown
    assert part_strip(four, predicted=PREDICTED)._repr_png_().startswith(b"\x89PNG")


def test_pages_without_a_picture_show_their_words(tmp_path):
    """A text file has no pages to draw; its words stand in their place."""
    (tmp_path / "a.csv").write_text("x\n<b>\n", encoding="utf-8")
    strip = part_strip(pages(tmp_path / "a.csv"), gold=[{"start": 1, "title": "all"}])
    assert strip._repr_png_().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("parts", "said"), [([], "Nothing to colour"), ([{"start": 9}], "beyond the 4 pages")]
)
def test_parts_must_fit_the_pages(four, parts, said):
    """No parts at all, or parts of another file, are refused."""
    with pytest.raises(ValueError, match=said):
        part_strip(four, gold=parts)
