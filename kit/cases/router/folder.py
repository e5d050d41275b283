"""Folder: every file of a pile, each with the hash of its content, or with the reason why it is not opened.

Nothing here trusts a file: links may lead out of the folder, archives and PDFs may swell when they are
unpacked, and an extension may lie.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

MOST_BYTES = 50_000_000
MOST_UNPACKED = 100_000_000
MOST_MEMBERS = 200
_OFFICE = {"word/": ".docx", "xl/": ".xlsx", "ppt/": ".pptx"}
_OPEN = {  # what an archive's member "mimetype" says
    b"application/epub+zip": ".epub",
    b"application/vnd.oasis.opendocument.presentation": ".odp",
    b"application/vnd.oasis.opendocument.spreadsheet": ".ods",
    b"application/vnd.oasis.opendocument.text": ".odt",
}
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLD = {  # a stream in an old container of Microsoft
    "__properties_version1.0": ".msg",
    "PowerPoint Document": ".ppt",
    "Workbook": ".xls",
    "WordDocument": ".doc",
}
_SHUT = {b"\x1f\x8b": ".gz", b"7z\xbc\xaf": ".7z", b"Rar!": ".rar", b"BZh": ".bz2", b"\xfd7zXZ": ".xz"}
_PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"II*\0", b"MM\0*", b"BM")
_STREAM = re.compile(rb"stream\r?\n")
_PIECE = 1_000_000


@dataclass(frozen=True)
class Found:
    """A file: its name in the pile, where it lies, what it is, its content's hash, or why it stays shut.

    `kind` is what a file that stays shut is called, if not "unreadable".
    """

    name: str
    path: Path
    format: str = ""
    digest: str = ""
    members: int = 0
    refused: str = ""
    kind: str = ""


def found(folder: Path, unpacked: Path) -> Iterator[Found]:
    """Yield every file under a folder in order, and those in its archives, which are unpacked elsewhere."""
    root = folder.resolve()
    for path in _paths(folder):
        name = path.relative_to(folder).as_posix()
        try:
            refused = refusal(path, root)
            data = b"" if refused else path.read_bytes()
        except (OSError, RuntimeError) as error:  # a loop of links is a RuntimeError before Python 3.13
            refused, data = f"it cannot be opened ({type(error).__name__})", b""
        if refused:
            yield Found(name, path, refused=refused)
        elif format_of(name, data) == ".zip":
            yield from _archive(name, path, data, unpacked)
        else:
            yield _file(name, path, data)


def refusal(path: Path, root: Path) -> str:
    """Return why a path is not opened, or "": links out of the folder, pipes, files that are too large."""
    if path.is_symlink():
        target = path.resolve()
        if not target.is_relative_to(root):
            return "the link leads out of the folder"
        if not target.exists():
            return "the link leads nowhere"
        if target.is_dir():
            return "a link to a folder is not followed"
    if not path.is_file():
        return "it is not a regular file"
    if (size := path.stat().st_size) > MOST_BYTES:
        return f"{size:,} bytes are more than {MOST_BYTES:,}: split it"
    return ""


def format_of(name: str, data: bytes) -> str:
    """Return what a file is, by its first bytes; where they do not say, by its name.

    >>> format_of("scan.pdf", bytes([0x89]) + b"PNG"), format_of("notes.txt", b"%PDF-1.4")
    ('.png', '.pdf')
    """
    if shut := next((kind for sign, kind in _SHUT.items() if data.startswith(sign)), ""):
        return shut
    if data.startswith(_OLE):
        streams = (kind for name, kind in _OLD.items() if name.encode("utf-16-le") in data)
        return next(streams, PurePosixPath(name).suffix.lower())
    if data.startswith(b"PK"):
        return _packed_format(name, data)
    if b"%PDF-" in data[:1024]:
        return ".pdf"
    if data.startswith(_PICTURES) or (data[:4] == b"RIFF" and data[8:12] == b"WEBP"):
        return ".png"
    return PurePosixPath(name).suffix.lower()


def _packed_format(name: str, data: bytes) -> str:
    """Return what a packed file is: Office files hold a folder of their own, other archives do not."""
    suffix = PurePosixPath(name).suffix.lower()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            inside = archive.namelist()
            if "mimetype" in inside and (kind := _OPEN.get(archive.open("mimetype").read(80).strip())):
                return kind
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, OSError):
        return suffix if suffix in _OFFICE.values() else ".zip"
    return next(
        (kind for part, kind in _OFFICE.items() if any(name.startswith(part) for name in inside)), ".zip"
    )


def swells(data: bytes, limit: int = MOST_UNPACKED) -> bool:
    r"""Say whether the streams of a PDF unpack to more than `limit` bytes; no more than that is unpacked.

    >>> swells(b"stream\n" + zlib.compress(bytes(1000)), limit=999)
    True
    """
    left, view, end = limit, memoryview(data), 0
    while start := _STREAM.search(data, end):
        end = data.find(b"endstream", start.end())
        end = len(data) if end < 0 else end
        left = _unpacked(view[start.end() : end], left)
        if left < 0:
            return True
        end += len(b"endstream")
    return False


def _unpacked(packed: memoryview | bytes, left: int, depth: int = 3) -> int:
    """Return how much of the limit is left once a stream, and a stream packed in it, is unpacked."""
    unpack, first = zlib.decompressobj(), b""
    try:
        piece = unpack.decompress(packed, _PIECE)
        first = piece
        while piece and left >= 0:
            left -= len(piece)
            piece = unpack.decompress(unpack.unconsumed_tail, _PIECE)
    except zlib.error:
        pass  # not a packed stream, or one that breaks off: what came out so far has been counted
    return _unpacked(first, left, depth - 1) if depth and left >= 0 and first[:1] == b"\x78" else left


def _paths(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        folders.sort()
        links = [name for name in folders if (Path(place) / name).is_symlink()]
        yield from (Path(place) / name for name in sorted([*files, *links]))


def _file(name: str, path: Path, data: bytes) -> Found:
    kind, digest = format_of(name, data), hashlib.sha256(data).hexdigest()
    if kind in _SHUT.values():
        reason = f"a {kind} archive is not opened: unpack it first"
        return Found(name, path, kind, digest, refused=reason, kind="archive")
    swollen = kind == ".pdf" and swells(data)
    refused = f"its pages unpack to more than {MOST_UNPACKED:,} bytes" if swollen else ""
    return Found(name, path, kind, digest, refused=refused)


def _archive(name: str, path: Path, data: bytes, unpacked: Path) -> Iterator[Found]:
    """Yield an archive, and its files; names inside are never used as paths."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            inside = [member for member in archive.infolist() if not member.is_dir()]
            if len(inside) > MOST_MEMBERS or sum(member.file_size for member in inside) > MOST_UNPACKED:
                limits = f"{MOST_MEMBERS} files or {MOST_UNPACKED:,} bytes"
                yield Found(name, path, ".zip", refused=f"the archive unpacks to more than {limits}")
                return
            contents = [(member.filename, archive.read(member)) for member in inside]
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, OSError) as error:
        yield Found(name, path, ".zip", refused=f"the archive does not open ({type(error).__name__})")
        return
    digest = hashlib.sha256(data).hexdigest()
    yield Found(name, path, ".zip", digest, members=len(contents))
    for number, (member, content) in enumerate(contents):
        target = unpacked / digest[:16] / f"{number}{PurePosixPath(member).suffix}"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        nested = format_of(member, content) == ".zip"
        reason = "an archive in an archive is not opened"
        place = f"{name}/{member}"
        yield Found(place, target, ".zip", refused=reason) if nested else _file(place, target, content)
