"""Source: a DataFrame, a Dask DataFrame or files, read in pieces that fit into memory."""

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

from kit.batch import cells, encodings
from kit.notices import notice

_IN_PIECES = pa.dataset.ParquetFileFormat(
    default_fragment_scan_options=pa.dataset.ParquetFragmentScanOptions(pre_buffer=False)
)
_PACKED = (".bz2", ".gz", ".lz4", ".zst")
_LITTLE_AT_ONCE = {
    "batch_size": 1000,
    "batch_readahead": 1,
    "fragment_readahead": 1,
    "use_threads": False,
}


class BadSource(ValueError):
    """A file or a frame cannot be read as a table; the message says which, why, and what to do."""


class MissingColumn(ValueError):
    """An input names a column that the table does not have."""


@dataclass(frozen=True)
class Source:
    """A table that is read again and again, from the start.

    `digest` is a hash of its whole content; `pieces` begins to read it.
    """

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
    if isinstance(table, Sequence) and all(isinstance(item, str | Path) for item in table):
        return _of_files([path for item in table for path in _files(Path(item))])
    what = type(table).__name__
    if isinstance(table, Sequence):
        what += f" of {' and '.join(sorted({type(item).__name__ for item in table}))}"
    raise TypeError(
        f"A source is a pandas or Dask DataFrame, a path or a list of paths, not a {what}. Make a frame of "
        "rows: pandas.DataFrame(rows)."
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
    mapping = {str(field): str(column) for field, column in mapping.items()}
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
        frame = _with_index(frame)  # its labels mean something
    rows = cells.rows_of(frame)
    return Source(rows.table.schema, len(rows), _digest([_survey(frame, rows)]), lambda: [rows])


def _with_index(frame: Any) -> Any:
    """Return a pandas or Dask frame with its index as columns."""
    if twice := set(getattr(frame.index, "names", [frame.index.name])) & set(frame.columns):
        raise cells.BadColumn(
            f"The index and a column are both named {twice.pop()!r}. Rename the index: "
            "frame.rename_axis('row')."
        )
    return frame.reset_index()


def _of_dask(frame: Any) -> Source:
    import dask

    pieces = (_with_index(frame) if frame.index.name else frame).to_delayed()
    surveys = dask.compute(*[dask.delayed(_survey)(piece) for piece in pieces])
    kept = {name for survey in surveys for name in survey[3]}
    texts = [_as_text(schema, kept) for _, _, schema, _ in surveys]
    schema = _one_schema(texts, "partitions")

    def read() -> Iterator[cells.Rows]:
        for piece in pieces:
            rows = cells.rows_of(piece.compute(), kept)
            yield cells.Rows(rows.table.cast(schema), rows.kept)

    return Source(schema, sum(survey[0] for survey in surveys), _digest(surveys), read)


def _as_text(schema: pa.Schema, kept: set[str]) -> pa.Schema:
    return pa.schema(
        [pa.field(name, pa.string()) if name in kept else schema.field(name) for name in schema.names]
    )


def _of_files(paths: list[Path]) -> Source:
    kinds = {_kind(path) for path in paths}
    if len(kinds) != 1 or not kinds <= {"csv", "parquet"}:
        raise BadSource(
            f"A source's files are all .parquet or all .csv; found: {', '.join(map(str, paths))}. "
            "Read others yourself and pass the frame, e.g. pandas.read_excel(path)."
        )
    read = _csv if kinds == {"csv"} else _parquet
    datasets = {path: read(path) for path in paths}
    schema = _one_schema([dataset.schema.remove_metadata() for dataset in datasets.values()], "files")

    def read_all() -> Iterator[cells.Rows]:
        for path, dataset in datasets.items():
            with _in_our_words(path):
                for batch in dataset.replace_schema(schema).to_batches(**_LITTLE_AT_ONCE):
                    yield cells.Rows(pa.Table.from_batches([batch]))

    return Source(schema, sum(map(_count, paths, datasets.values())), _digest(map(_content, paths)), read_all)


def _one_schema(schemas: list[pa.Schema], what: str) -> pa.Schema:
    """Return a schema that holds the columns of all pieces of a table."""
    try:
        return pa.unify_schemas(schemas, promote_options="permissive")
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        names = dict.fromkeys(name for schema in schemas for name in schema.names)
        types = {
            name: {str(schema.field(name).type) for schema in schemas if name in schema.names}
            for name in names
        }
        odd = "; ".join(
            f"{name!r}: {', '.join(sorted(kinds))}" for name, kinds in types.items() if len(kinds) > 1
        )
        raise BadSource(
            f"The table's {what} differ in the type of a column ({odd}). Give it one type in all of them, "
            "e.g. frame[column] = frame[column].astype(str)."
        ) from error


def _files(path: Path) -> list[Path]:
    if not path.exists():
        raise FileNotFoundError(f"There is no {path}, seen from {Path.cwd()}.")
    files = [path] if path.is_file() else sorted(file for file in path.iterdir() if _kind(file))
    if not files:
        raise FileNotFoundError(f"There is no .parquet or .csv file in {path}.")
    return files


def _kind(path: Path) -> str:
    suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() not in _PACKED]
    return suffixes[-1][1:] if suffixes and suffixes[-1] in (".csv", ".parquet") else ""


def _parquet(path: Path) -> pa.dataset.Dataset:
    with _in_our_words(path):
        return pa.dataset.dataset(path, format=_IN_PIECES)


def _csv(path: Path) -> pa.dataset.Dataset:
    if path.suffix.lower() in _PACKED and not path.suffix.islower():
        raise BadSource(f"{path} is packed; to be unpacked, its name must end in {path.suffix.lower()!r}.")
    with _in_our_words(path):
        options = pa.csv.ReadOptions(encoding=encodings.encoding_of(path))
        parsing = pa.csv.ParseOptions(delimiter=_separator(path, options.encoding), newlines_in_values=True)
        with pa.csv.open_csv(path, options, parse_options=parsing) as reader:
            names = reader.schema.names
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise BadSource(f"{path} has two columns named {', '.join(map(repr, twice))}. Rename one.")
        text = pa.csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()))
        form = pa.dataset.CsvFileFormat(parsing, convert_options=text, read_options=options)
        return pa.dataset.dataset(path, pa.schema(dict.fromkeys(names, pa.string())), format=form)


def _separator(path: Path, encoding: str) -> str:
    """Return what separates the columns: a comma, or, if the first line has none, a semicolon or a tab."""
    with pa.input_stream(str(path), compression="detect") as file:
        header = file.read(1 << 16).decode(encoding, "ignore").partition("\n")[0]
    separator = "," if "," in header else next((sign for sign in ";\t" if sign in header), ",")
    if separator != ",":
        notice(f"{path.name} has no comma in its first line: its columns are separated by {separator!r}.")
    return separator


def _count(path: Path, dataset: pa.dataset.Dataset) -> int:
    with _in_our_words(path):
        return dataset.count_rows()


@contextlib.contextmanager
def _in_our_words(path: Path) -> Iterator[None]:
    """Say of an error of Arrow which file it is about, and what can be done."""
    try:
        yield
    except (pa.ArrowException, UnicodeError, OSError) as error:
        if isinstance(error, OSError) and error.errno:  # the disk's own words are clear
            raise
        reason = " ".join(str(error).split())[:300]
        raise BadSource(
            f"{path} cannot be read as {_kind(path)}: {reason} Mend that place in the file, or read it "
            f"yourself and pass the frame: batch.run(program, pandas.read_{_kind(path)}(...), ...)."
        ) from error


def _survey(
    frame: pandas.DataFrame, rows: cells.Rows | None = None
) -> tuple[int, bytes, pa.Schema, list[str]]:
    rows = rows or cells.rows_of(frame)
    schema = rows.table.schema
    nested = [field.name for field in schema if pa.types.is_nested(field.type)]
    texts = {name: [*map(repr, rows.cells(name))] for name in [*nested, *rows.kept]}
    flat = frame.set_axis(schema.names, axis=1).assign(**texts)
    hashes = pandas.util.hash_pandas_object(flat, index=False)
    return len(frame), hashlib.sha256(hashes.to_numpy().tobytes()).digest(), schema, sorted(rows.kept)


def _content(path: Path) -> tuple[str, bytes]:
    with path.open("rb") as file:
        return path.name, hashlib.file_digest(file, "sha256").digest()


def _digest(parts: Iterable[Any]) -> str:
    return hashlib.sha256(repr([str(part) for part in parts]).encode()).hexdigest()
