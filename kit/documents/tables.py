"""Tables: every sheet of a workbook as lines of comma-separated values, and what a sheet hides.

Hidden sheets, rows and columns are read, and said. A formula without a computed value stands as the formula.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from datetime import datetime, time
from typing import Any

from kit.documents.bounds import Bounds, Part, listed, refuse_swollen
from kit.documents.errors import FileTooLarge
from kit.documents.offices import words_of

_LARGE = 40_000_000
_WIDE = 5_000_000  # cells of a sheet, empty ones too
_TIME = re.compile(r"[hHsS]")
_QUOTED = re.compile(r'"[^"]*"|\\.')
_WORDS = re.compile(r'"([^"]*)"|\[\$([^-\]]+)|([$€£¥])')
_COUNTED = {"xl/charts/chart": "charts", "xl/media/": "pictures", "xl/embeddings/": "embedded files"}
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
            parts.append(_sheet(name, values[title], formulas and formulas[title], bounds))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        boxes = r"xl/(drawings/drawing|diagrams/data)\d+\.xml"
        drawings = [archive.read(part) for part in packed if re.match(boxes, part)]
    boxed = [line for xml in drawings for line in words_of(xml)]
    parts[0].text += listed("Text boxes of the workbook:", boxed)
    for place, what in _COUNTED.items():
        number = sum(part.startswith(place) for part in packed)
        parts[0].count(f"{what} of the workbook not read (save it as PDF to see them)", number)
    return parts


def _sheet(name: str, sheet: Any, written: Any, bounds: Bounds) -> Part:
    """Read a sheet; `written` is the same sheet with formulas, or None if the workbook is very large."""
    part = Part(notes=["a hidden sheet; it is read"] if sheet.sheet_state != "visible" else [])
    if not written:
        sheet.reset_dimensions()
        _write(part, sheet.title, sheet.iter_rows(values_only=True), bounds)
        unsought = "hidden rows, merged cells, comments, formulas and formats were not looked for"
        part.notes.append(f"so large that {unsought}")
        return part
    if sheet.max_row * sheet.max_column > _WIDE:
        size = f"{sheet.max_row:,} rows by {sheet.max_column:,} columns"
        raise FileTooLarge(name, f"sheet {sheet.title} has {size}. Delete what is far away, and save it.")
    missing: list[str] = []
    words = _apply_formats(sheet)
    _write(part, sheet.title, _rows(sheet, written, missing), bounds)
    _said(part, "words and signs of number formats, left out", words)
    links = [cell.hyperlink.target for cell in sheet._cells.values() if cell.hyperlink]
    part.count("addresses of links, left out", sum(map(bool, links)))
    _said(part, "formulas without a computed value, written as formulas", missing)
    rows = [str(at) for at, row in sorted(sheet.row_dimensions.items()) if row.hidden]
    _said(part, "hidden rows, which are read", rows)
    columns = [column for _, column in sorted(sheet.column_dimensions.items()) if column.hidden]
    _said(part, "hidden columns, which are read", [f"{one.min} to {one.max}" for one in columns])
    merged = sorted(map(str, sheet.merged_cells.ranges))
    _said(part, "merged cells, with the value in the first one only", merged)
    cells = [cell for _, cell in sorted(sheet._cells.items()) if cell.comment]
    part.text += listed("Comments:", [f"{cell.coordinate}: {cell.comment.text}" for cell in cells])
    margins = [getattr(place, side).text for place in (sheet.oddHeader, sheet.oddFooter) for side in _SIDES]
    part.text += listed("Printed above and below the sheet:", margins)
    return part


def _said(part: Part, what: str, places: list[str]) -> None:
    """Note the first few of the places where something is, if it is anywhere."""
    if places:
        more = f" and {len(places) - _A_FEW} more" if len(places) > _A_FEW else ""
        part.notes.append(f"{what}: {', '.join(places[:_A_FEW])}{more}")


def _apply_formats(sheet: Any) -> list[str]:
    """Write percentages, dates and numerals as formats show them, unrounded; return the words of formats."""
    left_out = []
    for cell in sheet._cells.values():
        form = cell.number_format.partition(";")[0]
        if form != "General" and type(cell.value) in (int, float, datetime):
            cell.value = _shown(cell.value, form)
            if words := "".join(map("".join, _WORDS.findall(form))).strip():
                left_out.append(f"{words} in {cell.coordinate}")
    return left_out


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


def _write(part: Part, title: str, rows: Iterable[Iterable[Any]], bounds: Bounds) -> None:
    """Write a sheet as attachments does: its name, then its rows; stop at the limit of characters."""
    lines, left, rows = [f"# {title}"], bounds.characters, iter(rows)
    for row in rows:
        bounds.check(f"row {len(lines)} of sheet {title}")
        lines.append(",".join(map(_cell, row)))
        left -= len(lines[-1]) + 1
        if left < 0:
            part.notes.append(f"rows 1 to {len(lines) - 1:,} are here; raise characters= for the rest")
            part.bounded = True
            break
    part.text = "\n".join(lines)


def _cell(value: Any) -> str:
    text = "" if value is None else str(value)
    return '"' + text.replace('"', '""') + '"' if any(sign in text for sign in ',\n"') else text
