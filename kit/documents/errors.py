"""What can be wrong with a file; each message names the file, what was found, and the next step."""

from __future__ import annotations

import struct
import zipfile
import zlib

BROKEN = (  # what libraries raise when the file that they read is broken
    *(ArithmeticError, AssertionError, AttributeError, EOFError, LookupError, NotImplementedError, OSError),
    *(RecursionError, SyntaxError, TypeError, ValueError, struct.error, zipfile.BadZipFile, zlib.error),
)


class UnreadableFile(Exception):
    """A file, or a page of it, cannot be read. `source` is its name."""

    def __init__(self, source: str, problem: str) -> None:
        super().__init__(f"{source}: {problem}")
        self.source = source


class MissingFile(UnreadableFile):
    """There is no such file, or its address could not be fetched."""


class EmptyFile(UnreadableFile):
    """The file has no bytes; the folder or archive has no files."""


class CorruptFile(UnreadableFile):
    """The file breaks off, or is not what it says it is."""


class EncryptedFile(UnreadableFile):
    """The file needs a password, or another one."""


class UnsupportedFile(UnreadableFile):
    """Nothing here reads this kind of file."""


class NoSuchPage(UnreadableFile):
    """The file has fewer pages than the first one that was asked for."""


class TooManyPages(UnreadableFile):
    """The file has more pages than the limit."""


class ImageTooLarge(UnreadableFile):
    """The picture has more pixels than the limit; it was not decoded."""


class FileTooLarge(UnreadableFile):
    """The file, or what it unpacks to, has more bytes than the limit."""


class TookTooLong(UnreadableFile):
    """Reading was stopped after the seconds that it may need."""


class NoPicture(UnreadableFile):
    """Pages of this kind of file cannot be drawn."""
