"""Statements that carry their pages, and the check that what they say stands there.

    Statement(text="The rent is $9,400 a month.", pages=[1])

Code cuts a page into passages, so that each knows where it stands. What a model makes of one must keep its
sums, dates, names and conditions, and most of its words in their order; whether the sense is right is for a
judge.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence

from pydantic import BaseModel

from ..contracts.pages import Page, page

ENOUGH_IN_ORDER = 0.8
_CONDITIONS = {"if", "unless", "while", "until", "except", "not", "no", "neither", "nor", "only", "may"}
_ANY = re.compile(r"[^\W_]+")
SHORTEST, LONGEST = 30, 400
"""Characters of a passage."""
_END = re.compile(
    r"(?<=[a-z\d)%\"\u201d][.;:])(?<!Inc\.)(?<!Ltd\.)(?<!Co\.)(?<!No\.)(?<!\sv\.)\s+(?=[\"\u201c(]?[A-Z\d])"
    r"|\n(?=\d{1,2}\.(?:\d+)?\s)"
)
_IDLE = re.compile(r"(?i)(?:by|name|title|date|its|signed|address)\s*:|/s/|-?\s*\d{1,3}\s*-?$|[\W_]+$")
_SIGNS = {
    re.compile(r"[$€£]\s?\d|\b(?:USD|EUR|GBP)\s?\d|\d\s?percent|\d\s?%"): 2,
    re.compile(r"(?i)\b(?:shall|must|pays?|owes?|may not|agrees? to)\b"): 2,
    re.compile(r"(?i)\b(?:\d{4}|\d+\)?\s(?:days|months|years)|(?:ten|thirty|sixty) days)\b"): 1,
    re.compile(r"(?i)\b(?:terminat|expir|breach|default|liab|insolv)"): 1,
    re.compile(r"\u201d means|\" means"): -2,
    re.compile(r"_{3}"): -2,
}
_WORD = re.compile(r"[^\W\d_]{4,}")
_NUMBER = re.compile(r"\d[\d.,]*")
_NAME = re.compile(r"(?<![.!?]\s)(?<!^)\b[A-Z][\w&'\u2019-]*[a-z]\b")
_COMMON = {"The", "This", "Agreement", "Party", "Parties", "Section", "Article", "Exhibit", "Schedule"}


class Statement(BaseModel):
    """A sentence about a contract, and the pages that it rests on."""

    text: str
    pages: list[int] = []


def passages(page: Page) -> list[Statement]:
    """Cut a page into sentences or, where it has none, into pieces of some lines.

    >>> from kit.cases.contracts import page
    >>> text = "4. Rent. Corvane Inc. pays a rent of $9,400. It pays by cheque, not in cash."
    >>> [one.text for one in passages(page(3, text))]
    ['4. Rent. Corvane Inc. pays a rent of $9,400.', 'It pays by cheque, not in cash.']
    """
    lines = [line.text for line in page.lines if not _IDLE.match(line.text)]
    sentences = _END.split("\n".join(lines))
    made: list[str] = []
    for piece in (piece for text in sentences for piece in textwrap.wrap(text, LONGEST)):
        if made and (len(made[-1]) < SHORTEST or len(piece) < SHORTEST) and len(made[-1]) < LONGEST:
            made[-1] += f" {piece}"
        else:
            made.append(piece)
    return [Statement(text=text, pages=[page.number]) for text in made]


def weight(one: Statement) -> int:
    """Say how much a passage lays down: sums, dates, duties, what ends the contract; definitions count less.

    >>> weight(Statement(text="Tenant shall pay $9,400 on May 1, 2026."))
    5
    """
    return sum(worth for sign, worth in _SIGNS.items() if sign.search(one.text))


def details(text: str) -> list[str]:
    """Return what can be checked in a statement: numbers, and names within the sentence.

    >>> details("The Landlord lets Unit 6 to Cordelia for $9,400.")
    ['6', '9,400', 'Landlord', 'Unit', 'Cordelia']
    """
    numbers = [found.strip(".,") for found in _NUMBER.findall(text)]
    names = [name for name in _NAME.findall(text) if name not in _COMMON]
    return [*numbers, *names]


def missing(statement: Statement, pages: Sequence[Page]) -> list[str]:
    """Return the details of a statement that do not stand on the pages that it cites; [] if all do.

    >>> from kit.cases.contracts import page
    >>> missing(Statement(text="It costs $9,400.", pages=[2]), [page(1, "$9,400"), page(2, "blue")])
    ['9,400']
    """
    cited = [page.text for page in pages if page.number in statement.pages]
    words = _bare(" ".join(cited))
    return [
        detail
        for detail in details(statement.text)
        if not re.search(rf"\b{re.escape(_bare(detail))}\b", words)
    ]


def objection(sentence: str, passage: str) -> str:
    """Return why a sentence may not stand for a passage, or "".

    It may hold no number and no name that the passage lacks, must keep the passage's conditions ("unless",
    "while", "not"), and four of five of its words must stand in the passage in the same order.

    >>> objection("A fee is due, but no Default exists.", "A fee is due while no Default exists.")
    'while: lost'
    """
    if foreign := missing(Statement(text=sentence, pages=[0]), [page(0, passage)]):
        return f"{', '.join(foreign)}: not there"
    said, stood = (_conditions(text) for text in (sentence, passage))
    if stood - said:
        return f"{', '.join(sorted(stood - said))}: lost"
    if said - stood:
        return f"{', '.join(sorted(said - stood))}: not there"
    if (share := in_order(sentence, passage)) < ENOUGH_IN_ORDER:
        return f"{share:.0%} of its words in order"
    return ""


def _conditions(text: str) -> set[str]:
    return {word.lower() for word in _ANY.findall(text) if word != "May"} & _CONDITIONS


def in_order(sentence: str, passage: str) -> float:
    """Return the share of a sentence's words that stand in a passage in the same order, in [0, 1].

    >>> in_order("The tenant pays rent", "The rent, which the tenant pays")
    0.75
    """
    said, stood = ([_stem(word) for word in _ANY.findall(text)] for text in (sentence, passage))
    longest = [0] * (len(stood) + 1)
    for word in said:
        before = 0
        for place, other in enumerate(stood, 1):
            before, longest[place] = (
                longest[place],
                before + 1 if word == other else max(longest[place], longest[place - 1]),
            )
    return longest[-1] / len(said) if said else 0.0


def shared(statement: Statement, pages: Sequence[Page]) -> float:
    """Return the share of a statement's longer words that stand on the pages that it cites, in [0, 1].

    >>> from kit.cases.contracts import page
    >>> shared(Statement(text="The rent is payable monthly.", pages=[1]), [page(1, "Rent: monthly")])
    0.6666666666666666
    """
    stand = {
        _stem(word) for page in pages if page.number in statement.pages for word in _WORD.findall(page.text)
    }
    words = [_stem(word) for word in _WORD.findall(statement.text)]
    return sum(word in stand for word in words) / len(words) if words else 0.0


def _stem(word: str) -> str:
    return word.lower()[:5]


def _bare(text: str) -> str:
    """Return a text in lower case, with plain spaces, and without commas inside numbers."""
    return re.sub(r"(?<=\d),(?=\d{3})", "", " ".join(text.split())).lower()
