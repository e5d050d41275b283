"""Pages: any file as a list of pages, each with its text and, where it can be drawn, its picture.

    pages("lease.pdf", first=1, last=2)[0].text
    pages("scan.pdf")[0].image                      # a dspy.Image, drawn when it is first asked for

A page is a page of a PDF or TIFF, a slide, a sheet, a picture, or the whole of a file that has
none of these. A file is read as what it is, whatever its name says. A mail gives its own page and then those
of its attachments. What is known to be missing from a page's text is in `page.note`. Left out: pictures of
Office pages (save them as PDF first), and OCR (see `kit.documents.ocr`).
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from kit.documents import errors, mails, offices, pdfs, pictures, tables, texts
from kit.documents.bounds import MAX_CHARACTERS, MAX_PAGES, MAX_SECONDS, Bounds, Part, refuse_swollen
from kit.documents.errors import BROKEN, UnreadableFile, UnsupportedFile
from kit.documents.kinds import MAILS, MAX_PIXELS, PICTURES, kind_of, signed

if TYPE_CHECKING:
    import dspy

MAX_BYTES = 500_000_000
MAX_ATTACHED = 100
MAX_DEPTH = 5
LONGEST_SIDE = 2000


@dataclass(frozen=True)
class _File:
    """One file's bytes, its name, what it is (".pdf"), what opens it, and what its download remarked."""

    name: str
    data: bytes = field(repr=False)
    kind: str
    password: str | None = field(default=None, repr=False)
    remark: str = ""

    @property
    def drawable(self) -> bool:
        """Whether its pages have a picture."""
        return self.kind == ".pdf" or self.kind in PICTURES


@dataclass(frozen=True)
class Page:
    """A page, numbered from 1 in its file; `note` says what was odd, and what of it is not in its text."""

    number: int
    text: str = field(repr=False)
    source: str
    note: str = ""
    _file: _File | None = field(default=None, repr=False, compare=False)
    _scan: bool = field(default=True, repr=False, compare=False)

    @property
    def drawable(self) -> bool:
        """Whether the page has a picture: pages of PDFs do, and pictures themselves."""
        return self._file is not None and self._file.drawable

    @property
    def needs_ocr(self) -> bool:
        """Whether the page is a picture with no text or with only a line of it, like a scan."""
        return self.drawable and self._scan

    @cached_property
    def image(self) -> dspy.Image:
        """The page as a picture for a model that sees, drawn on first use; `NoPicture` if it cannot be."""
        import dspy

        return dspy.Image(self.png())

    def png(self, longest: int = LONGEST_SIDE, dpi: int = 144) -> bytes:
        """Draw the page as PNG, at a resolution that keeps its longer side within `longest` pixels."""
        if not self.drawable:
            way = "Save it as PDF and read that, or use the text."
            raise errors.NoPicture(self.source, f"pages of this kind cannot be drawn. {way}")
        file = self._file
        if file.kind == ".pdf":
            return pdfs.drawn(file.name, file.data, file.password, self.number, longest, dpi)
        return pictures.drawn(file.name, file.data, file.kind, self.number, longest)


@dataclass(frozen=True)
class Outcome:
    """What became of one file: its pages, or the error that kept it from being read."""

    source: str
    pages: tuple[Page, ...] = field(default=(), repr=False)
    error: UnreadableFile | None = None

    @property
    def note(self) -> str:
        """What is odd or missing on its pages, each remark once."""
        return "; ".join(dict.fromkeys(page.note for page in self.pages if page.note))


def pages(
    source: str | Path,
    *,
    first: int = 1,
    last: int | None = None,
    password: str | None = None,
    limit: int = MAX_PAGES,
    max_pixels: int = MAX_PIXELS,
    characters: int = MAX_CHARACTERS,
    seconds: float = MAX_SECONDS,
) -> list[Page]:
    """Return the pages of a file, a folder, an archive, a mail or a web address, file by file.

    An attachment that cannot be read is no error: the note of its mail names it.

    `first` and `last` choose pages, counted from 1; `password` opens an encrypted PDF. At most `limit` pages
    of a file are read, for `seconds` after it is fetched, and `characters` are kept; `page.note` says what is
    cut. A picture of more than `max_pixels` is refused before it is decoded. The first file that is
    unreadable raises `UnreadableFile`, or one of its kinds (see `kit.documents.errors`).
    """
    options = {"first": first, "last": last, "password": password, "limit": limit, "max_pixels": max_pixels}
    options |= {"characters": characters, "seconds": seconds}
    files, skipped = _unpack(source)
    gathered = [page for file in files for page in _whole(_outcomes(file, options))]
    if skipped and gathered:
        gathered[0] = _noted(gathered[0], skipped)
    return gathered


def read_all(sources: Iterable[str | Path], **options: Any) -> list[Outcome]:
    """Read many files and lose none: a file that cannot be read is an outcome with an error.

    Folders, archives and mails give an outcome for each file in them; the options are those of `pages`.
    """
    outcomes = []
    for source in sources:
        try:
            files, skipped = _unpack(source)
        except UnreadableFile as error:
            outcomes.append(Outcome(error.source, error=error))
        else:
            outcomes += [outcome for file in files for outcome in _outcomes(file, options)]
            if skipped:
                outcomes.append(Outcome(str(source), error=UnsupportedFile(str(source), skipped)))
    return outcomes


def _whole(outcomes: list[Outcome]) -> list[Page]:
    """Return the pages of a file and of what is attached to it; an attachment that fails is noted."""
    own, *attached = outcomes
    if own.error:
        raise own.error
    whole = [page for outcome in outcomes for page in outcome.pages]
    failed = [str(one.error).removeprefix(f"{own.source}/") for one in attached if one.error]
    return [_noted(whole[0], "not read: " + "; ".join(failed)), *whole[1:]] if failed else whole


def _noted(page: Page, note: str) -> Page:
    return replace(page, note="; ".join(filter(None, [page.note, note])))


def _outcomes(file: tuple[str, bytes], options: dict[str, Any], depth: int = 0) -> list[Outcome]:
    """Return the outcome of a file, and after it one for each file that is attached to it."""
    name, data = file
    remark = "; ".join(getattr(file, "warnings", ()))  # such as a web page where a PDF was expected
    try:
        gathered, attached = _read(name, data, remark, options)
    except UnreadableFile as error:
        return [Outcome(name, error=error)]
    outcomes = [Outcome(name, tuple(gathered))]
    for place, content in attached:
        inner = f"{name}/{place}"
        if depth == MAX_DEPTH or len(outcomes) > MAX_ATTACHED:
            problem = f"mails within mails are read {MAX_DEPTH} deep, and {MAX_ATTACHED} files"
        elif zipfile.is_zipfile(io.BytesIO(content)) and not signed(content):
            problem = "an archive in a mail is not unpacked. Save it, and read it from there."
        else:
            outcomes += _outcomes((inner, content), options, depth + 1)
            continue
        outcomes.append(Outcome(inner, error=UnsupportedFile(inner, problem)))
    return outcomes


def _unpack(source: str | Path) -> tuple[list[tuple[str, bytes]], str]:
    """Return (name, bytes) of each file, and what attachments left out of a folder or an archive."""
    import tarfile

    from attachments._sources import resolve

    web, path = "://" in str(source), Path(source)
    parts = urlsplit(str(source))  # name, password and query may be secret
    shown = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}" if web else str(source)
    name = Path(shown).name or shown
    if path.exists() and not path.is_file() and not path.is_dir():
        raise UnsupportedFile(name, "it is a pipe or a device. Copy what it gives into a file.")
    if path.is_file():
        if (size := path.stat().st_size) > MAX_BYTES:
            raise errors.FileTooLarge(name, f"{size:,} bytes are more than {MAX_BYTES:,}. Split it.")
        if signed(data := path.read_bytes()):
            return [(name, data)], ""  # a Word file named .zip is a Word file
        if zipfile.is_zipfile(path):
            with suppress(zipfile.BadZipFile):
                refuse_swollen(name, data, MAX_BYTES)  # before it costs half a minute
    try:
        resolved = resolve(str(source), options={"hidden": True, "max_files": 0, "max_size": MAX_BYTES})
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, zlib.error) as error:
        problem = f"the archive does not open ({error})"
        raise errors.CorruptFile(name, f"{problem}. Make or send it again.") from error
    except (RuntimeError, NotImplementedError) as error:  # how zipfile says that a password is needed
        kind = errors.EncryptedFile if "password" in str(error) else UnsupportedFile
        raise kind(name, f"the archive does not open ({error}). Unpack it first.") from error
    except OSError as error:
        raise errors.MissingFile(shown, f"it cannot be fetched ({error}). Check the address.") from error
    except ValueError as error:
        if web or path.exists():
            raise UnsupportedFile(name, str(error).replace(str(source), shown)) from error
        raise errors.MissingFile(shown, "there is no such file. Check the path.") from error
    skipped = _skipped(resolved.reports)
    if not resolved.files:
        raise errors.EmptyFile(name, f"there is no file in it. {skipped}".strip())
    return resolved.files, skipped


def _skipped(reports: list[Any]) -> str:
    """Say which files of a folder or an archive were left out, and why; secrets are named, never read."""
    lines = []
    for reason, skipped in (item for report in reports for item in report.skipped.items()):
        more = skipped.files + skipped.folders - len(skipped.examples)
        lines.append(f"{reason}: {', '.join(skipped.examples)}" + (f" and {more} more" if more else ""))
    lines += [f"{report.not_read} files beyond {MAX_BYTES:,} bytes" for report in reports if report.not_read]
    return f"left out ({'; '.join(lines)}). Give a file by its own path to read it" if lines else ""


def _read(
    name: str, data: bytes, remark: str, options: dict[str, Any]
) -> tuple[list[Page], list[tuple[str, bytes]]]:
    """Return the pages of one file, and what is attached to it."""
    if not data:
        raise errors.EmptyFile(name, "the file has no bytes. Was it copied whole?")
    bounds = Bounds(name, **options)
    file = _File(name, data, kind_of(name, data), bounds.password, remark)
    attached: mails.Files = []
    try:
        if file.kind == ".pdf":
            chosen = bounds.chosen(pdfs.count(name, data, bounds.password))
            parts = pdfs.read(name, data, chosen, bounds)
        else:
            if file.kind in PICTURES:
                parts = pictures.read(name, data, bounds)
            elif file.kind in MAILS:
                letter, attached = (mails.outlook if file.kind == ".msg" else mails.mail)(data, bounds)
                parts = [letter]
            else:
                parts = _parts(file, bounds)
            chosen = bounds.chosen(len(parts))
            parts = parts[chosen[0] - 1 : chosen[-1]]
    except BROKEN as error:
        problem = f"this {file.kind[1:].upper()} cannot be read ({error})"
        raise errors.CorruptFile(name, f"{problem}. Save it again where it was made.") from error
    numbered = zip(chosen, bounds.cut(parts), strict=True)
    return [_page(file, number, part) for number, part in numbered], attached


def _parts(file: _File, bounds: Bounds) -> list[Part]:
    if file.kind == ".xlsx":
        return tables.workbook(file.name, file.data, bounds)
    if file.kind in (".docx", ".pptx"):
        refuse_swollen(file.name, file.data)
    parts = texts.read(file.name, file.data, file.kind, bounds)
    if file.kind == ".docx":
        return [offices.word(file.data, parts[0].text)]
    return offices.talk(file.data, [part.text for part in parts], bounds) if file.kind == ".pptx" else parts


def _page(file: _File, number: int, part: Part) -> Page:
    named = Path(file.name).suffix.lower()
    empty = [] if file.drawable or part.text.strip() or part.notes else ["there is no text in it"]
    odd = file.remark or (f"named {named}, read as {file.kind}" if named not in ("", file.kind) else "")
    notes = [odd, *part.notes, *texts.doubts(part.text), *empty]
    return Page(number, part.text, file.name, "; ".join(filter(None, notes)), file, part.scan)
