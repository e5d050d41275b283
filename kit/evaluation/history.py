"""History: what an optimizer run tried, found and took, as plain data in one readable JSON file.

Left out: programs and models. A file holds texts and numbers, and loading one runs nothing.
"""

from __future__ import annotations

import json
import math
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from kit.display.diffs import Diff, diff, written
from kit.redaction import refuse


@dataclass(frozen=True)
class Candidate:
    """One program that was tried.

    `parents` are numbers of candidates; the seed has none. `score` is in percent, over `rows` validation
    rows; `calls` is how many had been made when it was known. `scores` has one for each row, in [0, 1].
    """

    number: int
    parents: list[int]
    label: str = ""
    score: float | None = None
    rows: int | None = None
    calls: int | None = None
    instructions: dict[str, str] = field(default_factory=dict)
    demos: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    scores: list[float] = field(default_factory=list)
    won: bool = False

    def __repr__(self) -> str:
        return f"{self.title}\n\n{self.text}"

    @property
    def title(self) -> str:
        """Number and score, and whether it won."""
        score = "" if self.score is None else f" · {self.score:.1f}"
        return f"{self.number}{score}{' · ★ won' * self.won}"

    @property
    def text(self) -> str:
        """Instructions and demos of each predictor, as they are compared and read."""
        blocks = {}
        for name, instruction in self.instructions.items():
            blocks[f"{name}: instructions"] = instruction
            for number, demo in enumerate(self.demos.get(name, []), 1):
                lines = (f"{key}: {value}" for key, value in demo.items() if key != "augmented")
                blocks[f"{name}: demo {number}"] = "\n".join(lines)
        return written(blocks)


@dataclass(frozen=True)
class History:
    """What one run of an optimizer tried and used.

    `counted` says what the `calls` of candidates are; the run's own are None if nobody counted.
    """

    optimizer: str
    settings: dict[str, str | float | int | bool | None]
    models: dict[str, str]
    splits: dict[str, int]
    candidates: list[Candidate]
    calls: int | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    seconds: float = 0.0
    usd: float = 0.0
    counted: str = "calls of models"
    dspy: str = ""
    date: str = ""
    kit_run: Literal[1] = 1

    @property
    def seed(self) -> Candidate:
        """The program that the run began with."""
        return self.candidates[0]

    @property
    def best(self) -> Candidate:
        """The program that the optimizer returned."""
        return next(candidate for candidate in self.candidates if candidate.won)

    @property
    def tokens(self) -> int:
        """Tokens read and written."""
        return self.input_tokens + self.output_tokens

    def diff(self, before: int = 0, after: int | None = None) -> Diff:
        """Return what changes from one candidate to another, by default from the seed to the winner."""
        old, new = self._candidate(before), self.best if after is None else self._candidate(after)
        return diff(old.text, new.text, names=(f"candidate {old.number}", f"candidate {new.number}"))

    def save(self, path: str | Path) -> Path:
        """Write the run as JSON, unless the file says the same but for the date.

        A score that is NaN and a text that holds a secret are refused.
        """
        for candidate in self.candidates:
            if any(math.isnan(score) for score in [candidate.score or 0.0, *candidate.scores]):
                raise ValueError(
                    f"Not saved: candidate {candidate.number} has rows whose score is NaN: they crashed. "
                    "Find out which, fix program or metric, and run the optimizer again: replies are kept."
                )
        path, before = Path(path), {}
        content = json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n"
        refuse(content, "This run")
        with suppress(FileNotFoundError, ValueError):
            before = json.loads(path.read_bytes())
        if before | {"date": ""} != json.loads(content) | {"date": ""}:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8", newline="")
        return path

    def _candidate(self, number: int) -> Candidate:
        if not 0 <= number < len(self.candidates):
            raise IndexError(f"There is no candidate {number}; there are 0 to {len(self.candidates) - 1}.")
        return self.candidates[number]
