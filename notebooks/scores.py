"""Several metrics as one: a weighted score, feedback in words, and a breakdown in which no crash hides.

    from scores import breakdown, combine, exact, overlap

The result follows DSPy's own convention (`score`, `feedback`, `objective_scores`), so that one metric serves
`dspy.Evaluate`, bootstrapping and GEPA.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any

import dspy
import numpy as np
import pandas as pd

from kit.evaluation.intervals import interval

Metric = Callable[[dspy.Example, dspy.Prediction], Any]
"""Takes an example and a prediction; returns a bool, a number in [0, 1], or a Prediction with a score."""


class BadScore(ValueError):
    """A metric returned something that is no score."""


@dataclass(frozen=True)
class Combined:
    """Metrics that were combined; call it as DSPy calls any metric."""

    metrics: Mapping[str, Metric]
    weights: Mapping[str, float]
    threshold: float

    def __call__(
        self,
        gold: dspy.Example,
        pred: dspy.Prediction,
        trace: Any = None,
        pred_name: str | None = None,
        pred_trace: Any = None,
    ) -> dspy.Prediction | bool:
        """Score one row: pass or fail while demos are bootstrapped, else score, feedback and all scores."""
        returned = {name: metric(gold, pred) for name, metric in self.metrics.items()}
        try:
            scores = {name: score_of(value, name, gold) for name, value in returned.items()}
        except BadScore as error:
            if trace is not None:
                raise
            return _Refused(feedback=str(error))
        score = sum(self.weights[name] * scores[name] for name in scores) / sum(self.weights.values())
        if trace is not None and pred_name is None:
            return score >= self.threshold
        feedback = "\n".join(_in_words(name, scores[name], returned[name]) for name in scores)
        return dspy.Prediction(score=score, feedback=feedback, objective_scores=scores)


def combine(
    *, weights: Mapping[str, float] | None = None, threshold: float = 1.0, **metrics: Metric
) -> Combined:
    """Make one metric of several.

    Args:
        weights: How much a metric counts, by its name; 1 if it is not named.
        threshold: The combined score, in (0, 1], from which a row is good enough to become a demo.
        metrics: Each is called as `metric(example, prediction)` and returns a bool, a number in [0, 1] or a
            `dspy.Prediction(score=..., feedback=...)`.

    Returns:
        A metric whose result holds the weighted mean (`score`), a line of `feedback` for each metric, and
        `objective_scores`, which `breakdown` and GEPA read. What is no score (text, None, NaN, 85 instead of
        0.85) raises `BadScore` as soon as it is added up, and so stops `dspy.Evaluate`.

    Raises:
        ValueError: If there is nothing to combine, or a weight or the threshold makes no sense.

    >>> metric = combine(urgency=exact("urgency"), topics=overlap("topics"), weights={"urgency": 3})
    >>> gold = dspy.Example(urgency="low", topics=["mail", "vpn"])
    >>> print(metric(gold, dspy.Prediction(urgency="low", topics=["printer"])).feedback)
    urgency 1.00: right
    topics 0.00: missing 'mail', 'vpn'; too many 'printer'
    """
    chosen = dict.fromkeys(metrics, 1.0) | dict(weights or {})
    if not metrics:
        raise ValueError("Nothing to combine: name a metric, e.g. combine(urgency=exact('urgency')).")
    if strange := set(chosen) - set(metrics):
        raise ValueError(f"A weight for {sorted(strange)}, but the metrics are {sorted(metrics)}.")
    if not all(0 <= weight < math.inf for weight in chosen.values()) or not any(chosen.values()):
        raise ValueError(f"Weights must be zero or more, and one above zero; found {chosen}.")
    if not 0 < threshold <= 1:
        raise ValueError(f"A threshold is a score in (0, 1]; found {threshold}.")
    return Combined(metrics, chosen, threshold)


def score_of(value: Any, metric: str, example: dspy.Example) -> float:
    """Return what a metric returned as a number in [0, 1].

    Raises:
        BadScore: If it is anything else; the error names the metric, the row and the value.

    >>> score_of(dspy.Prediction(score=True), "urgency", dspy.Example(id=3))
    1.0
    """
    score = value.get("score") if isinstance(value, dspy.Prediction) else value
    if isinstance(score, Real | np.bool_) and 0 <= score <= 1:
        return float(score)
    raise BadScore(
        f"Metric {metric!r} returned {value!r} ({type(value).__name__}) for {_row(example)}. "
        "Return a bool, a number from 0 to 1, or dspy.Prediction(score=..., feedback=...)."
    )


def breakdown(result: dspy.evaluate.EvaluationResult) -> pd.DataFrame:
    """Return a line for each metric of an evaluation: its mean with interval, and how its rows are spread.

    Args:
        result: What `dspy.Evaluate` returned for a metric made by `combine`.

    Raises:
        ValueError: If rows have no scores. Such rows crashed, and a crashed row is not a zero.
    """
    _refuse_crashed_rows(result)
    rows = [score.objective_scores | {"together": score.score} for *_, score in result.results]
    scores = pd.DataFrame(rows)
    counts = {"full": scores == 1, "partial": (scores > 0) & (scores < 1), "zero": scores == 0}
    means = {name: interval(scores[name]) for name in scores}
    return pd.DataFrame({"score": means} | {heading: each.sum() for heading, each in counts.items()})


class _Refused(dspy.Prediction):
    """A result that cannot be added up: `dspy.Evaluate` only logs what a metric raises, but stops at this."""

    def __float__(self) -> float:
        raise BadScore(self.feedback)


def _refuse_crashed_rows(result: dspy.evaluate.EvaluationResult) -> None:
    crashed = [
        _row(example) for example, _, score in result.results if not hasattr(score, "objective_scores")
    ]
    if crashed:
        raise ValueError(
            f"{len(crashed)} of {len(result.results)} rows have no breakdown, so they crashed: "
            f"{', '.join(crashed[:5])}{', ...' if len(crashed) > 5 else ''}. A crash is not a zero: to read "
            "its error, evaluate again with max_errors=1 and provide_traceback=True. (If it is all rows, "
            "perhaps the metric was not made by `combine`.)"
        )


def _in_words(name: str, score: float, returned: Any) -> str:
    feedback = returned.get("feedback") if isinstance(returned, dspy.Prediction) else None
    return f"{name} {score:.2f}" + (f": {feedback}" if feedback else "")


def _row(example: dspy.Example) -> str:
    """Name a row by its id, or else by how it begins."""
    return f"row {example.id!r}" if "id" in example else f"the row {str(example.toDict())[:60]}..."


def exact(name: str) -> Metric:
    """Return a metric that asks whether field `name` is what was expected.

    >>> exact("urgency")(dspy.Example(urgency="high"), dspy.Prediction(urgency="low")).feedback
    "expected 'high', got 'low'"
    """

    def metric(example: dspy.Example, prediction: dspy.Prediction, trace: Any = None) -> dspy.Prediction:
        expected, predicted = _value(example, name), _value(prediction, name)
        right = expected == predicted
        feedback = "right" if right else f"expected {expected!r}, got {predicted!r}"
        return dspy.Prediction(score=float(right), feedback=feedback)

    return metric


def overlap(name: str) -> Metric:
    """Return a metric for a field that is a list of labels: the F1 of the two sets, 1.0 if both are empty.

    Source:
        Dice 1945: twice the shared labels, divided by the labels on both sides.

    >>> overlap("topics")(dspy.Example(topics=["mail", "vpn"]), dspy.Prediction(topics=["mail"])).feedback
    "missing 'vpn'"
    """

    def metric(example: dspy.Example, prediction: dspy.Prediction, trace: Any = None) -> dspy.Prediction:
        expected, predicted = _labels(example, name), _labels(prediction, name)
        size = len(expected) + len(predicted)
        score = 2 * len(expected & predicted) / size if size else 1.0
        amiss = {"missing": expected - predicted, "too many": predicted - expected}
        wrong = [f"{what} {', '.join(map(repr, sorted(labels)))}" for what, labels in amiss.items() if labels]
        return dspy.Prediction(score=score, feedback="; ".join(wrong) or "right")

    return metric


def _value(row: dspy.Example, name: str) -> Any:
    if name not in row:
        kind = "prediction" if isinstance(row, dspy.Prediction) else "example"
        raise AttributeError(f"The {kind} has no field {name!r}; it has {sorted(row.keys())}.")
    return row[name]


def _labels(row: dspy.Example, name: str) -> set[Any]:
    value = _value(row, name)
    if isinstance(value, str) or not hasattr(value, "__iter__"):
        raise TypeError(f"Field {name!r} must be a list of labels; found {value!r}.")
    return set(value)
