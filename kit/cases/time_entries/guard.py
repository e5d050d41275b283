"""Guard: what a corrected entry may never lose or invent, whoever corrected it. No model is asked."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection

from .differences import tokens
from .explanations import distance, explain
from .guide import Guide
from .rules import abbreviations
from .verbs import base_of

_SMALL = frozenset(
    ["a", "an", "and", "at", "by", "for", "from", "in", "of", "on", "re", "regarding", "the", "to", "with"]
)


def faults(narrative: str, corrected: str, guide: Guide, protected: Collection[str] = ()) -> list[str]:
    """Say in words what a correction lost or invented; nothing, if it may stand.

    Args:
        narrative: The entry as it came.
        corrected: What was made of it.
        guide: Its words, and forms of words of the narrative, are no invention.
        protected: Names of client, matter and people, which must stay as they are.

    >>> guide = Guide.read("american.toml")
    >>> faults("review Acme lease, 2 hrs", "Reviewed Acme lease, 2 hours", guide, ["Acme"])
    []
    >>> for fault in faults("review Acme lease, 2 hrs", "Reviewed ACME contract, 3 hours", guide, ["Acme"]):
    ...     print(fault)
    The figures are 2, not 3.
    Write Acme as it is, and only where it is.
    The narrative has no word for 'contract'.
    Nothing is left of 'lease'.
    """
    found = []
    figures = [sorted(re.findall(r"\d+(?:[.,:]\d+)*", text)) for text in (narrative, corrected)]
    if figures[0] != figures[1] and not guide.dates:
        found.append(
            f"The figures are {', '.join(figures[0]) or 'none'}, not {', '.join(figures[1]) or 'none'}."
        )
    for name in protected:
        if narrative.lower().count(name.lower()) != corrected.count(name):
            found.append(f"Write {name} as it is, and only where it is.")
    quotes = [Counter(re.findall(r'"[^"]*"', text)) for text in (narrative, corrected)]
    if quotes[0] != quotes[1]:
        found.append("Leave quotations as they are.")
    found += [f"The narrative has no word for {word!r}." for word in invented(narrative, corrected, guide)]
    return found + [f"Nothing is left of {word!r}." for word in lost(narrative, corrected, guide)]


def invented(narrative: str, corrected: str, guide: Guide) -> list[str]:
    """Return the words of a correction that nothing in the narrative, and no line of the guide, explains.

    >>> invented("redline dep. outline", "Redlined outline of hearing", Guide.read("american.toml"))
    ['hearing']
    """
    old = _words(narrative)
    written_out = abbreviations(narrative, guide)
    known = (
        {word.casefold() for word in old} | _SMALL | _given(f"{narrative} {written_out}".casefold(), guide)
    )
    return [word for word in _words(corrected) if word.casefold() not in known and not _explained(word, old)]


def lost(narrative: str, corrected: str, guide: Guide) -> list[str]:
    """Return the words of a narrative of which a correction keeps no trace.

    >>> lost("met retired judge re lease", "Met judge regarding lease", Guide.read("american.toml"))
    ['retired']
    """
    new = _words(corrected)
    tables = (guide.openings, guide.abbreviations, guide.replace, guide.spellings, guide.ambiguous)
    known = {word.casefold() for word in new} | _SMALL
    known |= {part.strip(".") for table in tables for short in table for part in short.casefold().split()}
    if guide.people == "F. Last":
        known |= {word.casefold() for word in _words(narrative) if re.search(rf"\b{word[0]}\. ", corrected)}
    return [word for word in _words(narrative) if word.casefold() not in known and not _explained(word, new)]


def _given(narrative: str, guide: Guide) -> set[str]:
    """Return the words that the guide puts in the place of something in the narrative."""
    tables = (
        guide.openings,
        guide.abbreviations,
        guide.replace,
        guide.spellings,
        guide.ambiguous,
        guide.confusable,
    )
    given: set[str] = set()
    for table in tables:
        for short, full in table.items():
            said = short.casefold().rstrip(".")
            if said in narrative and re.search(rf"(?<!\w){re.escape(said)}(?!\w)", narrative):
                given |= set(" ".join([full] if isinstance(full, str) else full).casefold().split())
    return given


def _explained(word: str, old: list[str]) -> bool:
    base = base_of(word)
    same_verb = base and any(base_of(other) == base for other in old)
    near = any(distance(word.casefold(), other.casefold()) <= (2 if len(word) > 5 else 1) for other in old)
    stem = any(
        min(len(word), len(other)) > 5
        and other[:5].casefold() == word[:5].casefold()
        and (base or base_of(other))
        for other in old
    )
    initial = any(re.search(rf"(?:^|/){word[0]}", other, re.IGNORECASE) for other in old if "/" in other)
    return bool(
        same_verb
        or stem
        or near
        or initial
        or any(explain((word,), (other,)) or explain((other,), (word,)) for other in old)
    )


def _words(text: str) -> list[str]:
    parts = re.findall(
        r"[^\W\d_][\w'\u2019/-]*", " ".join(token for token in tokens(text) if '"' not in token)
    )
    return [part for part in parts if len(part) > 1]
