"""Print the score table: offline from the recordings, or with MODEL set from a live model."""

from __future__ import annotations

import math
from collections.abc import Sequence

import dspy
import numpy as np
from prototype import task
from prototype.model import lm


def table() -> str:
    """Score each program on every row, and lay the scores side by side, in percent."""
    columns = {name: scores(program) for name, program in task.programs().items()}
    names = list(dict.fromkeys(name for column in columns.values() for name in column))
    lines = [["", *columns]]
    for name in names:
        lines.append([name, *(_cell(name, column.get(name, [])) for column in columns.values())])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    padded = [[text.ljust(width) for text, width in zip(line, widths, strict=True)] for line in lines]
    return "\n".join("  ".join(line).rstrip() for line in padded)


def scores(program: dspy.Module) -> dict[str, list[float]]:
    """Return "score" and each objective's scores, row by row; a row that crashes ends the evaluation."""
    evaluate = dspy.Evaluate(devset=task.rows(), metric=task.score, max_errors=1, failure_score=math.nan)
    with dspy.context(lm=lm(), adapter=task.ADAPTER):
        results = [task.score(example, prediction) for example, prediction, _ in evaluate(program).results]
    found: dict[str, list[float]] = {}
    for result in results:
        objectives = result.objective_scores if isinstance(result, dspy.Prediction) else {}
        for name, value in {"score": float(result), **objectives}.items():
            found.setdefault(name, []).append(value)
    return found


def interval(values: Sequence[float]) -> str:
    """Return the mean with its 95 % bootstrap interval: percentiles of 10,000 resamples, always the same."""
    generator, size = np.random.default_rng(0), len(values)
    means = [generator.choice(np.asarray(values), (100, size)).mean(axis=1) for _ in range(100)]
    low, high = np.percentile(100 * np.concatenate(means), [2.5, 97.5])
    return f"{100 * np.mean(values):.1f} % [{low:.1f}, {high:.1f}], n={len(values)}"


def _cell(name: str, values: Sequence[float]) -> str:
    if not values:
        return ""
    return interval(values) if name == "score" else f"{100 * np.mean(values):.1f}"


if __name__ == "__main__":
    print(table())
