"""Encodings: how the letters of a text file are written, so that `Müller` arrives as `Müller`."""

from __future__ import annotations

import codecs
from pathlib import Path

import pyarrow as pa

from kit.documents.encodings import TWICE, marked, wide
from kit.notices import notice

_PIECE = 1 << 20


class UnknownEncoding(ValueError):
    """A file is in an encoding that cannot be recognized."""


def encoding_of(path: Path) -> str:
    """Return a text file's encoding: UTF-8, -16 or -32; else cp1252, Excel's own, with a notice."""
    with pa.input_stream(str(path), compression="detect") as file:
        start = file.read(_PIECE)
        if known := marked(start) or wide(start):
            return known
        return "utf-8" if _is("utf-8", start, file) else _western(path)


def _western(path: Path) -> str:
    with pa.input_stream(str(path), compression="detect") as file:
        start = file.read(_PIECE)
        if TWICE.search(start.decode("cp1252", "replace")) or not _is("cp1252", start, file):
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
