"""Verbs: the verbs of legal and consulting work, and the forms in which they begin a task."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

UNSURE = frozenset({"lead", "lay"})
"""Words that may be in the wrong tense, or mean another thing: "Lead training" may be led or will lead."""

_DOUBLED = re.compile(r"(?:travel|label|model|counsel|cancel|marshal|total|signal|fuel|initial)$")


@cache
def pasts() -> dict[str, str]:
    """Return the past of every listed verb, in American spelling.

    >>> [pasts()[verb] for verb in ("review", "notify", "confer", "meet", "read")]
    ['reviewed', 'notified', 'conferred', 'met', 'read']
    """
    split = (word.rstrip("!").partition(":") for word in _listed())
    return {base: (past or regular_past(base)).rstrip("!") for base, _, past in split}


@cache
def nouns() -> frozenset[str]:
    """Return the verbs that are as often nouns.

    >>> "draft" in nouns(), "prepare" in nouns()
    (True, False)
    """
    return frozenset(word.rstrip("!").partition(":")[0] for word in _listed() if word.endswith("!"))


def base_of(word: str) -> str | None:
    """Return the verb of which a word is a form, or None.

    >>> [base_of(word) for word in ("Conferring", "conferred", "drafts", "travelled", "lease")]
    ['confer', 'confer', 'draft', 'travel', None]
    """
    return _bases().get(word.lower())


def verb_in(base: str, form: str, spelling: str = "American") -> str:
    """Return a verb in the form that a style guide wants: "past" or "participle".

    >>> verb_in("travel", "past"), verb_in("travel", "past", "British"), verb_in("confer", "participle")
    ('traveled', 'travelled', 'conferring')
    """
    double = spelling == "British" and _DOUBLED.search(base)
    if form == "participle":
        return base + "ling" if double and base.endswith("l") else participle(base)
    return base + "led" if double and base.endswith("l") else pasts()[base]


def regular_past(verb: str) -> str:
    """Return the past of a verb that follows the rule and doubles no letter.

    >>> [regular_past(verb) for verb in ("review", "revise", "notify", "survey")]
    ['reviewed', 'revised', 'notified', 'surveyed']
    """
    if verb.endswith("e"):
        return verb + "d"
    return re.sub(r"([^aeiou])y$", r"\1i", verb) + "ed"


def participle(base: str) -> str:
    """Return the present participle.

    >>> [participle(verb) for verb in ("draft", "revise", "agree", "plan", "run", "lie", "begin")]
    ['drafting', 'revising', 'agreeing', 'planning', 'running', 'lying', 'beginning']
    """
    if base.endswith("ie"):
        return base[:-2] + "ying"
    if base.endswith("e") and not base.endswith("ee"):
        return base[:-1] + "ing"
    past = pasts().get(base, "")
    doubled = past.startswith(base + base[-1]) or base in _SHORT
    return base + (base[-1] if doubled else "") + "ing"


def is_past(word: str) -> bool:
    """Say whether a word reads as a verb in the past: a listed one, or any word in -ed.

    >>> [is_past(word) for word in ("Met", "Deposed", "Proceed", "Redline")]
    [True, True, False, False]
    """
    low = word.lower()
    return low in _past_forms() or (low.endswith("ed") and not low.endswith("eed"))


_SHORT = frozenset(
    ["run", "get", "put", "set", "cut", "sit", "begin", "split", "swim", "win", "bid", "stop", "let", "input"]
)


@cache
def _listed() -> tuple[str, ...]:
    lines = Path(__file__).with_name("verbs.txt").read_text(encoding="utf-8").splitlines()
    return tuple(word for line in lines if not line.startswith("#") for word in line.split())


@cache
def _past_forms() -> frozenset[str]:
    return frozenset(pasts().values()) | {verb_in(base, "past", "British") for base in pasts()}


@cache
def _bases() -> dict[str, str]:
    found: dict[str, str] = {}
    for base, past in pasts().items():
        third = re.sub(r"([^aeiou])y$", r"\1ie", base) + ("es" if re.search(r"(?:s|x|ch|sh)$", base) else "s")
        for form in (base, past, participle(base), third):
            found.setdefault(form, base)
        for form in ("past", "participle"):
            found.setdefault(verb_in(base, form, "British"), base)
    return found | {base: base for base in pasts()}
