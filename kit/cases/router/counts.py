"""Counts: a voter that costs nothing, naive Bayes over the words of openings whose kind is known.

WordCounts.learn([("Invoice 7 ...", "invoice"), ...]).suggest("Account rendered ...")
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

LEAST = 4.0
"""By how much the best kind must lead: e to this power times as likely as the next."""


@dataclass(frozen=True)
class WordCounts:
    """In how many openings of each kind a word occurs, and how many openings there were."""

    seen: dict[str, dict[str, int]]
    openings: dict[str, int]

    @classmethod
    def learn(cls, rows: Iterable[tuple[str, str]]) -> WordCounts:
        """Count the words of (opening, kind) pairs.

        >>> counts = WordCounts.learn([("please pay this bill", "invoice"), ("dear aunt", "letter")])
        >>> counts.suggest("a bill to pay", least=1.0), counts.suggest("a bell", least=1.0)
        ('invoice', '')
        """
        seen: dict[str, Counter[str]] = {}
        openings: Counter[str] = Counter()
        for opening, kind in rows:
            seen.setdefault(kind, Counter()).update(_words(opening))
            openings[kind] += 1
        return cls({kind: dict(counts) for kind, counts in seen.items()}, dict(openings))

    def suggest(self, opening: str, least: float = LEAST) -> str:
        """Return the kind that fits the words of an opening best, or "" if another fits nearly as well.

        Each kind is as likely beforehand.
        """
        known = sorted({word for counts in self.seen.values() for word in counts} & _words(opening))
        fits = sorted(((self._fit(kind, known), kind) for kind in self.seen), reverse=True)
        leads = len(fits) < 2 or fits[0][0] - fits[1][0] >= least
        return fits[0][1] if fits and leads else ""

    def _fit(self, kind: str, known: list[str]) -> float:
        counts, among = self.seen[kind], self.openings[kind] + 1
        return math.fsum(math.log((counts.get(word, 0) + 0.5) / among) for word in known)


def _words(text: str) -> set[str]:
    return set(re.findall(r"[^\W\d_]+|[^\w\s]", text.lower()))
