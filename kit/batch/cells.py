"""Cells: a frame's columns as Arrow for the files of results, and cells as the program gets them.

A column of text, numbers, booleans, dates or bytes is stored as such. Arrow would change other cells: give
every dict the keys of all, move a time into another zone, add zeros to decimals. Such a column is kept: the
program gets the cells as they were, the results hold them as JSON.
"""

from __future__ import annotations

import copy
import datetime
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pandas
import pyarrow as pa

from kit.batch import values

_STORED = {str, bool, int, float, bytes, datetime.date}


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
    names = [name for name in frame.columns if name in keep or _must_be_kept(frame[name])]
    kept = {name: [None if missing(cell) else cell for cell in frame[name]] for name in names}
    stored = {name: _stored(frame[name], kept.get(name)) for name in frame.columns}
    return Rows(pa.table(stored), kept)


def missing(cell: Any) -> bool:
    """Whether a cell has no value: None, NaN, NA or NaT."""
    return bool(pandas.api.types.is_scalar(cell) and pandas.isna(cell))


def _must_be_kept(column: pandas.Series) -> bool:
    return column.dtype == object and any(type(cell) not in _STORED for cell in column if not missing(cell))


def _stored(column: pandas.Series, kept: list[Any] | None) -> pa.Array:
    try:
        if kept is not None:
            if any(isinstance(cell, set | frozenset) for cell in kept):
                raise values.NotStorable("a set, which has no order. Make it a sorted list.")
            return pa.array(map(_text, kept), pa.string())
        made = pa.Array.from_pandas(column)
        if isinstance(made, pa.ExtensionArray):  # of a month it would be the number since 1970
            raise values.NotStorable(f"the type {column.dtype}.")
        return made
    except (pa.ArrowException, OverflowError, UnicodeError, values.NotStorable) as error:
        seen: dict[str, str] = {}
        for row, cell in enumerate(column):
            if not missing(cell):
                seen.setdefault(type(cell).__name__, f"row {row}: {repr(cell)[:40]}")
        kinds = " and ".join(f"{kind} ({where})" for kind, where in seen.items())
        found = f" Found: {error}" if isinstance(error, values.NotStorable) else ""
        raise BadColumn(
            f"Column {column.name!r} holds {kinds}, which one column of a table on disk cannot hold: it "
            "accepts text, numbers, booleans, dates, bytes, lists, dicts and Pydantic models, each column "
            f"one of them, integers up to 64 bits. Make it text, frame[{column.name!r}] = "
            f"frame[{column.name!r}].astype(str), or drop it.{found}"
        ) from error


def _text(cell: Any) -> str | None:
    written = None if cell is None else values.dumps(cell)
    is_text = written and written.startswith('"') and not isinstance(cell, str)  # a decimal, a time, a path
    return json.loads(written) if is_text else written
