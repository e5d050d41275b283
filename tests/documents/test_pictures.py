"""Every page of a TIFF is a page; a picture that breaks off is an error before anybody draws it."""

import io

import pytest
from PIL import Image

from kit.documents import errors
from kit.documents.pages import pages

SHADES = (0, 128, 255)


def frames(kind, size=(60, 40), mode="L", **options):
    buffer = io.BytesIO()
    first, *others = [Image.new(mode, size, shade) for shade in SHADES]
    first.save(buffer, kind, save_all=True, append_images=others, **options)
    return buffer.getvalue()


@pytest.fixture
def put(tmp_path):
    """Write bytes to a file and return its path."""

    def write(name, data):
        (tmp_path / name).write_bytes(data)
        return tmp_path / name

    return write


@pytest.mark.parametrize("name", ["fax.tif", "fax.tiff", "fax.pdf", "fax"])
def test_a_tiff_gives_all_its_pages(put, name):
    """Three pages of a fax are three pages, each with its own picture."""
    fax = pages(put(name, frames("TIFF")))
    assert [(page.number, page.needs_ocr) for page in fax] == [(1, True), (2, True), (3, True)]
    shades = [Image.open(io.BytesIO(page.png())).convert("L").getpixel((5, 5)) for page in fax]
    assert shades == list(SHADES)


def test_pages_of_a_tiff_are_chosen_and_bounded(put):
    """first, last and limit work as for a PDF."""
    path = put("fax.tif", frames("TIFF"))
    assert [page.number for page in pages(path, first=2)] == [2, 3]
    with pytest.raises(errors.TooManyPages, match="3 pages are more than 2"):
        pages(path, limit=2)


def test_a_moving_picture_says_how_many_frames_it_has(put):
    """Only the first frame of a GIF is shown."""
    page = pages(put("a.gif", frames("GIF")))[0]
    assert page.note == "the first of 3 frames; the others are not shown"


def test_a_picture_that_breaks_off_is_corrupt(put):
    """Its header is whole, and still half of it is missing."""
    buffer = io.BytesIO()
    Image.effect_noise((200, 200), 90).save(buffer, "JPEG")
    with pytest.raises(errors.CorruptFile, match=r"JPG cannot be read .*truncated"):
        pages(put("half.jpg", buffer.getvalue()[: len(buffer.getvalue()) // 2]))
