"""Values: what a cell or an output may hold, and how it is written as JSON, exactly.

    Decimal("12.50")     "12.50"           text keeps every digit
    2**70                2**70             digits; JSON has no limit, and Python reads them back whole
    b"abc"               "abc"             bytes that are no UTF-8: "data:;base64,/w=="
    numpy.int64(3)       3                 arrays are lists
    {2, 1}               [1, 2]

Dates, times, UUIDs, paths, enums, dataclasses and Pydantic models are written as Pydantic writes them.
"""

from __future__ import annotations

import base64
import dataclasses
import json
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

import dspy
import numpy
import pandas
import pydantic
from pydantic_core import PydanticSerializationError, to_jsonable_python

_AS_IT_IS = (bool, float, int, type(None))


class NotStorable(TypeError):
    """A value is of a type that a table cannot hold."""


def dumps(value: Any) -> str:
    """Return a value as JSON.

    Raises:
        NotStorable: If it holds something that is no data, such as an open file.

    >>> from decimal import Decimal
    >>> dumps({"total": Decimal("12.50"), "big": 2**70, "tags": {"b", "a"}})
    '{"total":"12.50","big":1180591620717411303424,"tags":["a","b"]}'
    """
    return json.dumps(plain(value), ensure_ascii=False, separators=(",", ":"))


def loads(text: str | bytes) -> Any:
    """Read JSON; integers of any length come back whole."""
    return json.loads(text)


def plain(value: Any) -> Any:
    """Make a value of dicts, lists, text, numbers, booleans and None, and nothing else, or say why not."""
    try:
        return _plain(value)
    except RecursionError:
        raise NotStorable(
            f"a {type(value).__name__} that holds itself, or is nested too deep for JSON. Return it flat."
        ) from None


def _plain(value: Any) -> Any:
    if type(value) in _AS_IT_IS:
        return value
    if isinstance(value, str):
        return readable(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return _of_bytes(bytes(value))
    if isinstance(value, Mapping):
        if len(named := {_name(key): _plain(held) for key, held in value.items()}) < len(value):
            raise NotStorable("a dict with two keys that are one in JSON, such as 1 and '1'. Rename one.")
        return named
    if isinstance(value, list | tuple | range):
        return [_plain(held) for held in value]
    if isinstance(value, set | frozenset):
        return sorted((_plain(held) for held in value), key=lambda held: (str(type(held)), str(held)))
    return _of_library(value)


def readable(text: str) -> str:
    r"""Return text that can be written as UTF-8: half of a surrogate pair is spelled out.

    >>> readable("a\ud83d")
    'a\\ud83d'
    """
    return str.encode(text, "utf-8", "backslashreplace").decode("utf-8")


def _name(key: Any) -> str:
    name = plain(key)
    return name if isinstance(name, str) else json.dumps(name)


def _of_bytes(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return f"data:;base64,{base64.b64encode(value).decode()}"


def _of_library(value: Any) -> Any:
    if value is pandas.NA or value is pandas.NaT:
        return None
    if isinstance(value, numpy.generic | numpy.ndarray):
        return plain(value.tolist()) if value.dtype.kind not in "mM" else plain(value.astype(str).tolist())
    if isinstance(value, pandas.Series | pandas.Index):
        return plain(value.tolist())
    if isinstance(value, pandas.DataFrame):
        return plain(value.to_dict("records"))
    if isinstance(value, dspy.Example):  # a Prediction is one too
        return plain(value.toDict())
    if isinstance(value, pydantic.BaseModel):
        return _of_model(value)
    if isinstance(value, PurePath):
        return str(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    try:
        made = to_jsonable_python(value, bytes_mode="base64")
    except (PydanticSerializationError, ValueError) as error:
        raise NotStorable(
            f"a {type(value).__name__}, which JSON cannot hold. Return text, numbers, dates, bytes, lists, "
            "dicts or Pydantic models."
        ) from error
    return plain(made)


def _of_model(value: pydantic.BaseModel) -> Any:
    """Write a model as it writes itself; only where it cannot, field by field."""
    try:
        return plain(value.model_dump(mode="json"))
    except (PydanticSerializationError, UnicodeDecodeError):
        return plain(value.model_dump())
