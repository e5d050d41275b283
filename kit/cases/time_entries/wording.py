"""Wording: words of an entry that are not words of legal work, and names that are nearly alike."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from .explanations import distance
from .guide import Guide
from .house import House, american, base_forms, english, vocabulary
from .lists import LISTS
from .openings import DETERMINERS, PREPOSITIONS
from .spelling import CLEARLY
from .verbs import base_of, is_past

_LETTERS = re.compile(r"(?<![\w.$/&\u2019'-])[^\W\d_]+(?:['\u2019-][^\W\d_]+)*(?![\w/])")
_PART = re.compile(r"[^\W\d_]+(?:['\u2019](?:s|t|d|re|ve|ll)?)?")
_NO_NOUN = "|".join(PREPOSITIONS | DETERMINERS | LISTS["after_owners"])
_OWNERS = re.compile(rf"\b((?:{'|'.join(LISTS['owners'])})s) (?!(?:{_NO_NOUN})\b)([a-z]+)")
_BEFORE_NAME = re.compile(
    r"\b(?:with|to|from|by|of|for|and|counsel|called|emailed|advised|deposed|interviewed|telephoned) $"
)


def wording(text: str, guide: Guide, house: House, narrative: str) -> Iterator[tuple]:
    """Doubt words that are not words of legal work: near ones as slips, short ones as short forms.

    >>> guide = Guide.read("american.toml")
    >>> for entry in ("Drafted maritel term", "Met w client", "Met with priya"):
    ...     print(*wording(entry, guide, House(), entry))
    ('spelling', 'maritel', 8, ('marital',))
    ('abbreviations', 'w', 4, ())
    ('names', 'priya', 9, ())
    """
    for match in re.finditer(r"(?<![\w.'\u2019(-])(?!v\.)[b-z](?![\w'\u2019)-]|\.\w)", text):
        yield "abbreviations", match[0], match.start(), ()
    for match in _OWNERS.finditer(text):
        if not (is_past(match[2]) or match[2].endswith(("ing", "ly"))):
            yield "spelling", match[1], match.start(), (f"{match[1][:-1]}'s", f"{match[1]}'")
    small = narrative.isupper() or not re.search(r"[A-Z]", narrative[1:] or text[1:])
    for match in _LETTERS.finditer(text):
        parts = list(_PART.finditer(match[0]))
        for part in parts:
            word = part[0].rstrip("'\u2019")
            place = match.start() + part.start()
            low = re.sub(r"['\u2019]s?$", "", word).lower()
            if (word.islower() or place == 0) and len(low) > 1:
                kind, choices = _kind(low, len(parts) > 1, place == 0, guide, house)
                if kind is None and small and len(parts) == 1 and _BEFORE_NAME.search(text[:place]):
                    kind = None if familiar(low, guide, house) else "names"
                if kind:
                    yield kind, word, place, choices


def _kind(low: str, in_compound: bool, opens: bool, guide: Guide, house: House) -> tuple[str | None, tuple]:
    """Return the kind of doubt that a word raises, or None, and what it may have to be."""
    if abroad(low, guide) or re.search(r"[^aeiou]ys$", low):
        return "spelling", ()
    if in_compound or familiar(low, guide, house):
        return None, ()
    if len(low) < 4 and not opens:
        return "abbreviations", ()
    near = likelier(low)
    return ("spelling", near) if near else (None, ())


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


def plain(text: str, guide: Guide, house: House) -> bool:
    """Say whether a text in small letters holds common words alone, no name or acronym.

    >>> guide = Guide.read("house.toml")
    >>> texts = ("drafted lease", "met judge oakley", "reviewed spa", "met paul")
    >>> [plain(text, guide, House()) for text in texts]
    [True, False, False, False]
    """
    words = {re.sub(r"['\u2019]s?$", "", word) for word in re.findall(r"[^\W\d_][\w'\u2019]*", text.lower())}
    names = (
        LISTS["given"] | LISTS["titles"] | LISTS["of_names"] | {word.lower() for word in LISTS["acronyms"]}
    )
    return (
        words.isdisjoint(names) and text[1:].islower() and all(familiar(word, guide, house) for word in words)
    )


@cache
def likelier(word: str) -> tuple[str, ...]:
    """Return the words of legal work that are one slip away from a word, and far more frequent than it.

    >>> likelier("casual"), likelier("maritel"), likelier("piano")
    ((), ('marital',), ())
    """
    count = english().word_frequency.dictionary
    near = english().edit_distance_1(word) & vocabulary() if len(word) > 3 else set()
    near = {other for other in near if len(other) > 3 and count[other] > CLEARLY * count[word]}
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
        word
        for word in vocabulary()
        if len(word) > 4 and american(word) != word and american(word) in vocabulary()
    )


def alike(text: str, client: str, house: House) -> Iterator[tuple]:
    """Doubt a name that is nearly another one, and the name of another client or matter.

    >>> house = House(clients=frozenset({"Brightwater Nurseries", "Pell Estate"}))
    >>> [words for _, words, *_ in alike("Met Tansley and Tansly of Brightwater", "Pell Estate", house)]
    ['Tansly', 'Brightwater']
    """
    names = list(re.finditer(r"(?<![\w'\u2019])[A-Z][^\W\d_A-Z][^\W\d_]{2,}", text))
    ours = re.findall(r"[A-Z][^\W\d_]{3,}", client)
    rest = (name for name in house.clients if name != client)
    others = {word for name in rest for word in re.findall(r"[A-Z][^\W\d_]{4,}", name)}
    for at, match in enumerate(names):
        name = match[0]
        if any(_nearly(name, other) for other in (*ours, *(before[0] for before in names[:at]))):
            yield "names", name, match.start(), ()
        elif name in others and name not in ours and name.lower() not in vocabulary():
            yield "meaning", name, match.start(), ("another client",)
        elif name not in ours and any(name.rstrip("s") == other.rstrip("s") for other in ours):
            yield "names", name, match.start(), ()
        elif name not in ours and re.match(r" (?:case|matter|file)\b", text[match.end() :]):
            yield "meaning", name, match.start(), ("another matter",)


def _nearly(name: str, other: str) -> bool:
    most = 2 if len(other) > 7 else 1
    return name.rstrip("s") != other.rstrip("s") and 0 < distance(name, other) <= most
