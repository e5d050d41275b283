"""Marks: marks, capitals, dates and times of an entry that are not of a certain kind."""

from __future__ import annotations

import re
from calendar import month_name
from collections.abc import Iterator
from datetime import date

from .guide import Guide
from .house import vocabulary
from .lists import LISTS
from .verbs import pasts

_FINE = (
    r"\((?:[^a-z()]|[a-z](?![a-z])|(?<=\w)[a-z])*\)",  # (f), (15), (Miss Eve)
    r"\b[A-Z][\w.]* & (?=[A-Z])",  # Fox & Adair
    r"(?<=\d)%",
    r"(?<=\d)[.,:]\d+",  # 9:30
    r"(?<=\w)[-\u2010-\u2013'\u2019]\w+|(?<=[s\ue000-\uf8ff])['\u2019](?= |$)",  # e-mail, client's
    r"\band/or\b|(?<=[A-Z0-9])/(?=[A-Z0-9])|(?<=[a-z])/(?=[A-Z])",  # BSA/AML, Kestrel/Dunne
    r"(?<=[A-Z])&(?=[A-Z])|(?<=[A-Z\d] )& (?=[A-Z])",  # R&D
    r"[$£€§]",
)
_STRANGE = re.compile(r"[^\w\s\ue000-\uf8ff,;.]+|[_\u0370-\u03ff]+")
_SLIPS = re.compile(
    r"[,;](?=[^\s\d])|\.(?=[a-z]{2})"  # no space behind a mark
    r"|\b(\w+) \1\b"  # a word twice
    r"|\d(?!(?:st|nd|rd|th)\b)[a-z]{2,}|\d ?[AaPp][Mm]\b(?!\.m)"  # 2pm, 2 PM
    r"|\d,(?!\d{3}(?!\d))\d+"  # 1,00
    r"|\ba (?=(?!un|eu|one|us)[aeiou])|\ban (?=[^aeiouhMLSFNRXEA\W\d])"
)
_NAME = re.compile(r"(?<![\w.'\u2019-])[A-Z][a-z]+(?![\w'\u2019])")
_TITLED = (
    r"\b(?:district|department) of (?=[A-Z])|\bfederal rules?\b|\bsupreme court\b"
    r"|\brules? of (?:civil|criminal|evidence|appellate)\b"
    r"|\b[A-Z][a-z]+ (?:act|code|rules?)\b"
    r"|(?<![\w'\u2019-])(?!(?:and|or|to|through|of)\b)(?:^[A-Z]|[a-z])[a-z-]* [B-Z](?= [a-z]|[;,])"
    r"|\b(?:bankruptcy|internal revenue|uniform commercial) code\b"
)
_MONTHS = list(month_name[1:])
_DAY = re.compile(
    rf"\b(\d{{1,2}})(?:st|nd|rd|th)?(?: day)?(?: of)? ({'|'.join(_MONTHS)})\b(?:,? (\d{{4}}))?"
    rf"|\b({'|'.join(_MONTHS)}) (\d{{1,2}})(?:st|nd|rd|th)?\b(?!,? ?\d*:)(?:, (\d{{4}}))?"
)
_NO_FIGURE = re.compile(  # 1.2.3 dollars, 14:30 p.m., Q5, 1O0, the year 2062
    r"[$£€]\d+(?:,\d+)*\.\d+\.\d"
    r"|(?<![\d:.])(?:1[3-9]|2\d|0|00)(?::\d\d)? ?[ap]\.m\.|\bQ[5-9]\b|\b\d+[OIl]\d*\b"
    r"|\b(?:20[4-9]\d|2[1-9]\d\d) (?:tax|calendar|fiscal)\b|, (?:20[4-9]\d|2[1-9]\d\d)\b"
)
_NUMBERS = re.compile(r"(?<![\d/.])(\d{1,2})/(\d{1,2})/(?:\d{4}|\d{2})(?![\d/])")
_RANGE = re.compile(
    r"(?<![\d.,$£€/:-])(\d{1,4})(?: ?[-\u2013] ?| to | through )(\d{1,4})"
    r"(?![\d.,:/%-]\d|\w| ?[ap]\.?m)"  # 4 to 7 p.m. is another kind
)
_CLOCK = re.compile(r"(?<![\d:.])(\d{1,2}):(\d\d)(?![\d:])")
_HALF = r"(\d{1,2})(?::(\d\d))? ?([ap])\.?m\.?"
_START = r"(\d{1,2})(?::(\d\d))?(?: ?([ap])\.?m\.?)?"  # "9:30 to 11:15 a.m."
HOURS = re.compile(rf"\b(?<![:.$]){_START} ?(?:to|until|till|-|\u2013) ?{_HALF}", re.IGNORECASE)


def marks(text: str, guide: Guide) -> Iterator[tuple]:
    """Doubt a mark of a kind that is not certain: a dash, a colon, brackets with words in them.

    >>> [words for _, words, *_ in marks("Met Jo - sent it (R&D); paid 9:30", Guide.read("american.toml"))]
    ['-']
    """
    rest = text.replace(guide.between, "x" * len(guide.between))
    for pattern in _FINE:
        rest = re.sub(pattern, lambda match: re.sub(r"\S", "x", match[0]), rest)
    for match in (*_STRANGE.finditer(rest), *_SLIPS.finditer(text)):
        yield "separators", match[0], match.start(), ()


def capitals(text: str, guide: Guide) -> Iterator[tuple]:
    """Doubt a small letter before a name or number, a capital that stands alone, and a short name."""
    titles, numbered = "|".join(LISTS["titles"]), "|".join(LISTS["numbered"])
    for match in re.finditer(rf"\b(?:{titles})\.? (?=[A-Z])|\b(?:{numbered}) (?=\d|[A-Z]\b)|{_TITLED}", text):
        yield "capitals", match[0], match.start(), ()
    for match in re.finditer(r"\b[a-z]+ vs?\.? [a-z]+", text):
        yield "capitals", match[0], match.start(), ()
    for match in re.finditer(rf"\b(?:{'|'.join(_MONTHS)}) [A-Z][a-z]+", text):  # was it "Jan Kowal"?
        yield "names", match[0], match.start(), ()
    for match in re.finditer(
        r", (?:[A-Z][a-z]+\. )?[A-Z]\. [A-Z][\w'\u2019-]+ (?=(?:re|regarding|about|on|to)\b)", text
    ):
        yield "separators", match[0], match.start(), ()
    common = vocabulary() | pasts().keys()
    for match in _NAME.finditer(text):
        word, before, after = match[0], text[: match.start()], text[match.end() :]
        if not before or before.endswith(guide.between) or f"{word}{after[:1]}" in guide.kept:
            continue
        vowelless = re.fullmatch(r"[B-DF-HJ-NP-TV-Z][b-df-hj-np-tv-xz]{2,}", word)
        if word in LISTS["short_names"] or (vowelless and word not in ("Mrs", "Ltd", "Messrs")):
            yield "abbreviations", word, match.start(), ()
        elif word.lower() in common and _alone(before, after):
            yield "capitals", word, match.start(), ()


def _alone(before: str, after: str) -> bool:
    """Say whether a capital word stands between small ones, so that it is part of no name."""
    of_name = re.search(r"[A-Z]\w* (?:of|and|for|the) (?:the )?$", before) or re.match(
        r" of (?:the )?[A-Z\ue000-\uf8ff]", after
    )
    small = re.search(r"(?:^|(?<![\w-])(?<!of )[a-z]+,? )$", before) and re.match(
        r"[,;.]?(?: [a-z]|$)", after
    )
    return bool(small) and not of_name


def figures(text: str, guide: Guide) -> Iterator[tuple]:
    """Doubt a day that no calendar has, a time that no clock has, and a range that runs backwards.

    >>> guide = Guide.read("house.toml")
    >>> [words for _, words, *_ in figures("On February 30 and 2/30/2026; pages 18 to 7", guide)]
    ['February 30', '2/30/2026', '18 to 7']
    >>> [words for _, words, *_ in figures("From 4:00 p.m. to 2:30 p.m.; at 13:75", guide)]
    ['13:75', '4:00 p.m. to 2:30 p.m.']
    """
    for match in _DAY.finditer(text):
        day, month = int(match[1] or match[5]), _MONTHS.index(match[2] or match[4]) + 1
        if not _exists(day, month, int(match[3] or match[6] or 2024)):
            yield "meaning", match[0], match.start(), ()
    for match in _NUMBERS.finditer(text):
        one, two = int(match[1]), int(match[2])
        if not (_exists(one, two) or _exists(two, one)):
            yield "meaning", match[0], match.start(), ()
    for match in _RANGE.finditer(text):
        first, last = match[1], match[2]
        if int(first) > int(last) and not (len(first) == 4 and len(last) == 2):
            yield "meaning", match[0], match.start(), ()
    for match in re.finditer(r"\b(\d+) (?:out )?of (\d+)\b", text):
        if int(match[1]) > int(match[2]):
            yield "meaning", match[0], match.start(), ()
    for match in _CLOCK.finditer(text):
        if int(match[1]) > 23 or int(match[2]) > 59:
            yield "meaning", match[0], match.start(), ()
    for match in HOURS.finditer(text):
        if duration(match) <= 0:
            yield "meaning", match[0], match.start(), ()
    for match in _NO_FIGURE.finditer(text):
        yield "meaning", match[0], match.start(), ()


def duration(match: re.Match) -> float:
    """Return the hours between the two times of a match of `HOURS`."""
    hour, minute, half = match.groups()[:3]
    end = _minutes(*match.groups()[3:])
    if half:
        return (end - _minutes(hour, minute, half)) / 60
    return (end - _minutes(hour, minute, "am")) % (12 * 60) / 60 or 12.0


def _exists(day: int, month: int, year: int = 2024) -> bool:
    try:
        return bool(date(year, month, day))
    except ValueError:
        return False


def _minutes(hour: str, minute: str | None, half: str) -> int:
    return (int(hour) % 12 + 12 * (half.lower() == "p")) * 60 + int(minute or 0)


def doubled(text: str, guide: Guide) -> Iterator[tuple]:
    """Doubt a task, or some words, said twice.

    >>> text = "Read lease; met with Jo with Jo; read lease"
    >>> [words for _, words, *_ in doubled(text, Guide.read("house.toml"))]
    ['read lease', 'with Jo with Jo']
    """
    tasks = text.lower().rstrip(".").split(guide.between)
    if len(set(tasks)) < len(tasks):
        last = next(task for at, task in reversed([*enumerate(tasks)]) if task in tasks[:at])
        yield "meaning", text[text.lower().rindex(last) :][: len(last)], text.lower().rindex(last), ()
    for match in re.finditer(r"\b(\w+ed|\w+ [\w ]+?) \1\b", text, re.IGNORECASE):
        yield "meaning", match[0], match.start(), ()
