"""Rows: what is wrong with a set of examples before a program sees them."""

from __future__ import annotations

import inspect
import math
from collections.abc import Iterator, Sequence
from typing import Any

import dspy
from splits import leaks

from preflight.findings import Finding, bad, good, note

FEW_ROWS = 30
_UNSEEN = "Evaluate scores each such row 0.0 and only logs why; it gives up at the tenth error."


def inputs_needed(program: dspy.Module) -> tuple[set[str], set[str] | None]:
    """Return the inputs that a program needs, and those that it knows; None if it takes any.

    >>> inputs_needed(dspy.ChainOfThought("text -> summary"))
    ({'text'}, {'text'})
    """
    if isinstance(program, dspy.Predict):
        fields = program.signature.input_fields
        needed = {name for name, field in fields.items() if field.is_required()}
        return needed, set(fields)
    parameters = _parameters(program)
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
        predictors = program.predictors()
        return inputs_needed(predictors[0]) if len(predictors) == 1 else (set(), None)
    needed = {parameter.name for parameter in parameters if parameter.default is parameter.empty}
    return needed, {parameter.name for parameter in parameters}


def has_inputs(row: dspy.Example) -> bool:
    """Tell whether `with_inputs` was called; DSPy's own `inputs()` raises an error if it was not."""
    return row._input_keys is not None


def inputs_of(row: dspy.Example) -> dict[str, Any]:
    """Return a row's inputs; {} if `with_inputs` was not called, or names nothing that the row has."""
    return row.inputs().toDict() if has_inputs(row) else {}


def inputs(program: dspy.Module, devset: Sequence[dspy.Example]) -> Iterator[Finding]:
    """Yield what is wrong with the inputs of rows."""
    needed, known = inputs_needed(program)
    names = ", ".join(f'"{name}"' for name in sorted(needed or known or {"text"}))
    bare = [row for row in devset if not inputs_of(row)]
    rows = [inputs_of(row) for row in devset if inputs_of(row)]
    problems = []
    if bare:
        problems.append(
            bad(
                "inputs",
                f"{_of(bare, devset)}: no inputs. `with_inputs` was not called, or names no field.",
                f"devset = [row.with_inputs({names}) for row in devset]",
                f"{_UNSEEN} 'Inputs have not been set for this example.'",
            )
        )
    if lacking := [row for row in rows if needed - set(row)]:
        problems.append(_lacking(needed - set(lacking[0]), lacking, devset, program))
    if known is not None and (strange := [row for row in rows if set(row) - known]):
        problems.append(_strange(set(strange[0]) - known, known, strange, devset, program))
    if empty := [row for row in rows if any(value is None or value == "" for value in row.values())]:
        problems.append(
            note(
                "inputs",
                f"{_of(empty, devset)}: an input is empty or None.",
                "Take them out, or decide what the program should say to nothing.",
            )
        )
    yield from problems or [good("inputs", f"each row gives {', '.join(sorted(rows[0]))}")]


def _lacking(names: set[str], rows: list, devset: Sequence, program: dspy.Module) -> Finding:
    return bad(
        "inputs",
        f"{_of(rows, devset)}: no {_quoted(names)}, which the program wants.",
        f"Name it in with_inputs, or rename the field that holds it; a row gives {_quoted(set(rows[0]))}.",
        _UNSEEN
        if needs_error(program)
        else "A log line, 'Not all input fields were provided to module', and an answer to a blank.",
    )


def _strange(names: set[str], known: set[str], rows: list, devset: Sequence, program: dspy.Module) -> Finding:
    problem = f"{_of(rows, devset)}: {_quoted(names)}, which the program does not know."
    step = f"It knows {_quoted(known)}: leave the others out of with_inputs, or rename them."
    if needs_error(program):
        return bad("inputs", problem, step, f"TypeError in each row. {_UNSEEN}")
    return note("inputs", problem, step, "A log line, 'These fields will be ignored'.")


def needs_error(program: dspy.Module) -> bool:
    """Tell whether a wrong input raises an error: a plain `dspy.Predict` only logs it."""
    if isinstance(program, dspy.Predict):
        return False
    return not any(parameter.kind is parameter.VAR_KEYWORD for parameter in _parameters(program))


def _parameters(program: dspy.Module) -> list[inspect.Parameter]:
    """Return what forward takes, without touching it: DSPy warns of a forward that is taken hold of."""
    forward = (
        vars(program).get("forward") or getattr(type(program), "forward", None) or type(program).aforward
    )
    return [
        parameter for parameter in inspect.signature(forward).parameters.values() if parameter.name != "self"
    ]


def count(devset: Sequence[dspy.Example]) -> Finding:
    """Say how far off a score on so many rows can be.

    Source:
        The normal approximation of a share of one half: 1.96 * sqrt(0.25 / n), in points of 100.
    """
    points = 98 / math.sqrt(len(devset))
    reach = f"{len(devset)} rows: a score about the middle is known to within {points:.0f} points, either way"
    if len(devset) >= FEW_ROWS:
        return good("number of rows", reach)
    hidden = len(devset) < (dspy.settings.max_errors or 0)
    symptom = "Crashes never stop it: fewer rows than max_errors. " if hidden else ""
    return note(
        "number of rows",
        f"{reach}.",
        f"Take {FEW_ROWS} rows or more to compare two programs, and max_errors=1 for a quick try.",
        f"{symptom}Differences of many points that are luck.",
    )


def shared(
    program: dspy.Module, devset: Sequence[dspy.Example], trainset: Sequence[dspy.Example] | None
) -> Iterator[Finding]:
    """Yield what stands in the devset as well as in the trainset, or in the program's demos."""
    mine = [row for row in devset if inputs_of(row)]
    others = {"trainset": [row for row in trainset or [] if inputs_of(row)], "demos": _demos(program, mine)}
    looked = False
    for name, rows in others.items():
        if len(rows) < 2 or len(mine) < 2:
            continue
        looked = True
        if len(pairs := leaks(**{name: rows}, devset=mine)):
            text = " ".join(str(pairs.also_text[0]).split())[:60]
            yield bad(
                "leaks",
                f"{pairs.also_row.nunique()} of {len(mine)} rows stand in the {name} too, e.g. {text!r}.",
                "Take them out of one of the two; splits.leaks lists them.",
                "A score that is too good, and falls on new rows.",
            )
            return
    if looked:
        yield good("leaks", "no row is in another set")


def _demos(program: dspy.Module, devset: Sequence[dspy.Example]) -> list[dspy.Example]:
    """Return the demos as rows with the devset's inputs."""
    names = sorted(inputs_of(devset[0])) if devset else []
    demos = [dict(demo) for predictor in program.predictors() for demo in predictor.demos]
    texts = {str(demo): demo for demo in demos if names and all(name in demo for name in names)}
    return [dspy.Example(demo).with_inputs(*names) for demo in texts.values()]


def _of(some: Sequence, every: Sequence) -> str:
    return f"{len(some)} of {len(every)} rows"


def _quoted(names: set[str]) -> str:
    return ", ".join(repr(name) for name in sorted(names)) or "nothing"
