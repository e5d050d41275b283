"""Score boundaries: right, flagged, or silently wrong; each by itself, and each file as a whole.

    score(gold_parts(row), predicted.parts, predicted.doubts, predicted.unread)

A boundary is a part's start, the first part left out. It is flagged if a doubt names its page or its label,
or if its page was not read: somebody will look. What is missed or made up without a doubt is silently wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

from .parts import Part
from .rules import Rules, parsed
from .walk import Heading


@dataclass(frozen=True)
class Score:
    """Boundaries by outcome, over one file or several.

    `right` are found without a doubt, `flagged` are doubted or on pages that were not read, `missed` and
    `false` are silently wrong; `needless` doubts concern no boundary. Files: `exact` are wholly right and
    without a doubt, `open` are flagged, `silent` hold something that is silently wrong.
    """

    right: int = 0
    flagged: int = 0
    missed: int = 0
    false: int = 0
    needless: int = 0
    pages: int = 0
    files: int = 1
    exact: int = 0
    open: int = 0
    silent: int = 0

    @property
    def silently_wrong(self) -> float:
        """Share of boundaries, real or made up, that are wrong without a doubt, in [0, 1]."""
        total = self.right + self.flagged + self.missed + self.false
        return (self.missed + self.false) / total if total else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall of what is found without a doubt, in [0, 1]."""
        total = 2 * self.right + self.flagged + self.missed + self.false
        return 2 * self.right / total if total else 1.0

    def __add__(self, other: Score) -> Score:
        return Score(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(self)))


def gold_parts(row: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the parts of a row of gold but the first, each with the pages on which it may start.

    >>> gold_parts({"segments": [{"start": 1}, {"start": 7, "kind": "exhibit", "id": "A"}]})
    [{'pages': [7], 'title': '', 'label': ('exhibit', 'A')}]
    """
    return [
        {
            "pages": [one["start"]],
            "title": one.get("title") or "",
            "label": (one.get("kind"), str(one.get("id") or "")),
        }
        for one in row["segments"][1:]
    ]


def score(
    gold: Sequence[dict[str, Any]],
    predicted: Sequence[Part],
    doubts: Sequence[Heading] = (),
    unread: Sequence[int] = (),
    by_title: bool = False,
) -> Score:
    """Compare the parts of one file with gold.

    Args:
        gold: The parts but the first: `pages` that are right, `title`, and `label` if it has one.
        predicted: All parts that were found, the first one included.
        doubts: Headings that were doubted.
        unread: Pages that were not read.
        by_title: Whether a title decides and not a page, as in Word files, which have none.

    >>> one = score([{"pages": [7], "title": "", "label": ("exhibit", "A")}], [Part(kind="", start=1, end=9)])
    >>> one.missed, one.silent
    (1, 1)
    """
    left, open_doubts, missed = list(predicted[1:]), list(doubts), []
    right = flagged = 0
    doubted = {(one.page, one.text) for one in doubts}
    for one in gold:
        near = [part for part in left if _same(one, part.start, part.title, by_title)]
        best = next((part for part in near if _alike(one["title"], part.title)), near[0] if near else None)
        if best is None:
            missed.append(one)
            continue
        left.remove(best)
        sure = (best.start, best.title) not in doubted
        right, flagged = right + sure, flagged + (not sure)
        open_doubts = [doubt for doubt in open_doubts if (doubt.page, doubt.text) != (best.start, best.title)]
    silent = 0
    for one in missed:
        near = [doubt for doubt in open_doubts if _concerns(doubt, one, by_title)]
        seen = bool(near) or bool(set(one["pages"]) & set(unread))
        flagged, silent = flagged + seen, silent + (not seen)
        open_doubts = [doubt for doubt in open_doubts if doubt not in near[:1]]
    false = sum((part.start, part.title) not in doubted for part in left)
    wrong, asked = bool(silent + false), bool(doubts) or bool(unread)
    return Score(
        right,
        flagged,
        silent,
        false,
        needless=len(open_doubts),
        exact=int(not wrong and not asked),
        open=int(not wrong and asked),
        silent=int(wrong),
    )


def total(scores: Iterable[Score]) -> Score:
    """Add up scores: boundaries count alike, whatever their file.

    >>> total([Score(right=1), Score(missed=1)]).silently_wrong
    0.5
    """
    return sum(scores, Score(files=0))


def _same(one: dict[str, Any], page: int, title: str, by_title: bool) -> bool:
    return _alike(one["title"], title) if by_title else page in one["pages"]


def _concerns(doubt: Heading, one: dict[str, Any], by_title: bool) -> bool:
    label = one.get("label") or (parsed(one["title"], Rules()) or ("", ""))[:2]
    named = bool(label[1]) and doubt.label == tuple(label)
    return named or _same(one, doubt.page, doubt.text, by_title)


def _alike(title: str, other: str) -> bool:
    """Say whether one title begins with the other, whatever its signs."""
    one, two = (re.sub(r"[\W_]+", "", text).lower() for text in (title, other))
    return bool(one and two) and (one.startswith(two) or two.startswith(one))
