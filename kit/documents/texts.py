"""Texts: plain text, tables in text, web pages, RTF, and every other kind that attachments reads."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

from kit.documents.bounds import Bounds, Part
from kit.documents.encodings import as_utf8, decoded
from kit.documents.errors import CorruptFile, UnsupportedFile
from kit.documents.kinds import SOUNDS

TABLES = frozenset({".csv", ".tsv"})
WEB = frozenset({".htm", ".html"})
_OFFICE_SUITES = frozenset({".doc", ".ppt", ".odt", ".ods", ".odp"})
_HEX = re.compile(r"[0-9a-fA-F\s]{400,}")
_ASIDE = re.compile(r"\\(header|footer|footnote|annotation|deleted|object|pict|shptxt)(?![a-z])")
_FILLED = re.compile(rb"<(?:input|textarea|select)\b", re.IGNORECASE)


def read(name: str, data: bytes, kind: str, bounds: Bounds) -> list[Part]:
    """Return what attachments reads in a file, page by page where it knows pages.

    Raises:
        UnsupportedFile: If a program or package that reads it is missing.
        CorruptFile: If it cannot be read.
    """
    if kind in WEB:
        return [web(name, data, bounds)]
    if kind == ".rtf":
        return [_rtf(name, data, bounds)]
    note = ""
    if kind not in _OFFICE_SUITES | SOUNDS and _is_text(kind):
        data, note = _short(data, bounds)
    artifact = _artifact(name, data, kind, **({"max_rows": sys.maxsize} if kind in TABLES else {}))
    text, meta = artifact["text"], artifact["meta"]
    segments = [segment for segment in meta.get("segments", []) if "page" in segment]
    parts = [Part(text[segment["start"] : segment["end"]]) for segment in segments] or [Part(text)]
    parts[0].notes += [*filter(None, [note, meta.get("note")]), *meta.get("warnings", [])]
    return parts


def web(name: str, data: bytes, bounds: Bounds) -> Part:
    """Return a web page without its menu, and say how much was left out."""
    if len(data) > 20 * bounds.characters:
        note = f"its first {20 * bounds.characters:,} of {len(data):,} bytes are read; raise characters="
        data, notes = data[: 20 * bounds.characters], [note]
    else:
        notes = []
    data, guess = as_utf8(data)
    artifact = _artifact(name, data, ".html")
    whole = len(_artifact(name, data, ".html", main=False)["text"])
    text = artifact["text"]
    if whole > len(text):
        notes.append(
            f"menus, headers and footers are left out: {whole - len(text):,} of {whole:,} characters"
        )
    if fields := len(_FILLED.findall(data)):
        notes.append(f"what is typed into its {fields} form fields is not read")
    notes += [*filter(None, [guess, artifact["meta"].get("note")]), *artifact["meta"].get("warnings", [])]
    return Part(text, notes)


def _rtf(name: str, data: bytes, bounds: Bounds) -> Part:
    from striprtf.striprtf import rtf_to_text

    source = _HEX.sub("", data.decode("cp1252", "replace"))  # pictures and other objects, as digits
    notes = []
    if len(source) > 20 * bounds.characters:
        notes.append(
            f"its first {20 * bounds.characters:,} of {len(source):,} characters are read; raise characters="
        )
        source = source[: 20 * bounds.characters]
    aside: dict[str, int] = {}
    for word in _ASIDE.findall(source):
        aside[word] = aside.get(word, 0) + 1
    if aside:
        listed = ", ".join(f"{number} {word}" for word, number in aside.items())
        notes.append(f"parts of the RTF that are not read: {listed}. Save it as .docx or PDF to get them")
    try:
        return Part(rtf_to_text(source, errors="replace").strip(), notes)
    except (ValueError, IndexError, KeyError, TypeError, LookupError, OverflowError) as error:
        raise CorruptFile(
            name, f"this RTF cannot be read ({error}). Save it again as .docx or PDF."
        ) from error


def _is_text(kind: str) -> bool:
    from attachments import processors

    return kind in TABLES or processors.get(kind, processors["__text__"]) is processors["__text__"]


def _short(data: bytes, bounds: Bounds) -> tuple[bytes, str]:
    """Return text as UTF-8, cut after the last line within the limit, and what there is to say."""
    text, note = decoded(data)
    if len(text) > bounds.characters:
        end = text.rfind("\n", 0, bounds.characters) + 1 or bounds.characters
        lines = f"{text.count(chr(10), 0, end):,} of {text.count(chr(10)) + 1:,} lines"
        said = f"the first {end:,} of {len(text):,} characters ({lines}) are here; raise characters= for the rest"
        text, note = text[:end], ", ".join(filter(None, [note, said]))
    return text.encode("utf-8", "replace"), note


def _artifact(name: str, data: bytes, kind: str, **options: Any) -> dict[str, Any]:
    from attachments import is_missing_dependency, processors

    process = processors.get(kind) or processors["__text__"]
    artifact = process(data, filename=Path(name).stem + kind, **options)
    error = artifact["meta"].get("error")
    if is_missing_dependency(artifact):
        way = " Or save it as PDF, or in its newer format." if kind in _OFFICE_SUITES else ""
        raise UnsupportedFile(name, error["message"] + way)
    if error:
        raise CorruptFile(name, f"{error['message'].rstrip('.')}. Save it again where it was made.")
    return artifact
