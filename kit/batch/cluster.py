"""Cluster: many entries at once on Dask workers.

A task holds a few entries and leaves the worker's own thread at once (`secede`): a worker has `threads` calls
in flight, however many threads Dask gave it. The program travels with each task; a worker needs no folder.
"""

from __future__ import annotations

import queue
import threading
import time
from collections import Counter
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import lru_cache
from typing import Any

import cloudpickle
import distributed
import dspy

from kit.batch.entries import Entry, EntryOutcome, all_of, forget_calls
from kit.engines import live
from kit.engines.history import entries
from kit.redaction import hide

_SETTINGS = ("adapter", "allow_tool_async_sync_conversion", "async_max_workers", "interpreter_factory")
_SETTINGS += ("lm", "rm", "warn_on_type_mismatch")
_LOADING = threading.Lock()
Task = list[tuple[bytes, dict[str, Any]]]


class LostScheduler(RuntimeError):
    """Dask gave tasks up without an answer."""


class Cluster:
    """Ask a program on the workers of a Dask cluster; the model's API key travels with the program.

    `scheduler` is an address such as "tcp://10.0.0.1:8786", a cluster, or a client, which is left open.
    """

    def __init__(self, program: Any, threads: int, scheduler: Any) -> None:
        self.asked, self.threads, self.program = 0, threads, program
        self._own = not isinstance(scheduler, distributed.Client)
        self._client = distributed.Client(scheduler) if self._own else scheduler
        bare = program.deepcopy()  # program and settings travel without the history of their models
        for predictor in bare.predictors():
            predictor.lm = predictor.lm and predictor.lm.copy()
        settings = {name: dspy.settings[name] for name in _SETTINGS}
        settings["lm"] = settings["lm"] and settings["lm"].copy()
        self._program = cloudpickle.dumps((bare, settings))
        self._done: queue.SimpleQueue[distributed.Future] = queue.SimpleQueue()
        self._sent: dict[distributed.Future, tuple[str, Task]] = {}
        self._task: Task = []
        self._workers, self._looked = [], 0.0

    @property
    def capacity(self) -> int:
        """How many entries may be asked at once: each worker has as many waiting as in flight."""
        if time.monotonic() - self._looked > 2:
            self._workers, self._looked = list(self._client.nthreads()), time.monotonic()
        return 2 * self.threads * max(1, len(self._workers))

    def ask(self, key: bytes, inputs: dict[str, Any]) -> None:
        """Queue one entry; a task goes out when it is full. Many live calls need a yes, as in threads."""
        live.allow(self.program, inputs)
        self._task.append((key, inputs))
        self.asked += 1
        if len(self._task) >= max(1, self.threads // 4):
            self._send()

    def outcomes(self) -> list[EntryOutcome]:
        """Return what is done; wait a moment if nothing is."""
        self._send()
        return [outcome for future in all_of(self._done) for outcome in self._received(future)]

    def stop(self) -> None:
        """Drop what was not sent; `outcomes` still gives what was."""
        self.asked -= len(self._task)
        self._task = []

    def close(self) -> None:
        """Leave the cluster."""
        if self._own:
            self._client.close()

    def _send(self) -> None:
        if not self._task:
            return
        busy = Counter(worker for worker, _ in self._sent.values())
        worker = min(self._workers, key=busy.__getitem__, default=None)
        where = {"workers": [worker], "allow_other_workers": True} if worker else {}
        future = self._client.submit(answer, self._program, self.threads, self._task, pure=False, **where)
        self._sent[future] = worker, self._task
        self._task = []
        future.add_done_callback(self._done.put)

    def _received(self, future: distributed.Future) -> list[EntryOutcome]:
        _, task = self._sent.pop(future)
        self.asked -= len(task)
        if future.cancelled():
            raise LostScheduler("Dask cancelled a task: is the scheduler still there? Run again to go on.")
        if error := future.exception():
            return [EntryOutcome(key, b"", type(error).__name__, hide(str(error))) for key, _ in task]
        return future.result()


def answer(program: bytes, threads: int, task: Task) -> list[EntryOutcome]:
    """Answer a task's entries on a worker."""
    distributed.secede()
    with _LOADING:
        program, settings, pool, earlier = _loaded(program, threads, distributed.get_worker().address)
    with dspy.context(**settings):
        begun = [(entry := Entry(program, key), entry.submit(pool, inputs)) for key, inputs in task]
    outcomes = [entry.outcome(future) for entry, future in begun]
    forget_calls(earlier)
    return outcomes


@lru_cache(maxsize=8)
def _loaded(program: bytes, threads: int, worker: str) -> tuple[Any, dict[str, Any], Executor, int]:
    pool = ThreadPoolExecutor(threads, thread_name_prefix="kit-batch")
    return *cloudpickle.loads(program), pool, len(entries())
