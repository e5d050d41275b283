"""Offices: what attachments leaves out of Word files and talks, read from their XML.

Headers, footers, notes, comments, deletions, charts and diagrams stand at the end of the text, each kind
under its heading. Pictures, embedded files and automatic numbers are counted in the notes.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any

from defusedxml import ElementTree

from kit.documents.bounds import Bounds, Part, listed

_WORD = [  # heading, files in the .docx, which element is a line, which elements hold its words
    ("Header:", r"word/header\d*\.xml", "p", ("t",)),
    ("Footer:", r"word/footer\d*\.xml", "p", ("t",)),
    ("Footnotes:", r"word/footnotes\.xml", "footnote", ("t",)),
    ("Endnotes:", r"word/endnotes\.xml", "endnote", ("t",)),
    ("Comments:", r"word/comments\.xml", "comment", ("t",)),
    ("Deleted, as tracked changes:", r"word/document\.xml", "p", ("delText",)),
    ("WordArt:", r"word/document\.xml", "textpath", ()),
    ("Charts:", r"word/charts/chart\d*\.xml", "ser", ("t", "v")),
    ("Diagrams:", r"word/diagrams/data\d*\.xml", "p", ("t",)),
]
_SLIDE = [  # heading, how the relation of the slide ends, and the same
    ("Charts:", "/chart", "ser", ("t", "v")),
    ("Diagrams:", "/diagramData", "p", ("t",)),
    ("Comments:", "/comments", "cm", ("t", "text")),
]
_PICTURES = "not read (save it as PDF to see them)"
_COUNTED_FILES = {"word/media/": f"pictures {_PICTURES}", "word/embeddings/": "embedded files not read"}
_COUNTED_TAGS = {
    rb"<w:sym ": "symbols of Wingdings and similar fonts, left out",
    rb"<w:numPr[ >]": "paragraphs whose number or bullet Word computes (the text has 1. or none)",
    rb"<w:vanish */>": "pieces of hidden text, which are read",
    rb"<w:ffData>": "old form fields, whose contents are not read",
    rb"<w:altChunk ": "inserted documents not read (save it again in Word)",
    rb"<w:hyperlink [^>]*r:id=|HYPERLINK \"": "addresses of links, left out",
}
_BLIP = "{http://schemas.openxmlformats.org/drawingml/2006/main}blip"
_EMBEDDED = ("/audio", "/media", "/oleObject", "/package", "/video")
_BREAKS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}


def word(data: bytes, text: str) -> Part:
    """Return the text of a .docx, as attachments read it, with what it left out at the end."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        packed, body = archive.namelist(), archive.read("word/document.xml")
        for heading, pattern, entry, letters in _WORD:
            files = [archive.read(name) for name in packed if re.fullmatch(pattern, name)]
            lines = dict.fromkeys(line for xml in files for line in words_of(xml, entry, letters))
            text += listed(heading, lines)
    part = Part(text.strip())
    for place, what in _COUNTED_FILES.items():
        part.count(what, sum(name.lower().startswith(place) for name in packed))
    for tag, what in _COUNTED_TAGS.items():
        part.count(what, len(re.findall(tag, body)))
    return part


def talk(data: bytes, texts: list[str], bounds: Bounds) -> list[Part]:
    """Return the slides of a .pptx, as attachments read them, with notes, charts and comments at the end."""
    from pptx import Presentation

    parts: list[Part] = []
    if not len(slides := Presentation(io.BytesIO(data)).slides):
        return [Part(notes=["there are no slides in it"])]
    for slide, text in zip(slides, texts, strict=True):
        bounds.check(f"slide {len(parts) + 1}")
        speaker = slide.notes_slide.notes_text_frame if slide.has_notes_slide else None
        text += listed("Speaker notes:", [speaker.text.strip()] if speaker else [])
        relations = [relation for relation in slide.part.rels.values() if not relation.is_external]
        for heading, kind, entry, letters in _SLIDE:
            files = [relation.target_part.blob for relation in relations if relation.reltype.endswith(kind)]
            text += listed(heading, [line for xml in files for line in words_of(xml, entry, letters)])
        part = Part(text.strip(), ["a hidden slide; it is read"] if slide.element.get("show") == "0" else [])
        external = [one.reltype for one in slide.part.rels.values() if one.is_external]
        part.count("addresses of links, left out", sum(kind.endswith("/hyperlink") for kind in external))
        part.count(f"pictures, also of films, {_PICTURES}", len([*slide.element.iter(_BLIP)]))
        embedded = sum(relation.reltype.endswith(_EMBEDDED) for relation in relations)
        part.count("embedded files, sounds or films not read", embedded)
        parts.append(part)
    return parts


def words_of(xml: bytes, entry: str = "p", letters: tuple[str, ...] = ("t",)) -> list[str]:
    r"""Return the words of each entry in a part of an Office file, its author first; none are empty.

    >>> words_of(b'<w:p xmlns:w="w"><w:r><w:t>One</w:t><w:tab/><w:t>two</w:t></w:r></w:p>')
    ['One\ttwo']
    """
    entries = []
    for element in ElementTree.fromstring(xml).iter():
        if _local(element) == entry and (said := "".join(_said(element, letters)).strip()):
            author = next((value for key, value in element.attrib.items() if key.endswith("author")), "")
            entries.append(f"{author}: {said}" if author else said)
    return entries


def _said(element: Any, letters: tuple[str, ...]) -> Iterator[str]:
    local = _local(element)
    if local == "Fallback":  # an older copy of what stands beside it
        return
    if local == "textpath" and letters in ((), ("t",)):  # WordArt, as in watermarks
        yield next((value for key, value in element.attrib.items() if key == "string"), "")
    if local in letters:
        yield (element.text or "") + (" " if "v" in letters else "")
    yield _BREAKS.get(local, "")
    for child in element:
        yield from _said(child, letters)


def _local(element: Any) -> str:
    return str(element.tag).rsplit("}", 1)[-1]
