"""Tables: every sheet of a workbook as lines of comma-separated values, and what a sheet hides.

Hidden sheets, rows and columns are read, and said. A formula that no program has computed stands as the formula.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from typing import Any

from kit.documents.bounds import Bounds, Part, refuse_swollen
from kit.documents.errors import CorruptFile, EncryptedFile
from kit.documents.offices import words_of

_LARGE = 40_000_000
_BROKEN = (KeyError, IndexError, ValueError, TypeError, AttributeError, OSError, EOFError, SyntaxError)
_SIDES = ("left", "center", "right")
_A_FEW = 8


def workbook(name: str, data: bytes, bounds: Bounds) -> list[Part]:
    """Return the sheets of an .xlsx or .xlsm."""
    from openpyxl import load_workbook
    from openpyxl.chartsheet import Chartsheet

    packed = refuse_swollen(name, data)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        sheets = [member for member in archive.infolist() if member.filename.startswith("xl/worksheets/")]
        large = sum(sheet.file_size for sheet in sheets) > _LARGE
        drawings = [archive.read(part) for part in packed if re.match(r"xl/drawings/drawing\d+\.xml", part)]
    try:
        values = load_workbook(io.BytesIO(data), read_only=large, data_only=True)
        formulas = None if large else load_workbook(io.BytesIO(data))
        parts = []
        for title in values.sheetnames:
            bounds.check(f"sheet {title}")
            if isinstance(values[title], Chartsheet):
                parts.append(Part(f"# {title}", ["a sheet that is a chart; it is not read"]))
            elif large:
                parts.append(_streamed(values[title], bounds))
            else:
                parts.append(_sheet(values[title], formulas[title], bounds))
    except zipfile.BadZipFile as error:
        raise CorruptFile(name, f"it does not open ({error}). Save it again where it was made.") from error
    except _BROKEN as error:
        raise CorruptFile(
            name, f"this workbook cannot be read ({error}). Save it again where it was made."
        ) from error
    if not parts:
        raise CorruptFile(name, "there is no sheet in it. Save it again where it was made.")
    words, notes = _drawings(drawings, packed)
    parts[0].text += words
    parts[0].notes += notes
    return parts


def old_workbook(name: str, data: bytes, bounds: Bounds) -> list[Part]:
    """Return the sheets of an .xls; its formulas always carry their values."""
    import xlrd

    try:
        book = xlrd.open_workbook(file_contents=data, formatting_info=True)
        parts = []
        for sheet in book.sheets():
            part = Part(notes=_state(("visible", "hidden", "veryHidden")[sheet.visibility]))
            rows = ([_old_value(cell, book.datemode) for cell in sheet.row(at)] for at in range(sheet.nrows))
            part.text = _lines(sheet.name, rows, part, bounds)
            hidden = [str(at + 1) for at, row in sorted(sheet.rowinfo_map.items()) if row.hidden]
            columns = [xlrd.colname(at) for at, col in sorted(sheet.colinfo_map.items()) if col.hidden]
            part.notes += _hidden("rows", hidden) + _hidden("columns", columns)
            notes = sorted(sheet.cell_note_map.items())
            part.text += _listed("Comments:", [f"{xlrd.cellname(*at)}: {note.text}" for at, note in notes])
            parts.append(part)
    except (xlrd.XLRDError, *_BROKEN, AssertionError, NotImplementedError) as error:
        if "encrypted" in str(error).lower():
            raise EncryptedFile(name, "a password protects it. Save it again without.") from error
        raise CorruptFile(
            name, f"this workbook cannot be read ({error}). Save it again as .xlsx where it was made."
        ) from error
    return parts


def _lines(title: str, rows: Iterable[Iterable[Any]], part: Part, bounds: Bounds) -> str:
    """Write a sheet as attachments does: its name, then its rows; stop at the limit of characters."""
    lines, left, rows = [f"# {title}"], bounds.characters, iter(rows)
    for row in rows:
        bounds.check(f"row {len(lines)} of sheet {title}")
        lines.append(",".join(map(_cell, row)))
        left -= len(lines[-1]) + 1
        if left < 0:
            rest = sum(1 for _ in rows)
            part.notes += [f"rows 1 to {len(lines) - 1:,} of {len(lines) - 1 + rest:,}; raise characters="]
            break
    return "\n".join(lines)


def _cell(value: Any) -> str:
    text = "" if value is None else str(value)
    return '"' + text.replace('"', '""') + '"' if any(sign in text for sign in ',\n"') else text


def _streamed(sheet: Any, bounds: Bounds) -> Part:
    """Read a very large sheet row by row, values only."""
    sheet.reset_dimensions()
    part = Part(notes=_state(sheet.sheet_state))
    part.text = _lines(sheet.title, sheet.iter_rows(values_only=True), part, bounds)
    part.notes.append("so large that hidden rows, merged cells, comments and formulas were not looked for")
    return part


def _sheet(sheet: Any, written: Any, bounds: Bounds) -> Part:
    """Read a sheet; where a value is missing its formula stands, and what is hidden or merged is noted."""
    part, missing = Part(notes=_state(sheet.sheet_state)), []

    def rows() -> Iterator[list[Any]]:
        for values, formulas in zip(sheet.iter_rows(), written.iter_rows(), strict=False):
            bare = [
                formula.value if shown.value is None else None
                for shown, formula in zip(values, formulas, strict=False)
            ]
            missing.extend(
                cell.coordinate for cell, formula in zip(values, bare, strict=False) if formula is not None
            )
            yield [
                cell.value if formula is None else getattr(formula, "text", formula)
                for cell, formula in zip(values, bare, strict=False)
            ]

    part.text = _lines(sheet.title, rows(), part, bounds)
    if missing:
        part.notes.append(
            f"{len(missing)} formulas have no computed value and stand as formulas: {_few(missing)}; "
            f"open and save the file in a spreadsheet program to compute them"
        )
    part.notes += _hidden("rows", [str(at) for at, row in sorted(sheet.row_dimensions.items()) if row.hidden])
    part.notes += _hidden(
        "columns", [_columns(col) for _, col in sorted(sheet.column_dimensions.items()) if col.hidden]
    )
    if merged := sorted(map(str, sheet.merged_cells.ranges)):
        part.notes.append(f"merged cells, with the value in the first one only: {_few(merged)}")
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.comment]
    part.text += _listed("Comments:", [f"{cell.coordinate}: {cell.comment.text}" for cell in cells])
    margins = [getattr(place, side).text for place in (sheet.oddHeader, sheet.oddFooter) for side in _SIDES]
    part.text += _listed("Printed above and below the sheet:", list(filter(None, margins)))
    return part


def _columns(column: Any) -> str:
    from openpyxl.utils import get_column_letter

    first, last = get_column_letter(column.min), get_column_letter(column.max)
    return first if first == last else f"{first} to {last}"


def _old_value(cell: Any, datemode: int) -> Any:
    """Return a cell of an .xls as openpyxl would: whole numbers without a point, dates as dates."""
    from xlrd import XL_CELL_BOOLEAN, XL_CELL_DATE, XL_CELL_ERROR, error_text_from_code, xldate_as_datetime

    if cell.ctype == XL_CELL_DATE:
        return xldate_as_datetime(cell.value, datemode)
    if cell.ctype == XL_CELL_BOOLEAN:
        return bool(cell.value)
    if cell.ctype == XL_CELL_ERROR:
        return error_text_from_code.get(cell.value, "#ERROR")
    whole = isinstance(cell.value, float) and cell.value.is_integer()
    return int(cell.value) if whole else cell.value


def _state(state: str) -> list[str]:
    return [] if state == "visible" else ["a hidden sheet; it is read"]


def _hidden(what: str, places: list[str]) -> list[str]:
    return [f"{len(places)} hidden {what} are read: {_few(places)}"] if places else []


def _few(places: list[str]) -> str:
    more = f" and {len(places) - _A_FEW} more" if len(places) > _A_FEW else ""
    return ", ".join(places[:_A_FEW]) + more


def _listed(title: str, lines: list[str]) -> str:
    return "\n\n" + "\n".join([title, *lines]) if lines else ""


def _drawings(drawings: list[bytes], packed: list[str]) -> tuple[str, list[str]]:
    """Return the words in text boxes of a workbook, and say how many charts and pictures are not read."""
    words = [line for drawing in drawings for line in words_of(drawing)]
    charts = sum(re.fullmatch(r"xl/charts/chart\d+\.xml", part) is not None for part in packed)
    pictures = sum(part.startswith("xl/media/") for part in packed)
    found = ", ".join(
        f"{number} {what}" for number, what in [(charts, "charts"), (pictures, "pictures")] if number
    )
    note = [f"{found} in the workbook are not read: save it as PDF to see them"] if found else []
    return _listed("Text boxes of the workbook:", words), note
