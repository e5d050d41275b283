"""Metrics: a score for each house rule, exact match and content, as one score with feedback in words."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import dspy

from .differences import content, differences
from .house import RULES

VERDICTS = ("right", "flagged", "silently wrong")


def rule_scores(gold: str, corrected: str) -> dict[str, float]:
    """Score each house rule: 1.0 if nothing in the entry breaks it, else 0.0.

    >>> rule_scores("Met with M. Okafor.", "met with M. Okafor")["punctuation"]
    0.0
    """
    broken = {difference.rule for difference in differences(gold, corrected)}
    return {rule: float(rule not in broken) for rule in RULES}


def house_score(
    example: dspy.Example,
    prediction: dspy.Prediction,
    trace: Any = None,
    pred_name: str | None = None,
    pred_trace: Any = None,
) -> dspy.Prediction | bool:
    """Score a corrected narrative against `example.gold`.

    Returns:
        `score`, the mean of the six rule scores times the content that survived, in [0, 1]; `feedback`, a
        line for each difference; `objective_scores`, with the rules, "content" and what `verdict` says.
        While demos are
        bootstrapped, whether the entry is flawless.

    >>> example = dspy.Example(gold="Reviewed lease.", narrative="review lease")
    >>> result = house_score(example, dspy.Prediction(corrected="Review lease."))
    >>> round(result.score, 3), result.feedback
    (0.833, "tense: expected 'Reviewed', found 'Review'")
    """
    gold, corrected = example.gold, prediction.corrected
    rules, kept = rule_scores(gold, corrected), content(gold, corrected)
    score = sum(rules.values()) / len(rules) * kept
    if trace is not None and pred_name is None:
        return score == 1.0
    feedback = "\n".join(map(str, differences(gold, corrected))) or "right"
    said = verdict(gold, prediction)
    scores = rules | {"content": kept} | {kind: float(kind == said) for kind in VERDICTS}
    return dspy.Prediction(score=score, feedback=feedback, objective_scores=scores)


def verdict(
    gold: str, prediction: dspy.Prediction, accept: Collection[str] = (), must_flag: bool = False
) -> str:
    """Say what became of an entry: "right", "flagged", or "silently wrong".

    Args:
        gold: The text that a careful editor makes of it; a stop at the end does not count.
        prediction: What a program made of it, with `corrected` and `review`.
        accept: Other texts that are as right.
        must_flag: Whether an editor would ask before the entry is billed; then a flag alone is right.

    >>> verdict("Met client", dspy.Prediction(corrected="Met client.", review=False))
    'right'
    >>> verdict("Led training", dspy.Prediction(corrected="Lead training", review=False), must_flag=True)
    'silently wrong'
    """
    if prediction.get("review"):
        return "right" if must_flag else "flagged"
    if must_flag:
        return "silently wrong"
    texts = {text.rstrip(" .") for text in (gold, *accept)}
    return "right" if prediction.corrected.rstrip(" .") in texts else "silently wrong"
