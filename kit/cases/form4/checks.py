"""Checks: what every Form 4 has, and whether each row stands on the page.

    missing(filing) + uncited(filing, page.text)

A doubt begins with the field or the row that a person should look at.
"""

from __future__ import annotations

import re

from .filing import Filing, day, number
from .tables import DATE, parts

AMOUNTS = ("shares", "price", "owned_after", "exercise_price", "underlying_shares")


def missing(filing: Filing) -> list[str]:
    """Return what every Form 4 has and this reading lacks, and what does not agree.

    >>> row = {"date": "05/04/2022", "code": "S", "shares": 9, "acquired_or_disposed": "A", "ownership": "D"}
    >>> owner = {"names": ["Doe Jane"], "roles": ["Director"]}
    >>> missing(Filing(issuer="A", ticker="B", owner=owner, signed="05/06/2022", transactions=[row]))
    ['row 1: code S cannot be A', 'row 1: owned_after is missing']
    """
    owner, found = filing.owner, []
    found += [
        f"{name}: it is missing" for name in ("issuer", "ticker", "signed") if not getattr(filing, name)
    ]
    found += [f"{name}: it is missing" for name in ("names", "roles") if not getattr(owner, name)]
    if ("Officer" in owner.roles) != bool(owner.officer_title):
        found.append("officer_title: the box and the title do not agree")
    if not filing.transactions and not filing.holdings:
        found.append("transactions: no row was read")
    for place, row in enumerate(filing.transactions, 1):
        if {"S": "A", "F": "A", "P": "D"}.get(row.code) == row.acquired_or_disposed:
            found.append(f"row {place}: code {row.code} cannot be {row.acquired_or_disposed}")
        needed = ("owned_after", "ownership") if row.table == "I" else ("owned_after",)
        found += [f"row {place}: {name} is missing" for name in needed if getattr(row, name) is None]
    last = max((row.date for row in filing.transactions), default=None)
    if filing.signed and last and last > filing.signed:
        found.append(f"signed: {filing.signed} is before the last transaction, {last}")
    return found


def uncited(filing: Filing, text: str) -> list[str]:
    r"""Return which rows and names are not on the page, and whether rows of the page were left out.

    A row is cited by a line that holds its date and all of its numbers.

    >>> row = {"date": "05/04/2022", "code": "S", "shares": 15, "acquired_or_disposed": "D", "owned_after": 8}
    >>> owner = {"names": ["Doe Jane"], "roles": ["Director"]}
    >>> filing = Filing(issuer="Acme", ticker="AC", owner=owner, signed="05/06/2022", transactions=[row])
    >>> page = "Acme [ AC ] Doe Jane Table I\nCommon | 05/04/2022 | S | 5 | D | $2 | 8 | D\n/s/ 05/06/2022"
    >>> uncited(filing, page)
    ['row 1: no line of the page holds 2022-05-04, 15, 8']
    """
    flat = _bare(text)
    found = [
        f"{name}: it is not on the page"
        for name in ("issuer", "ticker")
        if _bare(getattr(filing, name)) not in flat
    ]
    found += [f"names: {name} is not on the page" for name in filing.owner.names if _bare(name) not in flat]
    found += [
        f"{name}: {value} is not on the page"
        for name in ("signed", "amends")
        if (value := getattr(filing, name)) and f"{value:%m/%d/%Y}" not in text
    ]
    lines = [line for part in parts(text).values() for line in part.splitlines() if re.search(DATE, line)]
    dated = [({day(date) for date in re.findall(DATE, line)}, _numbers(line)) for line in lines]
    for place, row in enumerate(filing.transactions, 1):
        amounts = {value for name in AMOUNTS if (value := getattr(row, name))}
        if not any(row.date in days and amounts <= numbers for days, numbers in dated):
            values = ", ".join(f"{value:,.10g}" for name in AMOUNTS if (value := getattr(row, name)))
            found.append(f"row {place}: no line of the page holds {row.date}, {values}")
    if len(lines) > len(filing.transactions):
        found.append(
            f"transactions: {len(lines)} lines of the tables hold a date, "
            f"{len(filing.transactions)} rows were read"
        )
    return found


def _bare(text: str) -> str:
    return "".join(text.split()).lower()


def _numbers(line: str) -> set[float]:
    return {
        value for text in re.findall(r"\$?[\d,]*\.?\d+", line) if isinstance(value := number(text), float)
    }
