"""Texts: plain text, tables in text, web pages, RTF, and every other kind that attachments reads."""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from kit.documents.attached import text_reader
from kit.documents.bounds import Bounds, Part, listed
from kit.documents.encodings import as_utf8, decoded
from kit.documents.errors import CorruptFile, UnsupportedFile

_SUITES = frozenset({".doc", ".ppt", ".ods", ".odp"})
_MARKUP = 20  # characters of markup for each character of text, at most
_DIGITS = re.compile(r"[0-9a-fA-F\s]{400,}")
_ASIDE = re.compile(r"\\(header|footer|footnote|annotation|deleted|object|pict|shptxt)(?![a-z])")
_UNREAD = re.compile(
    rb"<(button|img|svg|canvas|iframe|frame|noframes|object|embed|video|audio"
    rb"|noscript|template)\b",
    re.IGNORECASE,
)
_HIDDEN_RTF = re.compile(r"\\v(?![a-z0-9])")
_HIDDEN = re.compile(rb"<[a-z][^>]*(?:\shidden[\s=>]|display:\s*none|visibility:\s*hidden)", re.IGNORECASE)
_LINK = re.compile(rb"<a\s[^>]*href\s*=\s*[\"']?\s*(?!#)", re.IGNORECASE)
_FIELD = re.compile(rb"<(?:input|textarea|select)\b", re.IGNORECASE)
_NO_VALUE = frozenset({"button", "file", "hidden", "image", "password", "reset", "submit"})
_SCREENSHOT = re.compile(r" Add \[screenshot: true\] to see it rendered\.")
_GROUP = re.compile(r"(?<!\\)(?:\\\\)*([{}])")


def read(name: str, data: bytes, kind: str, bounds: Bounds) -> list[Part]:
    """Return what attachments reads in a file, page by page where it knows pages."""
    if kind in (".htm", ".html"):
        return [web(name, data, bounds)]
    if kind == ".rtf":
        return [_rtf(data, bounds)]
    notes, options = [], {}
    if kind in (".csv", ".tsv") or text_reader(kind)[1]:
        data, notes = _short(data, bounds)
        options = {"max_rows": sys.maxsize}
    if kind == ".ipynb":
        options = {"outputs": True}
    artifact = _artifact(name, data, kind, **options)
    text, meta = artifact["text"], artifact["meta"]
    segments = [segment for segment in meta.get("segments", []) if "page" in segment]
    parts = [Part(text[segment["start"] : segment["end"]]) for segment in segments] or [Part(text)]
    parts[0].notes += [*notes, *_said(meta)]
    parts[0].notes += _unshown(data, text) if kind == ".ipynb" else []
    parts[0].bounded = any("raise characters=" in note for note in notes)
    return parts


def web(name: str, data: bytes, bounds: Bounds, main: bool = True) -> Part:
    """Return a web page, if `main` without its menu, and say what was left out."""
    data, notes = as_utf8(data)
    if len(data) > (most := _MARKUP * bounds.characters):
        notes.append(f"the first {most:,} of {len(data):,} bytes are read; raise characters=")
    artifact = _artifact(name, data[:most], ".html", main=main)
    whole, size = len(_artifact(name, data[:most], ".html", main=False)["text"]), len(artifact["text"])
    if whole > size:
        notes.append(f"menus, headers and footers are left out: {whole - size:,} of {whole:,} characters")
    if unread := Counter(tag.decode().lower() for tag in _UNREAD.findall(data)):
        notes.append("elements not read: " + ", ".join(f"{number} {tag}" for tag, number in unread.items()))
    if links := len(_LINK.findall(data)):
        notes.append(f"addresses of links, left out: {links}")
    if filled := _filled(data[:most]):
        notes.append(f"form fields that are filled, at the end of the text: {len(filled)}")
    if hidden := len(_HIDDEN.findall(data)):
        notes.append(f"elements that the page hides, left out: {hidden}")
    said = [_SCREENSHOT.sub(" Print it to PDF in a browser.", note) for note in _said(artifact["meta"])]
    return Part(artifact["text"] + listed("Form fields:", filled), [*notes, *said])


def _filled(page: bytes) -> list[str]:
    """Return what stands in the forms of a web page: words, choices, and boxes that are checked."""
    from lxml import html

    filled = []
    for field in html.fromstring(page).iter("input", "select", "textarea") if _FIELD.search(page) else ():
        name = next(filter(None, map(field.get, ("aria-label", "name", "id", "placeholder"))), field.tag)
        kind = field.get("type", "text").lower()
        if field.tag == "select":
            chosen = [
                option.text_content().strip()
                for option in field.iter("option")
                if "selected" in option.attrib
            ]
            value = ", ".join(chosen)
        elif kind in ("checkbox", "radio"):
            value = f"checked {field.get('value', '')}".strip() if "checked" in field.attrib else ""
        else:
            value = "" if kind in _NO_VALUE else (field.value or "").strip()
        filled += [f"{name}: {value}"] if value else []
    return filled


def _rtf(data: bytes, bounds: Bounds) -> Part:
    from striprtf.striprtf import rtf_to_text

    source, notes = _DIGITS.sub("", data.decode("cp1252", "replace")), []  # digits are pictures
    if len(source) > (most := _MARKUP * bounds.characters):
        notes.append(f"the first {most:,} of {len(source):,} characters are read; raise characters=")
    signs = Counter(_GROUP.findall(source))
    if signs["{"] > signs["}"]:
        notes.append("it breaks off: its end is missing")
    if aside := Counter(_ASIDE.findall(source)):
        counted = ", ".join(f"{number} {word}" for word, number in aside.items())
        notes.append(f"parts not read: {counted} (save it as .docx or PDF to get them)")
    if hidden := len(_HIDDEN_RTF.findall(source)):
        notes.append(f"pieces of hidden text, which are read: {hidden}")
    return Part(rtf_to_text(source[:most], errors="replace").strip(), notes)


def _unshown(data: bytes, text: str) -> list[str]:
    """Say what of a notebook's outputs is not in its text."""
    outputs = [output for cell in json.loads(data)["cells"] for output in cell.get("outputs", [])]
    pictures = sum(any(kind.startswith("image/") for kind in output.get("data", {})) for output in outputs)
    cut = "outputs of more than 2,000 characters are cut, and marked (truncated)"
    return [
        *([f"pictures among the outputs not read: {pictures}"] if pictures else []),
        *([cut] if "… (truncated)" in text else []),
    ]


def _short(data: bytes, bounds: Bounds) -> tuple[bytes, list[str]]:
    """Return text as UTF-8, cut after the last line within the limit, and what there is to say."""
    text, notes = decoded(data)
    if len(text) > bounds.characters:
        end = text.rfind("\n", 0, bounds.characters) + 1 or bounds.characters
        lines, total = text.count("\n", 0, end), len(text.splitlines())
        notes.append(
            f"the first {end:,} of {len(text):,} characters ({lines:,} of {total:,} lines) are here; "
            f"raise characters= for the rest"
        )
        text = text[:end]
    return text.encode("utf-8", "replace"), notes


def _said(meta: dict[str, Any]) -> list[str]:
    return [*filter(None, [meta.get("note")]), *meta.get("warnings", [])]


def _artifact(name: str, data: bytes, kind: str, **options: Any) -> dict[str, Any]:
    from attachments import is_missing_dependency

    read, _ = text_reader(kind)
    artifact = read(data, filename=Path(name).stem + kind, **options)
    error = artifact["meta"].get("error")
    if is_missing_dependency(artifact):
        way = ". Or save it as PDF, or in its newer format." if kind in _SUITES else ""
        raise UnsupportedFile(name, error["message"].partition(" Or use the free hosted")[0] + way)
    if error:
        raise CorruptFile(name, f"{error['message'].rstrip('.')}. Save it again where it was made.")
    return artifact
