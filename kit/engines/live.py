"""Live: replies that a model gives now. Each is marked where it appears; many of them need a yes first.

    KIT_LIVE=ask     the default: before an Evaluate, a Parallel, a batch or an optimizer sends more than 20
                     prompts that have no recorded reply, it says what is to come and asks; outside of
                     notebooks it stops. Where nobody can foresee the calls, that is after the first 20
    KIT_LIVE=yes     all prompts are answered
    KIT_LIVE=never   none is: a prompt without a recorded reply is an error

DSPy says by its callbacks when an Evaluate or an optimizer begins and ends, and its settings carry the run
into the threads that work for it. A Parallel has no callback, so its `forward` is wrapped here.
"""

from __future__ import annotations

import contextlib
import functools
import os
import sys
import threading
import time
from asyncio import get_running_loop
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import dspy
from dspy.evaluate.evaluate import Evaluate
from dspy.lm15 import Request
from dspy.predict.parallel import Parallel
from dspy.teleprompt.teleprompt import Teleprompter
from dspy.utils.callback import BaseCallback

from kit import private
from kit.engines import foresight
from kit.engines.foresight import Errand, calls_of, duration, forecast
from kit.engines.history import cost_usd, entry_of
from kit.engines.models import list_usd
from kit.notices import Mark, ask, mark, notice

UNASKED = 20
_SETTINGS = {"": "ask", "ask": "ask", "auto": "yes", "never": "never", "yes": "yes"}
_TURN = threading.Condition()
_UNDER_WAY: list[LiveRun] = []


class NotConfirmed(BaseException):
    """A run was stopped before it sent many live prompts; after an Exception, an Evaluate would go on."""


@dataclass(eq=False)
class LiveRun:
    """An Evaluate, a Parallel, a batch, or an optimizer with all that it evaluates, and its live calls.

    `allowed` is how many may begin without a question; `kept`: all replies can be had again for nothing;
    `refused`: why no more may begin; `sent_away`: calls of other processes; `rows`: modules that run now;
    `over`: its caller goes on.
    """

    errand: Errand
    model: str = ""
    characters: int = 0
    allowed: float = UNASKED
    under_way: int = 0
    rows: int = 0
    sent_away: int = 0
    answered: int = 0
    usd: float = 0.0
    kept: bool = True
    asking: bool = False
    refused: str = ""
    over: bool = False
    started: float = 0.0

    @property
    def goes_on(self) -> bool:
        """Whether calls still belong to it: also those that a stopped run left in the queues of its pools."""
        return not self.over or bool(self.refused)

    def first(self, model: str, characters: int) -> None:
        """Note the first live call, which the question tells about, and whether it needs a yes already."""
        if not self.started:
            self.model, self.characters, self.started = model, characters, time.perf_counter()
            many = (self.errand.extent()[1] or 0) > UNASKED and foresight.enough_missing(self.errand, UNASKED)
            self.allowed = 0 if many else UNASKED


@dataclass
class Ticket:
    """One call that was let through."""

    run: LiveRun | None
    mark: Mark | None
    started: float = field(default_factory=time.perf_counter)

    def end(self, usd: float = 0.0, *, reply: bool = True) -> None:
        """Note that the call is over: with a live reply, or with none, because of an error."""
        seconds = time.perf_counter() - self.started
        if self.mark:
            self.mark.end(seconds if reply else None)
        with _TURN:
            if self.run:
                self.run.under_way -= 1
                self.run.answered += reply
                self.run.usd += usd
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
            characters = foresight.length(inputs["prompt"], inputs["messages"])
            self._tickets[call_id] = begin(instance.model, characters, kept=bool(instance.cache))

    def on_lm_end(self, call_id: str, outputs: Any, exception: BaseException | None = None) -> None:
        """Note what came."""
        if ticket := self._tickets.pop(call_id, None):
            entry = entry_of(outputs)
            ticket.end(cost_usd(entry) if entry else 0.0, reply=exception is None)


def setting() -> str:
    """Return what KIT_LIVE says: "ask", "never" or "yes"; anything else is an error."""
    value = os.environ.get("KIT_LIVE", "").strip().lower()
    if value not in _SETTINGS:
        raise ValueError(f"KIT_LIVE is {value!r}. Valid: ask, never, yes.")
    return _SETTINGS[value]


@contextlib.contextmanager
def under_way(errand: Errand) -> Iterator[None]:
    """Count the live calls of a block as those of one run, or of the larger run that it is a part of."""
    part_of = dspy.settings.get("kit_run")
    if part_of and part_of.goes_on:
        yield
        return
    _UNDER_WAY.append(run := LiveRun(errand))
    try:
        with dspy.context(kit_run=run, callbacks=[*dspy.settings.callbacks, _Stopping()]):
            yield
    finally:
        run.over = True
        _forget(run)


def _forget(run: LiveRun) -> None:
    """Forget a run that is over; one that was refused only when no row of it runs: a row may have threads."""
    with _TURN:
        if run in _UNDER_WAY and run.over and not (run.refused and run.rows):
            _UNDER_WAY.remove(run)


class _Stopping(BaseCallback):
    """Keep the rows that a stopped run left in its queues from beginning."""

    def on_module_start(self, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:
        if run := dspy.settings.get("kit_run"):
            with _TURN:
                if run.refused:
                    raise NotConfirmed(run.refused)
                run.rows += 1

    def on_module_end(self, call_id: str, outputs: Any, exception: BaseException | None = None) -> None:
        if run := dspy.settings.get("kit_run"):
            with _TURN:
                run.rows -= 1
            _forget(run)


class _Watching(BaseCallback):
    """Tell when an Evaluate or an optimizer begins and ends."""

    def __init__(self) -> None:
        self._open: dict[str, contextlib.AbstractContextManager[None]] = {}

    def on_evaluate_start(self, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:
        program, rows = inputs["program"], inputs["devset"] or instance.devset
        extent = f"dspy.Evaluate on {len(rows):,} rows", calls_of(program) * len(rows)
        self._begin(call_id, Errand(lambda: extent, [(program, row) for row in rows]))

    def on_compile_start(self, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:
        extent = f"{type(instance).__name__}.compile", foresight.most_calls(instance, inputs)
        self._begin(call_id, Errand(lambda: extent))

    def on_evaluate_end(self, call_id: str, outputs: Any, exception: BaseException | None = None) -> None:
        self._open.pop(call_id, contextlib.nullcontext()).__exit__(None, None, None)

    on_compile_end = on_evaluate_end

    def _begin(self, call_id: str, errand: Errand) -> None:
        self._open[call_id] = under_way(errand)
        self._open[call_id].__enter__()


Evaluate.callbacks = Teleprompter.callbacks = [_Watching()]
_forward = Parallel.forward


@functools.wraps(_forward)
def _watched_forward(parallel: Parallel, exec_pairs: list, *args: Any, **options: Any) -> Any:
    extent = f"dspy.Parallel on {len(exec_pairs):,} rows", sum(calls_of(program) for program, _ in exec_pairs)
    with under_way(Errand(lambda: extent, exec_pairs)):
        return _forward(parallel, exec_pairs, *args, **options)


Parallel.forward = _watched_forward


def begin(model: str, characters: int, *, kept: bool = True) -> Ticket:
    """Let a live call begin; if its run is to send many, ask first: `NotConfirmed` if nobody said yes.

    `characters` is how long the prompt is; `kept` says that the reply can be had again for nothing.
    """
    recording = bool(os.environ.get("KIT_RECORD"))
    run = None if recording else _run()
    if run and run.refused:
        raise NotConfirmed(run.refused)
    counted = run if setting() == "ask" else None
    if counted:
        _enter(counted, model, characters, kept)
    return Ticket(counted, None if recording else mark(model))


@contextlib.contextmanager
def call(request: Request) -> Iterator[list[Any]]:
    """Count and mark what a block asks of a model; the block puts the `Response` into the list."""
    ticket, responses = begin(request.model, foresight.length(request, None)), []
    try:
        yield responses
    finally:
        used = [response.usage for response in responses]
        usd = sum(list_usd(request.model, usage.input_tokens, usage.output_tokens) for usage in used)
        ticket.end(usd, reply=bool(responses))


def allow(program: Any, inputs: dict[str, Any]) -> None:
    """Let a row go to another process, such as a Dask worker; ask first if there are many, as `begin` does.

    Rows whose reply is recorded, and models that are not the kit's, need no answer.
    """
    lms = [predictor.lm or dspy.settings.lm for predictor in program.predictors()]
    lms = [lm for lm in lms if lm and _is_ours(lm)]
    if not lms or setting() == "yes" or foresight.is_recorded(program, inputs):
        return
    if setting() == "never":
        raise NotConfirmed(f"KIT_LIVE is never, and {lms[0].model} has no recorded reply for this row.")
    if run := _run():
        with _TURN:
            run.first(lms[0].model, sum(len(str(value)) for value in inputs.values()))
            while not run.refused and run.sent_away >= run.allowed:
                _ask(run)
            if run.refused:
                raise NotConfirmed(run.refused)
            run.sent_away += len(lms)


def _is_ours(lm: Any) -> bool:
    hosted = any(isinstance(callback, Hosted) for callback in lm.callbacks)
    return hosted or hasattr(getattr(lm, "engine", None), "recorded")


def _run() -> LiveRun | None:
    """Return the run of a call; a thread that lacks DSPy's settings works for the oldest run under way."""
    if run := dspy.settings.get("kit_run"):
        return run if run.goes_on else None
    return next(iter(_UNDER_WAY), None)


def _enter(run: LiveRun, model: str, characters: int, kept: bool) -> None:
    with _TURN:
        run.first(model, characters)
        while not run.refused and run.answered + run.under_way >= run.allowed:
            if run.asking or (run.under_way and not _in_event_loop()):
                _TURN.wait(timeout=1)  # calls under way may be cache hits; and nobody is asked twice
            else:
                _ask(run)
        if run.refused:
            raise NotConfirmed(run.refused)
        run.under_way += 1
        run.kept &= kept


def _ask(run: LiveRun) -> None:
    """Ask with the lock let go, so that what is under way can end and Ctrl-C finds nothing locked."""
    run.asking, begun = True, time.perf_counter()
    _TURN.release()
    try:
        foreseen = _foreseen(run)
        notice(foreseen)
        said = ask("Go on? yes, no, or a number of further calls: ", lambda: not run.over)
    finally:
        _TURN.acquire()
        run.asking = False
        run.started += time.perf_counter() - begun  # a person's time is not the model's
        _TURN.notify_all()
    answer = (said or "").strip()
    if answer.lower() in ("y", "yes"):
        run.allowed = float("inf")
    elif answer.isdecimal() and int(answer):
        run.allowed += int(answer)
    else:
        why = "nobody can be asked here" if said is None else f"the answer was {answer or 'empty'!r}"
        kept = f" The {run.answered} replies that came are kept, and are not asked for again."
        run.refused = (
            f"{foreseen} Stopped, because {why}. To go on without a question, set KIT_LIVE=yes; to see a few "
            f"rows first, pass fewer, e.g. devset[:4].{kept if run.kept and run.answered else ''}"
        )


def _foreseen(run: LiveRun) -> str:
    """Say what is to come: by what the calls so far took, or by earlier ones before the first."""
    what, calls = run.errand.extent()
    count, unrecorded = run.answered, "prompts that have no recorded reply"
    if not count:
        told = forecast(run.model, run.characters, calls or 0)
        return f"{what} wants to send {unrecorded}: up to {calls or 0:,} calls{told}."
    pace, usd = (time.perf_counter() - run.started) / count, run.usd / count
    said = f"{what} has sent {count} {unrecorded}, and wants to send more: "
    if calls is None or calls <= count:
        price = f" and ${usd:.4f}" if usd else ""
        return f"{said}how many is not known. One took {pace:.1f} seconds{price}."
    rest = calls - count
    price = f", ${usd * rest:.2f}" if usd else ""
    return f"{said}up to {rest:,} calls, {duration(pace * rest)}{price}."


def _in_event_loop() -> bool:
    try:
        get_running_loop()
    except RuntimeError:
        return False
    return True
