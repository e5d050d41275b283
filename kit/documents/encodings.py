"""Encodings: bytes become text, and a guess is called a guess.

A byte order mark or valid UTF-8 is certain. Everything else is a guess: cp1252 where it gives plain Western
text, otherwise what charset-normalizer finds.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from contextlib import suppress

_MARKS = {  # UTF-32 first: its mark begins like that of UTF-16
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_CODE_PAGES = (437, 850, 932, 949, 1250, 1251, 1253, 1254, 1255, 1256, 1257)
_OTHERS = [*(f"cp{number}" for number in _CODE_PAGES), "koi8_r", "mac_roman", "euc_jp", "gb18030", "big5"]
_TWICE = re.compile(
    "[\u00c2\u00c3][\u0080-\u00bf\u2013-\u203a\u20ac\u0152-\u0178\u017d\u0192\u02c6\u02dc]|\u00e2\u20ac."
)
_CONTROLS = [chr(code) for code in (*range(9), 11, *range(14, 32), 127)]
_DECLARED = re.compile(rb"(?:charset|encoding)\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)


def decoded(data: bytes) -> tuple[str, list[str]]:
    r"""Return the text, and a note unless its encoding is certain; an XML file says its own.

    >>> decoded(b"caf\xe9s")
    ('cafés', ['read as cp1252, a guess: check its accents and quotes'])
    """
    if mark := next((encoding for mark, encoding in _MARKS.items() if data.startswith(mark)), ""):
        return data.decode(mark, "replace"), []
    if data.startswith(b"<?xml") and (declared := _DECLARED.search(data[:200])):
        with suppress(UnicodeDecodeError, LookupError):
            return data.decode(declared[1].decode("ascii")), []
    with suppress(UnicodeDecodeError):
        return data.decode("utf-8"), []
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
    lost, garbled, remarks = text.count("\ufffd"), _TWICE.findall(text), []
    if controls := sum(map(text.count, _CONTROLS)):
        remarks.append(f"{controls:,} control characters are in it, as in files that are no text")
    if lost:
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
