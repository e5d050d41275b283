"""Source: a DataFrame, a Dask DataFrame or files, read in pieces that fit into memory.

CSV files are read as UTF-8 with commas; `pandas.read_csv` reads all others, and its frame is a source too.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas
import pyarrow as pa
import pyarrow.csv
import pyarrow.dataset  # noqa: F401 - for pa.dataset

from kit.batch import cells

_SCAN = pa.dataset.ParquetFragmentScanOptions(pre_buffer=False)
_IN_PIECES = pa.dataset.ParquetFileFormat(default_fragment_scan_options=_SCAN)
_LITTLE_AT_ONCE = {"batch_size": 1000, "batch_readahead": 1, "fragment_readahead": 1, "use_threads": False}


class BadSource(ValueError):
    """A file or a frame cannot be read as a table; the message says which, why, and what to do."""


class MissingColumn(ValueError):
    """An input names a column that the table does not have."""


@dataclass(frozen=True)
class Source:
    """A table that is read again and again; `digest` hashes its content, `pieces` begins to read it."""

    schema: pa.Schema
    rows: int
    digest: str
    pieces: Callable[[], Iterable[cells.Rows]]

    def partitions(self, size: int) -> Iterator[cells.Rows]:
        """Yield the table in pieces of `size` rows, in order; a table without rows is one empty piece."""
        waiting = None
        for piece in self.pieces():
            waiting = waiting + piece if waiting else piece
            while len(waiting) >= size:
                yield waiting[:size]
                waiting = waiting[size:]
        if waiting or not self.rows:
            yield waiting or cells.Rows(self.schema.empty_table())


def source_of(table: Any) -> Source:
    """Make a source of what a user has; `BadColumn` or `BadSource` if it cannot be read as a table.

    `table` is a pandas or Dask DataFrame, the path of a .parquet or .csv file, of a folder of such files, or
    a list of paths. Columns of CSV files are read as text, so that 007 stays 007.
    """
    if isinstance(table, pandas.DataFrame):
        rows = cells.rows_of(_with_index(table))
        return Source(rows.table.schema, len(rows), _digest([_content(rows)]), lambda: [rows])
    if hasattr(table, "to_delayed") and hasattr(table, "npartitions"):
        return _of_dask(table)
    paths = [table] if isinstance(table, str | Path) else table
    if isinstance(paths, Sequence) and all(isinstance(item, str | Path) for item in paths):
        return _of_files([path for item in paths for path in _files(Path(item))])
    sources, way = "pandas or Dask DataFrame, a path or a list of paths", "pandas.DataFrame(rows)"
    raise TypeError(f"A source is a {sources}, not a {type(table).__name__}. Make a frame of rows: {way}.")


def mapping_of(inputs: Sequence[str] | Mapping[str, str], schema: pa.Schema) -> dict[str, str]:
    """Return which column each input field is read from; the error for a missing one lists those found."""
    if isinstance(inputs, str):
        raise TypeError(f"inputs is a list of columns: write inputs=[{inputs!r}].")
    mapping = dict(inputs) if isinstance(inputs, Mapping) else {name: name for name in inputs}
    mapping = {str(field): str(column) for field, column in mapping.items()}
    if not mapping:
        raise ValueError(f"inputs is empty. Columns found: {', '.join(schema.names)}.")
    if missing := sorted(set(mapping.values()) - set(schema.names)):
        way = "If the program's field has another name than the column, write inputs={'field': 'column'}."
        found = ", ".join(schema.names)
        raise MissingColumn(f"No column {', '.join(map(repr, missing))}. Columns found: {found}. {way}")
    return mapping


def _with_index(frame: Any) -> Any:
    """Return a pandas or Dask frame with its index as a column, if its labels mean something."""
    in_memory = isinstance(frame, pandas.DataFrame)
    counted = in_memory and frame.index.equals(pandas.RangeIndex(len(frame)))
    return frame.reset_index() if frame.index.name or (in_memory and not counted) else frame


def _of_dask(frame: Any) -> Source:
    import dask

    def survey(piece: pandas.DataFrame) -> tuple[int, str, pa.Schema, list[str]]:
        rows = cells.rows_of(piece)
        return len(rows), _content(rows), rows.table.schema, sorted(rows.kept)

    pieces = _with_index(frame).to_delayed()
    counts, contents, schemas, kept = zip(*dask.compute(*map(dask.delayed(survey), pieces)), strict=True)
    keep = {name for names in kept for name in names}
    texts = ([one.with_type(pa.string()) if one.name in keep else one for one in each] for each in schemas)
    schema = _one_schema([*map(pa.schema, texts)])

    def read() -> Iterator[cells.Rows]:
        for piece in pieces:
            rows = cells.rows_of(piece.compute(), keep)
            yield cells.Rows(rows.table.cast(schema), rows.kept)

    return Source(schema, sum(counts), _digest(contents), read)


def _of_files(paths: list[Path]) -> Source:
    kinds = {path.suffix.lower() for path in paths}
    if kinds not in ({".csv"}, {".parquet"}):
        found = ", ".join(map(str, paths))
        way = "Read others yourself and pass the frame, e.g. pandas.read_excel(path)."
        raise BadSource(f"A source's files are all .parquet or all .csv; found: {found}. {way}")
    datasets, count, digest = {}, 0, []
    for path in paths:
        with _in_our_words(path), path.open("rb") as file:
            datasets[path] = _csv(path) if kinds == {".csv"} else pa.dataset.dataset(path, format=_IN_PIECES)
            count += datasets[path].count_rows()  # finds a torn row before anything is asked
            digest += [path.name, hashlib.file_digest(file, "sha256").hexdigest()]
    schema = _one_schema([dataset.schema.remove_metadata() for dataset in datasets.values()])

    def read() -> Iterator[cells.Rows]:
        for path, dataset in datasets.items():
            with _in_our_words(path):
                for batch in dataset.replace_schema(schema).to_batches(**_LITTLE_AT_ONCE):
                    yield cells.Rows(pa.Table.from_batches([batch]))

    return Source(schema, count, _digest(digest), read)


def _one_schema(schemas: list[pa.Schema]) -> pa.Schema:
    try:
        return pa.unify_schemas(schemas, promote_options="permissive")
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        way = "Give it one type in all of them, e.g. frame[column] = frame[column].astype(str)."
        raise BadSource(f"The pieces of the table differ in the type of a column ({error}). {way}") from error


def _files(path: Path) -> list[Path]:
    if not path.exists():
        raise FileNotFoundError(f"There is no {path}, seen from {Path.cwd()}.")
    if path.is_file():
        return [path]
    if files := sorted(file for file in path.iterdir() if file.suffix.lower() in (".csv", ".parquet")):
        return files
    raise FileNotFoundError(f"There is no .parquet or .csv file in {path}.")


def _csv(path: Path) -> pa.dataset.Dataset:
    parsing = pa.csv.ParseOptions(newlines_in_values=True)
    with pa.csv.open_csv(path, parse_options=parsing) as reader:
        names = reader.schema.names
    if len(set(names)) < len(names):
        raise pa.ArrowInvalid(f"Two columns have one name, among {', '.join(names)}.")
    texts = dict.fromkeys(names, pa.string())
    form = pa.dataset.CsvFileFormat(parsing, convert_options=pa.csv.ConvertOptions(column_types=texts))
    return pa.dataset.dataset(path, pa.schema(texts), format=form)


@contextlib.contextmanager
def _in_our_words(path: Path) -> Iterator[None]:
    """Say of an error of Arrow which file it is about, and what can be done."""
    try:
        yield
    except (pa.ArrowException, UnicodeError, OSError) as error:
        if isinstance(error, OSError) and error.errno:  # the disk's own words are clear
            raise
        reason, kind = " ".join(str(error).split())[:300], path.suffix.lower()[1:]
        how = "encoding=..., sep=..., dtype=str" if kind == "csv" else "..."
        raise BadSource(
            f"{path} cannot be read as {kind}: {reason} Mend that place in the file, or read it yourself and "
            f"pass the frame: batch.run(program, pandas.read_{kind}(path, {how}), ...)."
        ) from error


def _content(rows: cells.Rows) -> str:
    hashes = pandas.util.hash_pandas_object(rows.table.to_pandas(), index=False)
    return str(rows.table.schema) + hashlib.sha256(hashes.to_numpy().tobytes()).hexdigest()


def _digest(parts: Iterable[str]) -> str:
    return hashlib.sha256(repr([*parts]).encode()).hexdigest()
