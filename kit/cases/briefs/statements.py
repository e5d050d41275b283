"""Statements that carry their pages, and the check that what they say stands there.

    Statement(text="The rent is $9,400 a month.", pages=[1])

Code cuts a page into passages, so that each knows its page. What a model makes of a passage must keep its
sums, dates, names and conditions, who does what, every "not", and most of its words in their order. A
sentence that passes can still be wrong: the lesson shows which attacks this guard catches and misses.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence

from pydantic import BaseModel

from ..contracts.pages import Page, page

ENOUGH_IN_ORDER = 0.8
_CONDITIONS = {
    "if", "unless", "while", "until", "except", "excluding", "without", "provided", "subject", "only",
    "save", "otherwise", "wenn", "falls", "sofern", "solange", "ausser", "außer", "ohne", "nur", "bis",
}  # fmt: skip
_NEGATIONS = {
    "not", "no", "never", "neither", "nor", "none", "nicht", "nie", "kein", "keine", "keinen", "keiner",
    "weder",
}  # fmt: skip
_MODALS = {"may": "may", "can": "may", "darf": "may", "kann": "may"} | dict.fromkeys(
    ["shall", "must", "will", "should", "muss", "müssen", "soll", "sollen", "wird"], "shall"
)
ROLES = {
    "tenant", "landlord", "lessor", "lessee", "buyer", "seller", "purchaser", "vendor", "supplier",
    "customer", "client", "provider", "licensor", "licensee", "lender", "borrower", "guarantor", "company",
    "contractor", "subcontractor", "consultant", "employer", "employee", "executive", "distributor",
    "reseller", "manufacturer", "franchisor", "franchisee", "owner", "operator", "agent", "principal",
    "assignor", "assignee", "recipient", "discloser", "publisher", "author", "artist", "carrier",
    "shipper", "insurer", "insured", "bank", "trustee", "party", "either", "each", "both", "mieter",
    "vermieter", "käufer", "verkäufer", "auftraggeber", "auftragnehmer", "lieferant", "kunde",
}  # fmt: skip
"""Who can owe something; add the words of your own contracts."""
_UNITS = "day|week|month|quarter|year|hour|minute|percent|%|tag|woche|monat|jahr|stunde|prozent"
_SMALL = (
    "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
    "|fifteen|eighteen|twenty|thirty|forty|forty-five|fifty|sixty|seventy|eighty|ninety|hundred|half|third|quarter|twice"
)
_QUANTITY = re.compile(
    rf"(?P<before>USD|EUR|GBP|CHF|[$\u20ac\u00a3])?\s?(?P<number>\d[\d.,]*\d|\d|\b(?:{_SMALL})\b)"
    rf"\)?\s?(?:business |working |calendar )?(?P<after>{_UNITS}|USD|EUR|GBP|CHF|dollars?|euros?|francs?)?",
    re.IGNORECASE,
)
_MONEY = {"$": "usd", "\u20ac": "eur", "\u00a3": "gbp", "dollar": "usd", "euro": "eur", "franc": "chf"}
_ANY = re.compile(r"[^\W_]+")
SHORTEST, LONGEST = 30, 400
"""Characters of a passage."""
_END = re.compile(
    r"(?<=[a-z\d)%\"\u201d][.;:])(?<!Inc\.)(?<!Ltd\.)(?<!Co\.)(?<!No\.)(?<!\sv\.)\s+(?=[\"\u201c(]?[A-Z\d])"
    r"|\n(?=\d{1,2}\.(?:\d+)?\s)"
)
_IDLE = re.compile(r"(?i)(?:by|name|title|date|its|signed|address)\s*:|/s/|-?\s*\d{1,3}\s*-?$|[\W_]+$")
SIGNS = {
    r"[$€£]\s?\d|\b(?:USD|EUR|GBP|CHF)\s?\d|\d\s?(?:percent|%|USD|EUR|GBP|CHF|Euro\b|Franken)": 2,
    r"\b(?:shall|must|will|pays?|owes?|may not|agrees? to|undertakes?|warrants?|indemnif\w+)\b": 2,
    r"\b(?:muss|müssen|hat zu|verpflichtet|schuldet|zahlt|darf nicht|haftet|gewährleistet)\b": 2,
    r"\b(?:\d{4}|\d+\)?\s(?:days|months|years|Tage|Monate|Jahre)|(?:ten|thirty|sixty) days)\b": 1,
    r"\b(?:terminat|expir|breach|default|liab|insolv|kündig|haft|verzug|endet)": 1,
    '\u201d means|" means': -2,
    "_{3}": -2,
}
"""What a passage holds that lays something down, and how much each weighs; case does not matter."""
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


def weight(one: Statement, signs: Mapping[str, int] | None = None) -> int:
    """Say how much a passage lays down: sums, dates, duties, what ends the contract; definitions count less.

    Args:
        one: The passage.
        signs: Expressions and what each weighs, in place of `SIGNS`.

    >>> weight(Statement(text="Tenant shall pay $9,400 on May 1, 2026."))
    5
    >>> weight(Statement(text="Der Mieter zahlt CHF 900."))
    4
    """
    chosen = SIGNS if signs is None else signs
    return sum(worth for sign, worth in chosen.items() if re.search(sign, one.text, re.IGNORECASE))


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


def objection(sentence: str, passage: str, enough: float = ENOUGH_IN_ORDER) -> str:
    """Return why a sentence may not stand for a passage, or "".

    It may hold no number and no name that the passage lacks, and each number keeps its unit and currency.
    The passage's conditions ("unless", "while") stay. Who does what stays: parties, "may", "shall" and "not"
    are in the same order as in the passage. And most of its words are.

    Args:
        sentence: What a model wrote.
        passage: What it was made from.
        enough: Share of its words that must stand in the passage in the same order.

    >>> objection("A fee is due, but no Default exists.", "A fee is due while no Default exists.")
    'while: lost'
    >>> objection("Landlord shall pay the rent to Tenant.", "Tenant shall pay the rent to Landlord.")
    'landlord, shall, tenant: another order'
    """
    if foreign := missing(Statement(text=sentence, pages=[0]), [page(0, passage)]):
        return f"{', '.join(foreign)}: not there"
    if changed := quantities(sentence) - quantities(passage):
        return f"{', '.join(sorted(' '.join(one) for one in changed))}: not there"
    said, stood = deeds(sentence), deeds(passage)
    watched = _CONDITIONS | _NEGATIONS
    if lost := (set(stood) & watched) - set(said):
        return f"{', '.join(sorted(lost))}: lost"
    if new := set(said) - set(stood):
        return f"{', '.join(sorted(new))}: not there"
    if not _within(said, stood):
        return f"{', '.join(said)}: another order"
    if (share := in_order(sentence, passage)) < enough:
        return f"{share:.0%} of its words in order"
    return ""


def deeds(text: str) -> list[str]:
    """Return who may or must do what, in order: parties, "may" or "shall", negations and conditions.

    >>> deeds("Tenant cannot sublet unless the Landlord agrees.")
    ['tenant', 'may', 'not', 'unless', 'landlord']
    """
    plain = re.sub(r"(?i)\bcannot\b|\bcan't\b", "may not", re.sub(r"n['\u2019]t\b", " not", text))
    plain = re.sub(r"\bMay(?=\s+\d)", "", plain)
    words = [
        re.sub(r"['\u2019]s$", "", word) for word in re.findall(r"[^\W\d_]+(?:['\u2019]s)?", plain.lower())
    ]
    found = []
    for word in words:
        role = next(
            (one for one in (word, word.removesuffix("s"), word.removesuffix("ies") + "y") if one in ROLES),
            "",
        )
        kept = role or _MODALS.get(word, "") or (word if word in _CONDITIONS | _NEGATIONS else "")
        found += [kept] if kept else []
    return found


def quantities(text: str) -> set[tuple[str, ...]]:
    """Return numbers with their units or currencies.

    >>> sorted(quantities("Pay $9,400 within thirty (30) days, by 3 p.m."))
    [('3',), ('30', 'day'), ('thirty',), ('usd', '9400')]
    """
    found = set()
    for one in _QUANTITY.finditer(text):
        before, number, after = (one[name] or "" for name in ("before", "number", "after"))
        after = after.lower() if after == "%" else after.lower().rstrip("s").replace("%", "percent")
        before, after = _MONEY.get(before.lower(), before.lower()), _MONEY.get(after, after)
        number = re.sub(r",(?=\d{3})", "", number.lower())
        if after in _MONEY.values():
            before, after = after, ""
        found.add(tuple(part for part in (before, number, after.replace("%", "percent")) if part))
    return found


def _within(said: Sequence[str], stood: Sequence[str]) -> bool:
    """Say whether words stand among others in the same order."""
    rest = iter(stood)
    return all(word in rest for word in said)


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
