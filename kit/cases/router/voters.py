"""Voters: who says what a document is, from the cheapest to the most expensive.

    voters({"small": kit.lm("small"), "large": kit.lm("large")}, known)

A voter takes a `Document` and returns a kind, or "" if it abstains. Any function of that form will do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import dspy
from dspy.utils.exceptions import AdapterParseError

from ..terse import Terse
from .counts import LEAST, WordCounts
from .kinds import KINDS, OTHER, TITLES
from .naming import Namer, name_kind
from .titles import heading
from .typed import Document

SHOWN = 12
Voter = Callable[[Document], str]


class Words(dspy.Module):
    """Vote by counted words; where two kinds fit nearly as well, abstain."""

    def __init__(self, known: Sequence[tuple[str, str]], least: float = LEAST) -> None:
        super().__init__()
        self.counts, self.least = WordCounts.learn(known), least

    def forward(self, document: Document) -> str:
        """Vote."""
        return self.counts.suggest(document.opening, self.least)


class Headings(dspy.Module):
    """Vote by the words that head the first page."""

    def __init__(self, titles: Mapping[str, str] = TITLES) -> None:
        super().__init__()
        self.titles = dict(titles)

    def forward(self, document: Document) -> str:
        """Vote."""
        return heading(document, self.titles)


class Asked(dspy.Module):
    """Vote as a model says; a reply that is no kind is no vote.

    Args:
        lm: The model.
        kinds: The kinds, each with what it is for.
        known: Openings with their kinds, for the prompt.
        adapter: Writes the prompt and reads the reply.
    """

    def __init__(
        self,
        lm: dspy.BaseLM,
        kinds: Mapping[str, str] = KINDS,
        known: Sequence[tuple[str, str]] = (),
        adapter: dspy.Adapter | None = None,
    ) -> None:
        super().__init__()
        self.name, self.adapter = dspy.Predict(name_kind(kinds)), adapter or Terse()
        self.name.demos = [dspy.Example(opening=opening, kind=kind) for opening, kind in known]
        self.name.set_lm(lm)

    def forward(self, document: Document) -> str:
        """Vote."""
        try:
            with dspy.context(adapter=self.adapter):
                return self.name(opening=document.opening).kind
        except AdapterParseError:
            return ""


class Twice(dspy.Module):
    """Vote as a model says in two answers, with words of the document as evidence; with a doubt, abstain.

    Args:
        lm: The model, preferably a strong one: see `naming.Namer`.
        kinds: The kinds, each with what it is for.
        adapter: Writes the prompts and reads the replies.
    """

    def __init__(
        self, lm: dspy.BaseLM, kinds: Mapping[str, str] = KINDS, adapter: dspy.Adapter | None = None
    ) -> None:
        super().__init__()
        self.namer, self.adapter = Namer(kinds), adapter or Terse()
        self.namer.set_lm(lm)

    def forward(self, document: Document) -> str:
        """Vote."""
        try:
            with dspy.context(adapter=self.adapter):
                said = self.namer(opening=document.opening)
        except AdapterParseError:
            return ""
        return "" if said.doubts else said.kind


def voters(
    models: Mapping[str, Any],
    known: Sequence[tuple[str, str]] = (),
    kinds: Mapping[str, str] = KINDS,
    titles: Mapping[str, str] = TITLES,
    adapter: dspy.Adapter | None = None,
    shown: int = SHOWN,
) -> dict[str, Voter]:
    """Return the voters by name: title, words (if openings are known), and every model that differs.

    Args:
        models: A `dspy.LM` by role: "small", "large" or both. One model in both roles votes once, as "model".
        known: Openings with their kinds.
        kinds: The kinds, each with what it is for.
        titles: The words that head a page of a kind.
        adapter: For the models.
        shown: How many known openings stand in a prompt, those of each kind in turn.

    Raises:
        ValueError: If a known opening or a title is of a kind that is not among the kinds.
    """
    titles = {
        kind: words for kind, words in titles.items() if titles is not TITLES or kind in (*kinds, OTHER)
    }
    if foreign := sorted({*(kind for _, kind in known), *titles} - {*kinds, OTHER}):
        raise ValueError(f"No such kind: {', '.join(foreign)}. Kinds: {', '.join(kinds)}, {OTHER}.")
    asked = {role: models[role] for role in ("small", "large") if role in models}
    if len(asked) == 2 and _same(asked["small"], asked["large"]):
        asked = {"model": asked["large"]}
    said: dict[str, Voter] = {"title": Headings(titles)} | ({"words": Words(known)} if known else {})
    examples = in_turn(known)[:shown]
    return said | {role: Asked(lm, kinds, examples, adapter) for role, lm in asked.items()}


def in_turn(known: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return known openings so that every kind has its turn, in order.

    >>> in_turn([("a", "letter"), ("b", "letter"), ("c", "invoice")])
    [('a', 'letter'), ('c', 'invoice'), ('b', 'letter')]
    """
    seen: dict[str, int] = {}
    ranked = []
    for place, (opening, kind) in enumerate(known):
        seen[kind] = seen.get(kind, 0) + 1
        ranked.append((seen[kind], place, opening, kind))
    return [(opening, kind) for _, _, opening, kind in sorted(ranked)]


def _same(one: Any, other: Any) -> bool:
    return one.model == other.model and one.kwargs.get("api_base") == other.kwargs.get("api_base")
