"""Metrics: which fields of a filing are right, transaction by transaction, and whether the sums are.

form4_score(example, prediction).objective_scores
"""

from __future__ import annotations

from typing import Any

import dspy
from pydantic import ValidationError

from .filing import CODES, Filing, Reading

TOP = ("issuer", "ticker", "roles", "officer_title", "filed", "amends")
ROW = ("date", "code", "shares", "acquired_or_disposed", "price", "owned_after")


def gold(record: dict[str, Any]) -> Filing:
    """Make a filing of a line of data/form4/filings.jsonl."""
    return Filing(**record | {"amends": record["original_filed"]})


def fields(expected: Reading, found: Reading | None) -> list[tuple[str, bool]]:
    """Compare two filings field by field; a transaction that is missing or too many is wrong in each field.

    Transactions are compared in their order.

    Returns:
        (name, right) for each field of the top and of every row.
    """
    compared = [(name, found is not None and _top(expected)[name] == _top(found)[name]) for name in TOP]
    rows = found.transactions if found else []
    for place in range(max(len(expected.transactions), len(rows))):
        pair = [filing[place : place + 1] for filing in (expected.transactions, rows)]
        both = all(pair)
        compared += [(name, both and getattr(pair[0][0], name) == getattr(pair[1][0], name)) for name in ROW]
    return compared


def _top(filing: Reading) -> dict[str, Any]:
    title = (filing.owner.officer_title or "").strip().lower()
    owner = {"roles": set(filing.owner.roles), "officer_title": title}
    names = {name: getattr(filing, name).strip().lower() for name in ("issuer", "ticker")}
    dates = {"filed": filing.filed, "amends": filing.amends}
    return names | owner | dates


def totals_right(expected: Reading, found: Reading | None) -> bool:
    """Say whether the shares of every code add up to the right total, exactly."""
    return found is not None and all(
        expected.total(code).shares == found.total(code).shares for code in CODES
    )


def agreement(inputs: dict[str, Any], prediction: dspy.Prediction) -> float:
    """Reward a reading whose claimed totals agree with its rows, for `dspy.Refine(reward_fn=agreement)`.

    Returns:
        1.0 if it could be a `Filing`, else 0.0.
    """
    try:
        Filing.model_validate(prediction.filing.model_dump())
    except ValidationError:
        return 0.0
    return 1.0


def form4_score(
    example: dspy.Example,
    prediction: dspy.Prediction,
    trace: Any = None,
    pred_name: str | None = None,
    pred_trace: Any = None,
) -> dspy.Prediction | bool:
    """Score a reading against `example.filing`.

    Returns:
        `score`, the share of fields that are right, in [0, 1]; `objective_scores`, with each field's share
        and "totals"; `feedback` in words. While demos are bootstrapped, whether all is right.
    """
    compared = fields(example.filing, prediction.filing)
    score = sum(right for _, right in compared) / len(compared)
    if trace is not None and pred_name is None:
        return score == 1.0
    by_field: dict[str, list[bool]] = {}
    for name, right in compared:
        by_field.setdefault(name, []).append(right)
    scores = {name: sum(rights) / len(rights) for name, rights in by_field.items()}
    wrong = [name for name, share in scores.items() if share < 1]
    totals = float(totals_right(example.filing, prediction.filing))
    feedback = f"wrong: {', '.join(wrong)}" if wrong else "right"
    return dspy.Prediction(score=score, feedback=feedback, objective_scores=scores | {"totals": totals})
