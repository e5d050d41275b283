"""Cells: a frame's columns as Arrow for the files of results, and cells as the program gets them.

A column of text, numbers, booleans, dates or bytes is stored as such. Arrow would change other cells (dicts,
times, decimals). Such a column is kept: the program gets the cells as they were, the results hold them as
JSON, as Pydantic writes it: decimals as text, bytes in base64.
"""

from __future__ import annotations

import copy
import datetime
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import dspy
import pandas
import pyarrow as pa
from pydantic_core import PydanticSerializationError, to_jsonable_python

_STORED = {str, bool, int, float, bytes, datetime.date}


class BadColumn(ValueError):
    """A column holds what a table on disk cannot hold."""


class NotStorable(TypeError):
    """A value is of a type that a table cannot hold."""


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
    names = [name for name in frame.columns if name in keep or not _is_stored(frame[name])]
    kept = {name: [None if missing(cell) else cell for cell in frame[name]] for name in names}
    stored = {name: _stored(frame[name], kept.get(name)) for name in frame.columns}
    return Rows(pa.table(stored), kept)


def missing(cell: Any) -> bool:
    """Whether a cell has no value: None, NaN, NA or NaT."""
    return bool(pandas.api.types.is_scalar(cell) and pandas.isna(cell))


def _is_stored(column: pandas.Series) -> bool:
    return column.dtype != object or all(type(cell) in _STORED or missing(cell) for cell in column)


def _stored(column: pandas.Series, kept: list[Any] | None) -> pa.Array:
    try:
        if kept is not None:
            if any(isinstance(cell, set | frozenset) for cell in kept):
                raise NotStorable("a set, which has no order. Make it a sorted list.")
            return pa.array(map(_text, kept), pa.string())
        made = pa.Array.from_pandas(column)
        if isinstance(made, pa.ExtensionArray):  # of a month it would be the number since 1970
            raise NotStorable(f"the type {column.dtype}.")
        return made
    except (pa.ArrowException, OverflowError, UnicodeError, NotStorable) as error:
        seen: dict[str, str] = {}
        for row, cell in enumerate(column):
            if not missing(cell):
                seen.setdefault(type(cell).__name__, f"row {row}: {repr(cell)[:40]}")
        kinds = " and ".join(f"{kind} ({where})" for kind, where in seen.items())
        found = f" Found: {error}" if isinstance(error, NotStorable) else ""
        raise BadColumn(
            f"Column {column.name!r} holds {kinds}, which one column of a table on disk cannot hold: it "
            "accepts text, numbers, booleans, dates, bytes, lists, dicts and Pydantic models, each column "
            f"one of them, integers up to 64 bits. Make it text, frame[{column.name!r}] = "
            f"frame[{column.name!r}].astype(str), or drop it.{found}"
        ) from error


def _text(cell: Any) -> str | None:
    written = None if cell is None else dumps(cell)
    is_text = written and written.startswith('"') and not isinstance(cell, str)  # a decimal, a time, a path
    return json.loads(written) if is_text else written


def plain(value: Any) -> Any:
    """Make a value of dicts, lists, text, numbers, booleans and None, and nothing else, or say why not."""
    try:
        made = to_jsonable_python(value, bytes_mode="base64", fallback=_of_library)
        if _loses_a_key(value):
            raise ValueError("two keys of a dict are one in JSON, such as 1 and '1'")
        return made
    except (PydanticSerializationError, TypeError, ValueError) as error:
        ways = "Return text, numbers, dates, bytes, lists, dicts or Pydantic models."
        raise NotStorable(f"a {type(value).__name__}, which JSON cannot hold ({error}). {ways}") from error


def _loses_a_key(value: Any) -> bool:
    held = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    lost = isinstance(value, dict) and len(set(map(str, value))) < len(value)
    return lost or any(map(_loses_a_key, held))


def dumps(value: Any) -> str:
    """Return a value as JSON, with integers of any length; half of a surrogate pair becomes "?".

    >>> from decimal import Decimal
    >>> dumps({"total": Decimal("12.50"), "big": 2**70})
    '{"total":"12.50","big":1180591620717411303424}'
    """
    return readable(json.dumps(plain(value), ensure_ascii=False, separators=(",", ":")))


def readable(text: str) -> str:
    """Return text that can be written as UTF-8."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _of_library(value: Any) -> Any:
    if isinstance(value, dspy.Example):  # a Prediction is one too
        return value.toDict()
    if isinstance(value, pandas.DataFrame):
        return value.to_dict("records")
    if value is pandas.NA or value is pandas.NaT:
        return None
    if hasattr(value, "tolist"):  # numpy's and pandas' own
        return value.tolist()
    raise TypeError(f"found a {type(value).__name__}")
