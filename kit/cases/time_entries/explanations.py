"""Explanations: by which house rule one run of words stands for another."""

from __future__ import annotations

import re

from .house import base_forms
from .verbs import pasts

PUNCTUATION = frozenset(".,;:-\u2013\u2014/!?()")
PREPOSITIONS = frozenset({"at", "for", "from", "in", "of", "on", "to", "with"})


def explain(clean: tuple[str, ...], text: tuple[str, ...], opens: bool = False) -> str | None:
    """Name the rule by which `text` stands for `clean`, or None.

    Args:
        clean: One to three tokens of the clean entry.
        text: One to four tokens of the other version.
        opens: Whether the tokens begin an activity, where the verb stands.

    >>> explain(("telephone", "conference"), ("t/c",)), explain(("M. Okafor",), ("Okafor", ",", "Margaret"))
    ('abbreviations', 'names')
    """
    if PUNCTUATION.issuperset((*clean, *text)):
        return "punctuation"
    if not PUNCTUATION.isdisjoint(clean) or not PUNCTUATION.difference(",:").isdisjoint(text):
        return None
    if " ".join(clean).casefold() == " ".join(text).casefold():
        return "capitalization"
    one, other = _letters(clean), _letters(text)
    if any(re.search(r'\d|"', part) for part in clean + text):
        return None
    if _same_person(clean, text) or _same_person(text, clean):
        return "names"
    if one == other:
        return "punctuation"
    if opens and _same_verb(clean, text):
        return "tense"
    if (
        len(clean) == len(text) == 1
        and one.endswith("ed") > other.endswith("ed")
        and _stem(one) == _stem(other)
    ):
        return "tense"
    if not any(" " in part for part in clean + text) and (
        _abbreviates(text, clean) or _abbreviates(clean, text)
    ):
        return "abbreviations"
    if len(clean) == len(text) == 1 and clean[0].isalpha() and text[0].isalpha():
        return "spelling" if _near(one, other, 2 if len(one) > 5 else 1) else None
    return None


def distance(a: str, b: str) -> int:
    """Count the letters to insert, delete, change or swap with their neighbor to turn `a` into `b`.

    >>> distance("from", "form"), distance("agreement", "agreemnt")
    (1, 1)
    """
    before, row = [], list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        older, before, row = before, row, [i]
        for j, y in enumerate(b, 1):
            row.append(min(before[j] + 1, row[-1] + 1, before[j - 1] + (x != y)))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                row[j] = min(row[j], older[j - 2] + 1)
    return row[-1]


def _near(one: str, other: str, most: int) -> bool:
    return abs(len(one) - len(other)) <= most and distance(one, other) <= most


def _stem(verb: str) -> str:
    """Return a verb without its ending: "revis" for revise, revised and revising."""
    return re.sub(r"(\w)\1$", r"\1", re.sub(r"(?:ed|ing|e)$", "", verb))


def _letters(parts: tuple[str, ...]) -> str:
    return "".join(re.sub(r"[\s.,:/]", "", part) for part in parts).casefold()


def _same_person(short: tuple[str, ...], full: tuple[str, ...]) -> bool:
    """Say whether `full` is a way to write the "F. Last" in `short`, and not that itself."""
    match = re.fullmatch(r"([A-Z])\. ?([A-Z][\w'\u2019-]+)", " ".join(short))
    words = [word.casefold() for word in full if word not in PUNCTUATION]
    if not match or len(words) not in (2, 3):
        return False
    initial, last = match[1].casefold(), match[2].casefold()
    bare = re.sub(r"['\u2019]s?$", "", last)
    return (words[-1] == last and words[0][0] == initial) or (words[0] == bare and words[1][0] == initial)


def _same_verb(past: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Say whether two openings are forms of one verb: "Prepared", "Preparing", "Preparation of"."""
    if len(past) > 2 or len(other) > 2 or not PREPOSITIONS.issuperset(past[1:] + other[1:]):
        return False
    if not past[0].isalpha() and "-" not in past[0]:
        return False
    one, two = past[0].casefold(), other[0].casefold()
    if two.endswith("ed") and _near(one, two, 2) and len(past) == len(other):
        return False  # a misspelled past
    return one[:3] == two[:3] or one in {pasts().get(base) for base in (two, *base_forms(two))}


def _abbreviates(short: tuple[str, ...], full: tuple[str, ...]) -> bool:
    """Say whether the letters of `short` are some of those of `full`, in order: "agmt", "dep.", "t/c"."""
    few, many = _letters(short), _letters(full)
    if few == "&":
        return many == "and"
    if not few or few[0] != many[:1] or not few.isalpha():
        return False
    rest = iter(many)
    marked = any(mark in part for part in short for mark in "./")
    return all(letter in rest for letter in few) and len(few) < len(many) * (1 if marked else 0.78)
