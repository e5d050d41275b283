"""House: what a firm knows about its own writing, and the lists on which the certain rules rest."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

RULES = ("capitalization", "punctuation", "tense", "names", "abbreviations", "spelling")

_KEPT = """v. Inc. Co. Corp. Ltd. Dr. Mr. Mrs. Ms. Hon. Jr. Sr. St. No. Nos. a.m. p.m. et al. i.e. e.g.
U.S. U.S.C. C.F.R. U.K. D.C."""
KEPT = frozenset(_KEPT.split())
"""Abbreviations that are house style. Initials (as in "M. Okafor") and acronyms (SEC) stay too."""


def pairs(text: str) -> dict[str, str]:
    """Read "key:value" pairs; an underscore stands for a space.

    >>> pairs("w/:with t/c:telephone_conference")
    {'w/': 'with', 't/c': 'telephone conference'}
    """
    split = (pair.rpartition(":") for pair in text.split())
    return {key.replace("_", " "): value.replace("_", " ") for key, _, value in split}


IRREGULAR = pairs(
    """
    meet:met lead:led write:wrote rewrite:rewrote speak:spoke send:sent hold:held take:took begin:began
    give:gave find:found make:made build:built draw:drew oversee:oversaw pay:paid keep:kept sit:sat
    run:ran leave:left withhold:withheld ride:rode strike:struck swear:swore overcome:overcame tell:told
    bring:brought read:read proofread:proofread set:set put:put
    """
)
"""Base form and past of verbs that are no nouns, or hardly so at the start of an activity."""

_REGULAR = """
review revise draft prepare attend correspond research analyze summarize telephone discuss negotiate edit
finalize file compile examine participate update advise confirm coordinate respond request serve travel
present calculate investigate verify interview outline evaluate compare organize receive obtain assess
"""


def regular_past(verb: str) -> str:
    """Return the past of a verb that follows the rule and doubles no letter.

    >>> [regular_past(verb) for verb in ("review", "revise", "notify", "survey")]
    ['reviewed', 'revised', 'notified', 'surveyed']
    """
    if verb.endswith("e"):
        return verb + "d"
    return re.sub(r"([^aeiou])y$", r"\1i", verb) + "ed"


PAST = {verb: regular_past(verb) for verb in _REGULAR.split()} | {"confer": "conferred"} | IRREGULAR
"""The verbs that rules put into the past. Every other verb is a doubt."""


def is_past(verb: str) -> bool:
    """Say whether a word reads as a verb in the past: a listed irregular, or any word in -ed.

    >>> [is_past(word) for word in ("Met", "Deposed", "Proceed", "Redline")]
    [True, True, False, False]
    """
    low = verb.lower()
    return low in PAST.values() or (low.endswith("ed") and not low.endswith("eed"))


@dataclass(frozen=True)
class House:
    """A firm's people and dictionary.

    Args:
        roster: First and last names of the people whom narratives may name in full.
        words: The firm's dictionary in base forms; capitalized words are always written so.
    """

    roster: tuple[tuple[str, str], ...] = ()
    words: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        return f"House({len(self.roster)} people, {len(self.words)} words)"

    @classmethod
    def read(cls, folder: str | Path) -> House:
        """Read people.csv (first, last, on_roster) and words.txt from a folder."""
        with open(Path(folder) / "people.csv", newline="", encoding="utf-8") as file:
            people = [
                (row["first"], row["last"]) for row in csv.DictReader(file) if row["on_roster"] == "yes"
            ]
        lines = (Path(folder) / "words.txt").read_text(encoding="utf-8").splitlines()
        words = (word for line in lines if not line.startswith("#") for word in line.split())
        return cls(tuple(people), frozenset(words))

    def learn(self, texts: Iterable[str]) -> House:
        """Return a house that also knows the words of approved entries, which must be clean.

        >>> sorted(House().learn(["Filed brief in Tucson with M. Okafor."]).words)
        ['Tucson', 'brief', 'filed', 'with']
        """
        strange = re.compile(r'"[^"]*"|(?:[A-Z]\.\s?)+[\w\'\u2019-]+|\S*[\d./]\S+')
        plain = (strange.sub(" ", text[:1].lower() + text[1:]) for text in texts)
        return House(
            self.roster, self.words.union(*(re.findall(r"\b[^\W\d_]{3,}\b", text) for text in plain))
        )

    @cached_property
    def proper(self) -> dict[str, str]:
        """Words that are always capitalized, by their lower-case form."""
        capitals = {word.lower(): word for word in self.words if word != word.lower()}
        return {low: word for low, word in capitals.items() if low not in self.words}

    @cached_property
    def people(self) -> re.Pattern[str] | None:
        """Finds a person of the roster as "First Last", "Last, First" or "F Last", in any case."""
        forms = [rf"{first} {last}|{last}, {first}|{first[0]}\.? {last}" for first, last in self.roster]
        return re.compile(rf"\b(?:{'|'.join(forms)})\b", re.IGNORECASE) if forms else None

    @cached_property
    def short_names(self) -> dict[str, str]:
        """The "F. Last" form of every way to write a person of the roster, letters only and in lower case."""
        names = {}
        for first, last in self.roster:
            forms = (first + last, last + first, first[0] + last)
            names |= dict.fromkeys(map(str.lower, forms), f"{first[0]}. {last}")
        return names

    def knows(self, word: str) -> bool:
        """Say whether a word is in the dictionary, itself or in its base form.

        >>> house = House(words=frozenset({"notify", "share", "plan", "Delaware"}))
        >>> [house.knows(word) for word in ("notified", "sharing", "planned", "Delaware's", "notifed")]
        [True, True, True, True, False]
        """
        low = re.sub(r"['\u2019]s?$", "", word.lower())
        if low in self._folded:
            return True
        if "-" in low:
            return all(self.knows(part) for part in low.split("-") if len(part) > 2)
        bases = {low} | base_forms(low)
        bare = {re.sub(r"^(?:un|non|pre|mis|over|sub)(?=\w{4})", "", base) for base in bases}
        return not self._folded.isdisjoint(bases | bare)

    @cached_property
    def _folded(self) -> frozenset[str]:
        return frozenset({word.lower() for word in self.words} | set(PAST) | set(PAST.values()))


def base_forms(word: str) -> set[str]:
    """Return what a word may be an inflection of.

    >>> sorted(base_forms("planned"))
    ['plan', 'plann', 'planne']
    """
    bases = set()
    for ending, base in (
        ("ies", "y"),
        ("ied", "y"),
        ("ily", "y"),
        ("ly", ""),
        ("es", ""),
        ("s", ""),
        ("er", ""),
        ("er", "e"),
    ):
        if word.endswith(ending):
            bases.add(word.removesuffix(ending) + base)
    for ending in ("ed", "ing"):
        if word.endswith(ending) and len(stem := word.removesuffix(ending)) > 2:
            bases |= {stem, stem + "e"} | ({stem[:-1]} if stem[-1] == stem[-2] != "l" else set())
    return bases
