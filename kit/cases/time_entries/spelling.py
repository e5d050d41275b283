"""Spelling: words that no dictionary knows, and what they may have to be.

A suggestion is not a correction: on 2,033 words of real contracts, an earlier version that wrote it without
asking changed 22 words, 21 of them wrongly ("fitness" became "witness").
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from .house import House, english

WORD = re.compile(r"(?<![\w.$/&-])[^\W\d_][\w'\u2019-]+(?![\w/])")
CLEARLY = 10
"""How many times more frequent than the next a suggestion must be, to be the only one."""


def unknown(text: str, house: House) -> Iterator[re.Match[str]]:
    """Find words that nobody knows; capitalized words are names, but for the first.

    >>> [match[0] for match in unknown("Redlined leese with Brandt", House())]
    ['leese']
    """
    for match in WORD.finditer(text):
        plain = match[0].islower() or (match.start() == 0 and match[0].istitle())
        if plain and len(match[0]) > 3 and not house.knows(match[0]):
            yield match


def suggestions(word: str, house: House) -> tuple[str, ...]:
    """Return known words that are one letter away: the firm's own, or at most three frequent ones.

    >>> suggestions("agremeent", House()), suggestions("leese", House(words=frozenset({"lease"})))
    (('agreement',), ('lease',))
    """
    low = word.lower()
    near = (english().candidates(low) or set()) - {low}
    if ours := sorted(near & house.words):
        return tuple(ours[:3])
    count = english().word_frequency.dictionary
    ordered = sorted(near, key=lambda other: (-count[other], other))[:3]
    clear = len(ordered) > 1 and count[ordered[0]] >= CLEARLY * count[ordered[1]]
    return tuple(ordered[:1] if clear else ordered)
