"""Doubts: places that may break the guide, or that a person should see, where no rule can decide."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache, cached_property

from .evidence import missing
from .guide import Guide
from .house import House
from .openings import joined_doubts, unsure
from .people import FULL_NAME, THREE_NAMES, known_name
from .rules import MASK, mask, of_entity, opens, printable, shortened, shouted, unmask
from .spelling import suggestions, unknown
from .verbs import base_of, regular_past
from .wording import plain


@dataclass(frozen=True)
class Doubt:
    """Words of a corrected entry that may be wrong.

    Args:
        rule: "tense", "names", "abbreviations", "spelling", "separators", "capitals", "meaning" or "remark".
        words: What is in doubt.
        start: Where it is.
        choices: What it may have to be, as far as code knows.
    """

    rule: str
    words: str
    start: int
    choices: tuple[str, ...] = ()

    @cached_property
    def end(self) -> int:
        """Where the words end."""
        return self.start + len(self.words)

    def __str__(self) -> str:
        maybe = f": {' or '.join(self.choices)}?" if self.choices else ""
        return f"{self.rule}: {self.words!r}{maybe}"


_DOTTED = re.compile(r"(?<![\w.])(?:[^\W\d_]+\.)+(?=[\s,;:)]|$)")
_SLASHED = re.compile(r"(?<![\w./])[a-zA-Z]{1,4}/[a-zA-Z]{0,4}(?![\w/])")
_SENTENCE = re.compile(r"(?<=[\w)])\. +(?=[A-Z])| [-\u2013\u2014/+] (?=[a-z])|,? (?:and )?then (?=[a-z])")
_BEFORE_LAST_NAME = r"(?:\b[A-Z]\.|\b(?:Dr|Mr|Mrs|Ms)\.|\b(?:Judge|Justice|Arbitrator|Examiner)) $"
_JOINED_NUMBER = re.compile(r"(?<![\w.])(?:[a-z]{1,5}\.?|[a-z]{1,5}\. )(?=\d)")


def doubts(
    text: str,
    guide: Guide,
    house: House,
    client: str = "",
    protected: Collection[str] = (),
    narrative: str = "",
    evidence: bool = False,
    matter: str = "",
) -> list[Doubt]:
    """List what is in doubt in a tidied entry, in order and without overlaps.

    Args:
        text: The entry, as `tidy` returns it.
        guide: The style guide.
        house: Who knows people and words.
        client: Its name raises no doubt.
        protected: Other names that raise none.
        narrative: The entry as it came, for remarks that a rule may have hidden.
        evidence: Whether something must speak for the entry (see `missing`).
        matter: Its words need no explanation.

    >>> house = House(words=frozenset("lease with opposing counsel".split()))
    >>> for doubt in doubts("Redline leese; met with dep. of Acme", Guide.read("american.toml"), house):
    ...     print(doubt)
    spelling: 'leese': lease?
    abbreviations: 'dep.': deposition or department or deputy or deposit?
    """
    masked, hidden = mask(text, client, protected)
    finders = (_remarks, _openings, _joined, _short, _sentences, _confusable, _unknown, _names)
    found: list[tuple[str, str, int, tuple[str, ...]]] = []
    for finder in finders:
        for rule, words, start, choices in finder(masked, guide, house):
            if words and _free(start, words, found):
                found.append((rule, words, start, choices))
    if evidence:
        for rule, words, start, choices in missing(masked, guide, house, narrative, client, matter):
            if words and _free(start, words, found):
                found.append((rule, words, start, choices))
    shift = _shifts(masked, hidden)
    placed = [
        Doubt(r, unmask(w, hidden), shift[s], c) for r, w, s, c in sorted(found, key=lambda one: one[2])
    ]
    if narrative and shouted(printable(narrative)) and not plain(masked, guide, house):
        placed.append(Doubt("capitals", text, 0))
    return placed


def _free(start: int, words: str, found: list[tuple]) -> bool:
    """Say whether no doubt is at the same place."""
    return all(start + len(words) <= at or at + len(other) <= start for _, other, at, _ in found)


def remark_in(narrative: str, guide: Guide, client: str = "", protected: Collection[str] = ()) -> str | None:
    """Return the first words of a narrative that are no part of a bill, or None.

    >>> remark_in("Reviewed lease (DNB - ask Jo whether to bill?)", Guide.read("american.toml"))
    'DNB'
    """
    masked, _ = mask(narrative, client, protected)
    found = (_remark(pattern).search(masked) for pattern in guide.remarks)
    first = min((match for match in found if match), key=lambda match: match.start(), default=None)
    return first[0] if first else None


_CASED = {r"\bI\b(?![.-])", r"\bI'm\b", r"\bDNB\b", r"\bNB\b"}


@cache  # a guide has more phrases than `re` keeps patterns
def _remark(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE if pattern not in _CASED else 0)


@cache
def _phrase(phrase: str) -> re.Pattern[str]:
    return re.compile(rf"\b{re.escape(phrase)}\b", re.IGNORECASE)


def _remarks(text: str, guide: Guide, house: House) -> Iterator[tuple]:
    for pattern in guide.remarks:
        for match in _remark(pattern).finditer(text):
            yield "remark", match[0], match.start(), ()
    for phrase in guide.unsure:
        for match in _phrase(phrase).finditer(text):
            yield "meaning", match[0], match.start(), ()


def _tasks(text: str, guide: Guide) -> Iterator[tuple[str, int]]:
    start = 0
    for task in text.split(guide.between):
        yield task, start
        start += len(task) + len(guide.between)


def _openings(text: str, guide: Guide, house: House) -> Iterator[tuple]:
    for task, start in _tasks(text, guide):
        word = re.match(r"[^\W\d_][\w'\u2019/.-]*", task)
        if not word:
            yield "tense", task[:1] if re.match(f"[{MASK}]", task) else task.split(" ")[0], start, ()
        elif unsure(task, guide):
            yield "tense", word[0].rstrip("."), start, _guesses(word[0], guide, house)


def _guesses(word: str, guide: Guide, house: House) -> tuple[str, ...]:
    """Return the form that a word would have if it were a regular verb, unless it is a known noun."""
    if base_of(word) or guide.form != "past" or not word.isalpha() or house.knows(word) or len(word) < 4:
        return ()
    return (regular_past(word),)


def _joined(text: str, guide: Guide, house: House) -> Iterator[tuple]:
    for task, start in _tasks(text, guide):
        for match in joined_doubts(task, guide):
            yield "tense", match[2], start + match.start(2), ()


def _short(text: str, guide: Guide, house: House) -> Iterator[tuple]:
    known = {key.rstrip("."): meanings for key, meanings in guide.ambiguous.items()}
    for match in (*_DOTTED.finditer(text), *_SLASHED.finditer(text)):
        word = match[0]
        last = match.end() == len(text.rstrip())
        if word in guide.kept or re.fullmatch(r"(?:[A-Z]\.)+", word):
            continue
        bare = word.rstrip(".").lower()
        if "/" in word and (bare in ("and/or",) or (word.isupper() and word not in ("O/C", "F/U"))):
            continue
        if last and (word[:-1].isupper() or (bare not in known and (house.knows(bare) or len(bare) > 5))):
            continue  # the stop that closes the entry
        named = bare[-1] in "aeiou" or re.search(_BEFORE_LAST_NAME, text[: match.start()])
        if last and word.istitle() and bare not in guide.abbreviations and named:
            continue
        yield "abbreviations", word, match.start(), tuple(known.get(bare, ()))
    for match in _JOINED_NUMBER.finditer(text):
        if f"{match[0].strip()}" not in guide.kept | {"no", "no."}:
            yield "abbreviations", match[0].strip(), match.start(), ()
    owned = "|".join(re.escape(key) for key in guide.abbreviations if key.isalpha())
    for match in re.finditer(rf"(?<![\w./'\u2019-])(?:{owned})['\u2019]s?(?!\w)", text, re.IGNORECASE):
        yield "abbreviations", match[0], match.start(), ()
    plain = "|".join(re.escape(key) for key in guide.ambiguous if not key.endswith("."))
    for match in re.finditer(rf"(?<![\w./'\u2019-])({plain})(?![\w./'\u2019-])", text, re.IGNORECASE):
        if not (match[0].isupper() and len(match[0]) > 1):
            yield "abbreviations", match[0], match.start(), tuple(guide.ambiguous[match[0].lower()])
    for match in re.finditer(r"(?<![\w./&-])[b-df-hj-np-tv-xz]{2,6}(?:'[ds])?(?![\w./&-])", text):
        if match[0] not in guide.kept | {"pp", "v", "vs", "plc", "th", "nd", "rd", "st"}:
            yield "abbreviations", match[0], match.start(), ()


def _sentences(text: str, guide: Guide, house: House) -> Iterator[tuple]:
    for match in _SENTENCE.finditer(text):
        before = text[: match.start() + 1].rsplit(" ", 1)[-1]
        dotted = match[0].startswith(".")
        if match[0] == guide.between or text[: match.start()].count("(") > text[: match.start()].count(")"):
            continue
        if dotted and shortened(before.rstrip(".").lstrip("("), guide):
            continue
        if dotted or opens(text[match.end() :], guide):
            after = text[match.end() :].split(" ")[0]
            yield "separators", match[0] + after, match.start(), ()


def _confusable(text: str, guide: Guide, house: House) -> Iterator[tuple]:
    for word, choices in guide.confusable.items():
        for match in re.finditer(rf"(?<![\w-]){word}(?![\w-])", text):
            if not _settled(word, text[: match.start()], text[match.end() :]):
                yield "spelling", match[0], match.start(), tuple(choices)


def _settled(word: str, before: str, after: str) -> bool:
    """Say whether the words around show that a word is meant as it is written."""
    last = (before.split() or [""])[-1].lower()
    if word == "form":
        return after.startswith(" of ") or last in {
            "a",
            "the",
            "this",
            "each",
            "short",
            "consent",
            "standard",
            "proxy",
            "in",
            "of",
        }
    if word == "council":
        return last in {"city", "county", "borough", "district", "parish"}
    if word == "advise":
        return last not in {
            "of",
            "the",
            "an",
            "legal",
            "further",
            "written",
            "initial",
            "our",
            "their",
            "some",
            "for",
            "on",
        }
    return word == "principle" and last in {"in", "of", "the"}


def _unknown(text: str, guide: Guide, house: House) -> Iterator[tuple]:
    for match in unknown(text, house):
        if match[0].lower() in guide.words:
            continue
        yield "spelling", match[0], match.start(), suggestions(match[0], house)


def _names(text: str, guide: Guide, house: House) -> Iterator[tuple]:
    if guide.people != "F. Last":
        return
    for match in re.finditer(r"(?<![\w.'\u2019])[A-Z] (?=[A-Z][a-z])", text):
        if text[: match.start()].rsplit(" ", 2)[-2:-1] not in (
            ["Schedule"],
            ["Exhibit"],
            ["Section"],
            ["Form"],
        ):
            yield "names", match[0].strip(), match.start(), ()
    for match in FULL_NAME.finditer(text):
        first, last = match["first"], match["last"].split()[-1]
        before, after = text[: match.start()], text[match.end() :]
        common = house.lists(last) and last.lower() not in house.proper
        if not before or of_entity(before, after):
            continue
        if not common and not house.lists(first) and f"{last}." not in guide.kept:
            yield "names", match[0], match.start(), (f"{first[0]}. {match['last']}",)
    for match in THREE_NAMES.finditer(text):
        of_company = of_entity(text[: match.start()], "") or match[0].endswith((" Co", " Corp"))
        if not of_company and not any(known_name(word, house) for word in match[0].split()[::2]):
            yield "names", match[0], match.start(), ()


def _shifts(masked: str, hidden: list[str]) -> list[int]:
    """Return where each character of a masked text is in the text itself."""
    place, places = 0, []
    for letter in masked:
        places.append(place)
        place += len(hidden[ord(letter) - 0xE000]) if 0xE000 <= ord(letter) <= 0xF8FF else 1
    return [*places, place]
