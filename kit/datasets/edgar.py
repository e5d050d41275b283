"""EDGAR, the SEC's archive: it wants to know who asks, and its filings hold addresses that we do not keep."""

from __future__ import annotations

import os
import re
from xml.etree import ElementTree

CONTACT = "KIT_EDGAR_CONTACT"
PAUSE_SECONDS = 0.15
_ADDRESS = re.compile(r"(<(rptOwner(?:Street1|Street2|City|ZipCode))>)[^<]+(</\2>)")


class NoContact(ValueError):
    """EDGAR may not be asked without saying who asks."""


def headers(contact: str | None) -> dict[str, str]:
    """Return the headers that the SEC asks for, a name and an e-mail address; without them it is not asked.

    Source, also for ten requests a second at most:
        https://www.sec.gov/search-filings/edgar-search-assistance/accessing-edgar-data

    >>> headers("Jo Doe jo@example.com")
    {'User-Agent': 'Jo Doe jo@example.com'}
    """
    contact = (contact or os.environ.get(CONTACT, "")).strip()
    if not re.search(r"\S+ \S*@\S+\.\S+", contact):
        raise NoContact(
            f"EDGAR wants to know who asks: a name and an e-mail address; found {contact!r}. "
            f'Say `--contact "Your Name you@example.com"`, or set {CONTACT}.'
        )
    return {"User-Agent": contact}


def ownership(submission: str) -> str:
    r"""Return the ownership document of a submission, canonical and without addresses; ValueError if none.

    Canonical XML has no declaration and no blanks between elements: copies become the same bytes.

    >>> ownership("<XML>\n<ownershipDocument><rptOwnerCity>Reno</rptOwnerCity></ownershipDocument>\n</XML>")
    '<ownershipDocument><rptOwnerCity>[removed]</rptOwnerCity></ownershipDocument>\n'
    """
    document = re.search(r"<ownershipDocument>.*?</ownershipDocument>", submission, re.DOTALL)
    if not document:
        raise ValueError("no ownership document in it")
    return _ADDRESS.sub(r"\1[removed]\3", ElementTree.canonicalize(document[0], strip_text=True)) + "\n"
