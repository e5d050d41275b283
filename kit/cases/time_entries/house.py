"""House: the people and the words that a firm knows."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from spellchecker import SpellChecker

from .verbs import base_of

RULES = ("capitalization", "punctuation", "tense", "names", "abbreviations", "spelling")


@dataclass(frozen=True)
class House:
    """A firm's people and dictionary.

    Args:
        roster: First and last names of the people whom narratives may name in full.
        words: The firm's dictionary in base forms; capitalized words are always written so.
        clients: The firm's clients. The name of one in the entry of another is a doubt.
    """

    roster: tuple[tuple[str, str], ...] = ()
    words: frozenset[str] = frozenset()
    clients: frozenset[str] = frozenset()

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
        strange = re.compile(r'"[^"]*"|Estate of \w+ \w+|(?:[A-Z]\.\s?)+[\w\'\u2019-]+|\S*[\d./]\S+')
        plain = (strange.sub(" ", text[:1].lower() + text[1:]) for text in texts)
        return House(
            self.roster,
            self.words.union(*(re.findall(r"\b[^\W\d_]{3,}\b", text) for text in plain)),
            self.clients,
        )

    @cached_property
    def proper(self) -> dict[str, str]:
        """Words that are always capitalized, by their lower-case form."""
        capitals = {word.lower(): word for word in self.words if word != word.lower()}
        common = {word for word in self.words if word.islower()}
        return {
            low: word
            for low, word in capitals.items()
            if low not in common and not base_of(low) and common.isdisjoint(base_forms(low))
        }

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
        """Say whether a word is English or the firm's own, itself or in a base form; either spelling counts.

        >>> house = House(words=frozenset({"Zyqlo"}))
        >>> [house.knows(word) for word in ("zyqlo", "notified", "colour", "Delaware's", "notifed")]
        [True, True, True, True, False]
        """
        low = re.sub(r"['\u2019]s?$", "", word.lower()).replace("\u2019", "'")
        if "-" in low:
            return all(self.knows(part) for part in low.split("-") if len(part) > 2)
        bare = re.sub(r"^(?:un|non|pre|mis|over|sub)(?=\w{4})", "", low)
        if not vocabulary().isdisjoint({low} | base_forms(low)):
            return True
        return self.owns(low) or base_of(low) is not None or bool(english().known([low, american(low), bare]))

    def owns(self, word: str) -> bool:
        """Say whether a word is one of the firm's own, itself or in a base form."""
        return not self._folded.isdisjoint({word.lower()} | base_forms(word.lower()))

    def lists(self, word: str) -> bool:
        """Say whether a word is one of the firm's own as it is, or without its plural."""
        return not self._folded.isdisjoint({word.lower(), word.lower().removesuffix("s")})

    @cached_property
    def _folded(self) -> frozenset[str]:
        return frozenset(word.lower() for word in self.words)


@cache
def vocabulary() -> frozenset[str]:
    """Return the words of legal work that the prototype ships.

    >>> [word in vocabulary() for word in ("estoppel", "piano")]
    [True, False]
    """
    lines = Path(__file__).with_name("vocabulary.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


@cache
def english() -> SpellChecker:
    """Return a dictionary of English, without a firm's words."""
    return SpellChecker(distance=1)


def american(word: str) -> str:
    """Return the American spelling of a word, by its ending; it may not exist.

    >>> [american(word) for word in ("organised", "colour", "totalling")]
    ['organized', 'color', 'totaling']
    """
    word = re.sub(r"is(e|ed|es|ing|er|ation|ations)$", r"iz\1", word)
    word = re.sub(r"our(?=$|s$|ed$|ing$|able$|ably$|al$)", "or", word)
    word = re.sub(r"^(cent|theat|met|lit|fib|calib)re(?=s?$)", r"\1er", word)
    return re.sub(r"ll(ed|ing|er)$", r"l\1", word)


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
