"""Kinds: what a file really is, and how large its picture would be, before anything reads or decodes it."""

from __future__ import annotations

import io
import warnings
from pathlib import Path

from kit.documents.errors import CorruptFile, EncryptedFile, ImageTooLarge, UnsupportedFile

MAX_PIXELS = 50_000_000
PICTURES = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})
OFFICE = frozenset({".docx", ".pptx", ".xlsx"})
_OLD_OR_LOCKED = bytes.fromhex("d0cf11e0a1b11ae1")


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
    if found := signed(data):
        return named if processors.get(named) is processors[found] else found
    if data.startswith(_OLD_OR_LOCKED) and named in OFFICE:
        raise EncryptedFile(name, "a password protects it, or its format is old. Save it anew without.")
    if is_text_bytes(data):
        return named if named in processors and named not in {".pdf", *OFFICE, *PICTURES} else ".txt"
    if named == ".pdf" or named in OFFICE:
        raise CorruptFile(name, f"its content is not {named[1:].upper()}. Save it again where it was made.")
    if named not in processors:
        raise UnsupportedFile(
            name, f"nothing here reads {named or 'such'} files. Save it as PDF, text or a picture."
        )
    return named


def signed(data: bytes) -> str | None:
    """Return the kind that a file's first bytes declare, or None: text has no signature, nor has a plain zip.

    >>> signed(b"%PDF-1.7"), signed(b"a,b")
    ('.pdf', None)
    """
    from attachments.utils import detect_extension

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
