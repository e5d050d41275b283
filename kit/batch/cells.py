"""Cells: a frame's columns as Arrow, and cells that hold dicts just as they were.

Arrow gives every dict of a column the keys of all of them, {"k": 1} becomes {"k": 1, "z": None}. So a column
with dicts goes through Arrow pickled: the program gets the cells as they were, the results hold them as JSON.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterable
from typing import Any

import pandas
import pyarrow as pa

from kit.batch import values

_KEPT = {b"kit": b"pickled"}
_TYPES = "text, numbers, booleans, dates, bytes, lists and dicts"


class BadColumn(ValueError):
    """A column holds what a table on disk cannot hold."""


def arrow(frame: pandas.DataFrame, keep: Iterable[str] = ()) -> pa.Table:
    """Return a frame as Arrow, its index left out.

    Args:
        frame: Any frame; names of columns become text.
        keep: Columns whose cells are kept as they are, beside those with dicts.

    Raises:
        BadColumn: If a column is of mixed types, holds what is no data, or has the name of another one.
    """
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
    """Return the table as it is written: cells that were kept are JSON."""
    for name in kept(table.schema):
        texts = [None if cell is None else values.dumps(cell) for cell in cells(table, name)]
        place = table.column_names.index(name)
        table = table.set_column(place, name, pa.array(texts, pa.string()))
    return table


def _column(column: pandas.Series, keep: bool) -> tuple[pa.Array, bool]:
    try:
        if keep or _holds_dicts(column):
            return pa.array([_pickled(cell) for cell in column], pa.binary()), True
        made = pa.Array.from_pandas(column)
        return made.combine_chunks() if isinstance(made, pa.ChunkedArray) else made, False
    except (
        pa.ArrowException,
        OverflowError,
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


def _holds_dicts(column: pandas.Series) -> bool:
    return column.dtype == object and any(map(_holds_dict, column))


def _holds_dict(cell: Any) -> bool:
    return isinstance(cell, dict) or (isinstance(cell, list | tuple) and any(map(_holds_dict, cell)))


def _pickled(cell: Any) -> bytes | None:
    if cell is None or cell is pandas.NA or cell != cell:
        return None
    values.plain(cell)  # it is to be written as JSON later
    return pickle.dumps(cell)


def _what_is_wrong(column: pandas.Series) -> str:
    found: dict[str, str] = {}
    for row, cell in enumerate(column):
        if cell is not None and cell is not pandas.NA and cell == cell:
            found.setdefault(type(cell).__name__, f"row {row}: {repr(cell)[:40]}")
    kinds = " and ".join(f"{kind} ({where})" for kind, where in found.items())
    return (
        f"Column {column.name!r} holds {kinds}, which one column of a table on disk cannot hold: it takes "
        f"{_TYPES}, each column one of them, integers up to 64 bits. Make it text, "
        f"frame[{column.name!r}] = frame[{column.name!r}].astype(str), or drop it."
    )
