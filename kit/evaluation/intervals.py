"""Intervals: how far a score could be off, given how few examples it rests on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_RESAMPLES = 10_000
_AT_ONCE = 1_000_000  # scores drawn in one step


@dataclass(frozen=True)
class Interval:
    """A mean with the range that holds 95 % of its resampled values, in "%" or, of a difference, "points"."""

    mean: float
    low: float
    high: float
    n: int
    unit: str = "%"

    def __repr__(self) -> str:
        sign = "+" if self.unit == "points" else ""
        mean, low, high = (f"{value:{sign}.1f}" for value in (self.mean, self.low, self.high))
        return f"{mean} {self.unit} [{low}, {high}], n={self.n}"


def interval(scores: Sequence[float], *, seed: int = 0) -> Interval:
    """Return the mean of per-example scores with its 95 % bootstrap interval.

    Scores are in [0, 1], one for each example; booleans will do. The same seed gives the same interval.
    `ValueError` if there are no scores, or one is NaN: a crashed row is not a zero.

    Source:
        Efron and Tibshirani 1993, An Introduction to the Bootstrap, ch. 13: percentiles of 10,000 resamples.

    >>> interval([1, 1, 1, 0])
    75.0 % [25.0, 100.0], n=4
    """
    return _bootstrap(np.asarray(scores, dtype=float), seed, "%")


def difference(before: Sequence[float], after: Sequence[float], *, seed: int = 0) -> Interval:
    """Return how much better `after` is than `before`, in points, with its paired 95 % bootstrap interval.

    Both hold one score in [0, 1] for each example, in the same order. `ValueError` if they differ in length,
    are empty, or hold NaN.

    >>> difference([0, 0, 0, 1], [1, 1, 0, 1])
    +50.0 points [+0.0, +100.0], n=4
    """
    if len(before) != len(after):
        raise ValueError(f"Paired scores must match: {len(before)} before, {len(after)} after.")
    return _bootstrap(np.asarray(after, dtype=float) - np.asarray(before, dtype=float), seed, "points")


def _resampled_means(values: np.ndarray, seed: int) -> np.ndarray:
    """Draw a few resamples at a time: all 10,000 of 50,000 scores at once would take 8 GB."""
    generator, rows = np.random.default_rng(seed), max(1, _AT_ONCE // len(values))
    sizes = [min(rows, _RESAMPLES - begun) for begun in range(0, _RESAMPLES, rows)]
    return np.concatenate([generator.choice(values, (size, len(values))).mean(axis=1) for size in sizes])


def _bootstrap(values: np.ndarray, seed: int, unit: str) -> Interval:
    if not len(values) or math.isnan(values.sum()):
        raise ValueError("No interval without scores, or with NaN: find out first which rows crashed.")
    low, high = np.percentile(100 * _resampled_means(values, seed), [2.5, 97.5])
    return Interval(100 * float(values.mean()), float(low), float(high), len(values), unit)
