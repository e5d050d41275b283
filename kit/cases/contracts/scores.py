"""Score boundaries: each by itself, and each contract as a whole.

    score(gold_starts(row), predicted)

A boundary is a page on which a part starts, the first page left out. Works on any gold with `segments`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Score:
    """Boundaries found, made up and missed, over one contract or several."""

    found: int
    false: int
    missed: int
    contracts: int = 1
    exact: int = 0

    @property
    def precision(self) -> float:
        """Share of the predicted boundaries that are real, in [0, 1]; 1.0 if none was predicted."""
        return self.found / (self.found + self.false) if self.found + self.false else 1.0

    @property
    def recall(self) -> float:
        """Share of the real boundaries that were found, in [0, 1]; 1.0 if there are none."""
        return self.found / (self.found + self.missed) if self.found + self.missed else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall, in [0, 1]."""
        total = 2 * self.found + self.false + self.missed
        return 2 * self.found / total if total else 1.0

    def __add__(self, other: Score) -> Score:
        return Score(
            self.found + other.found,
            self.false + other.false,
            self.missed + other.missed,
            self.contracts + other.contracts,
            self.exact + other.exact,
        )


def gold_starts(row: dict[str, Any]) -> list[int]:
    """Return the pages on which a part starts, without the first part.

    >>> gold_starts({"segments": [{"start": 1}, {"start": 7}, {"start": 9}]})
    [7, 9]
    """
    return sorted({segment["start"] for segment in row["segments"][1:]})


def score(expected: Iterable[int], predicted: Iterable[int]) -> Score:
    """Compare the pages on which parts start.

    >>> score([7, 9], [7, 8]).f1
    0.5
    """
    gold, guess = set(expected), set(predicted)
    return Score(len(gold & guess), len(guess - gold), len(gold - guess), 1, int(gold == guess))


def total(scores: Iterable[Score]) -> Score:
    """Add up scores: boundaries count alike, whatever their contract.

    >>> total([score([2], [2]), score([3], [])]).recall
    0.5
    """
    return sum(scores, Score(0, 0, 0, 0, 0))


def page_accuracy(expected: Iterable[str], predicted: Iterable[str]) -> float:
    """Return the share of pages whose class is right, in [0, 1].

    Raises:
        ValueError: If the two differ in length, or are empty.

    >>> page_accuracy(["start", "text"], ["start", "blank"])
    0.5
    """
    pairs = list(zip(expected, predicted, strict=True))
    if not pairs:
        raise ValueError("No page to score; expected at least one.")
    return sum(gold == guess for gold, guess in pairs) / len(pairs)
