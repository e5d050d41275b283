"""Sources: the candidates of a run. GEPA leaves them on the program; of other optimizers a cap saw them.

Left out: programs that were scored on a part of the rows alone, such as MIPROv2's minibatches.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import dspy

from kit.evaluation.history import Candidate
from kit.evaluation.spending import Evaluated, number_of


def candidates(compiled: dspy.Module, student: dspy.Module, evaluations: list[Evaluated]) -> list[Candidate]:
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
    demos = {
        name: predictor.dump_state()["demos"] for name, predictor in predictors.items() if predictor.demos
    }
    return Candidate(
        **{"number": 0, "parents": []} | known,
        instructions={name: predictor.signature.instructions for name, predictor in predictors.items()},
        demos=json.loads(json.dumps(demos, default=str)),
    )


def _same(candidate: Candidate, other: Candidate) -> bool:
    return (candidate.instructions, candidate.demos) == (other.instructions, other.demos)


def _timed(candidate: Candidate, seen: list[tuple[Candidate, Evaluated]]) -> Candidate:
    """Take over from the cap how many calls had been made, and the scores."""
    evaluated = next((evaluated for state, evaluated in seen if _same(candidate, state)), None)
    if evaluated is None:
        return replace(candidate, calls=None) if seen else candidate
    known = {name: getattr(evaluated, name) for name in ("score", "rows", "calls", "scores")}
    return replace(candidate, **known)
