"""What calls cost: billed, replayed and cached tokens, seconds, dollars; by model, call or module."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import fsum
from typing import TYPE_CHECKING, Any

from kit import tables
from kit.engines.history import cost_usd, entries, seconds, source

if TYPE_CHECKING:
    import dspy
    import pandas

_COUNTS = ["calls", "tokens in", "tokens out", "seconds", "dollars"]
_WAYS = ("call", "model", "module")
ELSEWHERE = "elsewhere"


@dataclass(frozen=True)
class Call:
    """One call, as DSPy's history tells it.

    `source` is "live" (a model computed it, and a provider bills it), "replayed" (recorded earlier; seconds
    are the recording's), "cached" (DSPy's own cache; no tokens, no seconds), "scripted" (by a `DummyLM`), or
    "recorded" (a line of a lesson's recordings). `part` is its module or lesson, where that is known.
    """

    model: str
    source: str
    input_tokens: int
    output_tokens: int
    seconds: float
    cost_usd: float
    part: str = ""


@dataclass(frozen=True)
class Usage:
    """Calls with their totals. Shown as a table, one row per model and source, by call, module or lesson."""

    calls: list[Call]
    by: str = "model"

    def __repr__(self) -> str:
        return tables.columns(self._headings(), self._rows())

    def _repr_html_(self) -> str:
        return tables.table(self._headings(), self._rows())

    def to_frame(self) -> pandas.DataFrame:
        """Return a DataFrame with a row for each call."""
        import pandas

        return pandas.DataFrame(self.calls)

    def _headings(self) -> list[str]:
        return [*([] if self.by == "model" else [self.by]), "model", "answered by", *_COUNTS]

    def _rows(self) -> list[list[Any]]:
        groups: dict[tuple[str, ...], list[Call]] = {}
        for number, call in enumerate(self.calls, 1):
            part = {"model": [], "call": [str(number)]}.get(self.by, [call.part])
            groups.setdefault((*part, call.model, call.source), []).append(call)
        named = sorted(groups.items()) if self.by == "model" else groups.items()
        rows = [[*group, *_totals(calls)] for group, calls in named]
        blanks = [""] * (len(self._headings()) - len(_COUNTS) - 1)
        return rows if len(rows) == 1 else [*rows, ["all", *blanks, *_totals(self.calls)]]


def usage(of: Iterable[dict[str, Any]] | dspy.Module | None = None, *, by: str = "model") -> Usage:
    """Sum up the calls of this kernel, of one `lm.history`, or of one program.

    Args:
        of: Entries of a DSPy history, or a program; by default all calls since the kernel started.
        by: "model"; "call", a row for each; or "module", a row for each part of the program given. Others
            are a `ValueError`.

    Source:
        Tokens are the provider's. Dollars are DSPy's own estimate where it makes one, else the list prices
        in models.toml; a call that was replayed or cached costs nothing now.
    """
    if by not in _WAYS:
        raise ValueError(f"There is no usage by {by!r}. Valid: {', '.join(_WAYS)}.")
    if by == "module":
        return Usage(_by_part(of), by)
    history = entries() if of is None else getattr(of, "history", of)
    return Usage([_call(entry) for entry in history], by)


def _by_part(program: Any) -> list[Call]:
    """Charge each call to the predictor that made it; what copies made, such as BestOfN's, is elsewhere."""
    if not hasattr(program, "named_predictors"):
        raise ValueError('Usage by module needs a program: kit.usage(program, by="module").')
    makers = {entry["uuid"]: name for name, part in program.named_predictors() for entry in part.history}
    calls = [replace(_call(entry), part=makers.get(entry["uuid"], ELSEWHERE)) for entry in program.history]
    order = [*dict.fromkeys(makers.values()), ELSEWHERE]
    return sorted(calls, key=lambda call: (order.index(call.part), call.model, call.source))


def _call(entry: dict[str, Any]) -> Call:
    tokens = entry["usage"] or {}
    return Call(
        model=entry["model"],
        source=source(entry),
        input_tokens=tokens.get("prompt_tokens") or 0,
        output_tokens=tokens.get("completion_tokens") or 0,
        seconds=seconds(entry) if tokens else 0.0,
        cost_usd=cost_usd(entry),
    )


def _totals(calls: list[Call]) -> list[Any]:
    tokens = (sum(getattr(call, name) for call in calls) for name in ("input_tokens", "output_tokens"))
    seconds, dollars = (fsum(getattr(call, name) for call in calls) for name in ("seconds", "cost_usd"))
    return [len(calls), *tokens, f"{seconds:.1f}", f"{dollars:.4f}"]
