"""What calls cost: billed, replayed and cached tokens, seconds and dollars, by model."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import fsum
from typing import TYPE_CHECKING, Any

from kit.display import tables
from kit.engines.history import entries, notes, seconds
from kit.engines.models import list_price

if TYPE_CHECKING:
    import pandas

_HEADINGS = ["model", "answered by", "calls", "tokens in", "tokens out", "seconds", "dollars"]


@dataclass(frozen=True)
class Call:
    """One call, as DSPy's history tells it.

    `source` is "live" (a model computed it), "replayed" (recorded earlier; seconds are the recording's) or
    "cached" (DSPy's own cache; no tokens, no seconds).
    """

    model: str
    source: str
    input_tokens: int
    output_tokens: int
    seconds: float
    cost_usd: float


@dataclass(frozen=True)
class Usage:
    """Calls with their totals. Shown as a table, one row per model and source."""

    calls: list[Call]

    def __repr__(self) -> str:
        return tables.columns(_HEADINGS, self._rows())

    def _repr_html_(self) -> str:
        return tables.table(_HEADINGS, self._rows())

    def to_frame(self) -> pandas.DataFrame:
        """Return a DataFrame with a row for each call."""
        import pandas

        return pandas.DataFrame(self.calls)

    def _rows(self) -> list[list[Any]]:
        groups: dict[tuple[str, str], list[Call]] = {}
        for call in self.calls:
            groups.setdefault((call.model, call.source), []).append(call)
        rows = [[*group, *_totals(calls)] for group, calls in sorted(groups.items())]
        return rows if len(rows) == 1 else [*rows, ["all", "", *_totals(self.calls)]]


def usage(history: Iterable[dict[str, Any]] | None = None) -> Usage:
    """Sum up the calls of this kernel, or of one `lm.history`.

    Args:
        history: Entries of a DSPy history; by default all calls since the kernel started.

    Source:
        Tokens are the provider's. Dollars are DSPy's own estimate where it makes one, else the list prices
        in models.toml; a call that was replayed or cached costs nothing now.
    """
    return Usage([_call(entry) for entry in (entries() if history is None else history)])


def _call(entry: dict[str, Any]) -> Call:
    tokens = entry["usage"] or {}
    source = notes(entry).get("source", "live") if tokens else "cached"
    return Call(
        model=entry["model"],
        source=source,
        input_tokens=tokens.get("prompt_tokens") or 0,
        output_tokens=tokens.get("completion_tokens") or 0,
        seconds=seconds(entry) if tokens else 0.0,
        cost_usd=_cost(entry, tokens) if source == "live" else 0.0,
    )


def _cost(entry: dict[str, Any], tokens: dict[str, int]) -> float:
    if entry["cost"] is not None:
        return entry["cost"]
    input_usd, output_usd = list_price(entry["model"])
    return (tokens["prompt_tokens"] * input_usd + tokens["completion_tokens"] * output_usd) / 1e6


def _totals(calls: list[Call]) -> list[Any]:
    return [
        len(calls),
        sum(call.input_tokens for call in calls),
        sum(call.output_tokens for call in calls),
        f"{fsum(call.seconds for call in calls):.1f}",
        f"{fsum(call.cost_usd for call in calls):.4f}",
    ]
