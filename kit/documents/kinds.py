"""Kinds: what a file really is, and how large its picture would be, before anything reads or decodes it."""

from __future__ import annotations

import io
import warnings
from pathlib import Path

from kit.documents.encodings import wide
from kit.documents.errors import BROKEN, CorruptFile, EncryptedFile, ImageTooLarge, UnsupportedFile

MAX_PIXELS = 50_000_000
PICTURES = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})
OFFICE = frozenset({".docx", ".pptx", ".xlsx"})
MAILS = frozenset({".eml", ".mht", ".mhtml", ".msg"})
_OTHERS = {".doc", ".heic", ".heif", ".msg", ".odp", ".ods", ".pdf", ".ppt", ".xls"}
_NO_TEXT = OFFICE | PICTURES | _OTHERS
_SAME = {".docm": ".docx", ".dotx": ".docx", ".pptm": ".pptx", ".ppsx": ".pptx", ".xlsm": ".xlsx"}
_ANY_WAY = "Save it as PDF, text or a picture."
_OTHER_PICTURES = frozenset({".avif", ".heic", ".heif", ".ico", ".jp2", ".pcx", ".psd", ".tga"})
_WAYS = {  # how a file begins that nothing here reads, and what to do with it
    **dict.fromkeys(
        (b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd"), "Unpack it first."
    ),
    b"\x78\x9f\x3e\x22": "It is Outlook's own packet: open the mail in Outlook and save what is attached.",
    b"PAR1": "Read it as a table: pandas.read_parquet(path).",
}
_PACKED = {  # what is refused: an archive that begins with a file "mimetype", which holds this
    b"application/epub+zip": ".epub",
    b"application/vnd.oasis.opendocument.text": ".odt",
    b"application/vnd.oasis.opendocument.text-template": ".odt",
}
_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_IN_OLE = {  # streams in the old containers of Microsoft, and what a container with such a stream is
    "EncryptedPackage": "locked",
    "__properties_version1.0": ".msg",
    "WordDocument": ".doc",
    "Workbook": ".xls",
    "Book": ".xls",
    "PowerPoint Document": ".ppt",
}


def kind_of(name: str, data: bytes) -> str:
    """Say what a file is, by its content first and its name second, as an extension.

    Raises:
        CorruptFile: If the name promises PDF or Office, and the content is neither that nor text.
        EncryptedFile: If an Office file is under a password.
        UnsupportedFile: If nothing here reads it.

    >>> kind_of("scan.pdf", bytes([0x89]) + b"PNG....")
    '.png'
    """
    from attachments import processors
    from attachments.utils import is_text_bytes

    named = Path(name).suffix.lower()
    named = _SAME.get(named, named)
    kind = signed(data)
    if (kind or named) in _OTHER_PICTURES:
        raise UnsupportedFile(name, f"nothing here reads {kind or named} pictures. Save it as PNG or JPEG.")
    if kind == ".xlsx" and b"xl/workbook.bin" in data:
        raise UnsupportedFile(name, "nothing here reads binary workbooks (.xlsb). Save it as .xlsx.")
    if (kind or named) in _PACKED.values():
        raise UnsupportedFile(name, f"nothing here reads {kind or named} files. Save it as .docx or PDF.")
    if kind:
        return named if named in processors and processors[named] is processors.get(kind) else kind
    if data.startswith(_OLE):
        return _old(name, data)
    if is_text_bytes(data) or data.startswith((b"\xff\xfe", b"\xfe\xff")) or wide(data):
        known = named in processors or named in MAILS
        web_archive = data[:500].lstrip().startswith(b"MIME-Version:")  # how Word saves web pages as .doc
        return named if known and named not in _NO_TEXT else ".eml" if web_archive else ".txt"
    if named == ".pdf" or named in OFFICE:
        raise CorruptFile(name, f"its content is not {named[1:].upper()}. Save it again where it was made.")
    if named not in processors:
        way = next((way for sign, way in _WAYS.items() if data.startswith(sign)), _ANY_WAY)
        raise UnsupportedFile(name, f"nothing here reads {named or 'such'} files. {way}")
    return named


def _old(name: str, data: bytes) -> str:
    """Say what lies in an old container of Microsoft: a mail, an old Office file, or one under a password."""
    import olefile

    try:
        with olefile.OleFileIO(data) as container:
            kind = next((kind for stream, kind in _IN_OLE.items() if container.exists(stream)), "")
    except BROKEN:
        kind = ""
    named = Path(name).suffix.lower()
    if kind == "locked" or (not kind and named in OFFICE):
        raise EncryptedFile(name, "a password protects it, or its format is old. Save it again without.")
    if not kind:
        raise CorruptFile(
            name, f"it breaks off, or is no {named or 'file'} that is known. Save it again, or as PDF."
        )
    return kind


def signed(data: bytes) -> str | None:
    """Return the kind that a file's first bytes declare, or None: text has no signature, nor has a plain zip.

    >>> signed(b"%PDF-1.7"), signed(b"a,b")
    ('.pdf', None)
    """
    from attachments.utils import detect_extension

    if data.startswith(b"{\\rtf"):
        return ".rtf"
    if data[30:38] == b"mimetype" and (packed := _PACKED.get(data[38:90].partition(b"PK")[0])):
        return packed
    if data[:4] in (b"II*\0", b"MM\0*"):
        return ".tif"
    after_some_bytes = b"%PDF-" in data[:1024] and not data.startswith(b"PK")  # a zip may begin with a PDF
    return detect_extension(data) or (".pdf" if after_some_bytes else None)


def refuse_bomb(source: str, data: bytes, max_pixels: int = MAX_PIXELS) -> None:
    """Read a picture's header only, and refuse it if it promises too many pixels.

    Raises:
        ImageTooLarge: If there would be more than `max_pixels`.
        CorruptFile: If it has no header that can be read.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            width, height = Image.open(io.BytesIO(data)).size
    except Image.DecompressionBombError as error:
        raise ImageTooLarge(source, f"{error} Shrink it first.") from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise CorruptFile(source, "this picture cannot be decoded. Save or send it again.") from error
    if width * height > max_pixels:
        raise ImageTooLarge(
            source,
            f"{width:,} by {height:,} pixels are more than {max_pixels:,}. Shrink it, or raise max_pixels=.",
        )
