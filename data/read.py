"""Keep what OCR reads in the committed pictures: `uv run python data/read.py` writes readings.json.

A picture here is a sign, or the first page of a file in which no page has text. Its digest leads to its text;
`kit.documents.ocr.read` looks here first, so that a lesson need not wait a second and more for each of them.
A picture that changed has another digest, and is read when it is asked for.
"""

from __future__ import annotations

import json
from pathlib import Path

from kit.documents import ocr
from kit.documents.errors import UnreadableFile
from kit.documents.pages import pages

DATA = Path(__file__).parent
ENDINGS = (".png", ".jpg", ".pdf")


def pictures() -> dict[str, str]:
    """Return where each committed picture is, and its data URI."""
    found = {}
    for path in sorted(DATA.rglob("*")):
        if path.suffix in ENDINGS and path.parent.name != "bad":
            try:
                every = pages(path)
            except UnreadableFile:
                continue
            if all(page.needs_ocr for page in every):
                found[path.relative_to(DATA).as_posix()] = every[0].image.url
    return found


if __name__ == "__main__":
    ocr.KEPT.unlink(missing_ok=True)
    readings = {ocr.digest(url): ocr._read(url) for url in pictures().values()}
    ocr.KEPT.write_text(json.dumps(readings, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
