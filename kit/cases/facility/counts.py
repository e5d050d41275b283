"""Counts: a second opinion that costs nothing, from how often each word stands in labelled messages."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise


@dataclass
class WordCounts:
    """Label texts by the words of labelled ones: naive Bayes over words and pairs of words.

    Source:
        McCallum and Nigam 1998, the multi-variate form, over the words that are there; half a count is added
        to each.

    >>> counts = WordCounts().learn([("the tap drips", "low"), ("the hall burns", "high")])
    >>> counts.label("Something burns!")
    ('high', 0.75)
    """

    seen: dict[str, Counter] = field(default_factory=dict)
    rows: Counter = field(default_factory=Counter)

    def learn(self, labelled: Iterable[tuple[str, str]]) -> WordCounts:
        """Count the words of labelled texts, and return itself."""
        for text, label in labelled:
            self.seen.setdefault(label, Counter()).update(words(text))
            self.rows[label] += 1
        return self

    def label(self, text: str) -> tuple[str, float]:
        """Return the likeliest label, and the share of all labels' likelihood that it has."""
        shares = self.shares(text)
        best = max(shares, key=shares.__getitem__)
        return best, round(shares[best], 3)

    def shares(self, text: str) -> Mapping[str, float]:
        """Return the share of each label."""
        known = [word for word in sorted(words(text)) if any(word in seen for seen in self.seen.values())]
        logs = {
            label: math.log(count)
            + sum(math.log((self.seen[label][word] + 0.5) / (count + 1)) for word in known)
            for label, count in self.rows.items()
        }
        highest = max(logs.values())
        weights = {label: math.exp(value - highest) for label, value in logs.items()}
        return {label: weight / sum(weights.values()) for label, weight in weights.items()}


def words(text: str) -> set[str]:
    """Return the words of a text, each pair of neighbors, and its marks.

    >>> sorted(words("It burns!"))
    ['!', 'burns', 'burns !', 'it', 'it burns']
    """
    found = re.findall(r"[a-z']+|[!?]", text.lower())
    return {*found, *map(" ".join, pairwise(found))}
