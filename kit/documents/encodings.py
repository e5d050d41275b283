"""Encodings: bytes become text, and a guess is called a guess.

A byte order mark or valid UTF-8 is certain. Everything else is a guess: cp1252 where it gives plain Western
text, otherwise what charset-normalizer finds.
"""

from __future__ import annotations

import codecs
import re
import unicodedata

_MARKS = {  # UTF-32 first: its mark begins like that of UTF-16
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_COMMON = [
    "cp1250",
    "cp1251",
    "cp1252",
    "cp1253",
    "cp1254",
    "cp1255",
    "cp1256",
    "cp1257",
    "koi8_r",
    "mac_roman",
    "cp437",
    "cp850",
    "cp932",
    "euc_jp",
    "gb18030",
    "big5",
    "cp949",
]
_TWICE = re.compile("[ÃÂ][\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹Œ‘’“”•–—˜™š›œžŸ]|â€.")
_DECLARED = re.compile(rb"(?:charset|encoding)\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)


def decoded(data: bytes) -> tuple[str, str]:
    r"""Return the text, and a note unless its encoding is certain.

    >>> decoded(b"caf\xe9")
    ('café', 'read as cp1252, which is a guess: check its accents and quotes')
    """
    for mark, encoding in _MARKS.items():
        if data.startswith(mark):
            return data.decode(encoding, "replace"), ""
    if wide := wide_encoding(data):
        return data.decode(wide, "replace"), f"read as {wide}, which is a guess"
    try:
        return data.decode("utf-8"), ""
    except UnicodeDecodeError as error:
        if error.start > 0 and error.end == len(data) and error.reason == "unexpected end of data":
            return data.decode("utf-8", "replace"), "the last character breaks off"
    encoding = _guess(data)
    return data.decode(
        encoding, "replace"
    ), f"read as {encoding}, which is a guess: check its accents and quotes"


def as_utf8(data: bytes) -> tuple[bytes, str]:
    """Return a web page as UTF-8, unless it declares its own encoding and keeps it; and the note of a guess."""
    if not (named := _DECLARED.search(data[:2048])) or data.startswith(tuple(_MARKS)) or wide_encoding(data):
        text, note = decoded(data)
        return codecs.BOM_UTF8 + text.encode("utf-8", "replace"), note
    try:
        data.decode(named[1].decode("ascii"))
    except (UnicodeDecodeError, LookupError):
        text, note = decoded(data)
        return codecs.BOM_UTF8 + text.encode(
            "utf-8", "replace"
        ), note or "not in the encoding that it declares"
    return data, ""


def wide_encoding(data: bytes) -> str:
    r"""Return the kind of UTF-16 that text without a mark is in, or "": every other byte of it is zero.

    >>> wide_encoding("Hours".encode("utf-16-le")), wide_encoding(b"Hours")
    ('utf-16-le', '')
    """
    sample = data[:4096]
    if len(sample) < 4 or len(data) % 2 or b"\0\0" in sample.replace(b"\n\0", b"").replace(b"\0\n", b""):
        return ""
    even, odd = sample[::2].count(0) / len(sample[::2]), sample[1::2].count(0) / len(sample[1::2])
    return "utf-16-le" if odd > 0.6 > 0.1 > even else "utf-16-be" if even > 0.6 > 0.1 > odd else ""


def doubts(text: str) -> list[str]:
    """Say which characters were lost or garbled before the text came here.

    >>> doubts("cafÃ© and rosÃ© wine")
    ['2 places look garbled ("Ã©"): the text was once read in a wrong encoding']
    """
    found = []
    if lost := text.count("\ufffd"):
        found.append(f"{lost:,} characters could not be decoded and are \ufffd")
    if len(garbled := _TWICE.findall(text)) > 1:
        found.append(
            f'{len(garbled):,} places look garbled ("{garbled[0]}"): the text was once read in a wrong encoding'
        )
    return found


def _guess(data: bytes) -> str:
    from charset_normalizer import from_bytes

    try:
        if _plain(data.decode("cp1252")):
            return "cp1252"
    except UnicodeDecodeError:
        pass
    best = from_bytes(data, cp_isolation=_COMMON).best()
    return best.encoding if best else "cp1252"


def _plain(text: str) -> bool:
    """Whether no symbol stands inside a word, and few words are made of accents alone."""
    for before, sign, after in zip(text, text[1:], text[2:], strict=False):
        inside = before.isalpha() and after.isalpha()
        if inside and ord(sign) > 127 and unicodedata.category(sign) not in ("Ll", "Lu", "Pd", "Pf", "Lm"):
            return False
    strange = sum(ord(sign) > 127 and sign.isalpha() for sign in text)
    return strange <= 0.3 * sum(map(str.isalpha, text))
