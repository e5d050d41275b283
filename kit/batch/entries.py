"""Entry: one distinct row, asked once; EntryOutcome: what came of it; Threads: many at once in this process.

Unlike `dspy.Parallel`, `Threads` takes entries as they come: no list has to fit into memory, and nobody waits
for the slowest call of a list. tests/benchmarks/batch_throughput.py compares the two.
"""

from __future__ import annotations

import contextlib
import contextvars
import hashlib
import queue
import time
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

import dspy
from dspy.utils.exceptions import LMAuthError, LMBillingError, LMConfigurationError

from kit.batch import cells
from kit.calls import Usage, usage
from kit.engines.history import entries
from kit.engines.live import NotConfirmed
from kit.redaction import hide

_FATAL = (LMAuthError, LMBillingError, LMConfigurationError, NotConfirmed)
_LONGEST_REASON, _LONGEST_HISTORY, _KEPT_CALLS = 2000, 200, 1000
T = TypeVar("T")


@dataclass(frozen=True)
class EntryOutcome:
    """What the program made of one entry.

    `outputs` is the prediction as JSON, `error` the exception's class, `reason` its message, cut to 2,000
    characters. `is_fatal` says that no other entry could fare better, such as with a wrong API key.
    """

    key: bytes
    outputs: bytes = b""
    error: str = ""
    reason: str = ""
    is_fatal: bool = False
    spent: Usage = field(default_factory=lambda: Usage([]))


class Entry(dspy.Module):
    """The program under the name of one entry, so that DSPy's history of the calls is this entry's own."""

    def __init__(self, program: Any, key: bytes) -> None:
        self.program, self.key = program, key

    def forward(self, **inputs: Any) -> Any:
        """Run the program."""
        return self.program(**inputs)

    def submit(self, pool: Executor, inputs: dict[str, Any]) -> Future:
        """Begin to run in a pool's thread, under the settings that are in force here."""
        with dspy.context(max_history_size=_LONGEST_HISTORY):
            return pool.submit(contextvars.copy_context().run, self._answer, inputs)

    def outcome(self, future: Future) -> EntryOutcome:
        """Say what came of a future; wait for it."""
        error, spent = future.exception(), usage(self.history)
        if not error:
            return EntryOutcome(self.key, future.result(), spent=spent)
        reason = hide(cells.readable(str(error)))[:_LONGEST_REASON]
        return EntryOutcome(self.key, b"", type(error).__name__, reason, isinstance(error, _FATAL), spent)

    def _answer(self, inputs: dict[str, Any]) -> bytes:
        prediction = self(**inputs)
        if not isinstance(prediction, dspy.Example | dict):
            kind = type(prediction).__name__
            raise TypeError(f"The program returned a {kind}; expected a dspy.Prediction or a dict.")
        outputs = {}
        for name, value in prediction.items():
            try:
                outputs[name] = cells.plain(value)
            except cells.NotStorable as error:
                raise cells.NotStorable(f"Output {name!r} is {error}") from error
        return cells.dumps(outputs).encode()


def key_of(inputs: dict[str, Any]) -> bytes:
    """Return a hash of an entry's inputs: equal inputs, equal keys.

    >>> key_of({"a": 1, "b": "x"}) == key_of({"b": "x", "a": 1}) != key_of({"a": "1", "b": "x"})
    True
    """
    return hashlib.sha256(cells.dumps(dict(sorted(inputs.items()))).encode()).digest()[:16]


def forget_calls(earlier: int = 0) -> None:
    """Keep, of all calls in DSPy's history, the first `earlier` and the last 1,000 (DSPy: 10,000)."""
    del entries()[earlier:-_KEPT_CALLS]


class Threads:
    """Ask a program from a pool of threads, each call under the settings of the caller."""

    def __init__(self, program: Any, threads: int) -> None:
        self.asked, self.capacity, self.program = 0, max(2 * threads, 500), program
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
        time.sleep(0.02)
        while True:
            yield done.get_nowait()
