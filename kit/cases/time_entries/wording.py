"""Wording: words of an entry that are not words of legal work, and names that are nearly alike."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from .explanations import distance
from .guide import Guide
from .house import House, american, base_forms, english, vocabulary
from .lists import LISTS
from .verbs import base_of

_LETTERS = re.compile(r"(?<![\w.$/&\u2019'-])[^\W\d_]+(?:['\u2019-][^\W\d_]+)*(?![\w/])")
_PART = re.compile(r"[^\W\d_]+(?:['\u2019](?:s|t|d|re|ve|ll)?)?")


def wording(text: str, guide: Guide, house: House, new_words: float, narrative: str) -> Iterator[tuple]:
    """Doubt words that are not words of legal work: near ones as slips, short ones as short forms."""
    for match in re.finditer(r"(?<![\w.'\u2019(-])[b-z](?![\w.'\u2019)-])", text):
        yield "abbreviations", match[0], match.start(), ()
    new = []
    for match in _LETTERS.finditer(text):
        parts = list(_PART.finditer(match[0]))
        for part in parts:
            word = part[0].rstrip("'\u2019")
            opens = match.start() == part.start() == 0
            low = re.sub(r"['\u2019]s?$", "", word).lower()
            if (word.islower() or opens) and len(low) > 1:
                kind, choices = _kind(low, len(parts) > 1, opens, guide, house)
                place = match.start() + part.start()
                if kind == "words":
                    new.append((kind, word, place, ()))
                elif kind:
                    yield kind, word, place, choices
    capital = re.search(r"[A-Z]", narrative[1:] or text[1:]) and not narrative.isupper()
    if len(new) > (new_words if capital else 0):  # without a capital, a new word may be a name
        yield from new


def _kind(low: str, in_compound: bool, opens: bool, guide: Guide, house: House) -> tuple[str | None, tuple]:
    """Return the kind of doubt that a word raises, or None, and what it may have to be."""
    if abroad(low, guide) or re.search(r"[^aeiou]ys$", low):
        return "spelling", ()
    if low in LISTS["always_capital"]:
        return "capitals", ()
    if familiar(low, guide, house) or (in_compound and low in LISTS["prefixes"]):
        return None, ()
    if in_compound:
        return "words", ()
    if len(low) < 4 and not opens:
        return "abbreviations", ()
    if near := likelier(low):
        return "spelling", near
    return (None, ()) if opens else ("words", ())


def familiar(word: str, guide: Guide, house: House) -> bool:
    """Say whether a word is one of legal work, of the guide or of the firm, or a listed verb.

    >>> guide = Guide.read("american.toml")
    >>> [familiar(word, guide, House()) for word in ("covenants", "copies", "copys", "piano")]
    [True, True, False, False]
    """
    if base_of(word) or word in vocabulary() or word in guide.words or house.owns(word):
        return True
    bases = {form for form in (*base_forms(word), american(word)) if len(form) > 2}
    plural = word.endswith("s") and not re.search(r"[^aeiou]ys$", word)
    known = plural or english().known([word]) or english().known([american(word)])
    return bool(known) and not bases.isdisjoint(vocabulary())


@cache
def likelier(word: str) -> tuple[str, ...]:
    """Return the words of legal work that are one slip away from a word that is none.

    >>> likelier("casual"), likelier("piano")
    (('causal',), ())
    """
    near = english().edit_distance_1(word) & vocabulary() if len(word) > 3 else set()
    return tuple(sorted(other for other in near if other[: len(word) - 1] != word[:-1]))[:3]


def abroad(word: str, guide: Guide) -> bool:
    """Say whether a word is spelled as the guide's country does not spell it.

    >>> [abroad(word, Guide.read("british.toml")) for word in ("color", "organized", "colour")]
    [True, True, False]
    """
    if guide.spelling == "American":
        return word in _british() | LISTS["british"] or word in guide.variants
    ize = re.search(r"[iy]z(?:e|ed|es|ing|ation)$", word) and word not in LISTS["always_ize"]
    ours = word in (LISTS["american"] | set(guide.variants.values())) - LISTS["either"]
    return guide.spelling == "British" and (bool(ize) or ours)


@cache
def _british() -> frozenset[str]:
    return frozenset(
        word for word in vocabulary() if american(word) != word and american(word) in vocabulary()
    )


def alike(text: str, client: str, house: House) -> Iterator[tuple]:
    """Doubt a name that is nearly another one, and the name of another client.

    >>> house = House(clients=frozenset({"Brightwater Nurseries", "Pell Estate"}))
    >>> [words for _, words, *_ in alike("Met Tansley and Tansly of Brightwater", "Pell Estate", house)]
    ['Tansly', 'Brightwater']
    """
    names = list(re.finditer(r"(?<![\w'\u2019])[A-Z][^\W\d_]{3,}", text))
    ours = re.findall(r"[A-Z][^\W\d_]{3,}", client)
    rest = (name for name in house.clients if name != client)
    others = {word for name in rest for word in re.findall(r"[A-Z][^\W\d_]{4,}", name)}
    for at, match in enumerate(names):
        name = match[0]
        if any(_nearly(name, other) for other in (*ours, *(before[0] for before in names[:at]))):
            yield "names", name, match.start(), ()
        elif name in others and name not in ours and name.lower() not in vocabulary():
            yield "meaning", name, match.start(), ("another client",)


def _nearly(name: str, other: str) -> bool:
    most = 2 if len(other) > 7 else 1
    return name.rstrip("s") != other.rstrip("s") and 0 < distance(name, other) <= most
