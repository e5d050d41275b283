"""Texts: plain text, tables in text, web pages, notebooks, and every other kind that attachments reads.

An encoding that a guess found is called a guess: a byte order mark or valid UTF-8 is certain, everything else
is cp1252 where it gives plain Western text, otherwise what charset-normalizer finds.
"""

from __future__ import annotations

import codecs
import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from kit.documents.bounds import Bounds, Part
from kit.documents.errors import CorruptFile, UnsupportedFile

_MARKUP = 20  # characters of markup for each character of text, at most
_TAGS = b"audio button canvas embed frame iframe img noframes noscript object svg template video".split()
_UNREAD = re.compile(rb"<(" + b"|".join(_TAGS) + rb")\b", re.IGNORECASE)
_HIDDEN = rb"<[a-z][^>]*(?:\shidden[\s=>]|display:\s*none|visibility:\s*hidden)"
_COUNTED = {
    "addresses of links, left out": rb"<a\s[^>]*href\s*=\s*[\"']?\s*(?!#)",
    "form fields, whose contents are not read": rb"<(?:input|textarea|select)\b",
    "elements that the page hides, left out": _HIDDEN,
}
_MARKS = {  # UTF-32 first: its mark begins like that of UTF-16
    (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE): "utf-32",
    (codecs.BOM_UTF8,): "utf-8-sig",
    (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE): "utf-16",
}
_CODE_PAGES = (437, 850, 932, 949, 1250, 1251, 1253, 1254, 1255, 1256, 1257)
_OTHERS = [*(f"cp{number}" for number in _CODE_PAGES), "koi8_r", "mac_roman", "euc_jp", "gb18030", "big5"]
_TWICE = re.compile(
    "[\u00c2\u00c3][\u0080-\u00bf\u2013-\u203a\u20ac\u0152-\u0178\u017d\u0192\u02c6\u02dc]|\u00e2\u20ac."
)
_CONTROLS = [chr(code) for code in (*range(9), 11, *range(14, 32), 127)]
_DECLARED = re.compile(rb"(?:charset|encoding)\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)


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
    counted = {what: len(re.findall(tag, data, re.IGNORECASE)) for what, tag in _COUNTED.items()}
    notes += [f"{what}: {number}" for what, number in counted.items() if number]
    add, instead = " Add [screenshot: true] to see it rendered.", " Print it to PDF in a browser."
    return Part(artifact["text"], [*notes, *(note.replace(add, instead) for note in _said(artifact["meta"]))])


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


def text_reader(kind: str) -> tuple[Callable[..., dict[str, Any]], bool]:
    """Return attachments' reader of a kind of file, and whether it is the one for plain text."""
    from attachments import processors

    plain = processors["__text__"]
    return (reader := processors.get(kind) or plain), reader is plain


def decoded(data: bytes, encoding: str = "") -> tuple[str, list[str]]:
    r"""Return the text, and a note unless its encoding is certain or declared; an XML file says its own.

    >>> decoded(b"caf\xe9s")
    ('cafés', ['read as cp1252, a guess: check its accents and quotes'])
    """
    if mark := next((name for marks, name in _MARKS.items() if data.startswith(marks)), ""):
        return data.decode(mark, "replace"), []
    if not encoding and data.startswith(b"<?xml") and (declared := _DECLARED.search(data[:200])):
        encoding = declared[1].decode("ascii")
    for likely in (encoding or "utf-8", "utf-8"):
        with suppress(UnicodeDecodeError, LookupError):
            return data.decode(likely), []
    text = data.decode("utf-8", "replace")
    if text.count("\ufffd") < 0.1 * sum(sign > "\x7f" and sign.isalpha() for sign in text):
        return text, []  # UTF-8 with a few broken bytes; `doubts` counts them
    encoding = _guess(data)
    return data.decode(encoding, "replace"), [f"read as {encoding}, a guess: check its accents and quotes"]


def as_utf8(data: bytes) -> tuple[bytes, list[str]]:
    """Return a web page as it is if it is in the encoding that it declares, otherwise as UTF-8."""
    if declared := _DECLARED.search(data[:2048]):
        with suppress(UnicodeDecodeError, LookupError):
            data.decode(declared[1].decode("ascii"))
            return data, []
    text, notes = decoded(data)
    return codecs.BOM_UTF8 + text.encode("utf-8", "replace"), notes


def doubts(text: str) -> list[str]:
    """Say which characters were lost or garbled before the text came here.

    >>> doubts("cafÃ© and rosÃ© wine")
    ['2 places look garbled ("Ã©"): the text was once read in a wrong encoding']
    """
    garbled, remarks = _TWICE.findall(text), []
    if controls := sum(map(text.count, _CONTROLS)):
        remarks.append(f"{controls:,} control characters are in it, as in files that are no text")
    if lost := text.count("\ufffd"):
        remarks.append(f"{lost:,} characters could not be decoded and are \ufffd")
    if len(garbled) > 1:
        places = f'{len(garbled):,} places look garbled ("{garbled[0]}")'
        remarks.append(f"{places}: the text was once read in a wrong encoding")
    return remarks


def _guess(data: bytes) -> str:
    from charset_normalizer import from_bytes

    with suppress(UnicodeDecodeError):
        if _western(data.decode("cp1252")):
            return "cp1252"
    best = from_bytes(data, cp_isolation=_OTHERS).best()
    return best.encoding if best else "cp1252"


def _western(text: str) -> bool:
    """Whether no symbol stands inside a word, and less than a third of the letters have accents."""
    for before, sign, after in zip(text, text[1:], text[2:], strict=False):
        inside = ord(sign) > 127 and before.isalpha() and after.isalpha()
        if inside and unicodedata.category(sign) not in ("Ll", "Lu", "Pd", "Pf"):
            return False
    accented = sum(ord(sign) > 127 and sign.isalpha() for sign in text)
    return accented <= 0.3 * sum(map(str.isalpha, text))
