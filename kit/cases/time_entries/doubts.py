"""Doubts: places that may break a rule, where no rule can decide. Only these are put to a model."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from .house import KEPT, House, is_past
from .spelling import unknown


@dataclass(frozen=True)
class Doubt:
    """Words of an entry that may break a rule; `start` is where they stand."""

    rule: str
    words: str
    start: int

    @cached_property
    def end(self) -> int:
        """Where the words end."""
        return self.start + len(self.words)


_OPENING = re.compile(r"(?:^|(?<=; ))([^\W\d_][\w'\u2019-]*)(?: (?:of|for|with|at|in|to|on)\b)?")
_NAME = re.compile(r"\b(?=([A-Z][a-z]+ (?:[A-Z]\. )?[A-Z][a-z]+)\b(?! [A-Z&])(?! v\.))")
_DOTTED = re.compile(r"(?<![\w.])(?:[^\W\d_]+\.)+(?=[\s,;)])|(?<![\w.])[^\W\d_]+/[^\W\d_]*")


def doubts(text: str, house: House, client: str = "") -> list[Doubt]:
    """List the places of a tidied entry that may break a rule, in order and without overlaps.

    >>> house = House(words=frozenset("lease with opposing counsel".split()))
    >>> for doubt in doubts("Redline leese; met with Lucas Brandt re. lease.", house):
    ...     print(doubt.rule, doubt.words, sep=": ")
    tense: Redline
    spelling: leese
    names: Lucas Brandt
    abbreviations: re.
    """
    kept = [
        match.span() for match in re.finditer(rf'"[^"]*"|{re.escape(client)}' if client else '"[^"]*"', text)
    ]
    found: list[Doubt] = []
    for doubt in (*_openings(text), *_names(text, house), *_short(text), *_unknown(text, house)):
        taken = kept + [(other.start, other.end) for other in found]
        if all(doubt.end <= start or end <= doubt.start for start, end in taken):
            found.append(doubt)
    return sorted(found, key=lambda doubt: doubt.start)


def _openings(text: str) -> Iterator[Doubt]:
    for match in _OPENING.finditer(text):
        if not is_past(match[1]):
            yield Doubt("tense", match[0], match.start())


def _names(text: str, house: House) -> Iterator[Doubt]:
    for match in _NAME.finditer(text):
        first, *_, last = match[1].split()
        common = house.knows(last) and last.lower() not in house.proper
        if match.start() and not common and not house.knows(first):
            yield Doubt("names", match[1], match.start())


def _short(text: str) -> Iterator[Doubt]:
    for match in _DOTTED.finditer(text):
        initial = re.fullmatch(r"(?:[A-Z]\.)+", match[0])
        if match[0] not in KEPT and not initial:
            yield Doubt("abbreviations", match[0], match.start())


def _unknown(text: str, house: House) -> Iterator[Doubt]:
    for match in unknown(text, house):
        short = len(match[0]) < 4 or not re.search("[aeiouy]", match[0].lower())
        yield Doubt("abbreviations" if short else "spelling", match[0], match.start())
