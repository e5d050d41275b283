"""Metrics: a score for each field, the mean of them, and words for whoever rewrites an instruction."""

from __future__ import annotations

from typing import Any, get_args

import dspy

from .guide import GUIDE, Category, Guide


def scores(example: dspy.Example, prediction: dspy.Prediction) -> dict[str, float]:
    """Score each field: urgency and sentiment are right or wrong, categories are the F1 of the two sets.

    Source:
        Dice 1945. Meta's and DSPy's own score for categories is another; see `yes_no_score`.

    >>> gold = dspy.Example(urgency="low", sentiment="neutral", categories=["space", "question"])
    >>> scores(gold, dspy.Prediction(urgency="low", sentiment="negative", categories=["space"]))
    {'urgency': 1.0, 'sentiment': 0.0, 'categories': 0.6666666666666666}
    """
    expected, named = set(example.categories), set(prediction.categories)
    together = len(expected) + len(named)
    return {
        "urgency": float(example.urgency == prediction.urgency),
        "sentiment": float(example.sentiment == prediction.sentiment),
        "categories": 2 * len(expected & named) / together if together else 1.0,
    }


def facility_score(
    example: dspy.Example,
    prediction: dspy.Prediction,
    trace: Any = None,
    pred_name: str | None = None,
    pred_trace: Any = None,
) -> dspy.Prediction | bool:
    """Score a prediction by the mean of its three fields.

    Returns:
        `score`, in [0, 1]; `objective_scores`, one for each field; `feedback` in words, on the field that
        `pred_name` names (GEPA asks so), or on all three. While demos are bootstrapped, whether all is right.
    """
    by_field = scores(example, prediction)
    score = sum(by_field.values()) / len(by_field)
    if trace is not None and pred_name is None:
        return score == 1.0
    fields = [pred_name] if pred_name else list(by_field)
    feedback = "\n".join(explain(name, example[name], prediction[name]) for name in fields)
    return dspy.Prediction(score=score, feedback=feedback, objective_scores=by_field)


def explain(field: str, expected: Any, predicted: Any, guide: Guide = GUIDE) -> str:
    """Say in words whether a field is right, and which line of the guide decides.

    >>> explain("sentiment", "positive", "positive")
    'Right. Rule for positive: praises the team, or thanks for something that was done.'
    >>> print(explain("categories", ["emergency", "space"], ["space", "cleaning", "training"]))
    Missing: emergency. Rule for emergency: a fault for which somebody has to come at once.
    Wrong: cleaning, training. Named: 3; to name: 2.
    """
    meanings = guide[field]
    if field != "categories":
        verdict = "Right" if expected == predicted else f"Wrong: not {predicted} but {expected}"
        return f"{verdict}. Rule for {expected}: {meanings[expected]}."
    missing = [label for label in expected if label not in predicted]
    said = [f"Missing: {label}. Rule for {label}: {meanings[label]}." for label in missing]
    if strange := [label for label in predicted if label not in expected]:
        said.append(f"Wrong: {', '.join(strange)}. Named: {len(predicted)}; to name: {len(expected)}.")
    return "\n".join(said) or "Right, and nothing else applies."


def yes_no_score(example: dspy.Example, prediction: dspy.Prediction, trace: Any = None) -> float:
    """Score as DSPy's own tutorial does: each category counts as a question of its own, answered yes or no.

    Source:
        https://dspy.ai/tutorials/gepa_facilitysupportanalyzer/. It is the kinder score: who names no
        category at all is right on most of the ten.

    >>> gold = dspy.Example(urgency="low", sentiment="neutral", categories=["space", "question"])
    >>> yes_no_score(gold, dspy.Prediction(urgency="low", sentiment="neutral", categories=[]))
    0.9333333333333332
    """
    expected, named = set(example.categories), set(prediction.categories)
    by_field = scores(example, prediction) | {
        "categories": 1 - len(expected ^ named) / len(get_args(Category))
    }
    return sum(by_field.values()) / len(by_field)


VERDICTS = ("right", "flagged", "silently wrong")


def verdict(example: dspy.Example, prediction: dspy.Prediction) -> str:
    """Say what became of a message: "flagged", or by urgency and sentiment "right" or "silently wrong".

    >>> gold = dspy.Example(urgency="low", sentiment="neutral", categories=["space"])
    >>> verdict(gold, dspy.Prediction(urgency="low", sentiment="neutral", review=False))
    'right'
    """
    if prediction.get("review") or prediction.get("refused"):
        return "flagged"
    both = all(example[name] == prediction[name] for name in ("urgency", "sentiment"))
    return "right" if both else "silently wrong"
