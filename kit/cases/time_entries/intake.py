"""Intake: entries that nobody should correct unseen. They go to a person, as they came, without a call."""

from __future__ import annotations

import re
from typing import Any

from .guide import Guide
from .house import House
from .rules import printable

LONGEST = 2_000
_TAG = re.compile(r"</?[a-z][^<>]*>|&(?:nbsp|amp|lt|gt|quot|#\d+);", re.IGNORECASE)


def refusal(narrative: Any, guide: Guide, house: House) -> str | None:
    """Return why an entry needs a person, or None.

    >>> house = House(words=frozenset("draft lease for client".split()))
    >>> for narrative in (float("nan"), "", "x", "<b>Draft lease</b>", "Entwurf des Mietvertrags geprüft"):
    ...     print(refusal(narrative, Guide.read("house.toml"), house))
    no text, but nan
    empty
    no word in it
    HTML in it: '<b>'
    not English, by most of its words
    """
    if not isinstance(narrative, str):
        return f"no text, but {narrative!r}"
    if not narrative.strip():
        return "empty"
    if len(narrative) > LONGEST:
        return f"{len(narrative):,} characters; at most {LONGEST:,} are read"
    if tag := _TAG.search(narrative):
        return f"HTML in it: {tag[0]!r}"
    words = re.findall(r"[^\W\d_]{2,}", printable(narrative))
    if not words:
        return "no word in it"
    if not _english(words, guide, house):
        return "not English, by most of its words"
    return None


def _english(words: list[str], guide: Guide, house: House) -> bool:
    """Say whether fewer than half of the words in lower case are strange; those without a vowel pass."""
    letters = "".join(words)
    if sum(letter.isascii() for letter in letters) < len(letters) / 2:
        return False
    common = [word.lower() for word in words if word.islower() or not word.isascii()]
    certain = guide.words | {*guide.abbreviations, *guide.ambiguous, *guide.spellings}
    strange = [
        word for word in common if not (house.knows(word) or word in certain) and re.search("[aeiou]", word)
    ]
    enough = 3 if "".join(strange).isascii() else 2  # two slips in a short entry are no other language
    return len(strange) < enough or len(strange) < len(common) / 2
