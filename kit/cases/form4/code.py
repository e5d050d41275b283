"""Code: a filing read from its layout alone, with a doubt for all that is missing or does not agree.

filing, doubts = by_code(read(Path("filing.html")))
"""

from __future__ import annotations

import re

from .boxes import boxes, footnotes, signed
from .filing import Filing, Holding, Owner, Transaction, day
from .layout import Page
from .tables import rows


def by_code(page: Page) -> tuple[Filing, list[str]]:
    """Read a filing without a model.

    Returns:
        The filing, and doubts: each begins with the field or the row that a person should look at.
    """
    top = boxes(page)
    found, doubts = rows(page)
    dates = signed(page.text)
    filing = Filing(
        issuer=top["issuer"],
        ticker=top["ticker"],
        owner=Owner(**{name: top[name] for name in ("names", "roles", "officer_title", "other")}),
        period=_day(top["period"]),
        amends=_day(top["amends"]),
        signed=_day(dates[0]) if dates else None,
        transactions=[row for row in found if isinstance(row, Transaction)],
        holdings=[row for row in found if isinstance(row, Holding)],
        footnotes=footnotes(page.text),
    )
    if top["several"] != (len(filing.owner.names) > 1):
        doubts.append(f"names: box 6 does not agree with the {len(filing.owner.names)} names that were found")
    if len(set(dates)) > 1:
        doubts.append(f"signed: the signatures have the dates {', '.join(sorted(set(dates)))}")
    if top["amends"] and not filing.amends:
        doubts.append(f"amends: {top['amends']} is no date")
    return filing, doubts + missing(filing)


def _day(text: str | None):
    found = day(text)
    return None if isinstance(found, str) else found


def missing(filing: Filing) -> list[str]:
    """Return what every Form 4 has and this reading lacks, and what does not agree.

    >>> values = {"date": "05/04/2022", "code": "S", "shares": 9, "acquired_or_disposed": "A"}
    >>> owner = Owner(names=["Doe Jane"], roles=["Director"])
    >>> wrong = Filing(issuer="A", ticker="B", owner=owner, signed="05/06/2022", transactions=[values])
    >>> missing(wrong)
    ['row 1: code S cannot be A', 'row 1: owned_after is missing', 'row 1: ownership is missing']
    """
    owner, found = filing.owner, []
    found += [f"{name}: it is missing" for name in ("issuer", "ticker", "signed") if not getattr(filing, name)]
    found += [f"{name}: it is missing" for name in ("names", "roles") if not getattr(owner, name)]
    if ("Officer" in owner.roles) != bool(owner.officer_title):
        found.append("officer_title: the box and the title do not agree")
    if "Other" in owner.roles and not owner.other:
        found.append("other: the box is checked and nothing is specified")
    if not filing.transactions and not filing.holdings:
        found.append("transactions: no row was read")
    for place, row in enumerate(filing.transactions, 1):
        if {"S": "A", "F": "A", "P": "D"}.get(row.code) == row.acquired_or_disposed:
            found.append(f"row {place}: code {row.code} cannot be {row.acquired_or_disposed}")
        found += [f"row {place}: {name} is missing" for name in ("owned_after", "ownership") if getattr(row, name) is None]
    days = [row.date for row in filing.transactions]
    if filing.signed and days and max(days) > filing.signed:
        found.append(f"signed: {filing.signed} is before the last transaction, {max(days)}")
    return found
