"""Driver: read a partition, ask what is new in it, write it when its last entry is answered.

Several partitions are open at once, so that nobody waits for the slowest call of one. All of this happens in
one thread: table, answers and parts need no locks.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from kit.batch.answers import Answers
from kit.batch.cells import Rows, missing
from kit.batch.entries import EntryOutcome, key_of
from kit.batch.parts import Parts, numbered
from kit.engines import live
from kit.engines.foresight import Errand, calls_of

_OPEN = 4


class Stopped(RuntimeError):
    """Too many failures in a row, or one that no entry could escape; what was answered is kept."""


@dataclass
class Partition:
    """A piece of the table, for each row the key of its entry, or why nobody was asked.

    `waiting` counts the rows of each entry that is not yet answered.
    """

    number: int
    rows: pa.Table
    keys: list[bytes | EntryOutcome]
    waiting: Counter[bytes]


@dataclass
class Driver:
    """Bring a table's pieces, a program and a folder together; `patience` failures in a row end the run."""

    inputs: dict[str, str]
    asked: Any
    answers: Answers
    parts: Parts
    bar: Any
    interrupted: threading.Event
    patience: int
    open: list[Partition] = field(default_factory=list)
    calls: int = 0
    failed: int = 0
    failed_in_a_row: int = 0
    cost_usd: float = 0.0

    def work(self, partitions: Iterable[Rows], size: int) -> None:
        """Do all partitions that are not finished; keep the calls in flight, whatever ends it."""
        finished = self.parts.finished()
        called = calls_of(getattr(self.asked, "program", None))  # for a row, at most

        def extent() -> tuple[str, int]:
            rows = self.bar.total - self.bar.n
            return f"kit.batch on {rows:,} rows", rows * called

        with live.under_way(Errand(extent)):
            try:
                for number, rows in enumerate(partitions):
                    if number not in finished:
                        self._begin(number, rows, number * size)
                    while len(self.open) >= _OPEN:
                        self._receive()
                while self.open:
                    self._receive()
            finally:
                self.asked.stop()
                if left := self.asked.asked:
                    self.bar.set_postfix_str(f"waiting for {left} entries; Ctrl-C again drops them")
                while self.asked.asked:
                    self.answers.add(self.asked.outcomes())

    def _begin(self, number: int, rows: Rows, start: int) -> None:
        table, entries = numbered(rows.table, start), self._entries(rows)
        keys = [entry if isinstance(entry, EntryOutcome) else key_of(entry) for entry in entries]
        by_key = {key: entry for key, entry in zip(keys, entries, strict=True) if isinstance(key, bytes)}
        known = self.answers.get(list(by_key))
        in_flight = {key for partition in self.open for key in partition.waiting}
        waiting = Counter(key for key in keys if isinstance(key, bytes) and key not in known)
        self.open.append(Partition(number, table, keys, waiting))
        self.bar.update(len(rows) - waiting.total())
        for key in [key for key in waiting if key not in in_flight]:
            while self.asked.asked >= self.asked.capacity:
                self._receive()
            try:
                self.asked.ask(key, by_key[key])
            except live.NotConfirmed as refused:
                raise Stopped(f"No entry can be answered. NotConfirmed: {refused}") from refused
        self._finish()

    def _entries(self, rows: Rows) -> list[dict[str, Any] | EntryOutcome]:
        columns = [rows.cells(column) for column in self.inputs.values()]
        entries: list[dict[str, Any] | EntryOutcome] = []
        for row in zip(*columns, strict=True):
            inputs = dict(zip(self.inputs, row, strict=True))
            empty = ", ".join(self.inputs[name] for name, value in inputs.items() if missing(value))
            reason = f"No value in {empty}; the program was not asked."
            entries.append(EntryOutcome(b"", b"", "MissingValue", reason) if empty else inputs)
        return entries

    def _receive(self) -> None:
        if self.interrupted.is_set():
            raise KeyboardInterrupt
        outcomes = self.asked.outcomes()
        self.answers.add(outcomes)
        self.calls += sum(len(outcome.spent.calls) for outcome in outcomes)
        self.cost_usd += sum(call.cost_usd for outcome in outcomes for call in outcome.spent.calls)
        self.failed += sum(bool(outcome.error) for outcome in outcomes)
        note = f"{self.calls:,} calls, ${self.cost_usd:.2f}, {self.failed:,} failed"
        self.bar.set_postfix_str(note, refresh=False)
        for outcome in outcomes:
            self.failed_in_a_row = self.failed_in_a_row + 1 if outcome.error else 0
            if outcome.is_fatal:
                raise Stopped(f"No entry can be answered. {outcome.error}: {outcome.reason}")
            if self.failed_in_a_row >= self.patience:
                raise Stopped(f"{self.failed_in_a_row} failures in a row. {outcome.error}: {outcome.reason}")
            for partition in self.open:
                self.bar.update(partition.waiting.pop(outcome.key, 0))
        self._finish()

    def _finish(self) -> None:
        for partition in [partition for partition in self.open if not partition.waiting]:
            known = self.answers.get(list({key for key in partition.keys if isinstance(key, bytes)}))
            outcomes = [key if isinstance(key, EntryOutcome) else known[key] for key in partition.keys]
            self.parts.write(partition.number, partition.rows, outcomes)
            self.open.remove(partition)
