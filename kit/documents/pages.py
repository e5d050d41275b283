"""Pages: any file as a list of pages, each with its text and, where it can be drawn, its picture.

    pages("lease.pdf", first=1, last=2)[0].text
    pages("scan.pdf")[0].image                      # a dspy.Image, drawn when it is first asked for

attachments reads the text, pypdfium2 draws the pages. A page is a page of a PDF, a slide, a sheet, a picture,
or the whole of a file that has none of these. A file is read as what it is, whatever its name says. Left out:
pictures of Office pages (save them as PDF first), and OCR (see `kit.documents.ocr`).
"""

from __future__ import annotations

import io
import threading
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kit.documents.errors import (
    CorruptFile,
    EmptyFile,
    EncryptedFile,
    MissingFile,
    NoPicture,
    NoSuchPage,
    TooManyPages,
    UnreadableFile,
    UnsupportedFile,
)
from kit.documents.kinds import MAX_PIXELS, PICTURES, kind_of, refuse_bomb, signed

if TYPE_CHECKING:
    import dspy

MAX_PAGES = 200
LONGEST_SIDE = 2000
_ONE_AT_A_TIME = threading.Lock()  # PDFium may not be called from two threads at once


@dataclass(frozen=True)
class _File:
    """One file's bytes, its name, what it is (".pdf"), and what opens it."""

    name: str
    data: bytes = field(repr=False)
    kind: str
    password: str | None = field(default=None, repr=False)

    @property
    def note(self) -> str:
        named = Path(self.name).suffix.lower()
        return f"named {named}, read as {self.kind}" if named not in ("", self.kind) else ""


@dataclass(frozen=True)
class Page:
    """A page: its number from 1 in its file, its text, and where it comes from. `note` says what was odd."""

    number: int
    text: str = field(repr=False)
    source: str
    note: str = ""
    _file: _File | None = field(default=None, repr=False, compare=False)

    @property
    def drawable(self) -> bool:
        """Whether the page has a picture: pages of PDFs do, and pictures themselves."""
        return self._file is not None and (self._file.kind == ".pdf" or self._file.kind in PICTURES)

    @property
    def needs_ocr(self) -> bool:
        """Whether the page has a picture but no text, like a scan."""
        return self.drawable and not self.text.strip()

    @cached_property
    def image(self) -> dspy.Image:
        """The page as a picture for a model that sees, drawn on first use.

        Raises:
            NoPicture: If pages of this kind of file cannot be drawn.
        """
        import dspy

        return dspy.Image(self.png())

    def png(self, longest: int = LONGEST_SIDE, dpi: int = 144) -> bytes:
        """Draw the page as PNG, at a resolution that keeps its longer side within `longest` pixels."""
        if not self.drawable:
            raise NoPicture(
                self.source,
                "pages of this kind cannot be drawn. Save it as PDF and read that, or use the text.",
            )
        if self._file.kind == ".pdf":
            return _drawn(self._file, self.number, longest, dpi)
        return _shrunk(self._file, longest)


@dataclass(frozen=True)
class Outcome:
    """What became of one file: its pages, or the error that kept it from being read."""

    source: str
    pages: tuple[Page, ...] = field(default=(), repr=False)
    error: UnreadableFile | None = None


def pages(
    source: str | Path,
    *,
    first: int = 1,
    last: int | None = None,
    password: str | None = None,
    limit: int = MAX_PAGES,
    max_pixels: int = MAX_PIXELS,
) -> list[Page]:
    """Return the pages of a file, a folder, an archive or a web address.

    Args:
        source: Path or URL. Folders and archives give the pages of all their files, in order.
        first: First page to read, from 1.
        last: Last page to read; None for the end.
        password: Opens an encrypted PDF.
        limit: Most pages to read of one file.
        max_pixels: Most pixels of a picture; larger ones are refused before they are decoded.

    Raises:
        UnreadableFile: One of its kinds (see `kit.documents.errors`), for the first file that cannot be read.
    """
    options = {"first": first, "last": last, "password": password, "limit": limit, "max_pixels": max_pixels}
    return [page for name, data in _unpack(source) for page in _read(name, data, **options)]


def read_all(sources: Iterable[str | Path], **options: Any) -> list[Outcome]:
    """Read many files and lose none: a file that cannot be read is an outcome with an error.

    Args:
        sources: Paths and URLs; folders and archives give an outcome for each file in them.
        options: Passed on to `pages`.
    """
    outcomes = []
    for source in sources:
        try:
            files = _unpack(source)
        except UnreadableFile as error:
            outcomes.append(Outcome(error.source, error=error))
            continue
        outcomes += [_outcome(name, data, options) for name, data in files]
    return outcomes


def _outcome(name: str, data: bytes, options: dict[str, Any]) -> Outcome:
    try:
        return Outcome(name, tuple(_read(name, data, **options)))
    except UnreadableFile as error:
        return Outcome(name, error=error)


def _unpack(source: str | Path) -> list[tuple[str, bytes]]:
    """Return (name, bytes) of each file; attachments fetches, walks folders and opens archives."""
    import tarfile

    from attachments import unpack

    name, path = Path(source).name or str(source), Path(source)
    if path.is_file() and signed(data := path.read_bytes()):
        return [(name, data)]  # a Word file named .zip is a Word file
    try:
        files = unpack(str(source))
    except (zipfile.BadZipFile, tarfile.TarError, EOFError) as error:
        raise CorruptFile(name, f"the archive does not open ({error}). Make or send it again.") from error
    except OSError as error:
        raise MissingFile(str(source), f"it cannot be fetched ({error}). Check the address.") from error
    except ValueError as error:
        if "://" in str(source) or path.exists():
            raise UnsupportedFile(name, f"{error}") from error
        raise MissingFile(str(source), "there is no such file. Check the path.") from error
    if not files:
        raise EmptyFile(name, "there is no file in it.")
    return files


def _read(
    name: str,
    data: bytes,
    *,
    first: int = 1,
    last: int | None = None,
    password: str | None = None,
    limit: int = MAX_PAGES,
    max_pixels: int = MAX_PIXELS,
) -> list[Page]:
    if not data:
        raise EmptyFile(name, "the file has no bytes. Was it copied whole?")
    file = _File(name, data, kind_of(name, data), password)
    if file.kind in PICTURES:
        refuse_bomb(name, data, max_pixels)
    if file.kind == ".pdf":
        chosen = _chosen(file, _count(file), first, last, limit)
        texts = _texts(file, password=password, page_start=chosen[0] - 1, page_end=chosen[-1], ocr=False)
    else:
        texts = _texts(file)
        chosen = _chosen(file, len(texts), first, last, limit)
    return [Page(number, texts.get(number, ""), name, file.note, file) for number in chosen]


def _chosen(file: _File, total: int, first: int, last: int | None, limit: int) -> range:
    """Return the numbers of the wanted pages, once it is clear that they exist and are not too many."""
    last = min(last or total, total)
    if not 1 <= first <= last:
        raise NoSuchPage(file.name, f"it has {total} pages; choose first and last from 1 to {total}.")
    if last - first + 1 > limit:
        raise TooManyPages(
            file.name,
            f"{last - first + 1} pages are more than {limit}. Read a part (first=1, last={limit}), "
            f"or raise limit=.",
        )
    return range(first, last + 1)


def _count(file: _File) -> int:
    with _ONE_AT_A_TIME, _opened(file) as document:
        return len(document)


def _opened(file: _File) -> Any:
    import pypdfium2
    from pypdfium2.raw import FPDF_ERR_PASSWORD

    try:
        return pypdfium2.PdfDocument(file.data, password=file.password)
    except pypdfium2.PdfiumError as error:
        if error.err_code == FPDF_ERR_PASSWORD and b"/Encrypt" in file.data:  # the code may be an old one
            state = "the password does not open it" if file.password else "the PDF is encrypted"
            raise EncryptedFile(
                file.name, f"{state}. Give its password: pages(..., password=...)."
            ) from error
        raise CorruptFile(
            file.name, "the PDF is damaged or breaks off. Fetch or print it to PDF again."
        ) from error


def _texts(file: _File, **options: Any) -> dict[int, str]:
    """Return the text of each page, slide or sheet by its number, as attachments reads it."""
    from attachments import is_missing_dependency, processors

    read = processors.get(file.kind) or processors["__text__"]
    artifact = read(file.data, filename=Path(file.name).stem + file.kind, **options)
    if is_missing_dependency(artifact):
        raise UnsupportedFile(file.name, artifact["meta"]["error"]["message"])
    if error := artifact["meta"].get("error"):
        raise CorruptFile(file.name, f"{error['message'].rstrip('.')}. Save it again where it was made.")
    text = artifact["text"]
    segments = [segment for segment in artifact["meta"].get("segments", []) if "page" in segment]
    return {segment["page"]: text[segment["start"] : segment["end"]] for segment in segments} or {1: text}


def _drawn(file: _File, number: int, longest: int, dpi: int) -> bytes:
    """Draw one page of a PDF, opened for this page alone: nothing stays open, and nothing is drawn ahead."""
    buffer = io.BytesIO()
    with _ONE_AT_A_TIME, _opened(file) as document:
        page = document[number - 1]
        scale = min(dpi / 72, longest / max(page.get_size()))
        picture = page.render(scale=scale).to_pil()
    picture.thumbnail((longest, longest))
    picture.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _shrunk(file: _File, longest: int) -> bytes:
    """Return a picture upright and as PNG, as attachments delivers it."""
    from attachments import processors

    name = Path(file.name).stem + file.kind
    artifact = processors[file.kind](file.data, filename=name, max_dim=longest, image_format="png")
    return artifact["images"][0]["bytes"]
