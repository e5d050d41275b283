"""Tables: every sheet of a workbook as lines of comma-separated values, and what a sheet hides.

Hidden sheets, rows and columns are read, and said. A formula without a computed value stands as the formula.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from datetime import datetime, time
from itertools import groupby
from typing import Any

from kit.documents.bounds import Bounds, Part, listed, refuse_swollen
from kit.documents.errors import CorruptFile, EncryptedFile
from kit.documents.offices import words_of

_LARGE = 40_000_000
_WIDE = 5_000_000  # cells of a sheet, empty ones too
_TIME = re.compile(r"[hHsS]")
_QUOTED = re.compile(r'"[^"]*"|\\.')
_WORDS = re.compile(r'"([^"]*)"|\[\$([^-\]]+)|([$€£¥])')
_SIDES = ("left", "center", "right")
_A_FEW = 8


def workbook(name: str, data: bytes, bounds: Bounds) -> list[Part]:
    """Return the sheets of an .xlsx or .xlsm."""
    from openpyxl import load_workbook
    from openpyxl.chartsheet import Chartsheet

    packed = refuse_swollen(name, data)
    large = sum(size for part, size in packed.items() if part.startswith("xl/worksheets/")) > _LARGE
    values = load_workbook(io.BytesIO(data), read_only=large, data_only=True)
    formulas = None if large else load_workbook(io.BytesIO(data))
    parts = []
    for title in values.sheetnames:
        bounds.check(f"sheet {title}")
        if isinstance(values[title], Chartsheet):
            parts.append(Part(f"# {title}", ["a sheet that is a chart; it is not read"]))
        else:
            parts.append(_sheet(values[title], formulas[title] if formulas else None, bounds))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        boxes = r"xl/(drawings/drawing|diagrams/data)\d+\.xml"
        drawings = [archive.read(part) for part in packed if re.match(boxes, part)]
    parts[0].text += listed(
        "Text boxes of the workbook:", [line for xml in drawings for line in words_of(xml)]
    )
    for place, what in [
        ("xl/charts/chart", "charts"),
        ("xl/media/", "pictures"),
        ("xl/embeddings/", "embedded files"),
    ]:
        if number := sum(part.startswith(place) for part in packed):
            parts[0].notes.append(f"{what} of the workbook not read (save it as PDF to see them): {number}")
    return parts


def old_workbook(name: str, data: bytes, bounds: Bounds) -> list[Part]:
    """Return the sheets of an .xls; its formulas always carry their values."""
    import xlrd

    try:
        book = xlrd.open_workbook(file_contents=data, formatting_info=True)
    except (xlrd.XLRDError, xlrd.compdoc.CompDocError) as error:
        kind = EncryptedFile if "encrypted" in str(error).lower() else CorruptFile
        raise kind(name, f"this workbook does not open ({error}). Save it again as .xlsx.") from error
    parts = []
    for sheet in book.sheets():
        part = Part(notes=_state(sheet.visibility))
        words: list[str] = []
        rows = (_old_row(book, sheet, at, words) for at in range(sheet.nrows))
        _write(part, sheet.name, rows, bounds)
        part.notes += _left_out(words)
        _hidden(part, "rows", [str(at + 1) for at, row in sorted(sheet.rowinfo_map.items()) if row.hidden])
        columns = [at for at, column in sorted(sheet.colinfo_map.items()) if column.hidden]
        _hidden(part, "columns", map(xlrd.colname, columns))
        notes = sorted(sheet.cell_note_map.items())
        part.text += listed("Comments:", [f"{xlrd.cellname(*at)}: {note.text}" for at, note in notes])
        parts.append(part)
    return parts


def _sheet(sheet: Any, written: Any, bounds: Bounds) -> Part:
    """Read a sheet; `written` is the same sheet with formulas, or None if the workbook is very large."""
    part = Part(notes=_state(sheet.sheet_state != "visible"))
    if not written:
        sheet.reset_dimensions()
        _write(part, sheet.title, sheet.iter_rows(values_only=True), bounds)
        part.notes.append(
            "so large that hidden rows, merged cells, comments, formulas and formats were not looked for"
        )
        return part
    missing: list[str] = []
    sparse = sheet.max_row * sheet.max_column > _WIDE
    words = _apply_formats(sheet)
    rows = _few_rows(sheet, written, missing) if sparse else _rows(sheet, written, missing)
    _write(part, sheet.title, rows, bounds)
    if sparse:
        size = f"{sheet.max_row:,} rows by {sheet.max_column:,} columns, nearly all empty"
        part.notes.append(
            f"{size}: each row has its number in front, empty rows and ends of rows are left out"
        )
    part.notes += _left_out(words)
    if links := sum(bool(cell.hyperlink and cell.hyperlink.target) for cell in sheet._cells.values()):
        part.notes.append(f"addresses of links, left out: {links}")
    if missing:
        part.notes.append(f"formulas without a computed value, written as formulas: {_few(missing)}")
    _hidden(part, "rows", [str(at) for at, row in sorted(sheet.row_dimensions.items()) if row.hidden])
    columns = [column for _, column in sorted(sheet.column_dimensions.items()) if column.hidden]
    _hidden(part, "columns", [f"{column.min} to {column.max}" for column in columns])
    if merged := sorted(map(str, sheet.merged_cells.ranges)):
        part.notes.append(f"merged cells, with the value in the first one only: {_few(merged)}")
    cells = [cell for _, cell in sorted(sheet._cells.items()) if cell.comment]
    part.text += listed("Comments:", [f"{cell.coordinate}: {cell.comment.text}" for cell in cells])
    margins = [getattr(place, side).text for place in (sheet.oddHeader, sheet.oddFooter) for side in _SIDES]
    part.text += listed("Printed above and below the sheet:", margins)
    return part


def _apply_formats(sheet: Any) -> list[str]:
    """Write numbers as their formats show them, where that says what they are: percentages, dates, numerals.

    Digits are never rounded. The words of formats, such as a currency, stay out; they are returned.
    """
    words = []
    for cell in sheet._cells.values():
        form = cell.number_format.partition(";")[0]
        if form != "General" and type(cell.value) in (int, float, datetime):
            cell.value = _shown(cell.value, form)
            words += _words_of(form, cell.coordinate)
    return words


def _words_of(form: str, place: str) -> list[str]:
    words = "".join(map("".join, _WORDS.findall(form))).strip()
    return [f"{words} in {place}"] if words else []


def _left_out(words: list[str]) -> list[str]:
    return [f"words and signs of number formats, left out: {_few(words)}"] if words else []


def _shown(value: Any, form: str) -> Any:
    """Return a cell's value in the form that its number format asks for.

    >>> _shown(0.075, "0%"), _shown(42, "00000"), _shown(1234.5, "#,##0.00")
    ('7.5%', '00042', 1234.5)
    """
    if isinstance(value, datetime):
        return value.date() if value.time() == time() and not _TIME.search(form) else value
    if "%" in _QUOTED.sub("", form):
        return f"{value * 100:.12g}%"
    return f"{value:0{len(form)}d}" if isinstance(value, int) and set(form) == {"0"} else value


def _rows(sheet: Any, written: Any, missing: list[str]) -> Iterator[list[Any]]:
    """Yield the rows of a sheet, with the formula where a value is missing; collect such cells."""
    for cells, formulas in zip(sheet.iter_rows(), written.iter_rows(), strict=False):
        row = [cell.value for cell in cells]
        for at, formula in enumerate(formulas[: len(row)]):
            if row[at] is None and formula.value is not None:
                row[at] = getattr(formula.value, "text", formula.value)
                missing.append(formula.coordinate)
        yield row


def _few_rows(sheet: Any, written: Any, missing: list[str]) -> Iterator[list[Any]]:
    """Yield the rows that have cells, each with its number; one cell far away makes a billion empty ones."""
    for at, cells in groupby(sorted(sheet._cells), key=lambda place: place[0]):
        columns = {column: sheet._cells[at, column].value for _, column in cells}
        for column in columns:
            formula = written._cells.get((at, column))
            if columns[column] is None and formula is not None and formula.value is not None:
                columns[column] = getattr(formula.value, "text", formula.value)
                missing.append(formula.coordinate)
        if filled := [column for column, value in columns.items() if value is not None]:
            yield [f"{at}:", *(columns.get(column) for column in range(1, max(filled) + 1))]


def _write(part: Part, title: str, rows: Iterable[Iterable[Any]], bounds: Bounds) -> None:
    """Write a sheet as attachments does: its name, then its rows; stop at the limit of characters."""
    lines, left, rows = [f"# {title}"], bounds.characters, iter(rows)
    for row in rows:
        bounds.check(f"row {len(lines)} of sheet {title}")
        lines.append(",".join(map(_cell, row)))
        left -= len(lines[-1]) + 1
        if left < 0:
            total = len(lines) - 1
            for _ in rows:
                total += 1
                bounds.check(f"row {total} of sheet {title}")
            part.notes.append(f"rows 1 to {len(lines) - 1:,} of {total:,} are here; raise characters=")
            part.bounded = True
    part.text = "\n".join(lines)


def _cell(value: Any) -> str:
    text = "" if value is None else str(value)
    return '"' + text.replace('"', '""') + '"' if any(sign in text for sign in ',\n"') else text


def _old_row(book: Any, sheet: Any, at: int, words: list[str]) -> list[Any]:
    """Return a row of an .xls with its number formats applied; the words of formats are added to `words`."""
    import xlrd

    row = []
    for column, cell in enumerate(sheet.row(at)):
        value, form = _old_value(cell, book.datemode), "General"
        if cell.ctype in (xlrd.XL_CELL_NUMBER, xlrd.XL_CELL_DATE):
            form = book.format_map[book.xf_list[cell.xf_index].format_key].format_str.partition(";")[0]
        if form != "General":
            words += _words_of(form, xlrd.cellname(at, column))
            value = _shown(value, form)
        row.append(value)
    return row


def _old_value(cell: Any, datemode: int) -> Any:
    """Return a cell of an .xls as openpyxl would: whole numbers without a point, dates as dates."""
    import xlrd

    if cell.ctype == xlrd.XL_CELL_DATE:
        return xlrd.xldate_as_datetime(cell.value, datemode)
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return xlrd.error_text_from_code.get(cell.value, "#ERROR")
    whole = isinstance(cell.value, float) and cell.value.is_integer()
    return (
        bool(cell.value) if cell.ctype == xlrd.XL_CELL_BOOLEAN else int(cell.value) if whole else cell.value
    )


def _state(hidden: Any) -> list[str]:
    return ["a hidden sheet; it is read"] if hidden else []


def _hidden(part: Part, what: str, places: Iterable[str]) -> None:
    if places := list(places):
        part.notes.append(f"hidden {what}, which are read: {_few(places)}")


def _few(places: list[str]) -> str:
    return ", ".join(places[:_A_FEW]) + (f" and {len(places) - _A_FEW} more" if len(places) > _A_FEW else "")
