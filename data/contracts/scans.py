"""Read the pages without a text layer by OCR, once: scans.jsonl holds what RapidOCR sees on each.

python data/contracts/scans.py
"""

import json
from pathlib import Path

from kit.documents.ocr import read
from kit.documents.pages import pages

FOLDER = Path(__file__).parent


def main() -> None:
    """Write a line for each scanned page."""
    rows = [
        json.loads(line)
        for line in (FOLDER / "gold_boundaries.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    lines = [
        json.dumps({"slug": row["slug"], "page": page.number, "text": read(page.image)}, ensure_ascii=False)
        for row in rows
        for page in pages(FOLDER / row["pdf"])
        if row["pages_gold"][page.number - 1].get("scanned")
    ]
    (FOLDER / "scans.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
