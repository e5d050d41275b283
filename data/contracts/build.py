"""Typeset the contracts and write their gold.

    python data/contracts/build.py

Needs reportlab, pypdfium2, pillow and pypdf, which the development group and the project have. Companies,
people and terms are invented. How a source is written is said in typeset.py.
"""

from __future__ import annotations

import io
import json
import random
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pypdf
import pypdfium2
from PIL import Image, ImageDraw
from typeset import Part, Typeset, source, typeset

HERE = Path(__file__).parent
MADE = datetime(2026, 11, 25, 9, 0).timetuple()
SCAN_DPI = 110
NUMBERS = {"term_months", "payment_amount", "payment_days"}


def gold(head: dict[str, str], made: Typeset, texts: list[str]) -> dict[str, Any]:
    """Return the gold of one contract: parts, pages, facts with the pages on which they stand."""
    facts = {key[5:]: value for key, value in head.items() if key.startswith("fact.")}
    return {
        "slug": head["slug"],
        "pdf": f"pdf/{head['slug']}.pdf",
        "split": head["split"],
        "type": head["type"],
        "title": head["title"],
        "pages": len(texts),
        "note": head["note"],
        "segments": segments(made.parts, len(texts)),
        "pages_gold": pages(made, texts),
        "facts": {key: _values(key, value) for key, value in facts.items()},
        "fact_pages": {key: _found(head["slug"], value, texts) for key, value in facts.items()},
    }


def segments(parts: list[Part], count: int) -> list[dict[str, Any]]:
    """Return the parts with first and last page; a part ends on a page that the next one shares, if it does.

    >>> parts = [Part("main_agreement", "main", page=1), Part("exhibit", "A", middle=True, page=3)]
    >>> [(row["start"], row["end"]) for row in segments(parts, 4)]
    [(1, 3), (3, 4)]
    """
    ends = [after.page - (not after.middle) for after in parts[1:]] + [count]
    rows = []
    for part, end in zip(parts, ends, strict=True):
        row = {"start": part.page, "kind": part.kind, "id": part.id, "title": part.title, "end": end}
        row |= {"parent": part.parent} if part.parent else {}
        rows.append(row | ({"top": False} if part.middle else {}))
    return rows


def pages(made: Typeset, texts: list[str]) -> list[dict[str, Any]]:
    """Return kind, part and class of each page; a page on which a part starts counts to that part."""
    rows, scans = [], scanned(made, len(texts))
    for number, text in enumerate(texts, 1):
        part = next(part for part in reversed(made.parts) if part.page <= number)
        row = {"page": number, "kind": part.kind, "id": part.id, "is_start": part.page == number}
        row["class"] = _class(made, number)
        row["chars"] = 0 if number in scans else len(text.strip())
        rows.append(row | ({"scanned": True} if number in scans else {}))
    return rows


def scanned(made: Typeset, count: int) -> set[int]:
    """Return the pages that become pictures."""
    whole = {
        page
        for row, part in zip(segments(made.parts, count), made.parts, strict=True)
        if part.scan
        for page in range(row["start"], row["end"] + 1)
    }
    return whole | set(made.marks.get("scan", [])) | set(made.marks.get("sideways", []))


def finished(made: Typeset, slug: str) -> bytes:
    """Return the PDF with its scanned pages in place."""
    reader, writer = pypdf.PdfReader(io.BytesIO(made.pdf)), pypdf.PdfWriter()
    scans = scanned(made, len(reader.pages))
    document = pypdfium2.PdfDocument(made.pdf)
    for number, page in enumerate(reader.pages, 1):
        if number in scans:
            sideways = number in made.marks.get("sideways", [])
            picture = scan(
                document[number - 1].render(scale=SCAN_DPI / 72).to_pil(), f"{slug} {number}", sideways
            )
            page = pypdf.PdfReader(io.BytesIO(picture)).pages[0]
        writer.add_page(page)
    writer.add_metadata(
        {
            "/Title": reader.metadata.title,
            "/Author": reader.metadata.author,
            "/Producer": "data/contracts/build.py",
        }
    )
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def scan(picture: Image.Image, seed: str, sideways: bool = False) -> bytes:
    """Return a page as a scanner would see it: askew, black and white, with specks."""
    dice = random.Random(seed)
    grey = picture.convert("L").rotate(dice.uniform(-0.8, 0.8), Image.Resampling.BICUBIC, fillcolor=255)
    pen = ImageDraw.Draw(grey)
    for _ in range(40):
        left, top = dice.randrange(grey.width), dice.randrange(grey.height)
        pen.ellipse((left, top, left + dice.choice((1, 1, 2)), top + 1), fill=60)
    black = grey.point(lambda value: 255 * (value > 165)).convert("1", dither=Image.Dither.NONE)
    black = black.transpose(Image.Transpose.ROTATE_90) if sideways else black
    buffer = io.BytesIO()
    black.save(buffer, format="PDF", resolution=SCAN_DPI, creationDate=MADE, modDate=MADE)
    return buffer.getvalue()


def _class(made: Typeset, number: int) -> str:
    if any(part.page == number for part in made.parts):
        return "start"
    return next(
        (name for name in ("contents", "blank", "signature") if number in made.marks.get(name, [])), "text"
    )


def _values(key: str, value: str) -> Any:
    values = [item.split(" | ")[0] for item in value.split(" ;; ")]
    if key == "parties":
        return values
    return json.loads(values[0]) if key in NUMBERS else values[0]


def _found(slug: str, value: str, texts: list[str]) -> list[int]:
    """Return the pages on which a fact's words stand; if there is none, the source is wrong."""
    found = []
    for item in value.split(" ;; "):
        words = _flat(item.split(" | ")[-1])
        here = [number for number, text in enumerate(texts, 1) if words in _flat(text)]
        if not here:
            raise ValueError(f"{slug}: {words!r} stands on no page")
        found += here
    return sorted(set(found))


def _flat(text: str) -> str:
    return re.sub(r"\s+", " ", text).lower()


def main() -> None:
    """Write pdf/*.pdf and gold_boundaries.jsonl."""
    (HERE / "pdf").mkdir(exist_ok=True)
    rows = []
    for path in sorted((HERE / "sources").glob("*.txt")):
        head, body = source(path)
        made = typeset(head, body)
        texts = [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(made.pdf)).pages]
        (HERE / "pdf" / f"{head['slug']}.pdf").write_bytes(finished(made, head["slug"]))
        rows.append(gold(head, made, texts))
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
    (HERE / "gold_boundaries.jsonl").write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
