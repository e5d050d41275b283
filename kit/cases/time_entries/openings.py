"""Openings: the verb that begins a task, and those that are joined to it, in the guide's form."""

from __future__ import annotations

import re
from functools import cache

from .guide import Guide
from .verbs import UNSURE, base_of, is_past, nouns, pasts, verb_in

_PREPOSITIONS_TEXT = """
of for with at to on by from regarding re concerning about into in between among as
"""
PREPOSITIONS = frozenset(_PREPOSITIONS_TEXT.split())
_DETERMINERS_TEXT = """
the a an all same it this that these those his her their its our each every both two
"""
DETERMINERS = frozenset(_DETERMINERS_TEXT.split())
_NO_VERBS_TEXT = """
regarding concerning including following pending according during considering related
"""
NO_VERBS = frozenset(_NO_VERBS_TEXT.split())
_HEADS_TEXT = """
correspondence call calls conference conferences meeting meetings exchange exchanges
"""
_HEADS = frozenset(_HEADS_TEXT.split())
_NAMED_TEXT = """
hearing filing briefing training closing pleading ruling holding building mailing recording
"""
NAMED = frozenset(_NAMED_TEXT.split())
_FINE_TEXT = """
work on, work with, travel to, travel from, search for, comment on, attempt to, look at, look into, move
to, move for, plan for, act for, bargain with, petition for, appeal from, object to, react to, issue to,
file with, file in, fly to, mail to, talk to, talk with
"""
_FINE = frozenset(" ".join(_FINE_TEXT.split()).split(", "))
_ADJECTIVES_TEXT = """
present complete clear separate correct direct close perfect lower open clean abstract express field
single
"""
_ADJECTIVES = frozenset(_ADJECTIVES_TEXT.split())
_JOINED = re.compile(r"(,? and (?:then |also )?|,? then |, |,? but )([a-z][a-z-]+)\b(?= ?(\S+)?)")
INFINITIVE = re.compile(r"\b(?:to|will|would|could|may|must|can|should|let|not) ([a-z-]+)[^;]*$")


def opened(task: str, guide: Guide) -> str:
    """Put the verbs of a task into the guide's form, where it is certain that they are its verbs.

    >>> guide = Guide.read("american.toml")
    >>> for task in ("review and revise lease", "Prepared for and attend it", "Call with Jo"):
    ...     print(opened(task, guide))
    reviewed and revised lease
    Prepared for and attended it
    Call with Jo
    """
    for phrase in sorted(guide.openings, key=len, reverse=True):
        if _beginning(phrase).match(task):
            return joined_verbs(
                _like(task, guide.openings[phrase]) + task[len(phrase) :], guide, gerund=False
            )
    word = re.match(r"[^\W\d_][\w'\u2019-]*", task)
    if not word or unsure(task, guide):
        return task
    base = base_of(word[0])
    if base is None:
        return joined_verbs(task, guide, gerund=False)
    right = guide.form == "past" and is_past(word[0])
    verb = word[0] if right else _like(task, verb_in(base, guide.form, guide.spelling))
    return joined_verbs(verb + task[word.end() :], guide, gerund=word[0].lower().endswith("ing"))


@cache  # a guide has more phrases than `re` keeps patterns
def _beginning(phrase: str) -> re.Pattern[str]:
    return re.compile(rf"{re.escape(phrase)}(?!\w)", re.IGNORECASE)


def unsure(task: str, guide: Guide) -> bool:
    """Say whether it is not certain that a task begins with a verb, or with which.

    >>> guide = Guide.read("american.toml")
    >>> [unsure(task, guide) for task in ("Letter to client", "Email client", "Client meeting")]
    [True, False, True]
    """
    words = re.findall(r"[^\W_][\w'\u2019-]*", task)
    first, second = words[0] if words else "", words[1].lower() if len(words) > 1 else ""
    low = first.lower()
    if any(_beginning(said).match(task) for said in guide.openings.values()):
        return False
    if re.match(r"[A-Z][\w ]+: ", task):
        return True
    base = base_of(low)
    if base is None:
        return not (guide.form == "past" and is_past(low))
    if guide.form == "past" and is_past(low) and low != base:
        return False
    if low in UNSURE:
        return True
    named_ing = low in NAMED and second not in DETERMINERS and guide.form == "past"
    if second in _HEADS or named_ing:
        return True
    if low.endswith("ing") and low != base:
        return False
    named = base in nouns() and low not in pasts().values()
    if low != base:
        return named and low.endswith("s") and second not in DETERMINERS
    return named and (second in PREPOSITIONS or not second) and f"{low} {second}" not in _FINE


def joined_verbs(task: str, guide: Guide, gerund: bool) -> str:
    """Put further verbs of a task into the guide's form, where they are verbs for certain."""

    def formed(match: re.Match) -> str:
        kind = joined_kind(task, match, guide, gerund)
        return (
            match[1] + verb_in(str(base_of(match[2])), guide.form, guide.spelling)
            if kind == "verb"
            else match[0]
        )

    return _JOINED.sub(formed, task)


def joined_doubts(task: str, guide: Guide) -> list[re.Match]:
    """Return the words behind "and" that may be verbs in a wrong form, or nouns.

    >>> [match[2] for match in joined_doubts("Reviewed lease and email client", Guide.read("american.toml"))]
    ['email']
    """
    return [m for m in _JOINED.finditer(task) if joined_kind(task, m, guide, gerund=False) == "doubt"]


def joined_kind(task: str, match: re.Match, guide: Guide, gerund: bool) -> str:
    """Return "verb" for a verb in a wrong form, "doubt" for what may be one, or may open a task, else ""."""
    before, word, after = task[: match.start()], match[2], (match[3] or "").strip(".,;)").lower()
    base = base_of(word) if word not in NO_VERBS else None
    infinitive = INFINITIVE.search(before)
    if base is None or (infinitive and base_of(infinitive[1]) == infinitive[1]):
        return ""
    directly = bool(re.fullmatch(r"[\w-]+(?:, [\w-]+)*(?: (?:for|on|with|at|to))?", before))
    comma = match[1] in (", ", ", but ", " but ") and not directly
    past = is_past(word) and word != base
    if guide.form == "past" and (past or pasts()[base] == word):
        return "doubt" if comma and past else ""
    if word.endswith("ing") and word != base:
        if guide.form == "participle" or word in NAMED:
            return ""
        return "verb" if directly or (gerund and base not in nouns()) else ""
    if past:
        return "verb" if directly or base not in nouns() else ""
    if word != base:
        return ""
    if comma:
        return "" if _noun_like(base, word) and after not in DETERMINERS else "doubt"
    if not _noun_like(base, word) or directly or after in DETERMINERS:
        return "verb"
    return "" if not after or after in PREPOSITIONS | {"or", "thereto", "thereof"} else "doubt"


def _noun_like(base: str, word: str) -> bool:
    return word == base and (base in nouns() or base in _ADJECTIVES)


def _like(model: str, word: str) -> str:
    return word[:1].upper() + word[1:] if model[:1].isupper() else word
