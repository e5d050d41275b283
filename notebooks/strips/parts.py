"""The pages of a document coloured by part: gold above each page, prediction below it.

    part_strip(pages("lease.pdf"), gold=row["segments"], predicted=split.parts, reasons=split.reasons)

A picture in a notebook and on GitHub, text elsewhere; in a running notebook, a click on a page shows it
large, with the reason for its part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from kit.documents.pages import Page
from strips.part_views import PartView, drawn
from strips.spans import PageParts, PartSpan

_WIDGET = "application/vnd.jupyter.widget-view+json"
_WIDEST = 40


@dataclass(frozen=True)
class PartStrip(PageParts):
    """A picture of pages and their parts, and widgets that show a page large."""

    def __repr__(self) -> str:
        shown = [page.number for page in self.pages[: self.most]]
        bars = [
            line
            for start in range(0, len(shown), _WIDEST)
            for line in self._bars(shown[start : start + _WIDEST])
        ]
        return "\n".join([self.caption, "", *bars, "", *map(self._entry, self.letters)])

    def _repr_png_(self) -> bytes:
        return drawn(self)

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        """Add the widget; picture and text stay those of the whole strip, whatever was clicked."""
        return {_WIDGET: self.view.box._repr_mimebundle_()[_WIDGET]}

    @cached_property
    def view(self) -> PartView:
        """The widgets, made when they are first shown."""
        return PartView(self)

    def _bars(self, numbers: Sequence[int]) -> list[str]:
        """Return a letter for each page and side, one line under the other."""
        rows = [("page", [str(number % 10) for number in numbers])]
        rows += [(name, [self.letter(number, spans) for number in numbers]) for name, spans in self.sides]
        if len(self.sides) == 2:
            rows += [("differs", [" ^"[self.differs(number)] for number in numbers])]
        return [f"{name:<11}{''.join(letters)}".rstrip() for name, letters in rows]

    def _entry(self, start: int) -> str:
        return f"{self.letters[start]} from page {start}: {self.title(start)}"


def part_strip(
    pages: Sequence[Page],
    *,
    gold: Sequence[Any] = (),
    predicted: Sequence[Any] = (),
    reasons: Mapping[int, str] | None = None,
    size: int = 92,
) -> PartStrip:
    """Lay out the pages of a document with its parts.

    Args:
        pages: Pages of one file, from the first.
        gold: Parts as they are: mappings or objects with `start`, and with `title`, or `kind` and `id`.
        predicted: Parts as a program found them, in the same form.
        reasons: Why a page starts a part, or does not, by page.
        size: Longer side of each page, in pixels.

    Raises:
        ValueError: If there is neither gold nor prediction, or a part starts beyond the pages.
    """
    sides = [tuple(sorted(map(_span, spans), key=lambda span: span.start)) for spans in (gold, predicted)]
    if not any(sides):
        raise ValueError("Nothing to colour: give parts as `gold`, as `predicted`, or both.")
    outside = [span for spans in sides for span in spans if not 1 <= span.start <= len(pages)]
    if outside:
        raise ValueError(
            f"{outside[0]} starts beyond the {len(pages)} pages. Are these parts of another file?"
        )
    return PartStrip(tuple(pages), *sides, reasons=dict(reasons or {}), size=size)


def _span(part: Any) -> PartSpan:
    """Return a part as a span, from a mapping or an object.

    >>> _span({"start": 3, "kind": "exhibit", "id": "A"})
    PartSpan(start=3, title='exhibit A')
    """
    values = part if isinstance(part, Mapping) else vars(part)
    named = values.get("title") or f"{values.get('kind', 'part')} {values.get('id', '')}"
    return PartSpan(values["start"], named.strip())
