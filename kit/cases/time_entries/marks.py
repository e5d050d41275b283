"""Marks: marks, capitals and dates of an entry that are not of a certain kind."""

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
    r"(?<=\d)[.,:]\d+",  # 9:30
    r"(?<=\w)[-\u2010-\u2013'\u2019]\w+|(?<=s)['\u2019](?= |$)",  # e-mail, client's
    r"\band/or\b|(?<=[A-Z0-9])/(?=[A-Z0-9])|(?<=[a-z])/(?=[A-Z])",  # BSA/AML, Kestrel/Dunne
    r"(?<=[A-Z])&(?=[A-Z])|(?<=[A-Z\d] )& (?=[A-Z])",  # R&D
    r"[$£€§]+ ?(?=\d)|(?<=\d)%",
)
_STRANGE = re.compile(r"[^\w\s\ue000-\uf8ff,;.]+")
_SLIPS = re.compile(
    r"[,;](?=[^\s\d])|\.(?=[a-z]{2})"  # no space behind a mark
    r"|\b(\w+) \1\b"  # a word twice
    r"|\d(?!(?:st|nd|rd|th)\b)[a-z]{2,}"  # 2pm
    r"|\ba (?=(?!un|eu|one|us)[aeiou])|\ban (?=[^aeiouhMLSFNRXEA\W\d])"
)
_NAME = re.compile(r"(?<![\w.'\u2019-])[A-Z][a-z]+(?![\w'\u2019])")
_MONTHS = list(month_name[1:])
_DAY = re.compile(rf"\b(\d{{1,2}}) ({'|'.join(_MONTHS)})\b|\b({'|'.join(_MONTHS)}) (\d{{1,2}})\b(?!,? ?\d*:)")
_RANGE = re.compile(r"(?<![\d.,$£€/:-])(\d{1,4})(?: ?[-\u2013] ?| to | through )(\d{1,4})(?![\d.,:/%-]\d|\w)")


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


def stops(text: str, guide: Guide) -> Iterator[tuple]:
    """Doubt a stop inside an entry that belongs to no short form that stays."""
    for match in re.finditer(r"(\S+)\. (?=\S)", text):
        word = match[1].lstrip("(")
        if f"{word}." not in guide.kept and not re.fullmatch(r"(?:[A-Z]\.)*[A-Z]", word):
            yield "separators", ".", match.end() - 2, ()


def capitals(text: str, guide: Guide) -> Iterator[tuple]:
    """Doubt a small letter before a name or number, a capital that stands alone, and a short name."""
    titles, numbered = "|".join(LISTS["titles"]), "|".join(LISTS["numbered"])
    for match in re.finditer(rf"\b(?:{titles})\.? (?=[A-Z])|\b(?:{numbered}) (?=\d|[A-Z]\b)", text):
        yield "capitals", match[0], match.start(), ()
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
    small = re.search(r"(?:^|(?<![\w-])(?<!of )[a-z]+,? )$", before) and re.match(r"(?:,? [a-z]|$)", after)
    return bool(small) and not of_name


def dates(text: str, guide: Guide) -> Iterator[tuple]:
    """Doubt a day that no calendar has, and a range that runs backwards.

    >>> [words for _, words, *_ in dates("On February 30; pages 18 to 7", Guide.read("house.toml"))]
    ['February 30', '18 to 7']
    """
    for match in _DAY.finditer(text):
        day, month = int(match[1] or match[4]), _MONTHS.index(match[2] or match[3]) + 1
        try:
            date(2024, month, day)
        except ValueError:
            yield "meaning", match[0], match.start(), ()
    for match in _RANGE.finditer(text):
        first, last = match[1], match[2]
        if int(first) > int(last) and not (len(first) == 4 and len(last) == 2):
            yield "meaning", match[0], match.start(), ()
