"""Costs: what one call takes, measured or guessed, and so what a step of a plan takes."""

from __future__ import annotations

from dataclasses import dataclass
from math import fsum
from typing import Any

import dspy

from kit.calls import Usage
from kit.engines.models import list_usd
from kit.plans.steps import Step

_GUESSED_WRITING = (1000, 300)  # tokens of a call that writes an instruction, beside three rows of data
_WRITING_PACE = 5  # a token written takes about five times as long as one read
_CHARACTERS_A_TOKEN = 4
_MARKUP = 20  # tokens around a demo's values: field names, roles
Range = tuple[float, float]


@dataclass(frozen=True)
class Line:
    """One step of a run, each figure from least to most; all but calls are None if nothing was measured."""

    step: str
    model: str
    calls: Range
    input_tokens: Range | None = None
    output_tokens: Range | None = None
    minutes: Range | None = None
    usd: Range | None = None


@dataclass(frozen=True)
class Cost:
    """What one call takes on average."""

    input_tokens: float
    output_tokens: float
    seconds: float

    @property
    def work(self) -> float:
        """Tokens read, and tokens written at what they take more."""
        return self.input_tokens + _WRITING_PACE * self.output_tokens


@dataclass(frozen=True)
class Costs:
    """Calls that a run of the program makes; what a call takes, of the program and of the writing model."""

    each: float
    demo_tokens: float
    task: Cost | None = None
    writer: Cost | None = None
    guessed: bool = False


def costs(
    program: dspy.Module,
    trainset: list[dspy.Example],
    measured: Usage | None,
    rows: int,
    written: Usage | None,
) -> Costs:
    """Return what calls take, from usage that was measured.

    Raises:
        ValueError: If what was measured holds no tokens.
    """
    lengths = [sum(len(str(value)) for value in row.toDict().values()) for row in trainset] or [0]
    demo_tokens = fsum(lengths) / len(lengths) / _CHARACTERS_A_TOKEN + _MARKUP
    writer = written and _mean(written, "written")
    if measured is None:
        return Costs(max(1, len(program.predictors())), demo_tokens, None, writer)
    task = _mean(measured, "measured")
    return Costs(len(measured.calls) / rows, demo_tokens, task, writer or _guess(task), writer is None)


def line(step: Step, model: str, of: Costs, prices: str | None) -> Line:
    """Return what a step takes with a model."""
    each, cost = (1, of.writer) if step.who == "writer" else (of.each, of.task)
    low, high = step.low * each, step.high * each
    if cost is None:
        return Line(step.what, model, (low, high))
    most = Cost(cost.input_tokens + step.demos * of.demo_tokens, cost.output_tokens, 0.0)
    tokens_in = low * cost.input_tokens, high * most.input_tokens
    tokens_out = low * cost.output_tokens, high * cost.output_tokens
    minutes = low * cost.seconds / 60, high * cost.seconds / 60 * most.work / cost.work
    least, most_usd = (list_usd(model, *tokens, prices) for tokens in zip(tokens_in, tokens_out, strict=True))
    return Line(step.what, model, (low, high), tokens_in, tokens_out, minutes, (least, most_usd))


def model_of(optimizer: Any, who: str) -> str:
    """Return the name of the model that an optimizer asks as "task", "teacher" or "writer"."""
    task = getattr(optimizer, "task_model", None) or dspy.settings.lm
    teacher = (getattr(optimizer, "teacher_settings", None) or {}).get("lm")
    writer = getattr(optimizer, "prompt_model", None) or getattr(optimizer, "reflection_lm", None)
    lm = {"task": task, "teacher": teacher or task, "writer": writer or task}[who]
    return getattr(lm, "model", "no model configured")


def total(ranges: list[Range | None]) -> Range | None:
    """Add ranges up; None where any is unknown.

    >>> total([(1, 2), (3, 3)]), total([(1, 2), None])
    ((4.0, 5.0), None)
    """
    if None in ranges:
        return None
    return fsum(low for low, _ in ranges), fsum(high for _, high in ranges)


def _mean(measured: Usage, name: str) -> Cost:
    calls = measured.calls
    if not sum(call.input_tokens for call in calls):
        raise ValueError(
            f"`{name}` holds {len(calls)} calls and no tokens. Run the program on a row (what came from "
            "DSPy's cache has none), then pass kit.usage(program)."
        )
    fields = ("input_tokens", "output_tokens", "seconds")
    return Cost(*(fsum(getattr(call, field) for call in calls) / len(calls) for field in fields))


def _guess(task: Cost) -> Cost:
    tokens_in, tokens_out = _GUESSED_WRITING
    guess = Cost(tokens_in + 3 * task.input_tokens, tokens_out, 0.0)
    return Cost(guess.input_tokens, guess.output_tokens, task.seconds * guess.work / task.work)
