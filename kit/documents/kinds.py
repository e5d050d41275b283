"""Kinds: what a file really is, before anything reads it."""

from __future__ import annotations

from pathlib import Path

from kit.documents.errors import CorruptFile, EncryptedFile, UnsupportedFile

MAX_PIXELS = 50_000_000
PICTURES = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})
OFFICE = frozenset({".docx", ".pptx", ".xlsx"})
MAILS = frozenset({".eml", ".mht", ".mhtml", ".msg"})
_SAME = {".docm": ".docx", ".dotx": ".docx", ".pptm": ".pptx", ".ppsx": ".pptx", ".xlsm": ".xlsx"}
_REFUSED = {  # kinds that nothing here reads, and what to do with such a file
    **dict.fromkeys((".doc", ".epub", ".odt", ".rtf"), "Save it as .docx or PDF."),
    **dict.fromkeys((".ods", ".xls", ".xlsb"), "Save it as .xlsx."),
    **dict.fromkeys((".odp", ".ppt"), "Save it as .pptx or PDF."),
    **dict.fromkeys((".avif", ".heic", ".heif", ".ico", ".jp2", ".psd", ".tga"), "Save it as PNG or JPEG."),
    **dict.fromkeys((".7z", ".bz2", ".gz", ".rar", ".xz", ".zst"), "Unpack it first."),
    ".parquet": "Read it as a table: pandas.read_parquet(path).",
}
_NO_TEXT = OFFICE | PICTURES | {".msg", ".pdf"} | set(_REFUSED)
_OLE = bytes.fromhex("d0cf11e0a1b11ae1")


def kind_of(name: str, data: bytes) -> str:
    """Say what a file is, by its content first and its name second; an error if nothing here reads it.

    >>> kind_of("scan.pdf", bytes([0x89]) + b"PNG....")
    '.png'
    """
    from attachments import processors
    from attachments.utils import is_text_bytes

    named = Path(name).suffix.lower()
    named = _SAME.get(named, named)
    kind = signed(data) or (_old(name, data) if data.startswith(_OLE) else None)
    if not kind and (is_text_bytes(data) or data.startswith((b"\xff\xfe", b"\xfe\xff"))):
        known = named in processors or named in MAILS
        web_archive = data[:500].lstrip().startswith(b"MIME-Version:")  # how Word saves web pages as .doc
        return named if known and named not in _NO_TEXT else ".eml" if web_archive else ".txt"
    if way := _REFUSED.get(kind or named):
        raise UnsupportedFile(name, f"nothing here reads {kind or named} files. {way}")
    if kind:
        return named if named in processors and processors[named] is processors.get(kind) else kind
    if named == ".pdf" or named in OFFICE:
        raise CorruptFile(name, f"its content is not {named[1:].upper()}. Save it again where it was made.")
    if named not in processors:
        way = "Save it as PDF, text or a picture."
        raise UnsupportedFile(name, f"nothing here reads {named or 'such'} files. {way}")
    return named


def _old(name: str, data: bytes) -> str:
    """Say what lies in an old container of Microsoft: a mail, or what is refused. It names its streams."""
    if "EncryptedPackage".encode("utf-16-le") in data or Path(name).suffix.lower() in OFFICE:
        raise EncryptedFile(name, "a password protects it, or its format is old. Save it again without.")
    if "__properties_version1.0".encode("utf-16-le") in data or name.lower().endswith(".msg"):
        return ".msg"
    problem = "nothing here reads the old formats of Office (.doc, .ppt, .xls)."
    raise UnsupportedFile(name, f"{problem} Save it as .docx, .pptx, .xlsx or PDF.")


def signed(data: bytes) -> str | None:
    """Return the kind that a file's first bytes declare, or None: text has no signature, nor has a plain zip.

    >>> signed(b"%PDF-1.7"), signed(b"a,b")
    ('.pdf', None)
    """
    from attachments.utils import detect_extension

    if data.startswith(b"{\\rtf"):
        return ".rtf"
    if data[30:38] == b"mimetype":
        return ".epub" if b"epub" in data[38:60] else ".odt"
    if data[:4] in (b"II*\0", b"MM\0*"):
        return ".tif"
    after_some_bytes = b"%PDF-" in data[:1024] and not data.startswith(b"PK")  # a zip may begin with a PDF
    kind = detect_extension(data) or (".pdf" if after_some_bytes else None)
    return ".xlsb" if kind == ".xlsx" and b"xl/workbook.bin" in data else kind
