"""Intervals agree with hand-computed cases, and hold the truth about as often as they say."""

import math
import random
import tracemalloc

import numpy as np
import pytest

from kit.evaluation import intervals
from kit.evaluation.intervals import Interval, difference, interval


def test_the_mean_is_in_percent():
    """Three of four is 75 %, whether scores are numbers or booleans."""
    assert interval([1, 1, 1, 0]).mean == interval([True, True, True, False]).mean == 75.0


def test_four_coins_by_hand():
    """Resampling (0, 1): the mean is 0, 0.5 or 1 with odds 1:2:1, so 95 % of it spans everything."""
    assert interval([0, 1]) == Interval(50.0, 0.0, 100.0, 2)


def test_the_interval_is_about_two_standard_errors():
    """For 100 scores of which half are right, the normal approximation gives 50 ± 9.8."""
    found = interval([0, 1] * 50)
    assert found.low == pytest.approx(50 - 9.8, abs=1)
    assert found.high == pytest.approx(50 + 9.8, abs=1)


def test_more_examples_narrow_it():
    """Four times the examples halve the width."""
    few, many = interval([0, 1] * 20), interval([0, 1] * 80)
    assert (few.high - few.low) / (many.high - many.low) == pytest.approx(2, rel=0.1)


def test_scores_that_agree_leave_no_doubt():
    """Resampling equal scores gives the same mean each time; n shows how little that means."""
    assert repr(interval([1, 1, 1])) == "100.0 % [100.0, 100.0], n=3"


def test_the_same_scores_give_the_same_interval():
    """A lesson's number does not change from run to run; another seed may move it a little."""
    scores = [0.1, 0.9, 0.4, 0.8, 0.35]
    assert interval(scores) == interval(scores)
    assert interval(scores, seed=1).mean == interval(scores).mean


@pytest.mark.parametrize("n", [1, 7, 42, 999, 1001, 30_011])
def test_pieces_are_drawn_as_one(n, monkeypatch):
    """Drawn a few at a time, the resamples are those that one large draw gives, to the last bit."""
    monkeypatch.setattr(intervals, "_RESAMPLES", 301)
    monkeypatch.setattr(intervals, "_AT_ONCE", 20_011)
    values = np.random.default_rng(n).random(n)
    whole = np.random.default_rng(3).choice(values, (301, n)).mean(axis=1)
    assert (intervals._resampled_means(values, 3) == whole).all()


def test_a_large_test_set_needs_little_memory():
    """An interval of 50,000 scores, and a difference of two, stay under 50 MB each."""
    scores = np.random.default_rng(0).integers(0, 2, 50_000).tolist()
    tracemalloc.start()
    try:
        interval(scores)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert 1_000_000 < peak < 50_000_000


def test_a_difference_is_paired():
    """When every example gains the same, there is no doubt about the gain, however the examples differ."""
    before = [0.0, 0.5, 0.25, 0.75]
    found = difference(before, [score + 0.125 for score in before])
    assert repr(found) == "+12.5 points [+12.5, +12.5], n=4"


def test_a_difference_has_a_sign():
    """Getting worse is negative."""
    assert difference([1, 1, 0, 0], [0, 1, 0, 0]).mean == -25.0


def test_pairs_must_match():
    """Scores of different examples cannot be paired."""
    with pytest.raises(ValueError, match="2 before, 1 after"):
        difference([0, 1], [1])


@pytest.mark.parametrize("scores", [[], [1.0, math.nan]])
def test_crashed_rows_are_no_zeros(scores):
    """Without scores, or with one that is NaN, there is no interval to trust."""
    with pytest.raises(ValueError, match="which rows crashed"):
        interval(scores)


def test_most_intervals_hold_the_truth():
    """Of 100 samples from a coin that lands right 70 % of the time, about 95 intervals hold 70."""
    draw = random.Random(0)
    found = (interval([draw.random() < 0.7 for _ in range(60)]) for _ in range(100))
    assert 88 <= sum(one.low <= 70 <= one.high for one in found) <= 99
