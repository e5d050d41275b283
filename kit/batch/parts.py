"""Parts: finished partitions as parquet files, and how they are read back."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas
import pyarrow as pa
import pyarrow.compute
import pyarrow.dataset  # noqa: F401 - for pa.dataset
import pyarrow.parquet  # noqa: F401 - for pa.parquet

from kit.batch import cells
from kit.batch.entries import EntryOutcome

NUMBER = "row_number"
_FAILURES = pa.schema({NUMBER: pa.int64(), "error": pa.string(), "reason": pa.string()})
_WITHOUT_FILES = {"results": pa.schema({NUMBER: pa.int64()}), "failures": _FAILURES}


class Parts:
    """The files of one folder; a partition is finished when its results are there."""

    def __init__(self, folder: Path, prefix: str = "") -> None:
        self.folder, self.prefix = folder, prefix
        for name in ("results", "failures"):
            (folder / name).mkdir(parents=True, exist_ok=True)
            for torn in (folder / name).glob(".*.tmp"):
                torn.unlink()
            for path in files(folder, name):
                if not _is_whole(path):  # its answers are kept, so that nobody is asked again
                    (folder / "results" / path.name).unlink()

    def finished(self) -> set[int]:
        """Return the numbers of the partitions that need no more work."""
        return {int(path.stem.removeprefix("part-")) for path in files(self.folder, "results")}

    def forget(self, *, only_failed: bool) -> None:
        """Take finished partitions back; those with failures, or all."""
        for path in files(self.folder, "failures" if only_failed else "results"):
            (self.folder / "results" / path.name).unlink()

    def write(self, number: int, rows: pa.Table, outcomes: Sequence[EntryOutcome]) -> None:
        """Write one partition, whole or not at all: what was answered, and what failed."""
        file = f"part-{number:06}.parquet"
        good, bad = ([one for one in outcomes if bool(one.error) is failed] for failed in (False, True))
        is_good = pa.array([not outcome.error for outcome in outcomes], pa.bool_())
        made = [json.loads(outcome.outputs) for outcome in good]
        names = dict.fromkeys(name for prediction in made for name in prediction)
        outputs = {f"{self.prefix}{name}": _column([one.get(name) for one in made]) for name in names}
        answered = _beside(rows.filter(is_good), outputs)
        (self.folder / "failures" / file).unlink(missing_ok=True)
        if bad:
            why = {name: pa.array([getattr(one, name) for one in bad]) for name in ("error", "reason")}
            _write(_beside(rows.filter(pa.compute.invert(is_good)), why), self.folder / "failures" / file)
        _write(answered, self.folder / "results" / file)  # comes last: it makes the partition finished


class Table:
    """Finished rows on disk, read when asked for; `dataset` is a `pyarrow.dataset.Dataset` of the files."""

    def __init__(self, folder: Path, name: str) -> None:
        self.name, self.paths = name, files(folder, name)
        if broken := [path for path in self.paths if not _is_whole(path)]:
            raise OSError(f"{broken[0]} is damaged. Make the same call of batch.run again: it is rewritten.")
        schema = _common([*map(pa.parquet.read_schema, self.paths)] or [_WITHOUT_FILES[name]])
        self.dataset = pa.dataset.dataset(self.paths, schema, format="parquet")

    def __len__(self) -> int:
        return count_rows(self.paths)

    def __repr__(self) -> str:
        rows = self.head().to_string(index=False, max_colwidth=60) if len(self) else ""
        return f"{self._title()}\n{rows}".rstrip()

    def _repr_html_(self) -> str:
        return f"<p>{self._title()}</p>{self.head().to_html(index=False) if len(self) else ''}"

    def head(self, rows: int = 5) -> pandas.DataFrame:
        """Return the first rows."""
        return self.dataset.head(rows).to_pandas(integer_object_nulls=True)

    def to_pandas(self, columns: list[str] | None = None) -> pandas.DataFrame:
        """Read all rows into memory, in the order of the source."""
        return self.dataset.to_table(columns=columns).to_pandas(integer_object_nulls=True)

    def _title(self) -> str:
        return f"{self.name}: {len(self):,} rows in {len(self.paths):,} files"


def files(folder: Path, name: str) -> list[Path]:
    """Return the parts of "results" or "failures" that belong to finished partitions, in order."""
    finished = {path.name for path in (folder / "results").glob("part-*.parquet")}
    return sorted(path for path in (folder / name).glob("part-*.parquet") if path.name in finished)


def _is_whole(path: Path) -> bool:
    try:
        return bool(pa.parquet.read_metadata(path))
    except pa.ArrowInvalid:
        return False


def count_rows(paths: list[Path]) -> int:
    """Return how many rows parquet files have in all."""
    return sum(pa.parquet.read_metadata(path).num_rows for path in paths)


def numbered(rows: pa.Table, start: int) -> pa.Table:
    """Add the rows' numbers in the source as a first column, unless the table has one of a run's columns."""
    if taken := [name for name in (NUMBER, "error", "reason") if name in rows.column_names]:
        way = f"Rename it, or drop it: frame.drop(columns={taken[0]!r})."
        raise ValueError(f"The table has a column {taken[0]!r}, which a run adds itself. {way}")
    return rows.add_column(0, NUMBER, pa.array(range(start, start + len(rows)), pa.int64()))


def _beside(rows: pa.Table, columns: dict[str, pa.Array]) -> pa.Table:
    if clash := sorted(set(rows.column_names) & set(columns)):
        way = 'Tell them apart with prefix="predicted_", or rename the column. No answer is lost.'
        raise ValueError(f"{', '.join(clash)}: both a column of the table and an output of the run. {way}")
    for name, column in columns.items():
        rows = rows.append_column(name, column)
    return rows


def _column(outputs: list[Any]) -> pa.Array:
    """Keep text, numbers and booleans; what is nested or of mixed types becomes JSON, long integers text."""
    kinds = {type(cell) for cell in outputs}
    one_kind = len(kinds - {type(None)}) <= 1 and not kinds & {dict, list}
    if one_kind or kinds <= {float, int, type(None)}:
        try:
            return pa.array(outputs)
        except (OverflowError, pa.ArrowInvalid):  # an integer beyond 64 bits, or too long to be a float
            return pa.array([None if cell is None else str(cell) for cell in outputs])
    return pa.array([None if cell is None else cells.dumps(cell) for cell in outputs])


def _common(schemas: list[pa.Schema]) -> pa.Schema:
    """Return a schema that holds all files; a column of text in one and of numbers in another is text."""
    fields: dict[str, pa.Field] = {}
    for field in (field for schema in schemas for field in schema):
        try:
            both = [pa.schema([field]), pa.schema([fields.get(field.name, field)])]
            fields[field.name] = pa.unify_schemas(both, promote_options="permissive").field(0)
        except pa.ArrowTypeError:
            fields[field.name] = pa.field(field.name, pa.string())
    return pa.schema(fields.values())


def _write(table: pa.Table, path: Path) -> None:
    torn = path.with_name(f".{path.name}.tmp")
    pa.parquet.write_table(table, torn)
    with torn.open("rb+") as file:
        os.fsync(file.fileno())
    torn.replace(path)
