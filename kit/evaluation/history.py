"""History: what an optimizer run tried, found and took, as plain data in one readable JSON file.

Left out: programs and models. A file holds texts and numbers, and loading one runs nothing.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pydantic

from kit.display import runs as views
from kit.display.diffs import Diff, diff, written
from kit.redaction import refuse

VERSION = 1
_REMEDY = "Restore the file from git, or run the optimizer again and save its history."


class BadRun(ValueError):
    """A file is no run that this kit can read."""


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
        return f"{views.title(self)}\n\n{self.text}"

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
class Run:
    """One run of an optimizer, shown as a tree of what it tried.

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
    kit_run: int = VERSION

    def __repr__(self) -> str:
        return repr(self.tree)

    def _repr_html_(self) -> str:
        return self.tree._repr_html_()

    @property
    def seed(self) -> Candidate:
        """The program that the run began with."""
        return self.candidates[0]

    @property
    def best(self) -> Candidate:
        """The program that the optimizer returned."""
        return next(one for one in self.candidates if one.won)

    @property
    def tokens(self) -> int:
        """Tokens read and written."""
        return self.input_tokens + self.output_tokens

    @property
    def tree(self) -> views.Tree:
        """Candidates beneath the one that they were made from."""
        return views.Tree(self)

    @property
    def curve(self) -> views.Curve:
        """The best score so far, against calls."""
        return views.Curve(self)

    @property
    def front(self) -> views.Front:
        """On how many rows each candidate is the best."""
        return views.Front(self)

    def diff(self, before: int = 0, after: int | None = None) -> Diff:
        """Return what changes from one candidate to another, by default from the seed to the winner.

        Raises:
            IndexError: If there is no such candidate.
        """
        old, new = self._candidate(before), self.best if after is None else self._candidate(after)
        return diff(old.text, new.text, names=(f"candidate {old.number}", f"candidate {new.number}"))

    def save(self, path: str | Path) -> Path:
        """Write the run as JSON; a file that says the same, but for the date, is left as it is.

        Raises:
            ValueError: If a score is NaN.
            HoldsSecret: If a text holds a secret.
        """
        path = Path(path)
        self._refuse_nan()
        content = json.dumps(asdict(self), indent=1, ensure_ascii=False).encode() + b"\n"
        refuse(content, "This run")
        if not path.exists() or _undated(path.read_bytes()) != _undated(content):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return path

    def _refuse_nan(self) -> None:
        for one in self.candidates:
            if any(math.isnan(score) for score in [one.score or 0.0, *one.scores]):
                raise ValueError(
                    f"Not saved: candidate {one.number} has rows whose score is NaN: they crashed. Find out "
                    "which, mend program or metric, and run the optimizer again: replies are kept."
                )

    def _candidate(self, number: int) -> Candidate:
        if not 0 <= number < len(self.candidates):
            raise IndexError(f"There is no candidate {number}; there are 0 to {len(self.candidates) - 1}.")
        return self.candidates[number]


def run(path: str | Path) -> Run:
    """Read a run that was saved. No model is asked.

    Raises:
        FileNotFoundError: If there is none; the message names those there are.
        BadRun: If the file is not JSON, of another version, or lacks something.
    """
    path = Path(path)
    if not path.exists():
        there = ", ".join(sorted(one.name for one in path.parent.glob("*.json"))) or "none"
        raise FileNotFoundError(f"No run at {path}. In that folder: {there}.")
    try:
        content = json.loads(path.read_bytes())
    except ValueError as error:
        raise BadRun(f"{path.name} is not JSON ({error}). {_REMEDY}") from None
    written_as = content.get("kit_run") if isinstance(content, dict) else None
    if written_as != VERSION:
        version = f"version {written_as}" if written_as else "no version"
        raise BadRun(f"{path.name} is a run of {version}; this kit reads version {VERSION}. {_REMEDY}")
    try:
        found = pydantic.TypeAdapter(Run).validate_python(content)
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise BadRun(f"{path.name}: {where}: {first['msg']}. {_REMEDY}") from None
    if (winners := sum(one.won for one in found.candidates)) != 1:
        raise BadRun(f"{path.name}: one candidate wins a run; here {winners} did. {_REMEDY}")
    return found


def _undated(content: bytes) -> Any:
    try:
        return json.loads(content) | {"date": ""}
    except ValueError:
        return None
