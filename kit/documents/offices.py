"""Offices: what attachments leaves out of Word files and talks, read from their XML.

Headers, footers, notes, comments, deletions, charts and diagrams stand at the end of the text, each under a
heading. Pictures, embedded files and automatic numbers are counted in the notes.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from typing import Any
from xml.etree import ElementTree

from kit.documents.bounds import Bounds, Part
from kit.documents.errors import CorruptFile

_WORD = [  # heading, parts of the file, what holds one entry, what holds words
    ("Header:", r"word/header\d*\.xml", "p", ("t",)),
    ("Footer:", r"word/footer\d*\.xml", "p", ("t",)),
    ("Footnotes:", r"word/footnotes\.xml", "footnote", ("t",)),
    ("Endnotes:", r"word/endnotes\.xml", "endnote", ("t",)),
    ("Comments:", r"word/comments\.xml", "comment", ("t",)),
    ("Deleted, as tracked changes:", r"word/document\.xml", "p", ("delText",)),
    ("Charts:", r"word/charts/chart\d*\.xml", "ser", ("t", "v")),
    ("Diagrams:", r"word/diagrams/data\d*\.xml", "p", ("t",)),
]
_BREAKS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}


def word(name: str, data: bytes, text: str) -> Part:
    """Return the text of a .docx, as attachments read it, with what it left out at the end.

    Raises:
        CorruptFile: If a part of it is not XML.
    """
    part = Part(text)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        packed = archive.namelist()
        for heading, pattern, entry, letters in _WORD:
            files = [archive.read(file) for file in packed if re.fullmatch(pattern, file)]
            lines = dict.fromkeys(line for file in files for line in words_of(file, entry, letters, name))
            if lines:
                part.text = "\n\n".join(filter(None, [part.text, "\n".join([heading, *lines])]))
        body = archive.read("word/document.xml")
    numbered = len(re.findall(rb"<w:numPr[ >]", body))
    counted = [
        (
            sum(file.startswith("word/media/") for file in packed),
            "pictures are not read; save it as PDF to see them",
        ),
        (sum(file.startswith("word/embeddings/") for file in packed), "embedded files are not read"),
        (
            sum("afchunk" in file.lower() for file in packed),
            "inserted documents are not read; save it anew in Word",
        ),
        (len(re.findall(rb"<w:sym ", body)), "symbols (of Wingdings and similar fonts) are left out"),
        (
            numbered,
            "numbered or bulleted paragraphs: Word computes their numbers, and the text has 1. or none",
        ),
        (len(re.findall(rb"<w:vanish */>", body)), "runs of hidden text are read"),
    ]
    part.notes += [f"{number} {what}" for number, what in counted if number]
    return part


def talk(name: str, data: bytes, texts: list[str], bounds: Bounds) -> list[Part]:
    """Return the slides of a .pptx, as attachments read them, with notes, charts and comments at the end."""
    from pptx import Presentation

    parts = []
    for number, (slide, text) in enumerate(zip(Presentation(io.BytesIO(data)).slides, texts, strict=True), 1):
        bounds.check(f"slide {number}")
        part = Part(text)
        blocks = [text]
        shapes = list(_shapes(slide.shapes))
        speaker = slide.notes_slide.notes_text_frame if slide.has_notes_slide else None
        blocks += [f"Speaker notes:\n{speaker.text.strip()}"] if speaker and speaker.text.strip() else []
        for heading, kind, entry, letters in _SLIDE:
            files = [
                one.target_part.blob
                for one in slide.part.rels.values()
                if one.reltype.endswith(kind) and not one.is_external
            ]
            lines = [line for file in files for line in words_of(file, entry, letters, name)]
            blocks += ["\n".join([heading, *lines])] if lines else []
        part.text = "\n\n".join(filter(None, blocks))
        part.notes += ["a hidden slide; it is read"] if slide.element.get("show") in ("0", "false") else []
        pictures = sum(shape.shape_type in (11, 13) for shape in shapes)
        media = sum(shape.shape_type in (7, 10, 16) for shape in shapes)
        part.notes += [f"{pictures} pictures are not read; save it as PDF to see them"] if pictures else []
        part.notes += [f"{media} embedded files, sounds or films are not read"] if media else []
        parts.append(part)
    return parts


_SLIDE = [
    ("Charts:", "/chart", "ser", ("t", "v")),
    ("Diagrams:", "/diagramData", "p", ("t",)),
    ("Comments:", "/comments", "cm", ("t", "text")),
]


def words_of(xml: bytes, entry: str = "p", letters: tuple[str, ...] = ("t",), name: str = "") -> list[str]:
    """Return the words of each entry in a part of an Office file, without empty ones; authors come first.

    >>> words_of(b'<w:p xmlns:w="w"><w:r><w:t>One</w:t><w:tab/><w:t>two</w:t></w:r></w:p>')
    ['One\\ttwo']
    """
    try:
        root = ElementTree.fromstring(xml)
    except ElementTree.ParseError as error:
        raise CorruptFile(
            name, f"a part of it is damaged ({error}). Save it again where it was made."
        ) from error
    found = []
    for element in root.iter():
        if _local(element) == entry:
            said = "".join(_said(element, letters)).strip()
            author = next((value for key, value in element.attrib.items() if key.endswith("author")), "")
            found += [f"{author}: {said}" if author else said] if said else []
    return found


def _said(element: Any, letters: tuple[str, ...]) -> Iterator[str]:
    local = _local(element)
    if local == "Fallback":  # an older copy of what stands beside it
        return
    if local in letters:
        yield element.text or ""
        yield " " if "v" in letters else ""
    yield _BREAKS.get(local, "")
    for child in element:
        yield from _said(child, letters)


def _local(element: Any) -> str:
    return str(element.tag).rsplit("}", 1)[-1]


def _shapes(shapes: Iterable[Any]) -> Iterator[Any]:
    for shape in shapes:
        yield from _shapes(shape.shapes) if hasattr(shape, "shapes") else [shape]
