"""Card: what to know of an optimized program before one uses it, in one small JSON file.

How good it is, on which data, by which metric, with which model and adapter, and what a call costs. A score
without these cannot be compared with anything.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from importlib.metadata import version

from kit import tables
from kit.evaluation.intervals import Interval


@dataclass(frozen=True)
class Card:
    """An evaluation card.

    Args:
        task: What the program does, in a line.
        data: Which file and split it was scored on.
        data_sha256: The file's hash.
        metric: What counts as right.
        scores: An interval for each program or metric; `kit.evaluation.intervals` makes them.
        model: Which model gave the scores.
        adapter: Which adapter spoke to it.
        per_call: What a call costs, e.g. {"tokens in": 812.0, "seconds": 4.2, "dollars": 0.0}.
        dspy: The version of DSPy that gave the scores; by default the one at hand.
    """

    task: str
    data: str
    data_sha256: str
    metric: str
    scores: dict[str, Interval]
    model: str
    adapter: str
    per_call: dict[str, float]
    dspy: str = field(default_factory=lambda: version("dspy"))

    def to_json(self) -> bytes:
        """Return the card as a file's content."""
        return json.dumps(asdict(self), indent=2).encode()

    @classmethod
    def from_json(cls, content: bytes) -> Card:
        """Read what `to_json` wrote."""
        fields = json.loads(content)
        scores = {name: Interval(**score) for name, score in fields.pop("scores").items()}
        return cls(scores=scores, **fields)

    def __repr__(self) -> str:
        return tables.columns(("card", ""), self._rows())

    def _repr_html_(self) -> str:
        return tables.table(("card", ""), self._rows())

    def _rows(self) -> list[tuple[str, str]]:
        return [
            ("task", self.task),
            ("data", f"{self.data} (sha256 {self.data_sha256[:12]}...)"),
            ("metric", self.metric),
            *((f"score, {name}", repr(score)) for name, score in self.scores.items()),
            *((f"{name}, per call", f"{value:g}") for name, value in self.per_call.items()),
            *((name, getattr(self, name)) for name in ("model", "adapter", "dspy")),
        ]
