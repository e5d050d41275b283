"""Budget: stop an optimizer at a limit, keep every reply, say how to go on.

    with budget.cap(calls=400, keep="data/runs/16_gepa.replies.jsonl") as spent:
        optimized = optimizer.compile(program, trainset=trainset, valset=valset)

Optimizers and `dspy.Evaluate` go on after any `Exception`, so `OverBudget` is raised when the block ends.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import dspy
from dspy.utils.callback import BaseCallback

from kit.engines.history import entry_of
from kit.engines.models import list_price
from kit.engines.recordings import Recordings
from kit.evaluation.spending import Evaluated, Spent, number_of
from kit.notices import notice

_LONGEST_WAIT_SECONDS = 60
_GO_ON = "To go on, raise the cap and run the same cell again: a reply that is kept is not asked for twice."


class OverBudget(RuntimeError):
    """A cap was reached; the message says what was spent, what is kept, and how to go on."""


class TooSmall(ValueError):
    """A run was not started, because it could not have got anywhere."""


class _Stop(BaseException):
    """Leaves an optimizer past every `except Exception`; may carry the error to raise outside."""


@contextmanager
def cap(
    *,
    calls: int | None = None,
    tokens: int | None = None,
    usd: float | None = None,
    minutes: float | None = None,
    prices: str | None = None,
    keep: str | Path | None = None,
) -> Iterator[Spent]:
    """Stop what runs inside the block when a limit is reached, and refuse a run that is too small to start.

    All calls count, replayed ones with the tokens and seconds that they once took: the cap is on the run, not
    on the sitting. The limit on calls is exact. The others are looked at before each call, so the calls that
    are under way then, one for each thread, may go past them. What is spent stays readable after the block.

    Args:
        calls: Most calls of models.
        tokens: Most tokens, read and written.
        usd: Most US dollars, at list prices.
        minutes: Most minutes.
        prices: A profile whose prices for the same role stand in for those of the models that answer.
        keep: A JSONL file for the replies of recorded models: read at the start, added to as replies come.
            Without it they stay in memory. Hosted models have DSPy's disk cache instead (cache=True), of
            which a hit counts as a call of no tokens.

    Raises:
        OverBudget: If a limit was reached.
        TooSmall: If a GEPA run could not try one candidate beyond the program that it starts from.
    """
    limits = {"calls": calls, "tokens": tokens, "usd": usd, "minutes": minutes}
    list_price("", prices)
    spent = Spent({name: limit for name, limit in limits.items() if limit is not None}, prices)
    with ExitStack() as kept:
        watch = _Watch(spent, keep and Path(keep), kept)
        try:
            with dspy.context(callbacks=[*dspy.settings.get("callbacks", []), watch]):
                yield spent
        except _Stop:
            if watch.error is None:  # another cap's
                raise
        except KeyboardInterrupt:
            watch.close()
            notice(f"Interrupted. {watch.story()}")
            raise
        finally:
            watch.close()
    if watch.error:
        raise watch.error


class _Watch(BaseCallback):
    """Counts calls as they begin and end, and stops the one that would go past a limit."""

    def __init__(self, spent: Spent, keep: Path | None, kept: ExitStack) -> None:
        self.spent, self._keep, self._kept = spent, keep, kept
        self.error: Exception | None = None
        self._places: dict[str, str] = {}
        self._open: set[str] = set()
        self._evaluating: dict[str, Any] = {}
        self._turn = threading.Condition()

    def on_lm_start(self, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:
        """Let a call begin, or stop the run."""
        with self._turn:
            if self.spent.ended is not None:
                raise _Stop
            if self.error or self.spent.reached():
                self.error = self.error or OverBudget(f"Stopped at the cap. {self.story()}")
                raise _Stop
            self._place(instance)
            self.spent.calls += 1
            self._open.add(call_id)

    def on_lm_end(self, call_id: str, outputs: Any, exception: BaseException | None = None) -> None:
        """Count what has come."""
        with self._turn:
            self._open.discard(call_id)
            if entry := entry_of(outputs):
                self.spent.add(entry)
            self._turn.notify_all()

    def on_evaluate_start(self, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:
        """Note which program is evaluated."""
        self._evaluating[call_id] = inputs["program"]

    def on_evaluate_end(self, call_id: str, outputs: Any, exception: BaseException | None = None) -> None:
        """Keep its score."""
        program = self._evaluating.pop(call_id)
        if outputs is not None:
            scores = [number_of(score) for *_, score in outputs.results]
            self.spent.evaluations.append(Evaluated(float(outputs.score), scores, self.spent.calls, program))

    def on_compile_start(self, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:
        """Refuse a search that its own budget, or the cap, ends before it has tried anything."""
        if isinstance(instance, dspy.GEPA) and (problem := self._too_small(instance, **inputs)):
            self.error = TooSmall(f"Not started. {problem}")
            raise _Stop

    def close(self) -> None:
        """Wait for the calls under way, whose replies are paid for, and let no other begin."""
        with self._turn:
            if self.spent.ended is None:
                self.spent.ended = time.monotonic()
                self._turn.wait_for(lambda: not self._open, _LONGEST_WAIT_SECONDS)

    def story(self) -> str:
        """Say what was spent, what is kept, and how to go on."""
        kept = "; ".join(f"replies of {model} {place}" for model, place in self._places.items())
        best = self.spent.best
        so_far = f" Best so far: {best.score} over {best.rows} rows, in spent.best." if best else ""
        return f"Spent: {self.spent.title}. Kept: {kept or 'nothing, no model was asked'}.{so_far} {_GO_ON}"

    def _too_small(self, gepa: dspy.GEPA, trainset: list, valset: list | None = None, **_: Any) -> str | None:
        rows, cap = len(valset or trainset), self.spent.limits.get("calls")
        tries = 2 * gepa.reflection_minibatch_size + rows
        if gepa.max_metric_calls is not None and gepa.max_metric_calls <= rows:
            small = f"GEPA's budget of {gepa.max_metric_calls:,} metric calls"
        elif cap is not None and cap < rows + tries:
            small = f"The cap of {cap:,} calls"
        else:
            return None
        first = f"the program given is scored on {rows:,} validation rows first, and a candidate beyond it"
        way = "Raise it, or give a smaller validation set."
        return f"{small} is too small: {first} takes {tries:,} more. {way}"

    def _place(self, lm: Any) -> None:
        """Find out where a model's replies are kept, and read what is kept there."""
        if lm.model in self._places:
            return
        recordings = getattr(getattr(lm, "engine", None), "recordings", None)
        if not isinstance(recordings, Recordings):
            cached = getattr(lm, "cache", False)
            self._places[lm.model] = "in DSPy's cache" if cached else "nowhere (it has cache=False)"
            return
        if self._keep:
            self._kept.enter_context(recordings.kept_in(self._keep))
        memory = "this kernel's memory (keep=... outlasts a restart)"
        file = recordings.record_to.name if recordings.record_to else self._keep
        self._places[lm.model] = f"in {file or memory}"
