"""Texts: plain text, tables in text, web pages, notebooks, and every other kind that attachments reads."""

from __future__ import annotations

import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from kit.documents.attached import text_reader
from kit.documents.bounds import Bounds, Part
from kit.documents.encodings import as_utf8, decoded
from kit.documents.errors import CorruptFile, UnsupportedFile

_MARKUP = 20  # characters of markup for each character of text, at most
_TAGS = b"audio button canvas embed frame iframe img noframes noscript object svg template video".split()
_UNREAD = re.compile(rb"<(" + b"|".join(_TAGS) + rb")\b", re.IGNORECASE)
_HIDDEN = re.compile(rb"<[a-z][^>]*(?:\shidden[\s=>]|display:\s*none|visibility:\s*hidden)", re.IGNORECASE)
_LINK = re.compile(rb"<a\s[^>]*href\s*=\s*[\"']?\s*(?!#)", re.IGNORECASE)
_FIELD = re.compile(rb"<(?:input|textarea|select)\b", re.IGNORECASE)
_SCREENSHOT = re.compile(r" Add \[screenshot: true\] to see it rendered\.")


def read(name: str, data: bytes, kind: str, bounds: Bounds) -> list[Part]:
    """Return what attachments reads in a file, page by page where it knows pages."""
    if kind in (".htm", ".html"):
        return [web(name, data, bounds)]
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
    if kind == ".ipynb":
        parts[0].notes.append("pictures among the outputs are not read, and long outputs are cut")
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
    if fields := len(_FIELD.findall(data)):
        notes.append(f"form fields, whose contents are not read: {fields}")
    if hidden := len(_HIDDEN.findall(data)):
        notes.append(f"elements that the page hides, left out: {hidden}")
    said = [_SCREENSHOT.sub(" Print it to PDF in a browser.", note) for note in _said(artifact["meta"])]
    return Part(artifact["text"], [*notes, *said])


def _short(data: bytes, bounds: Bounds) -> tuple[bytes, list[str]]:
    """Return text as UTF-8, cut after the last line within the limit, and what there is to say."""
    text, notes = decoded(data)
    if len(text) > bounds.characters:
        end = text.rfind("\n", 0, bounds.characters) + 1 or bounds.characters
        lines, total = text.count("\n", 0, end), len(text.splitlines())
        here = f"the first {end:,} of {len(text):,} characters ({lines:,} of {total:,} lines) are here"
        notes.append(f"{here}; raise characters= for the rest")
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
        raise UnsupportedFile(name, error["message"].partition(" Or use the free hosted")[0])
    if error:
        raise CorruptFile(name, f"{error['message'].rstrip('.')}. Save it again where it was made.")
    return artifact
