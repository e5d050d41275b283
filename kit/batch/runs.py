"""Run: a program over a table, and what came of it."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dspy
import pandas
import pyarrow as pa
from filelock import AcquireReturnProxy, FileLock, Timeout

from kit import tables
from kit.batch import identity
from kit.batch.answers import Answers
from kit.batch.driver import Driver
from kit.batch.entries import Threads
from kit.batch.parts import Parts, Table, count_rows, files
from kit.batch.sources import mapping_of, source_of

_ANSWERS = "answers.sqlite"


@dataclass(frozen=True)
class BatchRun:
    """Finished partitions of a table of `rows` rows, and the bill.

    `entries` counts the distinct entries asked; `usage` has calls, tokens and dollars so far, by model.
    """

    to: Path
    rows: int
    entries: int
    usage: pandas.DataFrame

    @property
    def results(self) -> Table:
        """The rows that were answered: the table's columns and the program's outputs."""
        return Table(self.to, "results")

    @property
    def failures(self) -> Table:
        """The rows that were not: the table's columns, `error` and `reason`."""
        return Table(self.to, "failures")

    def __repr__(self) -> str:
        return f"Run in {self.to}\n{tables.columns(*self._table())}"

    def _repr_html_(self) -> str:
        return f"<p>Run in {self.to}</p>{tables.table(*self._table())}"

    def _table(self) -> tuple[list[str], list[list[Any]]]:
        answered, failed = len(self.results), len(self.failures)
        spent = [int(self.usage["calls"].sum()), f"{self.usage['dollars'].sum():.4f}"]
        headings = ["rows", "answered", "failed", "to do", "distinct entries", "calls", "dollars"]
        return headings, [[self.rows, answered, failed, self.rows - answered - failed, self.entries, *spent]]


def run(
    program: dspy.Module,
    source: Any,
    *,
    inputs: Sequence[str] | Mapping[str, str],
    to: str | os.PathLike[str],
    threads: int | None = None,
    scheduler: Any = None,
    partition_rows: int = 1000,
    prefix: str = "",
    restart: bool = False,
    retry_failures: bool = False,
    max_failures_in_a_row: int = 100,
    progress: bool = True,
) -> BatchRun:
    """Ask a program about every row of a table; the same call, made again, goes on where it stopped.

    Rows with equal inputs are asked once. A row that fails, or lacks an input, is kept in a table of its own.
    Ctrl-C waits for the calls in flight and keeps their answers; press it twice to leave at once.

    Args:
        program: Any DSPy module. Model and adapter are those in force.
        source: A pandas or Dask DataFrame, or parquet or CSV files: a path, a folder or a list of paths.
        inputs: Columns that the program gets, by their names; {"field": "column"} where the names differ.
        to: Folder for results, failures and answers; made if it is missing.
        threads: Calls in flight at once, on each worker if there are several; by default DSPy's num_threads.
        scheduler: Where Dask workers are to ask: an address, a cluster, or a client.
        partition_rows: Rows in one file of results.
        prefix: Put before the names of the program's outputs.
        restart: Write all partitions again; answers of the same program and model are kept.
        retry_failures: Ask again what failed before.
        max_failures_in_a_row: How many entries may fail, with none answered between, before the run ends.
        progress: Show a bar with rate, time left, calls and cost of this sitting.

    Raises:
        BadColumn, BadSource, MissingColumn: If the table cannot be read, or lacks an input.
        OtherRun: If the folder has finished partitions of another program, model or table.
        Stopped: If going on would be in vain, e.g. with a wrong API key.
        OSError: If the folder cannot be written, the disk is full, or another process writes there.
    """
    if not isinstance(program, dspy.Module):
        raise TypeError(f"The program is a {type(program).__name__}; a batch runs a dspy.Module.")
    for name, value in (("threads", threads), ("partition_rows", partition_rows)):
        if value is not None and (not isinstance(value, int) or value < 1):
            raise ValueError(f"{name} is {value!r}; expected a number from 1.")
    from tqdm.auto import tqdm

    folder = Path(to)
    with contextlib.ExitStack() as stack:
        stack.callback(pa.set_memory_pool, pa.default_memory_pool())
        pa.set_memory_pool(pa.system_memory_pool())  # the system gets back what a partition needed
        table = source_of(source)
        mapping = mapping_of(inputs, table.schema)
        layout = {"partition_rows": partition_rows, "prefix": prefix}
        described = identity.identity_of(program, mapping, table.digest, **layout)
        stack.enter_context(_lock(folder))
        answers = stack.enter_context(contextlib.closing(Answers(folder / _ANSWERS)))
        parts = Parts(folder, prefix)
        _continue(folder, described, answers, parts, restart)
        identity.record(folder, described | {"rows": table.rows})
        if retry_failures:
            parts.forget(only_failed=True)
        answers.forget_failures()
        stack.enter_context(_told(folder, table.rows))
        shown = {"unit": " rows", "disable": not progress, "dynamic_ncols": True}
        threads = threads or dspy.settings.num_threads
        if scheduler is None:
            asked = Threads(program, threads)
        else:
            from kit.batch.cluster import Cluster

            asked = stack.enter_context(contextlib.closing(Cluster(program, threads, scheduler)))
        bar = stack.enter_context(tqdm(total=table.rows, initial=_finished(folder), **shown))
        interrupted = stack.enter_context(_interrupts())
        driver = Driver(mapping, asked, answers, parts, bar, interrupted, max_failures_in_a_row)
        driver.work(table.partitions(partition_rows), partition_rows)
    return read(to)


def read(to: str | os.PathLike[str]) -> BatchRun:
    """Return what a folder holds by now, whether or not the run has ended."""
    folder = Path(to)
    if not (described := identity.recorded(folder)):
        raise FileNotFoundError(f"No run was begun in {folder}. Begin one: batch.run(..., to={str(to)!r}).")
    with contextlib.closing(Answers(folder / _ANSWERS)) as answers:
        return BatchRun(folder, described["rows"], answers.count(), answers.spent())


def _lock(folder: Path) -> AcquireReturnProxy:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return FileLock(folder / "run.lock", timeout=0).acquire()
    except Timeout as taken:
        raise BlockingIOError(f"Another process writes to {folder}. Wait, or take another folder.") from taken
    except OSError as refused:
        reason = f"Cannot write to {folder.absolute()}: {refused}. Take another folder."
        raise PermissionError(reason) from refused


def _continue(folder: Path, described: dict[str, Any], answers: Answers, parts: Parts, restart: bool) -> None:
    before = identity.recorded(folder)
    differing = identity.differences(described, before) if before else []
    if restart:
        parts.forget(only_failed=False)
    elif differing and (finished := len(parts.finished())):
        what = f"{folder} holds {finished} finished partitions of another run"
        way = "Take another folder, or write them again with restart=True."
        raise identity.OtherRun(f"{what}. What differs: {', '.join(differing)}. {way}")
    if identity.ANSWERS & set(differing):
        answers.clear()


@contextlib.contextmanager
def _interrupts() -> Iterator[threading.Event]:
    """Note the first Ctrl-C, for the driver to act on between two steps; let the second one through."""
    noted, before = threading.Event(), signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread():
        yield noted
        return

    def note(*_: Any) -> None:
        noted.set()
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, note)
    try:
        yield noted
    finally:
        signal.signal(signal.SIGINT, before)


@contextlib.contextmanager
def _told(folder: Path, rows: int) -> Iterator[None]:
    """Say with any error that ends a run how far it came."""
    try:
        yield
    except BaseException as error:
        finished = f"{_finished(folder):,} of {rows:,} rows are finished in {folder}"
        note = f"{finished}; the same call goes on from there."
        if isinstance(error, sqlite3.OperationalError):
            raise OSError(f"Cannot write to {folder}: {error}. Make room there. {note}") from error
        error.add_note(note)
        raise


def _finished(folder: Path) -> int:
    return sum(count_rows(files(folder, name)) for name in ("results", "failures"))
