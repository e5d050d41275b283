"""Rules: kinds that code names for certain, by a form's own words, by what a file is, and by its manners.

    kind_by_form(document), kind_by_style(document)

A rule speaks only where it cannot well be wrong; all else is left to votes.
"""

from __future__ import annotations

import csv
import re
from collections import Counter

from .kinds import OTHER
from .titles import headed, heading
from .typed import Document

TABLES = frozenset({".csv", ".tsv", ".xls", ".xlsx", ".ods"})
SLIDES = frozenset({".pptx", ".ppt", ".odp"})
CODE = frozenset(
    {
        ".c",
        ".cpp",
        ".css",
        ".go",
        ".h",
        ".ini",
        ".java",
        ".js",
        ".log",
        ".py",
        ".rb",
        ".rs",
        ".sh",
        ".sql",
        ".toml",
    }
    | {".ts", ".yaml", ".yml"}
)
_FORM4 = re.compile(r"STATEMENT OF CHANGES (IN|OF) BENEFICIAL\s+OWNERSHIP", re.IGNORECASE)
_FORM = re.compile(r"\bFORM\s+(3|4|5|10-K|10-Q|8-K|20-F|6-K|S-1|DEF 14A|13D|13G|144)(/A)?\b", re.IGNORECASE)
_COMMISSION = re.compile(r"SECURITIES AND EXCHANGE COMMISSION", re.IGNORECASE)
_HEADER = re.compile(r"<SEC-(DOCUMENT|HEADER)>|CONFORMED SUBMISSION TYPE:")
_ROOTS = {
    "patent": re.compile(
        r"<(?:us-patent-(?:grant|application)\S*|(?:ep-)?patent-document|exchange-document)\b"
    ),
    "filing": re.compile(r"<(?:\w+:)?ownershipDocument\b"),
    "invoice": re.compile(r"<(?:\w+:)?(?:Invoice|CrossIndustryInvoice|FatturaElettronica)\b"),
}
_CODE = re.compile(r"^\s*\((10|12|21|22|43|45|51|52|54|57|71|72|73)\)", re.MULTILINE)
_PLATE = re.compile(
    r"\b(NO|HOUR|MINUTE|PERMIT|LOADING|TOW.AWAY)\b[\s\S]*\b(PARKING|STOPPING|STANDING|ZONE|ONLY)\b"
)
_TITLES = re.compile(r"(?i)\b(invoice|bill|agreement|contract|lease|patent|memo|minutes|statement|order)\b")
_GREETING = re.compile(r"^\s*(?:dear\b.{0,40}|sirs),?\s*$", re.MULTILINE | re.IGNORECASE)
_LEAVE = re.compile(r"^\s*(?:yours|sincerely|(?:with )?kind regards|best (?:wishes|regards))\b", re.M | re.I)
_PARTY = re.compile(r"\(\s*(?:the\s+|each\s+)?[\"\u201c][^\"\u201d\n]{2,40}[\"\u201d]\s*\)", re.IGNORECASE)
_AGREED = re.compile(
    r"(?i)\b(this (agreement|contract|lease|deed)|lets to|agree[sd]? (as follows|that|to))\b"
)
_CODES_OF_A_PATENT = 5
_PARTIES = 2
_LONGEST_SIGN = 60
_WORDS_OF_A_TITLE = 8


def kind_by_form(document: Document) -> tuple[str, str] | None:
    """Return a kind and the rule that names it, or None."""
    text = document.text
    if not text:
        return "no text", "no word, neither as text nor in the picture"
    if root := next((kind for kind, pattern in _ROOTS.items() if pattern.search(text[:5_000])), None):
        return root, "the root of its XML"
    if _HEADER.search(text[:2_000]):
        return "filing", "the header of a filing with the SEC"
    if _FORM.search(text[:5_000]) and (_FORM4.search(text) or _COMMISSION.search(text[:5_000])):
        return "filing", "the title of a form of the SEC"
    if len(set(_CODE.findall(text))) >= _CODES_OF_A_PATENT:
        return "patent", "codes of a patent's front page, such as (54)"
    if document.format == ".png" and is_sign(text):
        return "sign", "a picture with few words, in capitals, about parking"
    if document.format in SLIDES:
        return "slides", f"a {document.format[1:]} file"
    if document.format in CODE:
        return OTHER, f"a {document.format} file: a program, its settings or its log"
    if document.format == ".txt" and is_table(text, columns=3, rows=5):
        return "table", "a text of rows of one form"
    title = " ".join(document.opening.split()[:_WORDS_OF_A_TITLE])
    if document.format in TABLES and not _TITLES.search(title) and is_table(document.texts[0]):
        return "table", f"a {document.format[1:]} file with rows of one form, and no title of another kind"
    return None


def kind_by_style(document: Document) -> tuple[str, str] | None:
    """Return what the manners of a text give away: letters take leave, contracts define their parties."""
    text, head = document.plain, heading(document)
    letter = bool(_GREETING.search(text) and _LEAVE.search(text))
    parties = len(set(_PARTY.findall(text))) >= _PARTIES
    if letter and not parties and head in ("", "letter") and not _headings(text) - {"letter"}:
        return "letter", "it greets and takes leave"
    if parties and not letter and head in ("", "contract") and _AGREED.search(text):
        return "contract", "it defines its parties"
    return None


def _headings(text: str) -> set[str]:
    """Return the kinds that any line heads: a letter may come with what it is about."""
    return {kind for line in text.splitlines() for kind in headed(line.strip())}


def is_sign(text: str) -> bool:
    r"""Say whether a text is that of a street sign.

    >>> is_sign("NO PARKING\n8AM TO 10AM"), is_sign("PAID 6.40 EUR"), is_sign("There is no parking here")
    (True, False, False)
    """
    return text.isupper() and len(text.split()) <= _LONGEST_SIGN and bool(_PLATE.search(text))


def is_table(text: str, columns: int = 2, rows: int = 3) -> bool:
    r"""Say whether most lines have as many cells, and there are enough of both.

    >>> is_table("day,litres\nMonday,112\nTuesday,98"), is_table("INVOICE\n,,88\nTotal,,,112")
    (True, False)
    """
    lines = [line for line in text.splitlines() if line.strip(" |-,;\t") and not line.startswith("# ")]
    widths = Counter(len(_cells(line)) for line in lines)
    width, most = widths.most_common(1)[0] if widths else (0, 0)
    return width >= columns and most >= rows and most >= 0.8 * len(lines)


def _cells(line: str) -> list[str]:
    if line.startswith("|"):
        return [cell for cell in line.strip().strip("|").split("|") if cell.strip()]
    mark = max(",;\t", key=line.count)
    return [cell for cell in next(csv.reader([line], delimiter=mark)) if cell.strip()]
