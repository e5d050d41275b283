"""Threads: many entries at once in this process.

Unlike `dspy.Parallel` this takes entries as they come: no list has to fit into memory, and nobody waits for
the slowest call of a list. tests/benchmarks/batch_throughput.py compares the two.
"""

from __future__ import annotations

import contextlib
import queue
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from kit.batch.entries import Entry, EntryOutcome, forget_calls
from kit.engines.history import entries

T = TypeVar("T")
_MOMENT = 0.02


class Threads:
    """Ask a program from a pool of threads, each call under the settings of the caller."""

    def __init__(self, program: Any, threads: int) -> None:
        self.program = program
        self.capacity = max(2 * threads, 500)
        self.asked = 0
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="kit-batch")
        self._earlier_calls = len(entries())
        self._done: queue.SimpleQueue[tuple[Entry, Future]] = queue.SimpleQueue()

    def ask(self, key: bytes, inputs: dict[str, Any]) -> None:
        """Queue one entry."""
        entry = Entry(self.program, key)
        entry.submit(self._pool, inputs).add_done_callback(lambda future: self._done.put((entry, future)))
        self.asked += 1

    def outcomes(self) -> list[EntryOutcome]:
        """Return what is done; wait a moment if nothing is."""
        done = list(all_of(self._done))
        forget_calls(self._earlier_calls)
        self.asked -= len(done)
        return [entry.outcome(future) for entry, future in done if not future.cancelled()]

    def stop(self) -> None:
        """Drop what has not begun; `outcomes` still gives what has."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def all_of(done: queue.SimpleQueue[T]) -> Iterator[T]:
    """Yield what is in a queue; wait up to half a second for the first thing, and a moment for others."""
    with contextlib.suppress(queue.Empty):
        yield done.get(timeout=0.5)
        time.sleep(_MOMENT)
        while True:
            yield done.get_nowait()
