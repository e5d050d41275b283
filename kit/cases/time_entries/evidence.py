"""Evidence: what must speak for an entry before it may go out without a person.

Rules and doubts look for what is wrong, and a new author makes new mistakes. So this module asks the other
way round: is each second verb in the form of the first, is each comma, mark, date and word of a certain kind?
What caught no error on unseen rows was deleted; some kinds that came later have
caught none yet.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from .guide import Guide
from .house import House
from .lists import LISTS
from .marks import capitals, doubled, figures, marks
from .openings import DETERMINERS, NAMED, PREPOSITIONS
from .people import unexplained
from .verbs import base_of, is_past, nouns
from .wording import alike, wording

_WORD = re.compile(r"[^\W\d_][\w'\u2019-]*")
_COMPANY = r"Inc|LLC|LLP|LP|Ltd|Co|Corp|PLC|plc|L\.?P|N\.A|P\.C|S\.A|GmbH|Jr|Sr|Esq|QC|KC"
_NAMED_AFTER = r"(?:Dr|Mr|Mrs|Ms|Prof|Hon|[A-Z])\. |[A-Z]\w+ \d"  # counsel, T. Lindqvist; Item 19
_PREPOSITIONS = "|".join(PREPOSITIONS | LISTS["after_past"] - {"dated"})
_AFTER_COMMA = re.compile(rf", (?=(?:{_COMPANY}|{_PREPOSITIONS})\b|{_NAMED_AFTER}|Nos?\.|[$£€§]?\d)")
_CASE = re.compile(r"\bIn re\b")


def missing(
    text: str, guide: Guide, house: House, narrative: str = "", client: str = "", matter: str = ""
) -> Iterator[tuple]:
    """Find what nothing speaks for, in a tidied and masked entry.

    Args:
        text: The entry.
        guide: The style guide.
        house: Its words are known, and its clients.
        narrative: The entry as it came.
        client: Its name.
        matter: Its name.

    >>> guide = Guide.read("american.toml")
    >>> for entry in ("Drafted maritel agreement", "Reviewed lease, calendar deadline", "Drafted letter to"):
    ...     print(*missing(entry, guide, House()))
    ('spelling', 'maritel', 8, ('marital',))
    ('separators', ', calendar', 14, ())
    ('meaning', 'to', 15, ())
    """
    if text and narrative.rstrip()[-1:] in (*",:(&/", "\u2026"):
        yield "meaning", text[-1:], len(text) - 1, ()
    text = _CASE.sub("\uf8ff" * 5, text)
    for start, task in _tasks(text, guide):
        if guide.form == "past":
            yield from _moved(_opening(task, guide, narrative), start)
        for finder in (_commas, _verbs, _unfinished):
            yield from _moved(finder(task, guide), start)
    for finder in (marks, capitals, figures):
        yield from finder(text, guide)
    yield from wording(text, guide, house, narrative)
    yield from alike(text, client, house)
    yield from unexplained(text, guide, house, f"{client} {matter}")
    yield from doubled(text, guide)


def _tasks(text: str, guide: Guide) -> Iterator[tuple[int, str]]:
    start = 0
    for task in text.split(guide.between):
        yield start, task
        start += len(task) + len(guide.between)


def _moved(found: Iterator[tuple], start: int) -> Iterator[tuple]:
    for rule, words, at, choices in found:
        yield rule, words, start + at, choices


def _opening(task: str, guide: Guide, narrative: str) -> Iterator[tuple]:
    """Doubt an opening of which one half was changed: "Emails to and from", "Review and analysis of"."""
    joined = re.match(r"[\w-]+(?: (?:for|with|on|at|to))?,? (?:and|or) ([a-z-]+)", task)
    if not joined or is_past(joined[1]):
        return
    if joined[1] not in PREPOSITIONS or _by_guide(task, guide, narrative):
        yield "tense", joined[1], joined.start(1), ()


def _by_guide(task: str, guide: Guide, narrative: str) -> bool:
    """Say whether a task's first words came from an opening of the guide."""
    return any(
        task.casefold().startswith(said.casefold())
        and re.search(rf"(?<!\w){re.escape(key)}(?!\w)", narrative, re.IGNORECASE)
        for key, said in guide.openings.items()
    )


def _commas(task: str, guide: Guide) -> Iterator[tuple]:
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
        word, before = match[0], found[at - 1][0].lower() if at == 1 else found[at - 1][0]
        after = found[at + 1][0].lower() if at + 1 < len(found) else ""
        if not word.islower() or before in ",(" or _subordinate(task[: match.start()]):
            continue
        if word in LISTS["finite"]:
            yield "remark", word, match.start(), ()
        elif is_past(word) and base_of(word) not in (None, word):
            if not _participle(word, before, after):
                yield "separators", word, match.start(), ()
        elif guide.form == "past" and before in ("and", "or", "but") and _gerund(word):
            yield "tense", word, match.start(), ()


def _gerund(word: str) -> bool:
    return word.endswith("ing") and bool(base_of(word)) and word not in NAMED | LISTS["adjectives"]


def _subordinate(before: str) -> bool:
    return bool(re.search(r"\b(?:whether|that|which|who|if|what|how|where|when)\b", before))


def _participle(word: str, before: str, after: str) -> bool:
    """Say whether a past inside a task belongs to a noun: "revised lease", "letter dated 3 May"."""
    low = before.lower()
    if word in LISTS["never_participles"]:
        return low in LISTS["links"]
    if word in ("dated", "titled", "entitled"):
        return True
    if before[0].isupper() and len(before) > 1:
        return after == "by"
    if low in LISTS["before_past"] or low.endswith(("'s", "s'", "\u2019s", "ly", "ing")):
        return True
    if is_past(low):
        return bool(after)  # not "Noticed drafted", which was "Notice drafted"
    of_it = (PREPOSITIONS | LISTS["after_past"]) - {"regarding", "re", "concerning", "about"}
    return low in PREPOSITIONS | DETERMINERS or after in of_it


def _unfinished(task: str, guide: Guide) -> Iterator[tuple]:
    """Doubt a task that breaks off: "Drafted letter to"."""
    last = re.search(r"(?<=[\s-])([a-z]+)[.,]?$", task)
    if last and last[1] in (PREPOSITIONS | DETERMINERS | LISTS["unfinished"]) - LISTS["last"]:
        yield "meaning", last[1], last.start(1), ()
    elif re.fullmatch(r"[A-Za-z-]+\.?", task) and base_of(task.rstrip(".")) and task.lower() not in nouns():
        yield "meaning", task, 0, ()
