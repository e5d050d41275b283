"""Opens: texts of LibreOffice (.odt) and electronic books (.epub), read from the XML in their archives.

An .odt is one page: its text, then headers, notes, comments and deletions, each kind under its heading. A
book has a page for each of its chapters, in reading order. Pictures and embedded objects are counted.
"""

from __future__ import annotations

import io
import posixpath
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from defusedxml import ElementTree

from kit.documents import texts
from kit.documents.bounds import Bounds, Part, listed
from kit.documents.errors import EncryptedFile

_ASIDE = {
    "note": "Notes:",
    "annotation": "Comments:",
    "tracked-changes": "Deleted, as tracked changes:",
    "header": "Header:",
    "footer": "Footer:",
}
_SKIPPED = {"note-citation", "date", "sequence-decls", "forms"}
_COUNTED = {"image": "pictures", "object": "embedded objects", "object-ole": "embedded objects"}
_BREAKS = {"s": " ", "tab": "\t", "line-break": "\n"}
_MOST_REPEATS = 100


def text(name: str, data: bytes) -> Part:
    """Return the text of an .odt.

    Raises:
        EncryptedFile: If it is under a password.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        packed = archive.namelist()
        if "META-INF/manifest.xml" in packed and b"encryption-data" in archive.read("META-INF/manifest.xml"):
            raise EncryptedFile(name, "a password protects it. Save it again without.")
        reader = _Reader()
        lines = [*reader.lines(ElementTree.fromstring(archive.read("content.xml")))]
        if "styles.xml" in packed:
            [*reader.lines(ElementTree.fromstring(archive.read("styles.xml")))]
    ends = [listed(heading, dict.fromkeys(reader.aside[heading])) for heading in _ASIDE.values()]
    notes = [
        f"{what} not read (save it as PDF to see them): {number}" for what, number in reader.counted.items()
    ]
    return Part("\n".join(lines).strip() + "".join(ends), notes)


def book(name: str, data: bytes, bounds: Bounds) -> list[Part]:
    """Return the chapters of an .epub.

    Raises:
        EncryptedFile: If it is sold with copy protection.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        packed = archive.namelist()
        container = ElementTree.fromstring(archive.read("META-INF/container.xml"))
        root = next(one.attrib["full-path"] for one in container.iter() if _local(one) == "rootfile")
        package = ElementTree.fromstring(archive.read(root))
        items = {one.attrib["id"]: one.attrib for one in package.iter() if _local(one) == "item"}
        order = [items[one.attrib["idref"]]["href"] for one in package.iter() if _local(one) == "itemref"]
        chapters = [posixpath.normpath(posixpath.join(posixpath.dirname(root), unquote(at))) for at in order]
        locked = archive.read("META-INF/encryption.xml") if "META-INF/encryption.xml" in packed else b""
        if any(chapter.encode() in locked for chapter in chapters):
            raise EncryptedFile(
                name, "it is sold with copy protection, and cannot be read outside its program."
            )
        parts = []
        for chapter in chapters:
            bounds.check(f"chapter {len(parts) + 1}")
            parts.append(
                texts.web(f"{chapter}.html", archive.read(chapter), bounds, main=False)
                if chapter in packed
                else Part(notes=[f"the chapter {chapter} is missing from the file"])
            )
    return parts or [Part(notes=["the book lists no chapters"])]


class _Reader:
    """Walk the XML of an .odt, and put aside what is not in the running text."""

    def __init__(self) -> None:
        self.aside: dict[str, list[str]] = defaultdict(list)
        self.counted: dict[str, int] = {}

    def lines(self, element: Any) -> Iterator[str]:
        """Yield a line for each paragraph and each row of a table."""
        local = _local(element)
        if local in _SKIPPED:
            return
        if local in _ASIDE:
            self._put_aside(element, _ASIDE[local])
        elif local in ("p", "h"):
            frames: list[str] = []
            yield self._words(element, frames)
            yield from frames
        elif local == "table-row":
            yield " | ".join(self._cells(element))
        else:
            self._count(local)
            for child in element:
                mark = "- " if local == "list-item" and _local(child) in ("p", "h") else ""
                yield from (mark + line for line in self.lines(child))

    def _words(self, element: Any, frames: list[str]) -> str:
        """Return the words of a paragraph; paragraphs within it, as in a text box, go to `frames`."""
        said = [element.text or ""]
        for child in element:
            local = _local(child)
            if local in _ASIDE:
                self._put_aside(child, _ASIDE[local])
            elif local in ("p", "h", "table", "list"):
                frames += self.lines(child)
            elif local not in _SKIPPED:
                self._count(local)
                said.append(_BREAKS.get(local, "") * _times(child, "c") + self._words(child, frames))
            said.append(child.tail or "")
        return "".join(said)

    def _cells(self, row: Any) -> Iterator[str]:
        for cell in row:
            if _local(cell) in ("table-cell", "covered-table-cell"):
                words = " ".join(line for child in cell for line in self.lines(child))
                yield from [words] * _times(cell, "number-columns-repeated")

    def _put_aside(self, element: Any, heading: str) -> None:
        author = next((one.text for one in element.iter() if _local(one) == "creator"), None)
        paragraphs = [one for one in element.iter() if _local(one) in ("p", "h")]
        words = "\n".join(filter(None, (self._words(one, []).strip() for one in paragraphs)))
        if words:
            self.aside[heading].append(f"{author}: {words}" if author else words)

    def _count(self, local: str) -> None:
        if what := _COUNTED.get(local):
            self.counted[what] = self.counted.get(what, 0) + 1


def _times(element: Any, attribute: str) -> int:
    found = next((value for key, value in element.attrib.items() if _bare(key) == attribute), "1")
    return min(int(found), _MOST_REPEATS)


def _local(element: Any) -> str:
    return _bare(str(element.tag))


def _bare(name: str) -> str:
    return name.rsplit("}", 1)[-1]
