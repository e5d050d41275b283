"""Rules: kinds that code names for certain, by a form's own words, by what a file is, and by its manners.

    certain(document), mannered(document)

A rule speaks only where it cannot well be wrong; all else is left to votes.
"""

from __future__ import annotations

import re

from ..form4 import is_form4
from .typed import Document

TABLES = frozenset({".csv", ".tsv", ".xlsx"})
_CODE = re.compile(r"^\s*\((10|12|21|22|43|45|51|52|54|57|71|72|73)\)", re.MULTILINE)
_PLATE = re.compile(
    r"\b(NO|HOUR|MINUTE|PERMIT|LOADING|TOW.AWAY)\b[\s\S]*\b(PARKING|STOPPING|STANDING|ZONE|ONLY)\b"
)
_TITLES = re.compile(r"(?i)\b(invoice|bill|agreement|contract|lease|patent|memo|minutes)\b")
_GREETING = re.compile(r"^\s*(?:dear\b.{0,40}|sirs),?\s*$", re.MULTILINE | re.IGNORECASE)
_LEAVE = re.compile(r"^\s*(?:yours|sincerely|(?:with )?kind regards|best (?:wishes|regards))\b", re.M | re.I)
_PARTY = re.compile(r"\(\s*(?:the\s+|each\s+)?[\"\u201c][^\"\u201d\n]{2,40}[\"\u201d]\s*\)", re.IGNORECASE)
_CODES_OF_A_PATENT = 5
_PARTIES = 2
_LONGEST_SIGN = 60
_WORDS_OF_A_TITLE = 8


def certain(document: Document) -> tuple[str, str] | None:
    """Return a kind and the rule that names it, or None."""
    text = document.text
    if not text:
        return "no text", "no word, neither as text nor in the picture"
    if is_form4(text):
        return "filing", "the title of SEC Form 4"
    if len(set(_CODE.findall(text))) >= _CODES_OF_A_PATENT:
        return "patent", "codes of a patent's front page, such as (54)"
    if document.format == ".png" and is_sign(text):
        return "sign", "a picture with few words, in capitals, about parking"
    if document.format == ".pptx":
        return "slides", "a pptx file"
    title = " ".join(document.opening.split()[:_WORDS_OF_A_TITLE])
    if document.format in TABLES and not _TITLES.search(title):
        return "table", f"a {document.format[1:]} file, and no title of another kind"
    return None


def mannered(document: Document) -> tuple[str, str] | None:
    """Return what the manners of a text give away: letters take leave, contracts define their parties."""
    letter = bool(_GREETING.search(document.text) and _LEAVE.search(document.text))
    contract = len(set(_PARTY.findall(document.text))) >= _PARTIES
    if letter == contract:
        return None
    return ("letter", "it greets and takes leave") if letter else ("contract", "it defines its parties")


def is_sign(text: str) -> bool:
    r"""Say whether a text is that of a street sign.

    >>> is_sign("NO PARKING\n8AM TO 10AM"), is_sign("PAID 6.40 EUR"), is_sign("There is no parking here")
    (True, False, False)
    """
    return text.isupper() and len(text.split()) <= _LONGEST_SIGN and bool(_PLATE.search(text))
