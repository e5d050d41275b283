"""PDFs: the text of each page, what was typed into its form, comments on it, and its picture.

pypdf reads, PDFium draws. Values of form fields and comments stand at the end of the page's text. Left out,
and said: files that are attached, forms that only Adobe's programs compute (XFA).
"""

from __future__ import annotations

import io
import logging
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from kit.documents.bounds import Bounds, Part, listed
from kit.documents.errors import BROKEN, CorruptFile, EncryptedFile

_ONE_AT_A_TIME = threading.Lock()  # PDFium may not be called from two threads at once
_LITTLE_TEXT = 300
_SHOWN = 0.2
_MOSTLY, _FEW, _MANY = 0.5, 0.2, 400
_MARKUP = {"/Text", "/FreeText", "/Highlight", "/Underline", "/Squiggly", "/StrikeOut", "/Stamp", "/Caret"}
_DRAWN = {"/Square", "/Circle", "/Line", "/Polygon", "/PolyLine", "/Ink", "/FileAttachment", "/Redact"}
_PLAYED = {"/Movie", "/RichMedia", "/Screen", "/Sound", "/3D"}
_PASSWORD, _PUSH = 1 << 13, 1 << 16
_GLYPHS = re.compile(r"(?:/[A-Za-z]{1,9}\d{1,5}(?![\w.-])){3,}")


def count(name: str, data: bytes, password: str | None) -> int:
    """Return the number of pages."""
    with _ONE_AT_A_TIME, _opened(name, data, password) as document:
        return len(document)


def read(name: str, data: bytes, password: str | None, numbers: range, bounds: Bounds) -> list[Part]:
    """Return a part for each of the pages with these numbers, from 1."""
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    broken = (*BROKEN, PyPdfError)
    parts = []
    with _quiet("pypdf"), _damages() as damages, _look_at(name, data, password) as look:
        try:
            reader = PdfReader(io.BytesIO(data), password=password)
            about = _about(reader)
        except broken as error:
            reader, about = None, [f"its outline cannot be read ({_short(error)})"]
        for number in numbers:
            bounds.check(f"page {number}")
            part, ends, failed = Part(), "", ""
            damages.clear()
            try:
                page = reader.pages[number - 1] if reader else None
                part.text = _text(page, bounds, number) if page else ""
                ends = _ends(page, part) if page else ""
            except broken as error:
                failed = _short(error)
            look(part, number, failed)
            if damages:
                part.notes.append(
                    f"a piece of the page is damaged, and what it held is missing ({damages[0]})"
                )
            part.text = (part.text + ends).strip()
            parts.append(part)
    parts[0].notes += about
    return parts


def drawn(name: str, data: bytes, password: str | None, number: int, longest: int, dpi: int) -> bytes:
    """Draw one page as PNG, filled form fields included, opened for this page alone."""
    buffer = io.BytesIO()
    with _ONE_AT_A_TIME, _opened(name, data, password) as document:
        document.init_forms()
        page = document[number - 1]
        scale = min(dpi / 72, longest / max(page.get_size()))
        picture = page.render(scale=scale).to_pil()
    picture.thumbnail((longest, longest))
    picture.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _opened(name: str, data: bytes, password: str | None) -> Any:
    import pypdfium2
    from pypdfium2.raw import FPDF_ERR_PASSWORD

    try:
        return pypdfium2.PdfDocument(data, password=password)
    except pypdfium2.PdfiumError as error:
        if error.err_code == FPDF_ERR_PASSWORD and b"/Encrypt" in data:  # the code may be an old one
            state = "the password does not open it" if password else "the PDF is encrypted"
            raise EncryptedFile(name, f"{state}. Give its password: pages(..., password=...).") from error
        raise CorruptFile(
            name, "the PDF is damaged or breaks off. Fetch or print it to PDF again."
        ) from error


def _short(error: BaseException) -> str:
    return f"{type(error).__name__}: {str(error)[:80]}"


def _text(page: Any, bounds: Bounds, number: int) -> str:
    return page.extract_text(visitor_operand_before=lambda *_: bounds.check(f"page {number}")).strip()


@contextmanager
def _look_at(name: str, data: bytes, password: str | None) -> Iterator[Callable[[Part, int, str], None]]:
    """Open a PDF in PDFium for a second look at pages with little text, which may be pictures."""
    with _ONE_AT_A_TIME:
        document = _opened(name, data, password)

    def look(part: Part, number: int, failed: str) -> None:
        if (garbled := _unmapped(part.text)) > _FEW:
            part.scan = True
            part.notes.append(f"{garbled:.0%} of its characters are no letters: use OCR")
        if len(part.text) >= _LITTLE_TEXT:
            if pictures := _beside(document, number):
                part.notes.append(pictures)
            return
        covered, lines = 0.0, 0
        if not failed.startswith("LimitReached"):  # such a page takes PDFium minutes
            with _ONE_AT_A_TIME:
                page = document[number - 1]
                part.text = part.text or _pdfium_text(page)
                covered, lines = _drawings(page)
        if failed:
            way = "this text is PDFium's" if part.text else "use page.image"
            part.notes.append(f"pypdf cannot read its text ({failed}): {way}")
        if part.text and (covered >= _MOSTLY or lines >= _MANY):
            shown = (
                f"a picture covers {covered:.0%} of the page"
                if covered >= _MOSTLY
                else f"{lines:,} drawn lines"
            )
            part.notes.append(f"{shown}, and only {len(part.text)} characters are text: use OCR")
        part.scan = part.scan or not part.text or covered >= _MOSTLY or lines >= _MANY

    try:
        yield look
    finally:
        with _ONE_AT_A_TIME:
            document.close()


def _beside(document: Any, number: int) -> str:
    """Say how much of a page with text is pictures; small ones, such as a logo, are not worth a note."""
    with _ONE_AT_A_TIME:
        covered, _ = _drawings(document[number - 1])
    shown = f"pictures cover {covered:.0%} of the page; what they show is in page.image only"
    return shown if covered >= _SHOWN else ""


def _pdfium_text(page: Any) -> str:
    return page.get_textpage().get_text_bounded().replace("\r\n", "\n").strip()


def _drawings(page: Any) -> tuple[float, int]:
    """Return the share of the page that pictures cover, from 0 to 1, and how many lines and curves it has."""
    from pypdfium2.raw import FPDF_PAGEOBJ_IMAGE, FPDF_PAGEOBJ_PATH

    left, bottom, right, top = page.get_mediabox()
    covered, lines = 0.0, 0
    for drawing in page.get_objects(filter=[FPDF_PAGEOBJ_IMAGE, FPDF_PAGEOBJ_PATH]):
        lines += drawing.type == FPDF_PAGEOBJ_PATH
        if drawing.type == FPDF_PAGEOBJ_IMAGE:
            x0, y0, x1, y1 = drawing.get_bounds()
            covered += max(0, min(x1, right) - max(x0, left)) * max(0, min(y1, top) - max(y0, bottom))
    return min(1.0, covered / max(1.0, (right - left) * (top - bottom))), lines


def _unmapped(text: str) -> float:
    """Return the share of characters that stand for no letter: private use, controls, names of glyphs."""
    text = _GLYPHS.sub(lambda names: "\ufffd" * len(names[0]), text)
    signs = [sign for sign in text if not sign.isspace()]
    odd = [sign for sign in signs if sign == "\ufffd" or "\ue000" <= sign <= "\uf8ff" or sign < " "]
    return len(odd) / len(signs) if signs else 0.0


def _about(reader: Any) -> list[str]:
    """Say what belongs to the whole file and is not read."""
    form = reader.root_object.get("/AcroForm")
    xfa = form is not None and "/XFA" in form.get_object()
    names = sorted(reader.attachments)
    fields = [*_unplaced(form.get_object().get("/Fields") or [])] if form is not None else []
    return [
        *([f"filled form fields that are on no page: {'; '.join(fields)}"] if fields else []),
        *(["an XFA form: what it shows is computed by Adobe Reader; print it to PDF there"] if xfa else []),
        *([f"files attached to the PDF are not read: {', '.join(names)}"] if names else []),
    ]


def _unplaced(fields: Any, depth: int = 0) -> Iterator[str]:
    """Yield the values of form fields that no page shows: they have no widget."""
    for field in (reference.get_object() for reference in fields):
        if field.get("/Subtype") != "/Widget":
            if kids := field.get("/Kids"):
                yield from _unplaced(kids, depth + 1) if depth < 32 else []
            elif value := _value(field):
                yield f"{_name(field)}: {value}"


def _ends(page: Any, part: Part) -> str:
    """Return the filled form fields and the comments of a page as lines, and note how many there are."""
    fields, links, filled, comments = 0, 0, [], []
    bare: Counter[str] = Counter()
    for reference in page.get("/Annots") or []:
        item = reference.get_object()
        subtype = item.get("/Subtype")
        if subtype == "/Widget" and not int(_inherited(item, "/Ff") or 0) & _PUSH:
            fields += 1
            filled += [f"{_name(item)}: {value}"] if (value := _value(item)) else []
        elif subtype == "/Link":
            links += "/URI" in (item.get("/A") or {})
        elif subtype in _MARKUP | _DRAWN | _PLAYED:
            if words := str(item.get("/Contents") or "").strip():
                by = f" by {item['/T']}" if item.get("/T") else ""
                comments.append(f"{subtype[1:]}{by}: {words}")
            else:
                bare[subtype[1:]] += 1
    if fields:
        part.notes.append(f"form fields that are filled, at the end of the text: {len(filled)} of {fields}")
    if links:
        part.notes.append(f"addresses of links, left out: {links}")
    if comments:
        part.notes.append(f"comments, at the end of the text: {len(comments)}")
    if played := [f"{bare.pop(kind)} {kind}" for kind in [*bare] if f"/{kind}" in _PLAYED]:
        part.notes.append(f"films, sounds and models, which are not read: {', '.join(played)}")
    if bare:
        marks = ", ".join(f"{number} {kind}" for kind, number in bare.items())
        part.notes.append(f"marks without words, to be seen in the picture only: {marks}")
    return listed("Form fields:", filled) + listed("Comments:", comments)


def _value(field: Any) -> str:
    """Return what is in a form field: words, choices, or `checked`; "" if it is empty."""
    kind, value = _inherited(field, "/FT"), _inherited(field, "/V")
    if kind == "/Btn":
        state = str(field.get("/AS") or value or "/Off").removeprefix("/")
        plain = state in ("Yes", "On", "1", "true")
        return "" if state == "Off" else "checked" if plain else f"checked ({state})"
    if value is None or kind == "/Sig":
        return "" if value is None else "signed"
    if int(_inherited(field, "/Ff") or 0) & _PASSWORD:
        return "(a password)"
    if kind == "/Ch":
        pairs = [option for option in _inherited(field, "/Opt") or [] if isinstance(option, list)]
        shown = {str(pair[0]): str(pair[1]) for pair in pairs}
        chosen = value if isinstance(value, list) else [value]
        return ", ".join(shown.get(str(choice), str(choice)) for choice in chosen)
    words = value.get_data().decode("utf-8", "replace") if hasattr(value, "get_data") else str(value)
    return words.replace("\r\n", "\n").replace("\r", "\n").strip()


def _name(field: Any) -> str:
    """Return the words that a field shows to people, or its names from the outermost to its own."""
    names = [str(node["/T"]) for node in _lineage(field) if "/T" in node]
    return str(_inherited(field, "/TU") or ".".join(reversed(names)) or "field")


def _inherited(field: Any, key: str) -> Any:
    value = next((node[key] for node in _lineage(field) if key in node), None)
    return value.get_object() if hasattr(value, "get_object") else value


def _lineage(field: Any) -> Iterator[Any]:
    for _ in range(32):
        yield field
        if "/Parent" not in field:
            return
        field = field["/Parent"].get_object()


@contextmanager
def _damages() -> Iterator[list[str]]:
    """Gather what pypdf says in this thread about streams that it cannot unpack; it goes on without them."""
    said, here, log = [], threading.get_ident(), logging.getLogger("pypdf.filters")

    def gather(record: logging.LogRecord) -> bool:
        if record.thread == here and "decompressing" in record.getMessage():
            said.append(record.getMessage())
        return False

    log.setLevel(logging.WARNING)  # for good: `_quiet` silences its parent
    log.addFilter(gather)
    try:
        yield said
    finally:
        log.removeFilter(gather)


@contextmanager
def _quiet(name: str) -> Iterator[None]:
    log = logging.getLogger(name)
    level = log.level
    log.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        log.setLevel(level)
