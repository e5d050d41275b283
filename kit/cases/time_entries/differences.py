"""Differences: where an entry departs from its clean version, each put down to the house rule it breaks.

The same function explains what was wrong with an entry (clean text against raw text), scores a correction
(clean text against predicted text) and guards a reply (after against before): what no rule explains was lost
or invented.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache

from .explanations import PUNCTUATION, explain

CONTENT = "content"
_LONGEST_PART = 200  # tokens
TOKEN = re.compile(
    r'"[^"]*"'  # a quotation
    r"|(?:[A-Z]\.\s?)+[A-Z][\w'\u2019-]+"  # F. Last
    r"|[$§#]*\s?\d(?:[\w.,:/()%-]*[\w)%])?"  # numbers, amounts, times, sections
    r"|(?:[^\W\d_]+\.)+(?=[\s,;:)]|$)"  # v., Inc., U.S.C., dep.
    r"|[^\W\d_]+/[^\W\d_]*"  # w/, t/c
    r"|[^\W_][\w'\u2019-]*"
    r"|\S"
)


@dataclass(frozen=True)
class Difference:
    """A place where two versions differ; `rule` is "content" if no house rule explains it."""

    rule: str
    clean: str
    text: str

    def __str__(self) -> str:
        if not self.clean:
            return f"{self.rule}: {self.text!r} does not belong there"
        found = f"found {self.text!r}" if self.text else "it is missing"
        return f"{self.rule}: expected {self.clean!r}, {found}"


def differences(clean: str, text: str) -> list[Difference]:
    """List where `text` departs from `clean`, in order.

    >>> found = differences("Met with M. Okafor; drafted lease.", "Meet w/ M. Okafor; drafted leese")
    >>> for difference in found:
    ...     print(difference)
    tense: expected 'Met', found 'Meet'
    abbreviations: expected 'with', found 'w/'
    spelling: expected 'lease', found 'leese'
    punctuation: expected '.', it is missing
    """
    a, b = tokens(clean), tokens(text)
    matcher = SequenceMatcher(None, [t.casefold() for t in a], [t.casefold() for t in b], autojunk=False)
    found = []
    for kind, i, i_end, j, j_end in matcher.get_opcodes():
        if kind == "equal":
            found += [
                Difference("capitalization", x, y)
                for x, y in zip(a[i:i_end], b[j:j_end], strict=True)
                if x != y
            ]
        else:
            opens = i == 0 or a[i - 1] == ";"
            found += _explain_part(tuple(a[i:i_end]), tuple(b[j:j_end]), opens)
    return found + [Difference("punctuation", "", gap) for gap in stray_spaces(text)]


def tokens(text: str) -> list[str]:
    """Split an entry into words, names, numbers, quotations and marks; closing marks stand alone.

    >>> tokens('Sent "Form A" to M. Okafor and Dr. J. Kim at 9:30 a.m. under Rule 12(b)(6).')[1:8]
    ['"Form A"', 'to', 'M. Okafor', 'and', 'Dr.', 'J. Kim', 'at']
    """
    body = text.rstrip(" .;,:\n\t")
    return TOKEN.findall(body) + [mark for mark in text[len(body) :] if not mark.isspace()]


def stray_spaces(text: str) -> list[str]:
    """Return doubled spaces, and spaces before a mark.

    >>> stray_spaces("Reviewed  lease .")
    ['  ', ' .']
    """
    return re.findall(r"\s{2,}|\s[.,;](?=\s|$)", text)


def content(clean: str, text: str) -> float:
    """Score how much of an entry's content survived.

    Returns:
        A fraction in [0, 1]: 0 if a number, name, quotation or capitalized word was lost or invented, else
        the share of words that are neither. What a house rule explains ("w/" for "with") counts as kept.

    >>> content("Met with M. Okafor for 2 hours.", "Meet w/ M Okafor for 2 hours")
    1.0
    >>> content("Met with M. Okafor for 2 hours.", "Met with M. Okafor for 3 hours.")
    0.0
    >>> content("Reviewed the draft lease.", "Reviewed the lease.")
    0.75
    """
    changed = [d for d in differences(clean, text) if d.rule == CONTENT]
    starts = tokens(clean)[:1] + tokens(text)[:1]
    if any(is_fact(part) and part not in starts for d in changed for part in (d.clean, d.text)):
        return 0.0
    lost = sum(len(_words(d.clean)) for d in changed)
    invented = sum(len(_words(d.text)) for d in changed)
    return 1 - min(max(lost, invented) / max(len(_words(clean)), len(_words(text)), 1), 1.0)


def is_fact(part: str) -> bool:
    """Say whether a piece of text holds a number, a quotation or a capital, as names and acronyms do."""
    return bool(re.search(r'[\d"A-Z]', part))


def _words(text: str) -> list[str]:
    return [token for token in tokens(text) if token not in PUNCTUATION]


def _explain_part(clean: tuple[str, ...], text: tuple[str, ...], opens: bool) -> list[Difference]:
    """Explain a replaced part with as few differences as possible, content last.

    A part too long to be an entry, such as a model that repeats itself, is all content.
    """
    if len(clean) + len(text) > _LONGEST_PART:
        lost = [Difference(CONTENT, part, "") for part in clean]
        return lost + [Difference(CONTENT, "", part) for part in text]

    @cache
    def best(i: int, j: int) -> tuple[int, tuple[Difference, ...]]:
        if i == len(clean) and j == len(text):
            return 0, ()
        ways = []
        for m in range(min(4, len(clean) - i + 1)):
            for n in range(min(5, len(text) - j + 1)):
                step = _step(
                    clean[i : i + m], text[j : j + n], (opens and i == 0) or clean[i - 1 : i] == (";",)
                )
                if m + n and step is not None:
                    cost, rest = best(i + m, j + n)
                    ways.append((cost + step[0], step[1] + rest))
        return min(ways, key=lambda way: way[0])

    return list(best(0, 0)[1])


def _step(
    clean: tuple[str, ...], text: tuple[str, ...], opens: bool
) -> tuple[int, tuple[Difference, ...]] | None:
    """Return cost and differences of matching two short runs, or None if they have nothing in common."""
    pair = " ".join(clean), " ".join(text)
    if clean and text:
        if pair[0] == pair[1]:
            return 0, ()
        rule = explain(clean, text, opens)
        return (2 * max(len(clean), len(text)), _named(rule, *pair)) if rule else None
    if len(clean) + len(text) != 1:
        return None
    if (clean + text)[0] in PUNCTUATION:
        return 2, (Difference("punctuation", *pair),)
    return 5, (Difference(CONTENT, *pair),)


def _named(rule: str, clean: str, text: str) -> tuple[Difference, ...]:
    """Return a difference, and one more if the first letter's case is wrong too."""
    found = (Difference(rule, clean, text),)
    if (
        rule != "capitalization"
        and clean[0].isupper() != text[0].isupper()
        and clean[0].isalpha()
        and text[0].isalpha()
    ):
        return (*found, Difference("capitalization", clean, text))
    return found
