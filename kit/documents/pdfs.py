"""PDFs: the text of each page, what was typed into its form, comments on it, and its picture.

pypdf reads, PDFium draws. Comments stand at the end of a page, the values of a form after the first page that
is read. Left out, and said: attached files, and forms that only Adobe computes (XFA).
"""

from __future__ import annotations

import io
import logging
import re
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kit.documents.bounds import Bounds, Part, listed
from kit.documents.errors import BROKEN, CorruptFile, EncryptedFile

_ONE_AT_A_TIME = threading.Lock()  # PDFium may not be called from two threads at once
_LITTLE_TEXT, _FEW, _MOSTLY, _MANY = 300, 0.2, 0.5, 400
_PASSWORD = 1 << 13  # the flag of a form field
_GLYPHS = re.compile(r"(?:/[A-Za-z]{1,9}\d{1,5}(?![\w.-])){3,}")


def count(name: str, data: bytes, password: str | None) -> int:
    """Return the number of pages."""
    with _ONE_AT_A_TIME, _opened(name, data, password) as document:
        return len(document)


def read(name: str, data: bytes, numbers: range, bounds: Bounds) -> list[Part]:
    """Return a part for each of the pages with these numbers, from 1."""
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    broken = (*BROKEN, PyPdfError)
    parts = []
    with _heard() as heard:
        try:
            reader = PdfReader(io.BytesIO(data), password=bounds.password)
            about, filled = _about(reader), _filled(reader)
        except broken as error:
            reader, about, filled = None, [f"its outline cannot be read ({_short(error)})"], []
        for number in numbers:
            bounds.check(here := f"page {number}")
            part, ends, failed = Part(), "", ""
            heard.clear()
            try:
                if page := reader and reader.pages[number - 1]:
                    part.text = page.extract_text(visitor_operand_before=lambda *_, at=here: bounds.check(at))
                    part.text, ends = part.text.strip(), _comments(page, part)
            except broken as error:
                failed = _short(error)
            _look((name, data, bounds.password), part, number, failed)
            if damage := next((said for said in heard if "decompressing" in said), ""):
                part.notes.append(f"a piece of the page is damaged, and what it held is missing ({damage})")
            part.text = (part.text + ends).strip()
            parts.append(part)
    parts[0].text = (parts[0].text + listed("Form fields of the file:", filled)).strip()
    parts[0].count("form fields that are filled, at the end of the text", len(filled))
    parts[0].notes += about
    return parts


def drawn(name: str, data: bytes, password: str | None, number: int, longest: int, dpi: int) -> bytes:
    """Draw one page as PNG, filled form fields included, opened for this page alone."""
    with _ONE_AT_A_TIME, _opened(name, data, password) as document:
        document.init_forms()
        page = document[number - 1]
        picture = page.render(scale=min(dpi / 72, longest / max(page.get_size()))).to_pil()
    picture.thumbnail((longest, longest))
    picture.save(buffer := io.BytesIO(), "PNG", optimize=True)
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
        problem = "the PDF is damaged or breaks off. Fetch or print it to PDF again."
        raise CorruptFile(name, problem) from error


def _short(error: BaseException) -> str:
    return f"{type(error).__name__}: {str(error)[:80]}"


def _look(file: tuple[str, bytes, str | None], part: Part, number: int, failed: str) -> None:
    """Look at a page with PDFium, too: one with little text may be a picture."""
    if (garbled := _unmapped(part.text)) > _FEW:
        part.scan = True
        part.notes.append(f"{garbled:.0%} of its characters are no letters: use OCR")
    covered, lines = 0.0, 0
    if not failed.startswith("LimitReached"):  # such a page takes PDFium minutes
        with _ONE_AT_A_TIME, _opened(*file) as document:
            page = document[number - 1]
            if not part.text:
                part.text = page.get_textpage().get_text_bounded().replace("\r\n", "\n").strip()
            covered, lines = _drawings(page)
    if failed:
        way = "this text is PDFium's" if part.text else "use page.image"
        part.notes.append(f"pypdf cannot read its text ({failed}): {way}")
    if len(part.text) >= _LITTLE_TEXT:
        if covered >= _FEW:
            seen = "what they show is in page.image only"
            part.notes.append(f"pictures cover {covered:.0%} of the page; {seen}")
        return
    if part.text and (covered >= _MOSTLY or lines >= _MANY):
        picture = f"a picture covers {covered:.0%} of the page"
        shown = picture if covered >= _MOSTLY else f"{lines:,} drawn lines"
        part.notes.append(f"{shown}, and only {len(part.text)} characters are text: use OCR")
    part.scan = part.scan or not part.text or covered >= _MOSTLY or lines >= _MANY


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
    form, about = reader.root_object.get("/AcroForm"), []
    if form is not None and "/XFA" in form.get_object():
        about.append("an XFA form: what it shows is computed by Adobe Reader; print it to PDF there")
    if names := ", ".join(sorted(reader.attachments)):
        about.append(f"files attached to the PDF are not read: {names}")
    return about


def _comments(page: Any, part: Part) -> str:
    """Return the comments of a page as lines, and note what of its links and marks is not among them."""
    links, comments, bare = 0, [], Counter()
    for reference in page.get("/Annots") or []:
        item = reference.get_object()
        subtype = str(item.get("/Subtype"))[1:]
        if subtype == "Link":
            links += "/URI" in (item.get("/A") or {})
        elif subtype in ("Popup", "Widget"):
            continue
        elif words := str(item.get("/Contents") or "").strip():
            by = f" by {item['/T']}" if item.get("/T") else ""
            comments.append(f"{subtype}{by}: {words}")
        else:
            bare[subtype] += 1
    part.count("addresses of links, left out", links)
    part.count("comments, at the end of the text", len(comments))
    if bare:
        marks = ", ".join(f"{number} {kind}" for kind, number in bare.items())
        part.notes.append(f"marks, films and sounds without words, which are not read: {marks}")
    return listed("Comments:", comments)


def _filled(reader: Any) -> list[str]:
    """Return what was typed, chosen or ticked in the form of a file, a line a field."""
    lines = []
    for name, field in (reader.get_fields() or {}).items():
        value, parent = field.get("/V"), field.get("/Parent") or {}
        if int(field.get("/Ff") or parent.get("/Ff") or 0) & _PASSWORD:
            value = value and "(a password)"
        elif isinstance(value, dict):
            value = "signed"
        elif isinstance(value, list):
            value = ", ".join(map(str, value))
        elif isinstance(value, str) and value.startswith("/"):  # the state of a box
            value = {"/Off": "", "/Yes": "checked", "/On": "checked"}.get(value, f"checked ({value[1:]})")
        if value and (words := str(value).replace("\r\n", "\n").replace("\r", "\n").strip()):
            lines.append(f"{field.get('/TU') or name}: {words}")
    return lines


@contextmanager
def _heard() -> Iterator[list[str]]:
    """Gather what pypdf says in this thread about what it cannot read; nobody else hears it."""
    said, here, log = [], threading.get_ident(), logging.getLogger("pypdf")
    ear = logging.Handler(logging.WARNING)
    ear.emit = lambda record: said.append(record.getMessage()) if record.thread == here else None
    level, passes_on = log.level, log.propagate
    log.addHandler(ear)
    log.setLevel(logging.WARNING)  # the contracts of kit.cases raise it
    log.propagate = False
    try:
        yield said
    finally:
        log.removeHandler(ear)
        log.setLevel(level)
        log.propagate = passes_on
