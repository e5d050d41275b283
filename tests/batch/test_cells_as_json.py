"""An output is written down whole, whatever a program returns."""

import dataclasses
import datetime
import enum
import json
import pathlib
import uuid
from decimal import Decimal

import dspy
import numpy
import pandas
import pydantic
import pytest

from kit.batch import cells


class Colour(enum.Enum):
    RED = "red"


@dataclasses.dataclass
class Weight:
    grams: Decimal
    raw: bytes


class Bill(pydantic.BaseModel):
    total: Decimal
    seal: bytes
    tags: set[str]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Decimal("0.100"), "0.100"),
        (3**50, 3**50),
        (-(2**64), -(2**64)),
        (b"\xfe\x00", "_gA="),
        (numpy.int32(-7), -7),
        (numpy.float64(0.25), 0.25),
        (numpy.bool_(False), False),
        (numpy.array([[1, 2], [3, 4]], dtype="uint8"), [[1, 2], [3, 4]]),
        (numpy.datetime64("2024-02-29"), "2024-02-29"),
        (pandas.Timestamp("2024-02-29 12:00"), "2024-02-29T12:00:00"),
        (pandas.NA, None),
        (pandas.Series([1, 2]), [1, 2]),
        (datetime.date(2024, 2, 29), "2024-02-29"),
        (datetime.timedelta(minutes=90), "PT1H30M"),
        (uuid.UUID(int=7), "00000000-0000-0000-0000-000000000007"),
        (Colour.RED, "red"),
        (pathlib.Path("a"), "a"),
        ({3: "c", (1, 2): "t"}, {"3": "c", "1,2": "t"}),
        ((1, {"x"}), [1, ["x"]]),
        (Weight(Decimal("1.50"), b"\xff"), {"grams": "1.50", "raw": "_w=="}),
        (Bill(total="9.90", seal=b"A", tags={"a"}), {"total": "9.90", "seal": "A", "tags": ["a"]}),
        (dspy.Prediction(part=dspy.Example(n=Decimal("1.0"))), {"part": {"n": "1.0"}}),
        ("half \ud83d", "half ?"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_values_are_kept_exactly(value, expected):
    """Digits, bytes and keys are all in the JSON, also within lists and dicts, and read back the same."""
    assert json.loads(cells.dumps({"deep": [value]})) == {"deep": [expected]}


def test_json_is_utf_8():
    """Whatever the text, it can be written to a file."""
    assert json.loads(cells.dumps("é\udcff").encode("utf-8")) == "é?"


def test_what_is_no_data_is_refused():
    """The message names the type and what to return instead."""
    with pytest.raises(
        cells.NotStorable, match=r"a list, which JSON cannot hold \(found a function\)\. Return text"
    ):
        cells.dumps([lambda: 1])


def test_a_value_that_holds_itself_is_refused():
    """The message says what it is, and nothing of Python's stack."""
    loop = {"next": []}
    loop["next"].append(loop)
    with pytest.raises(cells.NotStorable, match=r"a dict, which JSON cannot hold \(Circular reference"):
        cells.plain(loop)


@pytest.mark.parametrize("value", [{1: "a", "1": "b"}, [{"deep": ({1: "a", "1": "b"},)}]])
def test_no_key_takes_the_place_of_another(value):
    """A dict whose keys are one in JSON is refused: one of its values would be lost."""
    with pytest.raises(cells.NotStorable, match="two keys of a dict are one in JSON"):
        cells.dumps(value)
