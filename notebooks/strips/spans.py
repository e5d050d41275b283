"""Spans: the pages of a document and the parts that gold and a prediction make of them."""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from kit.documents.pages import Page

LETTERS = string.ascii_uppercase + string.ascii_lowercase
COLOURS = ("#54b4fc", "#fce43c", "#6c8454", "#84fcfc", "#cc9c3c", "#6c6cfc", "#cce49c", "#6c849c")
"""Chosen for the greatest smallest distance (CIE 1976: 30) in full, red-blind and green-blind sight."""


@dataclass(frozen=True)
class PartSpan:
    """A part as it is drawn: its first page, and what it is called."""

    start: int
    title: str


@dataclass(frozen=True)
class PageParts:
    """Pages with the parts of gold and of a prediction; one first page, one colour and one letter."""

    pages: tuple[Page, ...]
    gold: tuple[PartSpan, ...]
    predicted: tuple[PartSpan, ...]
    reasons: Mapping[int, str] = field(default_factory=dict)
    size: int = 92
    most: int = 120

    @cached_property
    def sides(self) -> list[tuple[str, tuple[PartSpan, ...]]]:
        """Gold and prediction by name, as far as they were given."""
        return [
            (name, spans) for name, spans in (("gold", self.gold), ("predicted", self.predicted)) if spans
        ]

    @cached_property
    def letters(self) -> dict[int, str]:
        """A letter for each page on which a part starts, on either side."""
        starts = sorted({span.start for _, spans in self.sides for span in spans})
        return {start: LETTERS[index % len(LETTERS)] for index, start in enumerate(starts)}

    @property
    def caption(self) -> str:
        """Which file, and how the prediction does: boundaries found, false and missed."""
        name = f"{self.pages[0].source}, {len(self.pages)} pages" if self.pages else "no pages"
        if len(self.sides) < 2:
            return name
        gold, guess = ({span.start for span in spans} - {1} for spans in (self.gold, self.predicted))
        score = f"{len(gold & guess)} of {len(gold)} boundaries found, {len(guess - gold)} false"
        return f"{name}: {score}"

    def of(self, number: int, spans: Sequence[PartSpan]) -> PartSpan | None:
        """Return the part to which a page counts: the last one that starts on it or before."""
        return next((span for span in reversed(spans) if span.start <= number), None)

    def letter(self, number: int, spans: Sequence[PartSpan]) -> str:
        """Return the letter of a page's part, or a dot."""
        span = self.of(number, spans)
        return self.letters[span.start] if span else "."

    def colour(self, number: int, spans: Sequence[PartSpan]) -> str:
        """Return the colour of a page's part."""
        span = self.of(number, spans)
        return COLOURS[list(self.letters).index(span.start) % len(COLOURS)] if span else "#ffffff"

    def differs(self, number: int) -> bool:
        """Say whether gold and prediction put a page into different parts."""
        return len(self.sides) == 2 and self.letter(number, self.gold) != self.letter(number, self.predicted)

    def title(self, start: int) -> str:
        """Return what the part that starts on a page is called, by gold if gold has it."""
        return next(span.title for _, spans in self.sides for span in spans if span.start == start)

    def why(self, number: int) -> str:
        """Return the reason that was given for a page, or else what its parts say about it."""
        if reason := self.reasons.get(number):
            return reason
        starts = {name: any(span.start == number for span in spans) for name, spans in self.sides}
        if not any(starts.values()):
            return "No part starts here: the page continues the one before it."
        where = " and ".join(name for name, here in starts.items() if here)
        missing = "".join(f"; not in {name}" for name, here in starts.items() if not here)
        return f"A part starts here in {where}{missing}."
