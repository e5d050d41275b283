"""Metrics for one field of a prediction; their feedback says what was expected."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import dspy

Metric = Callable[[dspy.Example, dspy.Prediction], Any]
"""Takes an example and a prediction; returns a bool, a number in [0, 1], or a Prediction with a score."""


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
