"""Encodings: how the letters of a text file are written, so that `Müller` arrives as `Müller`."""

from __future__ import annotations

import codecs
from pathlib import Path

import pyarrow as pa

from kit.notices import notice

_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32",  # before UTF-16, whose mark it begins with
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_PIECE = 1 << 20


class UnknownEncoding(ValueError):
    """A file is in an encoding that cannot be recognized."""


def encoding_of(path: Path) -> str:
    """Return a text file's encoding: UTF-8, -16 or -32; else cp1252, with a notice."""
    with pa.input_stream(str(path), compression="detect") as file:
        start = file.read(_PIECE)
        if marked := next((name for mark, name in _MARKS.items() if start.startswith(mark)), None):
            return marked
        if start.count(b"\0") > len(start) // 4:  # letters of two bytes, one of them empty
            return "utf-16-le" if start[1::2].count(b"\0") >= start[::2].count(b"\0") else "utf-16-be"
        return "utf-8" if _is("utf-8", start, file) else _western(path)


def _western(path: Path) -> str:
    with pa.input_stream(str(path), compression="detect") as file:
        if not _is("cp1252", b"", file):
            raise UnknownEncoding(
                f"{path} is neither UTF-8, UTF-16 nor cp1252. Save it as UTF-8 (in Excel: CSV UTF-8), or "
                "read it yourself and pass the frame: pandas.read_csv(path, encoding=..., dtype=str)."
            )
    notice(f"{path.name} is not UTF-8: it is read as cp1252. If letters look wrong, save it as UTF-8.")
    return "cp1252"


def _is(encoding: str, start: bytes, file: pa.NativeFile) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        while start or (start := file.read(_PIECE)):
            decoder.decode(start)
            start = b""
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
