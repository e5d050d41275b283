"""Steps: the parts of an optimizer run, and what to know of it before it starts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import dspy


@dataclass(frozen=True)
class Given:
    """What `compile` is given; `options` holds whatever else, e.g. num_trials."""

    student: dspy.Module
    trainset: list[dspy.Example]
    valset: list[dspy.Example] | None
    options: dict[str, Any]

    @property
    def rows(self) -> int:
        """How many rows an optimizer validates on that takes the trainset if it has no valset."""
        return len(self.valset or self.trainset)


@dataclass(frozen=True)
class Step:
    """Part of a run: between `low` and `high` runs of the program, or calls of the model that writes.

    `who` answers: "task", "teacher", or "writer" (prompt model, reflection model). `demos` is how many a
    predictor's prompt may hold.
    """

    what: str
    who: str
    low: int
    high: int
    demos: int = 0


@dataclass(frozen=True)
class Plan:
    """All steps of a run, why not to start it, what to know, and what it takes to find one new candidate.

    `first` is how many runs of the program go by, and `first_writes` how many calls of the writing model,
    until the first candidate beyond the given program has its score.
    """

    steps: list[Step] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    first: int = 0
    first_writes: int = 0
    notes: list[str] = field(default_factory=list)

    def problems(self, calls: int | None = None) -> list[str]:
        """Say why the run should not start, given a cap on calls; a run of the program makes one or more."""
        need = self.first + self.first_writes
        if self.faults or calls is None or need <= calls:
            return self.faults
        return [
            f"The cap of {calls:,} calls is too small for one candidate beyond the program given: that takes "
            f"{need:,}. Raise the cap, or give a smaller validation set."
        ]


def bootstraps(optimizer: Any, sizes: list[int], rows: int) -> Step:
    """Count tries: a set of demos takes as many as it holds if each is right, and at most all rows."""
    low = sum(min(size, rows) for size in sizes)
    high = sum(rows * getattr(optimizer, "max_rounds", 1) for size in sizes if size)
    return Step("demos tried on training rows", "teacher", low, high, optimizer.max_labeled_demos)
