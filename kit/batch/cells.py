"""Cells: a frame's columns as Arrow for the files of results, and cells as the program gets them.

Arrow gives every dict of a column the keys of all of them, {"k": 1} becomes {"k": 1, "z": None}. It also cuts
a time to a date where the column begins with a date, moves a time without a zone into another zone, and adds
zeros to decimals. A column with such cells, or with models, is kept: the program gets the cells as they were,
the results hold them as JSON or text.
"""

from __future__ import annotations

import copy
import dataclasses
import datetime
import enum
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import PurePath
from typing import Any

import pandas
import pyarrow as pa
import pydantic

from kit.batch import values

_WHOLE = (dict, enum.Enum, PurePath, pydantic.BaseModel)
_TYPES = "text, numbers, booleans, dates, bytes, lists, dicts and Pydantic models"


class BadColumn(ValueError):
    """A column holds what a table on disk cannot hold."""


@dataclass(frozen=True)
class Rows:
    """Rows of a table as they are written, and the cells of kept columns as they were."""

    table: pa.Table
    kept: dict[str, list[Any]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.table)

    def __getitem__(self, place: slice) -> Rows:
        return Rows(self.table[place], {name: cells[place] for name, cells in self.kept.items()})

    def __add__(self, other: Rows) -> Rows:
        kept = {name: cells + other.kept[name] for name, cells in self.kept.items()}
        return Rows(pa.concat_tables([self.table, other.table]), kept)

    def cells(self, name: str) -> list[Any]:
        """Return a column's cells as the program gets them."""
        return copy.deepcopy(self.kept[name]) if name in self.kept else self.table[name].to_pylist()


def rows_of(frame: pandas.DataFrame, keep: Iterable[str] = ()) -> Rows:
    """Return a frame's rows, its index left out; the columns in `keep` are kept, and those that must be."""
    frame = frame.set_axis([str(name) for name in frame.columns], axis=1)
    if twice := sorted(set(frame.columns[frame.columns.duplicated()])):
        raise BadColumn(f"Two columns are named {', '.join(map(repr, twice))}. Rename one of them.")
    columns = {name: _column(frame[name], name in keep) for name in frame.columns}
    kept = {
        name: [None if missing(cell) else cell for cell in frame[name]]
        for name, (_, is_kept) in columns.items()
        if is_kept
    }
    return Rows(pa.table({name: column for name, (column, _) in columns.items()}), kept)


def _column(column: pandas.Series, keep: bool) -> tuple[pa.Array, bool]:
    if isinstance(column.dtype, pandas.PeriodDtype | pandas.IntervalDtype):
        column = column.astype(str)  # Arrow would make numbers of them
    if isinstance(column.dtype, pandas.SparseDtype):
        column = column.sparse.to_dense()
    try:
        if not (keep or _holds_records(column)):
            made = pa.Array.from_pandas(column)
            if not _changes(column, made):
                return made, False
        return pa.array(map(_text, column), pa.string()), True
    except (
        pa.ArrowException,
        OverflowError,
        RecursionError,  # a list that holds itself
        UnicodeError,
        values.NotStorable,
    ) as error:
        reason = f" Found: {error}" if isinstance(error, values.NotStorable) else ""
        raise BadColumn(_what_is_wrong(column) + reason) from error


def _holds_records(column: pandas.Series) -> bool:
    return column.dtype == object and any(map(_holds_record, column))


def _holds_record(cell: Any) -> bool:
    if isinstance(cell, list | tuple):
        return any(map(_holds_record, cell))
    return isinstance(cell, _WHOLE) or (dataclasses.is_dataclass(cell) and not isinstance(cell, type))


def missing(cell: Any) -> bool:
    """Whether a cell has no value: None, NaN, NA or NaT."""
    return bool(pandas.api.types.is_scalar(cell) and pandas.isna(cell))


def _changes(column: pandas.Series, made: pa.Array) -> bool:
    """Whether a cell of a column of objects would come out of Arrow as another value."""
    if column.dtype != object or pa.types.is_string(made.type):
        return False
    return any(map(_changed, column, made.to_pylist()))


def _changed(cell: Any, stored: Any) -> bool:
    if isinstance(cell, Decimal):
        return not missing(cell) and str(cell) != str(stored)
    if isinstance(cell, datetime.date) and not missing(cell):  # a datetime is a date too
        return cell.isoformat() != stored.isoformat()
    return isinstance(cell, set | frozenset)


def _text(cell: Any) -> str | None:
    if missing(cell):
        return None
    plain = values.plain(cell)
    return plain if isinstance(plain, str) and type(cell) is not str else values.dumps(cell)


def _what_is_wrong(column: pandas.Series) -> str:
    kinds_seen: dict[str, str] = {}
    for row, cell in enumerate(column):
        if not missing(cell):
            kinds_seen.setdefault(type(cell).__name__, f"row {row}: {repr(cell)[:40]}")
    kinds = " and ".join(f"{kind} ({where})" for kind, where in kinds_seen.items())
    return (
        f"Column {column.name!r} holds {kinds}, which one column of a table on disk cannot hold: it accepts "
        f"{_TYPES}, each column one of them, integers up to 64 bits. Make it text, "
        f"frame[{column.name!r}] = frame[{column.name!r}].astype(str), or drop it."
    )
