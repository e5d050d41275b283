"""Metrics: which fields of a filing are right, flagged or silently wrong, and whether the sums are right.

form4_score(example, prediction).objective_scores
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import dspy

from .filing import CODES, Filing

TOP = ("issuer", "ticker", "roles", "officer_title", "signed", "amends")
ROW = ("table", "date", "code", "shares", "acquired_or_disposed", "price", "owned_after")


def gold(record: dict[str, Any]) -> Filing:
    """Make a filing of a line of data/form4/filings.jsonl."""
    derivatives = [row | {"table": "II"} for row in record["derivatives"]]
    more = {"amends": record["original_filed"], "signed": record["filed"]}
    return Filing(**record | more | {"transactions": [*record["transactions"], *derivatives]})


def fields(expected: Filing, found: Filing | None, doubts: list[str] | None = None) -> list[tuple[str, str]]:
    """Compare two filings field by field; a row that is missing or too many is wrong in each field.

    Returns:
        (name, outcome) for each field of the top and of every row. An outcome is "right", "flagged" (wrong,
        and a doubt names the field, its row or all) or "silently wrong".
    """
    flags = {doubt.partition(":")[0] for doubt in doubts or []}
    return list(_fields(expected, found, flags))


def _fields(expected: Filing, found: Filing | None, flags: set[str]) -> Iterator[tuple[str, str]]:
    for name in TOP:
        right = found is not None and _top(expected)[name] == _top(found)[name]
        yield name, _outcome(right, flags & {name, "filing"})
    rows = found.transactions if found else []
    for place in range(max(len(expected.transactions), len(rows))):
        pair = [filing[place : place + 1] for filing in (expected.transactions, rows)]
        for name in ROW:
            right = all(pair) and getattr(pair[0][0], name) == getattr(pair[1][0], name)
            yield name, _outcome(right, flags & {f"row {place + 1}", "transactions", "filing"})


def _outcome(right: bool, flagged: set[str]) -> str:
    return "right" if right else "flagged" if flagged else "silently wrong"


def _top(filing: Filing) -> dict[str, Any]:
    title = (filing.owner.officer_title or "").strip().lower()
    owner = {"roles": set(filing.owner.roles), "officer_title": title}
    names = {name: getattr(filing, name).strip().lower() for name in ("issuer", "ticker")}
    return names | owner | {"signed": filing.signed, "amends": filing.amends}


def totals_right(expected: Filing, found: Filing | None) -> bool:
    """Say whether the shares of every code add up to the right total, exactly, in both tables."""
    return found is not None and all(
        expected.total(code, table).shares == found.total(code, table).shares
        for code in CODES
        for table in ("I", "II")
    )


def form4_score(
    example: dspy.Example,
    prediction: dspy.Prediction,
    trace: Any = None,
    pred_name: str | None = None,
    pred_trace: Any = None,
) -> dspy.Prediction | bool:
    """Score a reading against `example.filing`.

    Returns:
        `score`, the share of fields that are right, in [0, 1]; `objective_scores`, with each field's share,
        "totals" and "not silently wrong"; `feedback` in words. While demos are bootstrapped: is all right?
    """
    compared = fields(example.filing, prediction.filing, prediction.get("doubts"))
    score = sum(outcome == "right" for _, outcome in compared) / len(compared)
    if trace is not None and pred_name is None:
        return score == 1.0
    by_field: dict[str, list[bool]] = {}
    for name, outcome in compared:
        by_field.setdefault(name, []).append(outcome == "right")
    scores = {name: sum(rights) / len(rights) for name, rights in by_field.items()}
    wrong = [name for name, share in scores.items() if share < 1]
    scores["totals"] = float(totals_right(example.filing, prediction.filing))
    scores["not silently wrong"] = float(all(outcome != "silently wrong" for _, outcome in compared))
    feedback = f"wrong: {', '.join(wrong)}" if wrong else "right"
    return dspy.Prediction(score=score, feedback=feedback, objective_scores=scores)
