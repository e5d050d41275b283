"""Runs: the history of an optimizer run, kept as JSON and shown without any model.

run = runs.history_of(optimized, optimizer, program, trainset=trainset, valset=valset, spent=spent)
run.save("../data/runs/16_gepa.json")
kit.run("../data/runs/16_gepa.json")
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from math import fsum
from pathlib import Path
from typing import Any

import dspy
import pydantic

from kit.evaluation.history import Candidate, History
from kit.evaluation.run_views import Curve, Tree
from kit.evaluation.spending import Evaluated, Spent, number_of

_UNTOLD = {"error_count", "log_dir", "prompt_model_total_calls", "total_calls", "wandb_api_key"}


class BadRun(ValueError):
    """A file is not a run that this kit can read."""


class Run(History):
    """One run of an optimizer, shown as a tree of what it tried."""

    def __repr__(self) -> str:
        return repr(Tree(self))

    def _repr_html_(self) -> str:
        return Tree(self)._repr_html_()

    @property
    def curve(self) -> Curve:
        """The best score so far, against calls."""
        return Curve(self)


def run(path: str | Path) -> Run:
    """Read a run that was saved. No model is asked.

    `BadRun` says what is wrong with a file; for a missing one the error lists the files of the folder.
    """
    path = Path(path)
    if not path.exists():
        there = ", ".join(sorted(file.name for file in path.parent.glob("*.json"))) or "none"
        raise FileNotFoundError(f"No run at {path}. In that folder: {there}.")
    try:
        saved = pydantic.TypeAdapter(Run).validate_json(path.read_bytes())
        saved.best  # noqa: B018 - a run without a winner is none
    except (pydantic.ValidationError, StopIteration) as error:
        way = "Restore the file from git, or run the optimizer again and save its history."
        why = str(error) or "No candidate has won."
        raise BadRun(f"{path.name} is not a run of version {Run.kit_run}. {way} {why}") from None
    return saved


def history_of(
    compiled: dspy.Module,
    optimizer: Any,
    student: dspy.Module,
    *,
    trainset: Sequence[dspy.Example],
    valset: Sequence[dspy.Example] | None = None,
    spent: Spent | None = None,
    **options: Any,
) -> Run:
    """Return what an optimizer run tried, found and took.

    Args:
        compiled: The program that `compile` returned; after a stop, `spent.best.program`.
        optimizer: The optimizer. GEPA needs track_stats=True.
        student: The program that it was given.
        trainset: Training rows.
        valset: Validation rows.
        spent: What the cap around it counted; without it, calls, tokens and dollars are 0.
        options: Whatever else `compile` was given, e.g. num_trials=8; noted among the settings.
    """
    metric = getattr(optimizer, "metric", None) or getattr(optimizer, "metric_fn", None)
    named = {"metric": getattr(metric, "__name__", type(metric).__name__)} if metric else {}
    seen = spent.evaluations if spent else []
    splits = {"train": len(trainset)} | ({"validation": len(valset)} if valset else {})
    return Run(
        optimizer=type(optimizer).__name__,
        settings=named | _plain(vars(optimizer)) | _plain(options),
        models=_models(optimizer),
        splits=splits,
        candidates=_candidates(compiled, student, seen),
        counted="calls of models" if seen else "runs of the program",
        dspy=dspy.__version__,
        date=date.today().isoformat(),
        **(_taken(spent) if spent else {}),
    )


def _plain(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options that a reader can repeat: no objects, no folders, no keys."""
    return {
        name: value
        for name, value in options.items()
        if name not in _UNTOLD and not name.startswith("_") and isinstance(value, str | int | float | None)
    }


def _models(optimizer: Any) -> dict[str, str]:
    """Return the models that an optimizer asks: as task, teacher and writer."""
    task = getattr(optimizer, "task_model", None) or dspy.settings.lm
    teacher = getattr(optimizer, "teacher_settings", None)
    writer = getattr(optimizer, "prompt_model", None) or getattr(optimizer, "reflection_lm", None)
    asked = {"task": task, "teacher": teacher and (teacher.get("lm") or task), "writer": writer}
    roles = {role: lm for role, lm in asked.items() if lm or role == "task"}
    return {role: getattr(lm, "model", "no model configured") for role, lm in roles.items()}


def _taken(spent: Spent) -> dict[str, Any]:
    ways = ("input_tokens", "output_tokens")
    tokens = {way: sum(getattr(call, way) for call in spent.answered) for way in ways}
    seconds = fsum(call.seconds for call in spent.answered) or 60 * spent.minutes
    return {"calls": spent.calls, **tokens, "seconds": round(seconds, 1), "usd": round(spent.usd, 6)}


def _candidates(compiled: dspy.Module, student: dspy.Module, evaluations: list[Evaluated]) -> list[Candidate]:
    """Return what was tried, the given program first, the returned one marked as the winner.

    `evaluations` are what a cap saw: it knows how many calls had been made, and the score of each row.
    """
    if hasattr(compiled, "detailed_results"):
        tried = list(_gepa(compiled.detailed_results))
    else:
        most = max((evaluated.rows for evaluated in evaluations), default=0)
        whole = [_candidate(evaluated.program) for evaluated in evaluations if evaluated.rows == most]
        tried = []
        for each in (_candidate(student), *whole, _candidate(compiled)):
            if not any(_same(each, other) for other in tried):
                tried.append(replace(each, number=len(tried), parents=[0] if tried else []))
    most_rows_first = sorted(evaluations, key=lambda evaluated: -evaluated.rows)
    seen = [(_candidate(evaluated.program), evaluated) for evaluated in most_rows_first]
    best = next(each.number for each in tried if _same(each, _candidate(compiled)))
    return [replace(_timed(each, seen), won=each.number == best) for each in tried]


def _gepa(results: Any) -> Iterator[Candidate]:
    for number, program in enumerate(results.candidates):
        by_row = results.val_subscores[number]
        yield _candidate(
            program,
            number=number,
            parents=[parent for parent in results.parents[number] if parent is not None],
            label="merged" if len(set(results.parents[number])) > 1 else "",
            score=100 * results.val_aggregate_scores[number],
            rows=len(by_row),
            calls=results.discovery_eval_counts[number] + len(by_row),
            scores=[number_of(by_row[row]) for row in sorted(by_row)],
        )


def _candidate(program: dspy.Module, **known: Any) -> Candidate:
    """Read instructions and demos off a program, as JSON can hold them."""
    predictors = dict(program.named_predictors())
    used = ((name, predictor) for name, predictor in predictors.items() if predictor.demos)
    demos = {name: predictor.dump_state()["demos"] for name, predictor in used}
    return Candidate(
        **{"number": 0, "parents": []} | known,
        instructions={name: predictor.signature.instructions for name, predictor in predictors.items()},
        demos=json.loads(json.dumps(demos, default=str)),
    )


def _same(candidate: Candidate, other: Candidate) -> bool:
    return (candidate.instructions, candidate.demos) == (other.instructions, other.demos)


def _timed(candidate: Candidate, seen: list[tuple[Candidate, Evaluated]]) -> Candidate:
    """Take over from the cap how many calls had been made, and the scores."""
    for state, evaluated in seen:
        if _same(candidate, state):
            known = {name: getattr(evaluated, name) for name in ("score", "rows", "calls", "scores")}
            return replace(candidate, **known)
    return replace(candidate, calls=None) if seen else candidate
