"""Live: replies that a model gives now. Each is marked where it appears; many of them need a yes first.

    KIT_LIVE=ask     the default: before an Evaluate, a Parallel, a batch or an optimizer sends more than 20
                     prompts that have no recorded reply, it says what is to come and asks; outside of
                     notebooks it stops. Where nobody can foresee the calls, that is after the first 20
    KIT_LIVE=yes     all prompts are answered
    KIT_LIVE=never   none is: a prompt without a recorded reply is an error

Nothing of DSPy is wrapped: which run a call belongs to can be read off the stacks of this
process's threads, since the caller waits there until the last call is answered.
"""

from __future__ import annotations

import contextlib
import gc
import os
import sys
import threading
import time
from asyncio import get_running_loop
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from types import FrameType
from typing import Any
from weakref import WeakKeyDictionary

from dspy.evaluate.evaluate import Evaluate
from dspy.lm15 import Request
from dspy.predict.parallel import Parallel
from dspy.teleprompt.teleprompt import Teleprompter
from dspy.utils.callback import BaseCallback
from dspy.utils.parallelizer import ParallelExecutor

from kit import private
from kit.engines.foresight import (
    Answered,
    duration,
    enough_missing,
    extent,
    forecast,
    is_recorded,
    length,
    models_of,
    remember,
)
from kit.engines.history import cost_usd, entry_of
from kit.engines.marks import Mark, mark
from kit.engines.models import list_usd
from kit.notices import ask, notice

UNASKED = 20
_READINGS = 10
_BEGINNINGS = ("<module>", "_run_module_as_main", "_bootstrap")
_SETTINGS = {"": "ask", "ask": "ask", "auto": "yes", "never": "never", "yes": "yes"}
_KINDS: dict[str, type] = {"__call__": Evaluate, "compile": Teleprompter, "forward": Parallel}
_TURN = threading.Condition()
_LOOKING = threading.Lock()
_RUNS: list[LiveRun] = []
_STOPPED: WeakKeyDictionary[ParallelExecutor, str] = WeakKeyDictionary()
"""DSPy's pools of threads that belonged to a stopped run: what they still have in their queues stops, too."""


class NotConfirmed(BaseException):
    """A run was stopped before it sent many live prompts.

    Like KeyboardInterrupt it is no Exception: Evaluate and optimizers take each of those for a wrong answer,
    and go on.
    """


@dataclass
class LiveRun:
    """The live calls of one Evaluate, or of one optimizer with all that it evaluates.

    `allowed` is how many may begin without a question; `kept` says that all replies can be had again for
    nothing; `refused` says why no more may begin, and is empty while they may. `sent_away` counts the calls
    that were left to other processes.
    """

    frame: FrameType
    model: str
    characters: int
    allowed: float = UNASKED
    under_way: int = 0
    sent_away: int = 0
    answered: list[Answered] = field(default_factory=list)
    kept: bool = True
    asking: bool = False
    refused: str = ""
    started: float = field(default_factory=time.perf_counter)


@dataclass
class Ticket:
    """One call that was let through."""

    model: str
    run: LiveRun | None
    mark: Mark | None
    started: float = field(default_factory=time.perf_counter)

    def end(self, usd: float = 0.0, *, reply: bool = True) -> None:
        """Note that the call is over: with a live reply, or with none, because of an error."""
        seconds = time.perf_counter() - self.started
        if self.mark:
            self.mark.end(seconds if reply else None)
        answered = [Answered(seconds, usd)] if reply else []
        with _TURN:
            for live_reply in answered:
                remember(self.model, live_reply)
            if self.run:
                self.run.under_way -= 1
                self.run.answered += answered
            _TURN.notify_all()


class Hosted(BaseCallback):
    """Mark and count the calls of a model without recordings: `lm.callbacks.append(Hosted())`."""

    def __init__(self) -> None:
        self._tickets: dict[str, Ticket] = {}

    def __deepcopy__(self, memo: dict) -> Hosted:
        return self

    def __reduce__(self) -> tuple:
        """Leave the calls under way out: another process, such as a Dask worker, has its own."""
        return Hosted, ()

    def on_lm_start(self, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:
        """Let a call begin, or stop its run; a hit of DSPy's cache is no live call."""
        if setting() == "never":
            raise NotConfirmed(
                f"KIT_LIVE is never, and {instance.model} has no recordings. Set KIT_LIVE to ask or yes."
            )
        asynchronous = sys._getframe(2).f_code.co_name == "async_wrapper"  # DSPy's loop over callbacks
        if not private.is_cached(instance, inputs, asynchronous=asynchronous):
            characters = length(inputs["prompt"], inputs["messages"])
            self._tickets[call_id] = begin(instance.model, characters, kept=bool(instance.cache))

    def on_lm_end(self, call_id: str, outputs: Any, exception: BaseException | None = None) -> None:
        """Note what came."""
        if ticket := self._tickets.pop(call_id, None):
            entry = entry_of(outputs)
            ticket.end(cost_usd(entry) if entry else 0.0, reply=exception is None)


def setting() -> str:
    """Return what KIT_LIVE says: "ask", "never" or "yes".

    Raises:
        ValueError: If it says something else.
    """
    value = os.environ.get("KIT_LIVE", "").strip().lower()
    if value not in _SETTINGS:
        raise ValueError(f"KIT_LIVE is {value!r}. Valid: ask, never, yes.")
    return _SETTINGS[value]


def register(name: str, kind: type) -> None:
    """Ask for the calls of another kind of run, too: a method's name, and its class."""
    _KINDS[name] = kind


def begin(model: str, characters: int, *, kept: bool = True) -> Ticket:
    """Let a live call begin; wait for an answer first if its run is to send many.

    Args:
        model: Its name.
        characters: How long the prompt is.
        kept: Whether the reply can be had again for nothing.

    Raises:
        NotConfirmed: If the answer was no, or nobody can be asked.
    """
    if _STOPPED and (stopped := next((_STOPPED[pool] for pool in _executors() if pool in _STOPPED), None)):
        raise _stop(stopped)
    recording = bool(os.environ.get("KIT_RECORD"))
    frame = None if recording else _outermost()
    run = _enter(frame, model, characters, kept) if frame and setting() == "ask" else None
    return Ticket(model, run, None if recording else mark(model, frame))


@contextlib.contextmanager
def call(request: Request) -> Iterator[list[Any]]:
    """Count and mark what a block asks of a model; the block puts the `Response` into the list."""
    ticket, responses = begin(request.model, length(request, None)), []
    try:
        yield responses
    finally:
        used = [response.usage for response in responses]
        usd = sum(list_usd(request.model, usage.input_tokens, usage.output_tokens) for usage in used)
        ticket.end(usd, reply=bool(responses))


def allow(program: Any, inputs: dict[str, Any]) -> None:
    """Let a row go to another process, such as a Dask worker; wait for an answer first if there are many.

    Args:
        program: What will be asked there. Rows whose reply is recorded, and models that are not the kit's,
            need no answer.
        inputs: The row.

    Raises:
        NotConfirmed: If the answer was no, if nobody can be asked, or if KIT_LIVE is never.
    """
    lms = [lm for lm in models_of(program) if _is_ours(lm)]
    if not lms or setting() == "yes" or is_recorded(program, inputs):
        return
    if setting() == "never":
        raise NotConfirmed(f"KIT_LIVE is never, and {lms[0].model} has no recorded reply for this row.")
    if frame := _outermost():
        with _TURN:
            run = _run_of(frame, lms[0].model, sum(len(str(value)) for value in inputs.values()))
            while not run.refused and run.sent_away >= run.allowed:
                _ask(run)
            if run.refused:
                raise _stop(run.refused)
            run.sent_away += len(lms)


def _is_ours(lm: Any) -> bool:
    hosted = any(isinstance(callback, Hosted) for callback in lm.callbacks)
    return hosted or hasattr(getattr(lm, "engine", None), "recorded")


def _outermost() -> FrameType | None:
    """Return the call of Evaluate or of an optimizer that this thread, the main one or another is in."""
    stacks = _stacks()
    first = [stacks.get(thread.ident, []) for thread in (threading.current_thread(), threading.main_thread())]
    for stack in [*first, *stacks.values()]:
        if runs := [frame for frame in stack if _is_run(frame)]:
            return runs[-1]
    return None


def _stacks() -> dict[int | None, list[FrameType]]:
    """Return the frames of each thread, the innermost first.

    A thread goes on while it is read, and a frame that it leaves loses its caller. Such a stack lacks its
    beginning: it is read again, and the longest of all readings counts.
    """
    stacks: dict[int | None, list[FrameType]] = {}
    for _ in range(_READINGS):
        for thread, top in _frames().items():
            if not _is_whole(stack := stacks.get(thread, [])):
                stacks[thread] = max(stack, list(_callers(top)), key=len)
        if all(map(_is_whole, stacks.values())):
            break
    return stacks


def _callers(frame: FrameType | None) -> Iterator[FrameType]:
    while frame:
        yield frame
        frame = frame.f_back


def _is_whole(stack: list[FrameType]) -> bool:
    return bool(stack) and stack[-1].f_code.co_name in _BEGINNINGS


def _frames() -> dict[int, FrameType]:
    """Return the frame of each thread, with garbage collection held back meanwhile.

    Source:
        https://github.com/python/cpython/issues/106883: if garbage is collected within the call, older
        versions of Python can lock up forever.
    """
    with _LOOKING:
        collects = gc.isenabled()
        gc.disable()
        try:
            return sys._current_frames()
        finally:
            if collects:
                gc.enable()


def _stop(reason: str) -> NotConfirmed:
    """Stop the pools that this thread works for, and return the error to raise."""
    _STOPPED.update(dict.fromkeys(_executors(), reason))
    return NotConfirmed(reason)


def _executors() -> set[ParallelExecutor]:
    """Return the pools that this thread works for: its own, and those of the threads that wait for it."""
    ours = _executors_of(_callers(sys._getframe()))
    others = [_executors_of(stack) for stack in _stacks().values()] if ours else []
    while wider := [pools for pools in others if pools & ours and pools - ours]:
        ours = ours.union(*wider)
    return ours


def _executors_of(stack: Iterable[FrameType]) -> set[ParallelExecutor]:
    return {pool for frame in stack if (pool := private.pool_of(frame))}


def _is_run(frame: FrameType) -> bool:
    kind = _KINDS.get(frame.f_code.co_name)
    return kind is not None and isinstance(frame.f_locals.get("self"), kind)


def _enter(frame: FrameType, model: str, characters: int, kept: bool) -> LiveRun:
    with _TURN:
        run = _run_of(frame, model, characters)
        while not run.refused and len(run.answered) + run.under_way >= run.allowed:
            if run.asking or (run.under_way and not _in_event_loop()):
                _TURN.wait(timeout=1)  # calls under way may be cache hits; and nobody is asked twice
            else:
                _ask(run)
        if run.refused:
            raise _stop(run.refused)
        run.under_way += 1
        run.kept &= kept
    return run


def _run_of(frame: FrameType, model: str, characters: int) -> LiveRun:
    if not _RUNS or _RUNS[0].frame is not frame:
        many = (extent(frame)[1] or 0) > UNASKED and enough_missing(frame, UNASKED)
        _RUNS[:] = [LiveRun(frame, model, characters, allowed=0 if many else UNASKED)]
    return _RUNS[0]


def _ask(run: LiveRun) -> None:
    """Ask with the lock let go, so that what is under way can end and Ctrl-C finds nothing locked."""
    run.asking, begun = True, time.perf_counter()
    _TURN.release()
    try:
        foreseen = _foreseen(run)
        notice(foreseen)
        said = ask("Go on? yes, no, or a number of further calls: ", lambda: _is_running(run.frame))
    finally:
        _TURN.acquire()
        run.asking = False
        run.started += time.perf_counter() - begun  # a person's time is not the model's
        _TURN.notify_all()
    if said is None:
        run.refused = f"{foreseen} Stopped, because nobody can be asked here. {_ways_on(run)}"
    elif said.strip().lower() in ("y", "yes"):
        run.allowed = float("inf")
    elif said.strip().isdecimal() and int(said):
        run.allowed += int(said)
    else:
        run.refused = (
            f"{foreseen} Stopped, because the answer was {said.strip() or 'empty'!r}. {_ways_on(run)}"
        )


def _ways_on(run: LiveRun) -> str:
    count = len(run.answered)
    kept = f" The {count} replies that came are kept, and are not asked for again." * (run.kept and count > 0)
    return (
        "To go on without a question, set KIT_LIVE=yes; to see a few rows first, pass fewer, e.g. devset[:4]."
        + kept
    )


def _foreseen(run: LiveRun) -> str:
    """Say what is to come: by what the calls so far took, or by earlier ones before the first."""
    what, calls = extent(run.frame)
    count = len(run.answered)
    if not count:
        told = forecast(run.model, run.characters, calls or 0)
        return f"{what} wants to send prompts that have no recorded reply: up to {calls or 0:,} calls{told}."
    pace = (time.perf_counter() - run.started) / count
    usd = sum(reply.usd for reply in run.answered) / count
    said = f"{what} has sent {count} prompts that have no recorded reply, and wants to send more: "
    if calls is None or calls <= count:
        price = f" and ${usd:.4f}" if usd else ""
        return f"{said}how many is not known. One took {pace:.1f} seconds{price}."
    rest = calls - count
    price = f", ${usd * rest:.2f}" if usd else ""
    return f"{said}up to {rest:,} calls, {duration(pace * rest)}{price}."


def _is_running(frame: FrameType) -> bool:
    return any(frame is walked for stack in _stacks().values() for walked in stack)


def _in_event_loop() -> bool:
    try:
        get_running_loop()
    except RuntimeError:
        return False
    return True
