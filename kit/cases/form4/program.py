"""The program: code finds boxes and rows, a model reads each, Python adds up.

Beside it stands `Whole`, the same task as one call: `dspy.Predict(Whole)`.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Literal, get_args

import dspy
from pydantic import ValidationError

from . import text as texts
from .filing import Code, Filing, Owner, Reading, Role, Transaction, day, number


class Whole(dspy.Signature):
    """Read an SEC Form 4. A row: date | code | amount | acquired (A) or disposed (D) | price | owned after.

    Marks such as (1) behind a value point to footnotes and are no part of it.
    """

    document: str = dspy.InputField()
    filing: Reading = dspy.OutputField()


class ReadTop(dspy.Signature):
    """Read the boxes of an SEC Form 4."""

    boxes: str = dspy.InputField()
    issuer: str = dspy.OutputField(desc="name of the company, from box 2")
    ticker: str = dspy.OutputField(desc="symbol in brackets")
    officer_title: str = dspy.OutputField(desc="from box 5, or empty")
    signed: str = dspy.OutputField(desc="date only, MM/DD/YYYY")


class ReadRow(dspy.Signature):
    """Read a row of an SEC Form 4: date | code | amount | acquired (A) or disposed (D) | price | owned after.

    Marks such as (1) behind a value point to footnotes and are no part of it.
    """

    row: str = dspy.InputField()
    code: Code = dspy.OutputField()
    shares: float = dspy.OutputField()
    acquired_or_disposed: Literal["A", "D"] = dspy.OutputField()
    price: float = dspy.OutputField()
    owned_after: float = dspy.OutputField()


class Form4(dspy.Module):
    """Read a Form 4 from its text.

    Args:
        code_first: Read rows in which every cell is where the form has it by code, and ask the model for the
            others only. If False, the model reads every row.

    The prediction holds `filing`, or None and `refused`: why nothing was read. `doubts` names what a person
    should look at.
    """

    def __init__(self, code_first: bool = True) -> None:
        super().__init__()
        self.code_first = code_first
        self.top = dspy.Predict(ReadTop)
        self.row = dspy.Predict(ReadRow)
        self.kind = dspy.Predict("opening_of_a_document -> kind_of_document")

    def forward(self, text: str) -> dspy.Prediction:
        """Read one filing."""
        if reason := self.refusal(text):
            return dspy.Prediction(filing=None, refused=reason, doubts=[])
        top = self.top(boxes=texts.top(text))
        amended = texts.amended(text)
        rows = [row for row in texts.rows(text) if _dated(row[:10])]
        signed = day(top.signed)
        roles = [role for role in get_args(Role) for box in texts.checked(text) if box.startswith(role)]
        filing = Filing(
            issuer=top.issuer.partition("[")[0].strip(),  # small models carry the symbol along
            ticker=top.ticker,
            owner=Owner(roles=roles, officer_title=top.officer_title if "Officer" in roles else None),
            filed=signed if isinstance(signed, date) else None,
            amends=amended if _dated(amended) else None,
            transactions=[self.read(row) for row in rows],
        )
        return dspy.Prediction(filing=filing, refused=None, doubts=[*_no_dates(text), *doubts(filing, rows)])

    def read(self, row: str) -> Transaction:
        """Read one row."""
        found = plain(row) if self.code_first else None
        return found or Transaction(date=row[:10], **dict(self.row(row=row)))

    def refusal(self, text: Any) -> str | None:
        """Return why a text is not read, or None; what it seems to be, a model says."""
        if not isinstance(text, str) or not text.strip():
            return "no text: a scan needs OCR first"
        if texts.is_form4(text):
            return None
        kind = self.kind(opening_of_a_document=" ".join(text.split()[:80])).kind_of_document
        return f"not a Form 4; it seems to be: {kind}"


def _dated(text: str | None) -> bool:
    return isinstance(day(text), date)


def _no_dates(text: str) -> list[str]:
    """Return what was left out because its date is none, e.g. a thirteenth month."""
    rows = [f'left out, its date is no date: "{row}"' for row in texts.rows(text) if not _dated(row[:10])]
    amended = texts.amended(text)
    return rows if amended is None or _dated(amended) else [f"amends: {amended} is no date", *rows]


def plain(row: str) -> Transaction | None:
    """Read a row by code, or return None where a cell is missing or is not of its kind.

    >>> plain("05/04/2022 | J(2) | 1,500(1) | D | $2.10 | 8,000 | D").code
    'J'
    >>> print(plain("05/04/2022 | S | 1,500(1) | D | 8,000 | D"))
    None
    """
    names = ("date", "code", "shares", "acquired_or_disposed", "price", "owned_after", "held")
    cells = dict(zip(names, row.split(" | "), strict=False))
    if cells.pop("held", None) not in ("D", "I"):
        return None
    cells["code"] = cells["code"].partition("(")[0]
    try:
        return Transaction(**cells)
    except ValidationError:
        return None


def doubts(filing: Filing, rows: list[str]) -> list[str]:
    """Return what is missing or out of place, or does not stand in its row.

    >>> values = {"date": "05/04/2022", "code": "S", "acquired_or_disposed": "D", "owned_after": 8000}
    >>> wrong = Transaction(shares=15001, **values)
    >>> reading = Reading.model_construct(transactions=[wrong], filed=wrong.date)
    >>> for doubt in doubts(reading, ["05/04/2022 | S | 1,500(1) | D | 8,000 | D"]):
    ...     print(doubt)
    row 1: a cell is missing or out of place in "05/04/2022 | S | 1,500(1) | D | 8,000 | D"
    row 1: shares 15001.0 is not in "05/04/2022 | S | 1,500(1) | D | 8,000 | D"
    """
    found = [] if filing.filed else ["filed: the model found no date"]
    for place, (transaction, row) in enumerate(zip(filing.transactions, rows, strict=True), start=1):
        if plain(row) is None:
            found.append(f'row {place}: a cell is missing or out of place in "{row}"')
        printed = {number(cell) for cell in row.split(" | ")}
        for name in ("shares", "price", "owned_after"):
            value = getattr(transaction, name)
            if value and value not in printed:
                found.append(f'row {place}: {name} {value} is not in "{row}"')
    return found
