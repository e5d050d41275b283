"""Counts: a voter that costs nothing, naive Bayes over the words of openings whose kind is known.

WordCounts.learn([("Invoice 7 ...", "invoice"), ...]).suggest("Account rendered ...")
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class WordCounts:
    """In how many openings of each kind a word occurs, and how many openings there were."""

    seen: dict[str, dict[str, int]]
    openings: dict[str, int]

    @classmethod
    def learn(cls, rows: Iterable[tuple[str, str]]) -> WordCounts:
        """Count the words of (opening, kind) pairs.

        >>> counts = WordCounts.learn([("please pay this bill", "invoice"), ("dear aunt", "letter")])
        >>> counts.suggest("a bill to pay")
        'invoice'
        """
        seen: dict[str, Counter[str]] = {}
        openings: Counter[str] = Counter()
        for opening, kind in rows:
            seen.setdefault(kind, Counter()).update(_words(opening))
            openings[kind] += 1
        return cls({kind: dict(counts) for kind, counts in seen.items()}, dict(openings))

    def suggest(self, opening: str) -> str:
        """Return the kind that fits the words of an opening best; each kind is as likely beforehand."""
        known = sorted({word for counts in self.seen.values() for word in counts} & _words(opening))
        return max(self.seen, key=lambda kind: self._fit(kind, known))

    def _fit(self, kind: str, known: list[str]) -> float:
        counts, among = self.seen[kind], self.openings[kind] + 1
        return math.fsum(math.log((counts.get(word, 0) + 0.5) / among) for word in known)


def _words(text: str) -> set[str]:
    return set(re.findall(r"[a-z]+|[^\w\s]", text.lower()))
