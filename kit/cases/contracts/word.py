"""Word files: paragraphs as lines, with bold and centring as they are set, and pages where breaks are.

    pages = read("lease.docx")

A Word file has no pages until somebody lays it out. Explicit breaks, and the marks that a word processor
left when it last drew the file, count; without them a long file is one page, and its parts share it.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from xml.etree import ElementTree

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from .pages import MOST_PAGES, MOST_UNPACKED, Line, Page, UnreadableContract

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_PICTURES = ("drawing", "pict", "object")


@dataclass(frozen=True)
class _Paragraph:
    line: Line
    breaks_before: int
    breaks_after: int
    picture: bool


def paragraphs(data: bytes, name: str) -> list[Page]:
    """Read a .docx.

    Raises:
        UnreadableContract: If it is no Word file, holds document types (entities), or is too large.
    """
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            parts = [_part(archive, part, name) for part in ("word/document.xml", "word/styles.xml")]
    except (zipfile.BadZipFile, KeyError, RuntimeError, NotImplementedError) as error:
        raise UnreadableContract(
            f"{name} is no Word file ({type(error).__name__}). Expected a .docx or a PDF."
        ) from error
    styles = {style.get(f"{_W}styleId", ""): style for style in parts[1].iter(f"{_W}style")}
    body = parts[0].find(f"{_W}body")
    found = [_paragraph(one, styles) for one in (body.iter(f"{_W}p") if body is not None else ())]
    pages = list(_pages(found))
    if len(pages) > MOST_PAGES:
        raise UnreadableContract(f"{name} has {len(pages):,} pages; at most {MOST_PAGES} are read. Split it.")
    return pages


def _part(archive: zipfile.ZipFile, part: str, name: str) -> ElementTree.Element:
    if part not in archive.namelist() and part.endswith("styles.xml"):
        return ElementTree.Element("styles")
    if archive.getinfo(part).file_size > MOST_UNPACKED:
        raise UnreadableContract(f"{name} unpacks to more than {MOST_UNPACKED:,} bytes. Split it.")
    text = archive.read(part)
    try:
        return fromstring(text, forbid_dtd=True)
    except (ElementTree.ParseError, DefusedXmlException) as error:
        raise UnreadableContract(
            f"{name} is broken ({type(error).__name__}). Open it and save it again."
        ) from error


def _paragraph(source: ElementTree.Element, styles: dict[str, ElementTree.Element]) -> _Paragraph:
    text, before, after = "", 0, 0
    for one in source.iter():
        kind = one.tag.removeprefix(_W)
        if kind == "t":
            text += one.text or ""
        elif kind in ("tab", "cr") or (kind == "br" and one.get(f"{_W}type") != "page"):
            text += " "
        elif kind == "lastRenderedPageBreak" or kind == "br":
            before, after = (before, after + 1) if text.strip() else (before + 1, after)
    settings = [*_settings(source, styles)]
    if any(_on(one.find(f"{_W}pageBreakBefore")) for one in settings):
        before = max(before, 1)
    section = source.find(f"{_W}pPr/{_W}sectPr")
    if section is not None:
        kind = section.find(f"{_W}type")
        after += int(kind is None or kind.get(f"{_W}val") != "continuous")
    aligned = [one.find(f"{_W}jc") for one in settings]
    middle = next((one.get(f"{_W}val") == "center" for one in aligned if one is not None), False)
    picture = any(source.find(f".//{_W}{kind}") is not None for kind in _PICTURES)
    line = Line(" ".join(text.split()), bold=_bold(source, styles), middle=middle)
    return _Paragraph(line, before, after, picture)


def _settings(
    source: ElementTree.Element, styles: dict[str, ElementTree.Element]
) -> Iterator[ElementTree.Element]:
    """Yield a paragraph's settings: its own, and those of its style and of the styles it is based on."""
    own = source.find(f"{_W}pPr")
    if own is not None:
        yield own
    for style in _chain(source, styles):
        settings = style.find(f"{_W}pPr")
        if settings is not None:
            yield settings


def _chain(
    source: ElementTree.Element, styles: dict[str, ElementTree.Element]
) -> Iterator[ElementTree.Element]:
    named = source.find(f"{_W}pPr/{_W}pStyle")
    for _ in range(10):
        style = styles.get(named.get(f"{_W}val", "")) if named is not None else None
        if style is None:
            return
        yield style
        named = style.find(f"{_W}basedOn")


def _bold(source: ElementTree.Element, styles: dict[str, ElementTree.Element]) -> bool:
    """Say whether a paragraph's text is bold, or its style is one of headings or titles."""
    runs = [
        run for run in source.iter(f"{_W}r") if "".join(one.text or "" for one in run.iter(f"{_W}t")).strip()
    ]
    if runs and all(_on(run.find(f"{_W}rPr/{_W}b")) for run in runs):
        return True
    names = [style.get(f"{_W}styleId", "").lower() for style in _chain(source, styles)]
    bold = any(_on(style.find(f"{_W}rPr/{_W}b")) for style in _chain(source, styles))
    return bold or any(name.startswith(("heading", "title", "berschrift", "titel")) for name in names)


def _on(setting: ElementTree.Element | None) -> bool:
    return setting is not None and setting.get(f"{_W}val") not in ("0", "false", "off", "none")


def _pages(found: list[_Paragraph]) -> Iterator[Page]:
    """Yield pages; a break before and one after, with nothing between, are one."""
    number, lines, picture = 1, [], False
    for one in found:
        if one.breaks_before and (lines or picture):
            yield Page(number, tuple(lines), picture=picture)
            number, lines, picture = number + 1, [], False
        lines += [one.line] if one.line.text else []
        picture = picture or one.picture
        for _ in range(one.breaks_after):
            yield Page(number, tuple(lines), picture=picture)
            number, lines, picture = number + 1, [], False
    if lines or picture or number == 1:
        yield Page(number, tuple(lines), picture=picture)
