"""Offices: what attachments leaves out of Word files and talks, read from their XML.

Headers, footers, notes, comments, deletions, charts and diagrams stand at the end of the text, each kind
under its heading. Pictures, embedded files and automatic numbers are counted in the notes.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Iterator
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
    ("Form fields:", r"word/document\.xml", "ffData", ("ffData",)),
    ("WordArt:", r"word/document\.xml", "textpath", ()),
    ("Charts:", r"word/charts/chart\d*\.xml", "ser", ("t", "v")),
    ("Diagrams:", r"word/diagrams/data\d*\.xml", "p", ("t",)),
]
_SLIDE = [  # heading, how the relation of the slide ends, and the same
    ("Charts:", "/chart", "ser", ("t", "v")),
    ("Diagrams:", "/diagramData", "p", ("t",)),
    ("Comments:", "/comments", "cm", ("t", "text")),
]
_COUNTED_FILES = {
    "word/media/": "pictures not read (save it as PDF to see them)",
    "word/embeddings/": "embedded files not read",
}
_COUNTED_TAGS = {
    rb"<w:sym ": "symbols of Wingdings and similar fonts, left out",
    rb"<w:numPr[ >]": "paragraphs whose number or bullet Word computes (the text has 1. or none)",
    rb"<w:vanish */>": "pieces of hidden text, which are read",
    rb"<w:altChunk ": "inserted documents not read (save it again in Word)",
}
_BLIP = "{http://schemas.openxmlformats.org/drawingml/2006/main}blip"
_PICTURES, _MEDIA = (11, 13), (7, 10, 16)  # shape types of python-pptx
_BREAKS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}


def with_usual_names(data: bytes) -> bytes:
    """Return a .docx whose main part is word/document.xml; a few programs give it another name."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        packed = archive.namelist()
        if "word/document.xml" in packed or "_rels/.rels" not in packed:
            return data
        relations = ElementTree.fromstring(archive.read("_rels/.rels"))
        named = [
            relation.get("Target", "")
            for relation in relations
            if relation.get("Type", "").endswith("/officeDocument")
        ]
        folder, _, file = (named or [""])[0].lstrip("/").rpartition("/")
        names = {f"{folder}/{file}": "word/document.xml"}
        names[f"{folder}/_rels/{file}.rels"] = "word/_rels/document.xml.rels"
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as usual:
            for name in packed:
                content = archive.read(name)
                if name in ("_rels/.rels", "[Content_Types].xml"):
                    content = content.replace(f"{folder}/{file}".encode(), b"word/document.xml")
                usual.writestr(names.get(name, name), content)
    return buffer.getvalue()


def word(data: bytes, text: str) -> Part:
    """Return the text of a .docx, as attachments read it, with what it left out at the end."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        packed, body = archive.namelist(), archive.read("word/document.xml")
        for heading, pattern, entry, letters in _WORD:
            files = [archive.read(name) for name in packed if re.fullmatch(pattern, name)]
            lines = dict.fromkeys(line for xml in files for line in words_of(xml, entry, letters))
            text += listed(heading, lines)
    counted = {
        what: sum(name.lower().startswith(at) for name in packed) for at, what in _COUNTED_FILES.items()
    }
    counted |= {what: len(re.findall(tag, body)) for tag, what in _COUNTED_TAGS.items()}
    counted["addresses of links, left out"] = len(re.findall(rb"<w:hyperlink [^>]*r:id=|HYPERLINK \"", body))
    return Part(text.strip(), [f"{what}: {number}" for what, number in counted.items() if number])


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
        shapes = [shape.shape_type for shape in _shapes(slide.shapes)]
        shown = sum(shape in _PICTURES for shape in shapes)
        filled = sum(1 for _ in slide.element.iter(_BLIP)) - shown
        others = sum(shape in _MEDIA for shape in shapes)
        links = sum(
            relation.is_external and relation.reltype.endswith("/hyperlink")
            for relation in slide.part.rels.values()
        )
        part.notes += [f"addresses of links, left out: {links}"] if links else []
        for number, what in [
            (shown, "pictures"),
            (filled if not others else 0, "pictures in backgrounds and fillings"),
            (others, "embedded files, sounds or films"),
        ]:
            if number > 0:
                part.notes.append(f"{what} not read (save it as PDF to see them): {number}")
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
    if local == "ffData":
        yield _filled(element) if local in letters else ""
    if local in letters:
        yield (element.text or "") + (" " if "v" in letters else "")
    yield _BREAKS.get(local, "")
    for child in element:
        yield from _said(child, letters)


def _filled(field: Any) -> str:
    """Return the name of a check box or a list in an old form of Word, and what is chosen in it."""
    marks = {_local(node): next(iter(node.attrib.values()), "1") for node in field.iter()}
    chosen = marks.get("checked") or marks.get("result") or marks.get("default", "0")
    entries = [next(iter(node.attrib.values()), "") for node in field.iter() if _local(node) == "listEntry"]
    if "checkBox" in marks:
        return f"{marks.get('name')}: {'checked' if chosen in ('1', 'true', 'on') else 'not checked'}"
    return f"{marks.get('name')}: {entries[int(chosen)]}" if entries else ""


def _local(element: Any) -> str:
    return str(element.tag).rsplit("}", 1)[-1]


def _shapes(shapes: Iterable[Any]) -> Iterator[Any]:
    for shape in shapes:
        yield from _shapes(shape.shapes) if hasattr(shape, "shapes") else [shape]
