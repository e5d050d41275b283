"""Cells: a frame's columns as Arrow, and cells that hold dicts just as they were.

Arrow gives every dict of a column the keys of all of them, {"k": 1} becomes {"k": 1, "z": None}. It also cuts
a time to a date where the column begins with a date, moves a time without a zone into another zone, and adds
zeros to decimals. A column with such cells, or with models, goes through Arrow pickled: the program gets the
cells as they were, the results hold them as JSON or text.
"""

from __future__ import annotations

import dataclasses
import datetime
import enum
import pickle
from collections.abc import Iterable
from decimal import Decimal
from pathlib import PurePath
from typing import Any

import pandas
import pyarrow as pa
import pydantic

from kit.batch import values

_KEPT = {b"kit": b"pickled"}
_WHOLE = (dict, enum.Enum, PurePath, pydantic.BaseModel)
_TYPES = "text, numbers, booleans, dates, bytes, lists, dicts and Pydantic models"


class BadColumn(ValueError):
    """A column holds what a table on disk cannot hold."""


def arrow(frame: pandas.DataFrame, keep: Iterable[str] = ()) -> pa.Table:
    """Return a frame as Arrow, its index left out; the cells of columns in `keep` stay as they are."""
    frame = frame.set_axis([str(name) for name in frame.columns], axis=1)
    if twice := sorted(set(frame.columns[frame.columns.duplicated()])):
        raise BadColumn(f"Two columns are named {', '.join(map(repr, twice))}. Rename one of them.")
    columns = {name: _column(frame[name], name in keep) for name in frame.columns}
    schema = pa.schema([_field(name, column) for name, column in columns.items()])
    return pa.Table.from_arrays([column for column, _ in columns.values()], schema=schema)


def kept(schema: pa.Schema) -> list[str]:
    """Return the columns whose cells are kept as they were."""
    return [field.name for field in schema if (field.metadata or {}).items() >= _KEPT.items()]


def keeping(schema: pa.Schema, names: Iterable[str]) -> pa.Schema:
    """Return the schema of the same table with the cells of some columns kept as they are."""
    return pa.schema([_kept_field(field.name) if field.name in set(names) else field for field in schema])


def cells(table: pa.Table, name: str) -> list[Any]:
    """Return a column's cells as the program gets them."""
    column = table[name].to_pylist()
    if name not in kept(table.schema):
        return column
    return [None if cell is None else pickle.loads(cell) for cell in column]  # noqa: S301 - `arrow` pickled it; files lose the mark


def readable(table: pa.Table) -> pa.Table:
    """Return the table as it is written: what was kept is JSON, or text if it is a date or a decimal."""
    for name in kept(table.schema):
        texts = [None if cell is None else _text(cell) for cell in cells(table, name)]
        place = table.column_names.index(name)
        table = table.set_column(place, name, pa.array(texts, pa.string()))
    return table


def _column(column: pandas.Series, keep: bool) -> tuple[pa.Array, bool]:
    if isinstance(column.dtype, pandas.PeriodDtype | pandas.IntervalDtype):
        column = column.astype(str)  # Arrow would make numbers of them
    if isinstance(column.dtype, pandas.SparseDtype):
        column = column.sparse.to_dense()
    try:
        if keep or _holds_records(column):
            return _kept_cells(column), True
        made = pa.Array.from_pandas(column)
        made = made.combine_chunks() if isinstance(made, pa.ChunkedArray) else made
        return (_kept_cells(column), True) if _changes(column, made) else (made, False)
    except (
        pa.ArrowException,
        AttributeError,  # how pickle refuses an object of a class within a function
        OverflowError,
        RecursionError,  # a list that holds itself
        UnicodeError,
        values.NotStorable,
        pickle.PicklingError,
    ) as error:
        raise BadColumn(_what_is_wrong(column)) from error


def _field(name: str, made: tuple[pa.Array, bool]) -> pa.Field:
    column, is_kept = made
    return _kept_field(name) if is_kept else pa.field(name, column.type)


def _kept_field(name: str) -> pa.Field:
    return pa.field(name, pa.binary(), metadata=_KEPT)


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


def _kept_cells(column: pandas.Series) -> pa.Array:
    return pa.array([_pickled(cell) for cell in column], pa.binary())


def _text(cell: Any) -> str:
    plain = values.plain(cell)
    return plain if isinstance(plain, str) and type(cell) is not str else values.dumps(cell)


def _pickled(cell: Any) -> bytes | None:
    if missing(cell):
        return None
    values.plain(cell)  # it is to be written as JSON later
    return pickle.dumps(cell)


def _what_is_wrong(column: pandas.Series) -> str:
    found: dict[str, str] = {}
    for row, cell in enumerate(column):
        if not missing(cell):
            found.setdefault(type(cell).__name__, f"row {row}: {repr(cell)[:40]}")
    kinds = " and ".join(f"{kind} ({where})" for kind, where in found.items())
    return (
        f"Column {column.name!r} holds {kinds}, which one column of a table on disk cannot hold: it takes "
        f"{_TYPES}, each column one of them, integers up to 64 bits. Make it text, "
        f"frame[{column.name!r}] = frame[{column.name!r}].astype(str), or drop it."
    )
