"""Source: a DataFrame, a Dask DataFrame or files, read in pieces that fit into memory."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas
import pyarrow as pa
import pyarrow.csv
import pyarrow.dataset

_NEWLINES = pa.csv.ParseOptions(newlines_in_values=True)
_IN_PIECES = pa.dataset.ParquetFileFormat(
    default_fragment_scan_options=pa.dataset.ParquetFragmentScanOptions(pre_buffer=False)
)


class MissingColumn(ValueError):
    """An input names a column that the table does not have."""


@dataclass(frozen=True)
class Source:
    """A table that is read again and again, from the start.

    Attributes:
        schema: Names and types of its columns.
        rows: How many it has.
        digest: A hash of its whole content.
        batches: Begins to read it.
    """

    schema: pa.Schema
    rows: int
    digest: str
    batches: Callable[[], Iterable[pa.RecordBatch]]

    def partitions(self, size: int) -> Iterator[pa.Table]:
        """Yield the table in pieces of `size` rows, in order; a table without rows is one empty piece."""
        waiting = pa.Table.from_batches([], self.schema)
        for batch in self.batches():
            waiting = pa.concat_tables([waiting, pa.Table.from_batches([batch])])
            while len(waiting) >= size:
                yield waiting.slice(0, size)
                waiting = waiting.slice(size)
        if len(waiting) or not self.rows:
            yield waiting


def source_of(table: Any) -> Source:
    """Make a source of what a user has.

    Args:
        table: A pandas or Dask DataFrame; or the path of a .parquet or .csv file, of a folder of such files,
            or a list of paths. Columns of CSV files are read as text, so that 007 stays 007.

    Raises:
        TypeError: If it is something else.
        FileNotFoundError: If there is no such file, or no such file in the folder.
        ValueError: If the files are of another kind.
    """
    if isinstance(table, pandas.DataFrame):
        return _of_frame(table)
    if hasattr(table, "to_delayed") and hasattr(table, "npartitions"):
        return _of_dask(table)
    if isinstance(table, str | Path):
        return _of_files(_files(Path(table)))
    if isinstance(table, Sequence):
        return _of_files([path for one in table for path in _files(Path(one))])
    raise TypeError(
        f"A source is a pandas or Dask DataFrame, a path or a list of paths, not a {type(table).__name__}."
    )


def mapping_of(inputs: Sequence[str] | Mapping[str, str], schema: pa.Schema) -> dict[str, str]:
    """Return which column each input field of the program is read from.

    Raises:
        MissingColumn: If the table lacks one; the message lists the columns found.
        TypeError: If `inputs` is a single string.
        ValueError: If there are none.
    """
    if isinstance(inputs, str):
        raise TypeError(f"inputs is a list of columns: write inputs=[{inputs!r}].")
    mapping = dict(inputs) if isinstance(inputs, Mapping) else {name: name for name in inputs}
    if not mapping:
        raise ValueError(f"inputs is empty. Columns found: {', '.join(schema.names)}.")
    if missing := sorted(set(mapping.values()) - set(schema.names)):
        raise MissingColumn(
            f"No column {', '.join(map(repr, missing))}. Columns found: {', '.join(schema.names)}. If the "
            "program's field has another name than the column, write inputs={'field': 'column'}."
        )
    return mapping


def _of_frame(frame: pandas.DataFrame) -> Source:
    if frame.index.name or not frame.index.equals(pandas.RangeIndex(len(frame))):
        frame = frame.reset_index()  # its labels mean something
    table = _arrow(frame)
    return Source(table.schema, len(table), _digest([_survey(frame)]), table.to_batches)


def _of_dask(frame: Any) -> Source:
    import dask

    pieces = (frame.reset_index() if frame.index.name else frame).to_delayed()
    surveys = dask.compute(*[dask.delayed(_survey)(piece) for piece in pieces])
    schema = pa.unify_schemas([survey[2] for survey in surveys], promote_options="permissive")

    def batches() -> Iterator[pa.RecordBatch]:
        for piece in pieces:
            yield from _arrow(piece.compute()).cast(schema).to_batches()

    return Source(schema, sum(survey[0] for survey in surveys), _digest(surveys), batches)


def _of_files(paths: list[Path]) -> Source:
    kinds = {_kind(path) for path in paths}
    if len(kinds) != 1 or not kinds <= {"csv", "parquet"}:
        raise ValueError(
            f"A source's files are all .parquet or all .csv; found: {', '.join(map(str, paths))}."
        )
    dataset = pa.dataset.dataset(paths, format=_text_columns(paths) if kinds == {"csv"} else _IN_PIECES)

    def batches() -> Iterator[pa.RecordBatch]:
        return dataset.to_batches(batch_size=1000, batch_readahead=1, fragment_readahead=1, use_threads=False)

    return Source(
        dataset.schema.remove_metadata(), dataset.count_rows(), _digest(map(_content, paths)), batches
    )


def _files(path: Path) -> list[Path]:
    if not path.exists():
        raise FileNotFoundError(f"There is no {path}, seen from {Path.cwd()}.")
    found = [path] if path.is_file() else sorted(one for one in path.iterdir() if _kind(one))
    if not found:
        raise FileNotFoundError(f"There is no .parquet or .csv file in {path}.")
    return found


def _kind(path: Path) -> str:
    return next((kind for kind in ("csv", "parquet") if f".{kind}" in path.suffixes), "")


def _text_columns(paths: list[Path]) -> pa.dataset.CsvFileFormat:
    names: dict[str, None] = {}
    for path in paths:
        with pa.csv.open_csv(path, parse_options=_NEWLINES) as reader:
            names |= dict.fromkeys(reader.schema.names)
    convert = pa.csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()))
    return pa.dataset.CsvFileFormat(parse_options=_NEWLINES, convert_options=convert)


def _arrow(frame: pandas.DataFrame) -> pa.Table:
    return pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata()


def _survey(frame: pandas.DataFrame) -> tuple[int, bytes, pa.Schema]:
    table = _arrow(frame)
    nested = [field.name for field in table.schema if pa.types.is_nested(field.type)]
    flat = frame.assign(**{name: [*map(repr, table[name].to_pylist())] for name in nested})
    hashes = pandas.util.hash_pandas_object(flat, index=False)
    return len(frame), hashlib.sha256(hashes.to_numpy().tobytes()).digest(), table.schema


def _content(path: Path) -> tuple[str, bytes]:
    with path.open("rb") as file:
        return path.name, hashlib.file_digest(file, "sha256").digest()


def _digest(parts: Iterable[Any]) -> str:
    return hashlib.sha256(repr([str(part) for part in parts]).encode()).hexdigest()
