"""Budget: what an optimizer run will take before it starts, and a cap while it runs.

budget.estimate(optimizer, program, trainset=trainset, valset=valset, measured=kit.usage(program))
with budget.cap(calls=400) as spent: ...
"""

from __future__ import annotations

import html
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import dspy

from kit import tables
from kit.calls import Usage
from kit.evaluation.caps import OverBudget, TooSmall, cap
from kit.evaluation.costs import Costs, Line, Range, costs, line, model_of, total
from kit.evaluation.spending import Evaluated, Spent
from kit.evaluation.splits import leaks
from kit.plans.optimizers import plan
from kit.plans.steps import Plan

__all__ = ["Estimate", "Evaluated", "OverBudget", "Spent", "TooSmall", "cap", "estimate"]

_HEADINGS = ["step", "model", "calls", "tokens in", "tokens out", "minutes", "dollars"]
_FIELDS = ["calls", "input_tokens", "output_tokens", "minutes", "usd"]


@dataclass(frozen=True)
class Estimate:
    """What a run will take. Shown as a table, with reasons not to start (`problems`), and `notes`."""

    lines: list[Line]
    problems: list[str]
    notes: list[str]

    def __repr__(self) -> str:
        said = [f"Do not start: {problem}" for problem in self.problems]
        table = [tables.columns(_HEADINGS, self._rows())] if self.lines else []
        return "\n".join([*said, *table, *(f"- {note}" for note in self.notes)])

    def _repr_html_(self) -> str:
        said = "".join(f"<p><b>Do not start:</b> {html.escape(problem)}</p>" for problem in self.problems)
        table = tables.table(_HEADINGS, self._rows()) if self.lines else ""
        notes = "".join(f"<li>{html.escape(note)}</li>" for note in self.notes)
        return f"{said}{table}<ul>{notes}</ul>"

    @property
    def calls(self) -> Range:
        """Calls of models, from least to most."""
        return self.all.calls

    @property
    def all(self) -> Line:
        """All steps together."""
        return Line("all", "", *(total([getattr(part, name) for part in self.lines]) for name in _FIELDS))

    def _rows(self) -> list[list[str]]:
        return [_row(part) for part in (self.lines if len(self.lines) == 1 else [*self.lines, self.all])]


def estimate(
    optimizer: Any,
    program: dspy.Module,
    *,
    trainset: list[dspy.Example],
    valset: list[dspy.Example] | None = None,
    measured: Usage | None = None,
    rows: int = 1,
    written: Usage | None = None,
    prices: str | None = None,
    **options: Any,
) -> Estimate:
    """Return what `optimizer.compile` will take with the same arguments. No model is asked.

    Args:
        optimizer: LabeledFewShot, BootstrapFewShot, BootstrapFewShotWithRandomSearch, COPRO, InferRules,
            MIPROv2, GEPA or SIMBA.
        program: The program to be compiled.
        trainset: Training rows.
        valset: Validation rows.
        measured: `kit.usage(...)` of real runs of the program; without it, calls alone are counted.
        rows: How many runs `measured` holds.
        written: `kit.usage(...)` of calls that wrote instructions; without it, they are guessed.
        prices: A profile whose prices for the same role stand in for those of the models that answer.
        options: Whatever else `compile` is given, e.g. num_trials=8.

    Raises:
        TypeError: If it is another optimizer.
        ValueError: If `prices` is no profile, or `measured` holds no tokens.
    """
    planned = plan(optimizer, student=program, trainset=trainset, valset=valset, **options)
    taken = costs(program, trainset, measured, rows, written)
    lines = [line(step, model_of(optimizer, step.who), taken, prices) for step in planned.steps]
    if not planned.steps and not planned.faults:
        lines = [Line("demos drawn from the trainset", "none", (0, 0))]
    return Estimate(lines, planned.faults, list(_notes(planned, trainset, valset, taken)))


def _notes(planned: Plan, trainset: list, valset: list | None, taken: Costs) -> Iterator[str]:
    if len(trainset) == 1:
        yield "The trainset has one row: whatever is learned from it fits that row."
    if valset and len(trainset) > 1 < len(valset):
        yield from _shared(leaks(trainset=trainset, valset=valset))
    yield from planned.notes
    if not planned.steps:
        return
    if taken.task is None:
        yield "For tokens, minutes and dollars run the program on a row; pass measured=kit.usage(program)."
        return
    yield "Minutes are for one call at a time. A prompt asked twice is paid for once, where replies are kept."
    if any(step.demos for step in planned.steps):
        yield f"A demo is taken to add {taken.demo_tokens:.0f} tokens, by the length of the rows."
    if taken.guessed and any(step.who == "writer" for step in planned.steps):
        yield "Writing an instruction is guessed at, until written=kit.usage(...) gives calls that did it."


def _shared(pairs: Any) -> Iterator[str]:
    same = pairs[pairs["kind"] == "same"]
    if len(same):
        count, text = same["also_row"].nunique(), " ".join(same["text"].iloc[0].split())[:60]
        yield (
            f"Rows of the valset that are in the trainset too: {count}, e.g. {text!r}. Their scores say "
            "nothing: take them out. kit.evaluation.splits.leaks lists them."
        )


def _row(part: Line) -> list[str]:
    return [
        part.step,
        part.model,
        _between(part.calls, ",.0f"),
        *(_between(tokens, ",.0f", digits=3) for tokens in (part.input_tokens, part.output_tokens)),
        _between(part.minutes, ",.1f"),
        _between(part.usd, ",.4f"),
    ]


def _between(figures: Range | None, form: str, digits: int | None = None) -> str:
    """Write a range; tokens are rounded to three digits.

    >>> _between((40, 120), ",.0f"), _between((12345, 12345), ",.0f", digits=3), _between(None, ",.0f")
    ('40-120', '12,300', '')
    """
    if figures is None:
        return ""
    rounded = figures if digits is None else [float(f"{figure:.{digits}g}") for figure in figures]
    low, high = (format(figure, form) for figure in rounded)
    return low if low == high else f"{low}-{high}"
