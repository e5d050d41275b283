"""Spending: what the calls inside a `cap` took, and what the evaluations among them found."""

from __future__ import annotations

import html
import time
from dataclasses import dataclass, field, replace
from math import fsum, isnan
from typing import Any

import dspy

from kit.calls import Call, Usage, usage
from kit.engines.models import list_usd

_UNITS = {"calls": "{:,} calls", "tokens": "{:,} tokens", "usd": "${:.4f}", "minutes": "{:.1f} minutes"}


@dataclass(frozen=True)
class Evaluated:
    """One evaluation inside a run: a score in percent, after so many calls; `scores` has one for each row."""

    score: float
    scores: list[float]
    calls: int
    program: dspy.Module

    @property
    def rows(self) -> int:
        """How many rows it went over."""
        return len(self.scores)


@dataclass
class Spent:
    """What was spent so far, and the limits. Shown as a table of its calls."""

    limits: dict[str, float]
    prices: str | None = None
    calls: int = 0
    answered: list[Call] = field(default_factory=list)
    evaluations: list[Evaluated] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)
    ended: float | None = None

    def __repr__(self) -> str:
        return f"{self.title}\n\n{Usage(self.answered)!r}"

    def _repr_html_(self) -> str:
        return f"<p><b>{html.escape(self.title)}</b></p>{Usage(self.answered)._repr_html_()}"

    @property
    def title(self) -> str:
        """Totals beside their limits.

        >>> Spent({"calls": 400}, ended=0, began=0).title
        '0 of 400 calls, 0 tokens, $0.0000, 0.0 minutes'
        """
        parts = []
        for name, unit in _UNITS.items():
            spent, limit = unit.format(getattr(self, name)), self.limits.get(name)
            parts.append(spent if limit is None else f"{spent.split()[0]} of {unit.format(limit)}")
        return ", ".join(parts)

    @property
    def tokens(self) -> int:
        """Tokens read and written."""
        return sum(call.input_tokens + call.output_tokens for call in self.answered)

    @property
    def usd(self) -> float:
        """Dollars at list prices, whether the calls were live or replayed."""
        return fsum(call.cost_usd for call in self.answered)

    @property
    def minutes(self) -> float:
        """Minutes on the clock once a model answers live, and those that replayed replies once took."""
        replayed = fsum(call.seconds for call in self.answered if call.source == "replayed")
        live = any(call.source == "live" for call in self.answered)
        now = time.monotonic() if self.ended is None else self.ended
        return ((now - self.began) * live + replayed) / 60

    @property
    def best(self) -> Evaluated | None:
        """The best program among those evaluated over the most rows; the first of equals, none with a NaN."""
        most = max((one.rows for one in self.evaluations), default=0)
        whole = [one for one in self.evaluations if one.rows == most and not isnan(one.score)]
        return max(whole, key=lambda one: one.score, default=None)

    def reached(self) -> bool:
        """Tell whether a limit is reached."""
        return any(getattr(self, name) >= limit for name, limit in self.limits.items())

    def add(self, entry: dict[str, Any]) -> None:
        """Count an entry of DSPy's history."""
        call = usage([entry]).calls[0]
        listed = list_usd(call.model, call.input_tokens, call.output_tokens, self.prices)
        billed = 0.0 if self.prices else call.cost_usd
        self.answered.append(replace(call, cost_usd=billed or listed))


def number_of(score: Any) -> float:
    """Return a row's score as a number; a metric may return a prediction that holds it.

    >>> number_of(True), number_of(dspy.Prediction(score=0.5, feedback="half"))
    (1.0, 0.5)
    """
    return float(score["score"] if isinstance(score, dspy.Prediction) else score)
