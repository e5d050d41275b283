"""Read the pile's pictures by OCR, once: scans.jsonl holds what RapidOCR sees on each.

    python data/pile/scans.py

A line is known by the hash of the picture as `kit.documents.pages` draws it.
"""

import json
import tempfile
from hashlib import sha256
from pathlib import Path

from lay import lay

from kit.cases.router import found
from kit.documents.errors import UnreadableFile
from kit.documents.ocr import read
from kit.documents.pages import pages

HERE = Path(__file__).parent


def main() -> None:
    """Write a line for each file whose first pages have no text."""
    lines = []
    with tempfile.TemporaryDirectory() as place:
        lay(Path(place) / "pile")
        for file in found(Path(place) / "pile", Path(place) / "unpacked"):
            try:
                first = [] if file.refused or file.format == ".zip" else pages(file.path, last=3)
            except UnreadableFile:
                continue
            if first and first[0].needs_ocr and not any(page.text.strip() for page in first):
                picture = sha256(first[0].image.url.encode()).hexdigest()[:16]
                line = {"name": file.name, "picture": picture, "text": read(first[0].image)}
                lines.append(json.dumps(line, ensure_ascii=False))
    (HERE / "scans.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
