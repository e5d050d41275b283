"""Evidence: what must speak for an entry before it may go out without a person.

Rules and doubts look for what is wrong, and a new author makes new mistakes. So this module asks the other
way round: does a listed verb open each task, is each mark of a certain kind, is each word known?
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from .guide import Guide
from .house import House
from .lists import LISTS
from .marks import capitals, dates, marks, stops
from .openings import DETERMINERS, INFINITIVE, NAMED, PREPOSITIONS
from .verbs import base_of, is_past, nouns, pasts
from .wording import alike, wording

_WORD = re.compile(r"[^\W\d_][\w'\u2019-]*")
_COMPANY = r"Inc|LLC|LLP|LP|Ltd|Co|Corp|PLC|plc|L\.?P|N\.A|P\.C|S\.A|GmbH|Jr|Sr|Esq|QC|KC"
_AFTER_COMMA = re.compile(rf", (?=(?:{_COMPANY})\b|Nos?\.|[$£€§]?\d)")


def missing(
    text: str, guide: Guide, house: House, new_words: float, narrative: str = "", client: str = ""
) -> Iterator[tuple]:
    """Find what nothing speaks for, in a tidied and masked entry.

    Args:
        text: The entry.
        guide: The style guide.
        house: Its words are known, and its clients.
        new_words: How many words of ordinary English an entry may hold that are not words of legal work.
        narrative: The entry as it came.
        client: Its name.

    >>> guide = Guide.read("american.toml")
    >>> for entry in ("Drafted maritel agreement", "Reviewed lease, calendar deadline", "Moved piano"):
    ...     print(*missing(entry, guide, House(), 0))
    ('spelling', 'maritel', 8, ('marital',))
    ('separators', ', calendar', 14, ())
    ('words', 'piano', 6, ())
    """
    for start, task in _tasks(text, guide):
        if guide.form == "past":
            yield from _moved(_opening(task, guide, house, narrative), start)
        yield from _moved(_commas(task), start)
        yield from _moved(_verbs(task, guide), start)
    for finder in (marks, stops, capitals, dates):
        yield from finder(text, guide)
    yield from wording(text, guide, house, new_words, narrative)
    yield from alike(text, client, house)


def _tasks(text: str, guide: Guide) -> Iterator[tuple[int, str]]:
    start = 0
    for task in text.split(guide.between):
        yield start, task
        start += len(task) + len(guide.between)


def _moved(found: Iterator[tuple], start: int) -> Iterator[tuple]:
    for rule, words, at, choices in found:
        yield rule, words, start + at, choices


def _opening(task: str, guide: Guide, house: House, narrative: str) -> Iterator[tuple]:
    """Doubt an opening that is no listed verb, or that may have been a noun: "Research memo"."""
    words = _WORD.findall(task)
    if not words or not task.startswith(words[0]):
        return
    low, came = words[0].lower(), {word.casefold() for word in _WORD.findall(narrative)}
    if key := _by_guide(task, guide, narrative):
        if re.search(rf"(?<!\w){re.escape(key)} (?:and|or)\b", narrative, re.IGNORECASE):
            yield "tense", words[0], 0, ()
        return
    joined = re.match(r"\w+,? (?:and|or) ([a-z-]+)", task)
    of = re.match(r"(?:\w+ and )?(\w+) of\b", task)
    base = base_of(low)
    if joined and not is_past(joined[1]) and joined[1] not in PREPOSITIONS:
        yield "tense", joined[1], joined.start(1), ()
    elif of and is_past(of[1]) and of[1].lower() not in LISTS["with_of"]:
        yield "tense", of[1], of.start(1), ()
    elif low in LISTS["adjectives"] and {word.lower() for word in words[1:4]} & LISTS["activities"]:
        yield "tense", words[0], 0, ()
    noun = base in nouns() and low not in came and base in came and _noun_first(str(base), words[1:])
    if noun or (base is None and not (low.endswith("ed") and house.knows(low))):
        yield "tense", words[0], 0, ()


def _by_guide(task: str, guide: Guide, narrative: str) -> str | None:
    """Return the opening of the guide from which a task's first words came, or None."""
    for key, said in guide.openings.items():
        from_it = task.casefold().startswith(said.casefold())
        if from_it and re.search(rf"(?<!\w){re.escape(key)}(?!\w)", narrative, re.IGNORECASE):
            return key
    return None


def _noun_first(base: str, rest: list[str]) -> bool:
    """Say whether a base form that was made a past may have been a noun: "Research memo", "Draft review"."""
    phrase = []
    for word in rest:
        if word.lower() in PREPOSITIONS or word in ("and", "or"):
            break
        phrase.append(word.lower())
    about_notes = base not in ("draft", "review", "edit", "update")
    if phrase and (phrase[-1] in LISTS["activities"] or (about_notes and phrase[-1] in LISTS["notes"])):
        return True
    bare = bool(rest) and rest[0].islower() and rest[0] not in DETERMINERS | PREPOSITIONS
    return bare and base not in LISTS["verbs_first"]


def _commas(task: str) -> Iterator[tuple]:
    """Doubt a comma that may separate two tasks: it is not in a list of nouns that ends with "and"."""
    plain = [m.start() for m in re.finditer(", ", task) if not _AFTER_COMMA.match(task, m.start())]
    verbs = re.match(r"\w+(?:, \w+)*,? and \w+", task)
    if verbs and all(is_past(word) and base_of(word) for word in re.findall(r"\b(?!and\b)\w+", verbs[0])):
        plain = [at for at in plain if at >= verbs.end()]
    if not plain:
        return
    ends = [m.end() for m in re.finditer(r",? (?:and|or|&) ", task) if m.start() > plain[-1] - 2]
    heads = [_WORD.match(task, at) for at in (*(at + 2 for at in plain), *ends[:1])]
    if not ends or any(head and not _noun(head[0]) for head in heads):
        yield "separators", str(re.match(r", \S*", task[plain[0] :])[0]), plain[0], ()


def _noun(word: str) -> bool:
    low = word.lower()
    base = base_of(low)
    return word[0].isupper() or base is None or (low != base and low.endswith("s") and base in nouns())


def _verbs(task: str, guide: Guide) -> Iterator[tuple]:
    """Doubt a verb inside a task that nothing before it explains: a separator may be missing."""
    found = list(re.finditer(rf"{_WORD.pattern}|\d\S*|[,(]", task))
    for at, match in enumerate(found[1:], 1):
        word, before = match[0], found[at - 1][0]
        after = found[at + 1][0].lower() if at + 1 < len(found) else ""
        if word == "or" and at == 1 and not is_past(after):
            yield "spelling", word, match.start(), ("for",)
        if word in LISTS["finite"] and not _subordinate(task[: match.start()]):
            yield "remark", word, match.start(), ()
        if word.islower() and base_of(word) and before not in ",(":
            rule = _inside(word, before if at > 1 else before.lower(), after, task[: match.start()])
            if rule and not (rule == "tense" and word.endswith("ing") and guide.form == "participle"):
                yield rule, word, match.start(), ()


def _subordinate(before: str) -> bool:
    return bool(re.search(r"\b(?:whether|that|which|who|if|what|how|where|when)\b", before))


def _inside(word: str, before: str, after: str, all_before: str) -> str | None:
    """Return the kind of doubt that a verb inside a task raises, or None."""
    base = str(base_of(word))
    if word == base and word != pasts()[base]:
        free = word in nouns() or word in LISTS["free"] or before.lower() in LISTS["before_base"]
        return None if free or INFINITIVE.search(all_before) else "tense"
    if word in LISTS["never_participles"]:
        return None if before in LISTS["links"] else "separators"
    if is_past(word):
        return None if word == "dated" or _participle(before, after) else "separators"
    ing = before in ("and", "or", "but") and word.endswith("ing") and word not in NAMED
    return "tense" if ing else None


def _participle(before: str, after: str) -> bool:
    """Say whether a past inside a task belongs to a noun: "revised lease", "letter dated 3 May"."""
    low = before.lower()
    if before[0].isupper() and len(before) > 1:
        return after == "by"
    if low in LISTS["before_past"] or low.endswith(("'s", "s'", "\u2019s", "ly")) or is_past(low):
        return True
    of_it = (PREPOSITIONS | LISTS["after_past"]) - {"regarding", "re", "concerning", "about"}
    return low in PREPOSITIONS | DETERMINERS or after in of_it
