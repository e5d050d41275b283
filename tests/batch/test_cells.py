"""What a frame's cells hold is what the program gets."""

import dataclasses
import datetime
import enum
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import dask
import dask.dataframe
import dspy
import pandas
import pydantic
import pytest

from kit import batch
from kit.batch import cells
from kit.batch.sources import source_of

DICTS = [{"k": 1}, {"k": "two", "z": [3]}, None, {}, {"deep": {"when": datetime.date(2024, 2, 29)}}]


class Colour(enum.Enum):
    RED = "red"


class Sign(pydantic.BaseModel):
    plate: int
    words: list[str] = []


@dataclasses.dataclass
class Place:
    street: str


class Seen(dspy.Module):
    """Says what it was given."""

    def forward(self, cell):
        return dspy.Prediction(seen=repr(cell))


def seen(table, to):
    run = batch.run(Seen(), table, inputs=["cell"], to=to, progress=False, threads=2, partition_rows=2)
    return run.results.to_pandas(), run


@pytest.mark.parametrize("pieces", [0, 3], ids=["pandas", "dask"])
def test_dicts_gain_no_keys(tmp_path, pieces):
    """Each row's own keys, of any type, reach the program; results hold the same as JSON."""
    frame = pandas.DataFrame({"cell": DICTS})
    with dask.config.set({"dataframe.convert-string": False}):  # else Dask itself makes text of the dicts
        table = dask.dataframe.from_pandas(frame, npartitions=pieces) if pieces else frame
        results, run = seen(table, tmp_path)
    whole = [cell for cell in DICTS if cell is not None]
    assert results["seen"].tolist() == [repr(cell) for cell in whole]
    assert results["cell"][:2].tolist() == ['{"k":1}', '{"k":"two","z":[3]}']
    assert run.failures.to_pandas()["error"].tolist() == ["MissingValue"]


@pytest.mark.parametrize(
    "column",
    [
        [{1: "a", 3: "b"}, {2: "c"}],
        [[{"k": 1}], [{"z": 2}, {"k": 3}], []],
        [{"n": 2**80}, {"n": Decimal("0.10")}],
        [{"t": (1, 2)}, {"t": (2,)}],
        [{"same": "x" * 99, "other": "x" * 99}],
    ],
    ids=["number keys", "lists of dicts", "long numbers", "tuples", "equal texts"],
)
def test_nested_cells_arrive_as_they_were(tmp_path, column):
    """Keys that are numbers, lists of dicts and what Arrow has no type for come through unchanged."""
    assert seen(pandas.DataFrame({"cell": column}), tmp_path)[0]["seen"].tolist() == [*map(repr, column)]


def test_a_run_over_dicts_goes_on():
    """The same cells have the same digest in another frame; one changed key is another table."""
    one, other = (pandas.DataFrame({"cell": [{"a": "".join(["x", "y"]), "b": "xy"}]}) for _ in range(2))
    assert source_of(one).digest == source_of(other).digest
    assert source_of(pandas.DataFrame({"cell": [{"a": "xy", "c": "xy"}]})).digest != source_of(one).digest


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (["x", 5], r"'cell' holds str \(row 0: 'x'\) and int \(row 1: 5\).*astype\(str\)"),
        ([5, None, "x"], r"int \(row 0: 5\) and str \(row 2: 'x'\)"),
        ([2**70], r"int \(row 0: 1180591620717411303424\).*integers up to 64 bits"),
        ([object()], r"holds object \(row 0: <object"),
        (["\ud83d"], r"holds str \(row 0: '\\ud83d'\)"),
        ([{"f": print}], r"holds dict \(row 0: \{'f': <built-in"),
        ([{1, 2}], r"holds set .*Make it a sorted list"),
    ],
    ids=["text and number", "after a gap", "long integer", "object", "half a letter", "function", "set"],
)
def test_a_column_that_cannot_be_stored_is_shown(column, message):
    """The error names the column, a cell of each type and the way out; Arrow's words are not in it."""
    with pytest.raises(cells.BadColumn, match=message) as caught:
        source_of(pandas.DataFrame({"cell": pandas.Series(column, dtype=object)}))
    assert "Expected bytes" not in str(caught.value)


def test_columns_may_have_numbers_for_names(tmp_path):
    """A column named 0, as pandas makes them, can be an input under either name."""
    frame = pandas.DataFrame({0: ["x", "y"], 1: ["a", "b"]})
    for name, column in (("number", 0), ("text", "0")):
        run = batch.run(Seen(), frame, inputs={"cell": column}, to=tmp_path / name, progress=False)
        assert run.results.to_pandas()["seen"].tolist() == ["'x'", "'y'"]


def test_two_columns_of_one_name_are_refused():
    """A table on disk could not tell them apart."""
    with pytest.raises(cells.BadColumn, match="Two columns are named 'a'"):
        source_of(pandas.DataFrame([[1, 2]], columns=["a", "a"]))
    with pytest.raises(cells.BadColumn, match="Two columns are named '0'"):
        source_of(pandas.DataFrame([[1, 2]], columns=[0, "0"]))


BERLIN = datetime.datetime(2027, 3, 1, 9, tzinfo=ZoneInfo("Europe/Berlin"))


@pytest.mark.parametrize(
    ("column", "written"),
    [
        (
            [datetime.date(2027, 3, 1), datetime.datetime(2027, 3, 1, 9)],
            ["2027-03-01", "2027-03-01T09:00:00"],
        ),
        (
            [BERLIN, datetime.datetime(2027, 3, 1, 9)],
            ["2027-03-01T09:00:00+01:00", "2027-03-01T09:00:00"],
        ),
        ([Decimal("1.10"), Decimal("2.5000"), Decimal("3")], ["1.10", "2.5000", "3"]),
        (
            [Sign(plate=1, words=["no"]), Sign(plate=2)],
            ['{"plate":1,"words":["no"]}', '{"plate":2,"words":[]}'],
        ),
        ([Colour.RED], ["red"]),
        ([Path("a/b.pdf")], ["a/b.pdf"]),
        ([Place("Level 2")], ['{"street":"Level 2"}']),
    ],
    ids=["date and time", "zone and none", "decimals", "models", "enum", "path", "dataclass"],
)
def test_no_cell_is_changed_to_fit_its_column(tmp_path, column, written):
    """Arrow would cut the time off, shift it by the zone, or add zeros; the program gets each cell whole."""
    results = seen(pandas.DataFrame({"cell": pandas.Series(column, dtype=object)}), tmp_path)[0]
    assert results["seen"].tolist() == [*map(repr, column)]
    assert results["cell"].tolist() == written


@pytest.mark.parametrize(
    "column",
    [
        pandas.period_range("2027-01", periods=1, freq="M"),
        pandas.interval_range(0, 1),
        pandas.arrays.SparseArray([7]),
    ],
    ids=["period", "interval", "sparse"],
)
def test_columns_that_only_pandas_has_are_refused(column):
    """A month never reaches the program as the 684th month since 1970; as text it may."""
    with pytest.raises(cells.BadColumn, match=r"Make it text, frame\['cell'\]"):
        source_of(pandas.DataFrame({"cell": column}))


def test_a_cell_that_holds_itself_is_a_bad_column():
    """The message shows the row."""
    loop = ["x"]
    loop.append(loop)
    with pytest.raises(cells.BadColumn, match=r"list \(row 0: \['x', \[\.\.\.\]\]\)"):
        cells.rows_of(pandas.DataFrame({"a": [loop]}))
