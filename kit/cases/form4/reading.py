"""Reading: a filing from its layout alone, with a doubt for all that is missing or does not agree.

filing, doubts = by_code(read(Path("filing.html")))
"""

from __future__ import annotations

from datetime import date

from .boxes import boxes, footnotes, signed
from .checks import missing
from .filing import Filing, Holding, Owner, Transaction, day
from .layout import Page
from .tables import HEADS, Heads, rows


def by_code(page: Page, heads: Heads = HEADS) -> tuple[Filing, list[str]]:
    """Read a filing without a model, its tables by the words of their heads.

    Returns:
        The filing, and doubts: each begins with the field or the row that a person should look at.
    """
    top = boxes(page)
    found, doubts = rows(page, heads)
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
    if top["forms"] > 1:
        doubts.append(f"filing: {top['forms']} forms are in one file, and their rows are together here")
    if top["several"] != (len(filing.owner.names) > 1):
        doubts.append(f"names: box 6 does not agree with the {len(filing.owner.names)} names that were found")
    if len(set(dates)) > 1:
        doubts.append(f"signed: the signatures have the dates {', '.join(sorted(set(dates)))}")
    if top["amends"] and not filing.amends:
        doubts.append(f"amends: {top['amends']} is no date")
    return filing, doubts + missing(filing)


def _day(text: str | None) -> date | None:
    found = day(text)
    return found if isinstance(found, date) else None
