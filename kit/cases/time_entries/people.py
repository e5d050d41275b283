"""People: full names that are a person's for certain; names, initials and acronyms that nobody explains."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from .guide import Guide
from .house import House, base_forms, vocabulary
from .lists import LISTS
from .verbs import base_of, is_past

_CAPITAL = "[A-Z\u00c0-\u00de]"
_NAME = rf"{_CAPITAL}(?:['\u2019]{_CAPITAL})?[\w-]*[^\W\d_A-Z]"
_TITLE = r"(?:\b(?:Dr|Mr|Mrs|Ms|Prof)\.|\b(?:Judge|Justice|Professor|Arbitrator|Sergeant)) "
_PARTICLES = "(?:(?:van|von|de|del|della|der|den|da|dos|di|la|le|bin|al|ter|ten) )*"
FULL_NAME = re.compile(
    rf"(?<![\w'\u2019.-])(?P<first>{_NAME}) (?:[A-Z]\.? )*(?P<last>{_PARTICLES}{_NAME})"
    r"(?![\w-]| [A-Z]| v\.?\b)"
)
THREE_NAMES = re.compile(rf"(?<![\w'\u2019.-]){_NAME} {_NAME} {_NAME}(?![\w'\u2019-]| [A-Z&])")
_ALONE = re.compile(rf"(?<![\w'\u2019.&-])(?:al-)?{_NAME}(?![\w-])")
_ACRONYM = re.compile(r"(?<![\w.$'\u2019/&-])([A-Z]{2,6})s?(?![\w&/-]|\.\w)")
_INITIALS = re.compile(
    rf"(?<![\w.])(?:[A-Z]\.){{2,}}(?! ?[A-Z])"
    rf"|(?<=[a-z] )(?<!\b[A-Z]\w\b )[A-Z]\.(?= [a-z])(?! {_PARTICLES}{_CAPITAL})"
    r"|(?:Mr|Ms|Mrs|Dr)\.? [A-Z]\b(?!\.)|\b(?:with|to|from|for|by) [A-Z]\.?$"
)
_AFTER_NAME = re.compile(
    r"(?:[A-Z][\w.'\u2019&-]*|\bv\.|[&§\d]|[A-Z]\w+ (?:of|for|and|the)(?: the)?"
    r"|[A-Z]\S* (?:van|von|del?|la|der)) $"
)
_BESIDE = re.compile(r"(?:['\u2019]s)? (?:[A-Z&\ue000-\uf8ff]|v\.|of (?:the )?[A-Z])|[/,] ?(?:Inc|LL|Ltd|Co)")
_JOINED = re.compile(r"(?:^|(?<!\w)[a-z][\w'-]*,? )[A-Z]\w* (?:and|&) $|(?<!\w)[a-z]\w* [A-Z]\w+,? $")
_NUMBERED = re.compile(
    r"\b(?:Exhibit|Section|Class|Schedule|Form|Appendix|Title|Series|Type|Part|Rule|Item)s? $"
)


def short_forms(text: str, house: House) -> dict[str, str]:
    """Return the "F. Last" form of each full name that is certain to be one person's.

    A title stands before it, or the first name is a listed given name that is hardly anything else. A short
    form that two people would share is not certain.

    >>> short_forms("Met with Dr. Uma Osei, Helen R. Doyle, Jordan Marsh and Laura Ashby Interiors", House())
    {'Uma Osei': 'U. Osei', 'Helen R. Doyle': 'H. Doyle'}
    """
    found: dict[str, set[str]] = defaultdict(set)
    for match in FULL_NAME.finditer(text):
        if _certain(match, house):
            found[f"{match['first'][0]}. {match['last']}"].add(match[0])
    taken = set(house.short_names.values())
    return {
        full: short
        for short, fulls in found.items()
        if len(fulls) == 1 and short not in taken
        for full in fulls
    }


def _certain(match: re.Match, house: House) -> bool:
    before, last = match.string[: match.start()], match["last"].split()[-1].lower()
    if re.search(_TITLE + "$", before):
        return True
    if match["first"].lower() not in LISTS["given"] or _JOINED.search(before):
        return False
    return not (last in LISTS["given"] or last in vocabulary() or base_of(last) or house.lists(last))


def unexplained(text: str, guide: Guide, house: House, given: str) -> Iterator[tuple]:
    """Doubt an acronym that neither a list nor client and matter explain, and a name that stands alone.

    >>> guide = Guide.read("house.toml")
    >>> [words for _, words, *_ in unexplained("Sent QRX to J.T. for EPA; told Pat", guide, House(), "")]
    ['QRX', 'J.T.', 'Pat']
    """
    words = set(re.findall(r"\w+", given))
    for match in _ACRONYM.finditer(text):
        known = match[1] in LISTS["acronyms"] or match[1] in words | house.words
        if not (known or re.fullmatch("[IVX]+", match[1]) or _NUMBERED.search(text[: match.start()])):
            yield "abbreviations", match[0], match.start(), ()
    for match in _INITIALS.finditer(text):
        if match[0] not in guide.kept:
            yield "names", match[0], match.start(), ()
    for match in _ALONE.finditer(text) if guide.people == "F. Last" else ():
        if not (_in_longer(match) or known_name(match[0], house) or match[0] in words):
            yield "names", match[0], match.start(), ()


def _in_longer(match: re.Match) -> bool:
    """Say whether a capital word opens a task, or is part of a longer name."""
    before, after = match.string[: match.start()], match.string[match.end() :]
    if not before or before.endswith("; ") or _BESIDE.match(after):
        return True
    opener = re.search(r"(?:^|; )(\w+) $", before)
    if opener and is_past(opener[1]):
        return False
    return bool(_AFTER_NAME.search(before)) and not re.search(rf"{_TITLE}{_NAME} and $", before)


def known_name(name: str, house: House) -> bool:
    """Say whether a capital word is one of the firm's, of legal work, or of the closed list."""
    low = re.sub(r"['\u2019]s?$", "", name).lower()
    if low in LISTS["given"]:
        return False
    known = low in LISTS["known_names"] or not vocabulary().isdisjoint({low, *base_forms(low)})
    return known or house.lists(low) or base_of(low) is not None
