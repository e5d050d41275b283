"""Lay the pile out in a folder: what pile.csv lists, copied, and what no repository should hold, made here.

    python data/pile/lay.py FOLDER

Needs the standard library alone. A row's source is a file under data/, or `made:` and a maker below.
"""

from __future__ import annotations

import csv
import io
import shutil
import sys
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path

HERE = Path(__file__).parent
DATA = HERE.parent
SWELLS_TO = 200_000_000


def lay(folder: Path) -> None:
    """Put every file of pile.csv into an empty folder; members of an archive come with their archive."""
    folder.mkdir(parents=True, exist_ok=True)
    with (HERE / "pile.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if not row["source"].startswith("in:")]
    for row in rows:
        target = folder / row["name"]
        target.parent.mkdir(parents=True, exist_ok=True)
        kind, _, what = row["source"].partition(":")
        if what == "link":
            _link(target, outside=HERE / "README.md")
        elif kind == "made":
            target.write_bytes(MAKERS[what]())
        else:
            shutil.copyfile(DATA / row["source"], target)


def document(pages: Iterable[bytes]) -> bytes:
    """Return a PDF whose pages have the given contents, drawing commands deflated beforehand."""
    contents = list(pages)
    kids = " ".join(f"{3 + 2 * place} 0 R" for place in range(len(contents)))
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>"]
    objects.append(f"<< /Type /Pages /Kids [{kids}] /Count {len(contents)} >>".encode())
    font = "<< /Type /Font /Subtype /Type1 /BaseFont /Times-Roman >>"
    for place, content in enumerate(contents):
        page = f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {4 + 2 * place} 0 R"
        objects.append(f"{page} /Resources << /Font << /F {font} >> >> >>".encode())
        head = f"<< /Length {len(content)} /Filter /FlateDecode >>\nstream\n".encode()
        objects.append(head + content + b"\nendstream")
    return _written(objects)


def _written(objects: list[bytes]) -> bytes:
    buffer, places = io.BytesIO(), []
    buffer.write(b"%PDF-1.4\n")
    for number, content in enumerate(objects, 1):
        places.append(buffer.tell())
        buffer.write(f"{number} 0 obj\n".encode() + content + b"\nendobj\n")
    start = buffer.tell()
    buffer.write(f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode())
    buffer.write(b"".join(f"{place:010} 00000 n \n".encode() for place in places))
    buffer.write(f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n".encode())
    return buffer.getvalue()


def _page(lines: list[str]) -> bytes:
    shown = " ".join(f"({line}) Tj T*" for line in lines)
    return zlib.compress(f"BT /F 11 Tf 72 760 Td 16 TL {shown} ET".encode(), 9)


def long() -> bytes:
    """Return an agreement of 500 pages: its first page says what it is, the others set out plots."""
    first = """GROUND LEASE
    This Ground Lease is made on 2 November 2026 between Harbour Lands Trust \\("the Lessor"\\)
    and Northline Ferries, a company with its seat in Orford \\("the Lessee"\\).
    1. The Lessor lets to the Lessee the plots that are set out on the pages that follow, for
    a term of ninety-nine years, at the rent that stands beside each plot.
    2. The Lessee shall keep the plots free of buildings, and shall pay the rent each quarter.
    3. This Lease is governed by the law of the place where the plots lie.""".splitlines()
    pages = [_page([line.strip() for line in first])]
    pages += [_page([f"Plot {number}. Rent: {40 + number % 7} a quarter."]) for number in range(2, 501)]
    return document(pages)


def bomb() -> bytes:
    """Return a PDF of 200 KB of which one page unpacks to 200 MB."""
    packer = zlib.compressobj(9)
    blanks = b" " * 1_000_000
    packed = [packer.compress(blanks) for _ in range(SWELLS_TO // len(blanks))]
    return document([b"".join([*packed, packer.flush()])])


def torn() -> bytes:
    """Return an archive that breaks off."""
    return (DATA / "files" / "bundle.zip").read_bytes()[:900]


def swelling() -> bytes:
    """Return an archive of 200 KB with one member of 200 MB."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        inside = zipfile.ZipInfo("backup.txt", (2026, 11, 2, 9, 0, 0))
        inside.compress_type = zipfile.ZIP_DEFLATED
        with archive.open(inside, "w") as member:
            for _ in range(SWELLS_TO // 1_000_000):
                member.write(b" " * 1_000_000)
    return buffer.getvalue()


def _link(target: Path, outside: Path) -> None:
    """Make a link that leads out of the folder; where links are not allowed, a file says what it would be."""
    try:
        target.symlink_to(outside.resolve())
    except OSError:
        target.write_text(f"A link to {outside.name} could not be made here.\n", encoding="utf-8")


MAKERS = {"long": long, "bomb": bomb, "torn": torn, "swelling": swelling}

if __name__ == "__main__":
    lay(Path(sys.argv[1]))
