"""Keep what OCR reads in the committed pictures: `uv run python data/read.py` writes readings.json.

A picture here is a sign, or the first page of a file in which no page has text. Its digest leads to its text;
`kit.documents.ocr.read` looks here first, so that a lesson need not wait a second and more for each of them.
A picture that changed has another digest, and is read when it is asked for.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import dspy

from kit.documents import ocr
from kit.documents.errors import UnreadableFile
from kit.documents.pages import pages

DATA = Path(__file__).parent
ENDINGS = (".png", ".jpg", ".pdf")


def pictures() -> Iterator[dspy.Image]:
    """Yield each sign as its file holds it, and the first page of each file in which no page has text."""
    for sign in sorted((DATA / "parking_signs").glob("*.png")):
        yield dspy.Image.from_path(str(sign))
    for path in sorted(DATA.rglob("*")):
        if path.suffix not in ENDINGS or path.parent.name in ("bad", "parking_signs"):
            continue
        try:
            every = pages(path)
        except UnreadableFile:
            continue
        if all(page.needs_ocr for page in every):
            yield every[0].image


if __name__ == "__main__":
    readings = {ocr.digest(picture.url): ocr._read(picture.url) for picture in pictures()}
    ocr.KEPT.write_text(json.dumps(readings, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
