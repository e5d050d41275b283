"""Values: a cell or an output as JSON, as Pydantic writes it: decimals as text, bytes in base64."""

from __future__ import annotations

import json
from typing import Any

import dspy
import pandas
from pydantic_core import PydanticSerializationError, to_jsonable_python


class NotStorable(TypeError):
    """A value is of a type that a table cannot hold."""


def plain(value: Any) -> Any:
    """Make a value of dicts, lists, text, numbers, booleans and None, and nothing else, or say why not."""
    try:
        return to_jsonable_python(value, bytes_mode="base64", fallback=_of_library)
    except (PydanticSerializationError, TypeError, ValueError) as error:
        raise NotStorable(
            f"a {type(value).__name__}, which JSON cannot hold ({error}). Return text, numbers, dates, "
            "bytes, lists, dicts or Pydantic models."
        ) from error


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
    """Return what stands for a value that Pydantic does not know."""
    if isinstance(value, dspy.Example):  # a Prediction is one too
        return value.toDict()
    if isinstance(value, pandas.DataFrame):
        return value.to_dict("records")
    if value is pandas.NA or value is pandas.NaT:
        return None
    if hasattr(value, "tolist"):  # numpy's and pandas' own
        return value.tolist()
    raise TypeError(f"found a {type(value).__name__}")
