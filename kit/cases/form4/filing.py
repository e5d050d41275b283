"""The schema: a filing, its owner, its transactions, and sums that Python adds up.

filing.transactions[0].price                      # dot access all the way down
filing.sold.shares, filing.sold.average_price
"""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, BeforeValidator, Field, WithJsonSchema, model_validator

Code = Literal[
    "A", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L", "M", "O", "P", "S", "U", "V", "W", "X", "Z"
]
CODES = get_args(Code)
Role = Literal["Director", "10% Owner", "Officer", "Other"]


def number(text: Any) -> Any:
    """Read a number as the form prints it: with commas, a dollar sign, a footnote's mark, or in parentheses.

    >>> number("$159.94(2)"), number("(1,200)"), number("25,000"), number("(3)"), number("")
    (159.94, 1200.0, 25000.0, None, None)
    """
    if not isinstance(text, str):
        return text
    plain = text.replace("$", "").replace(" ", "").replace(",", "")
    if re.fullmatch(r"(\(\d\d?\))*", plain):  # nothing, or nothing but marks
        return None
    bare = re.sub(r"(?<=\d)(\(\d+\))+$", "", plain).strip("()")
    return float(bare) if re.fullmatch(r"-?\d*\.?\d+", bare) else text


def day(text: Any) -> Any:
    """Read a date as the form prints it, month first, whatever stands around it; return others unchanged.

    >>> day("/s/ by attorney 05/04/2022"), day("2022-05-04"), day("25/05/2022")
    (datetime.date(2022, 5, 4), '2022-05-04', '25/05/2022')
    """
    found = re.findall(r"\b\d\d/\d\d/\d{4}\b", text) if isinstance(text, str) else []
    return next((date for date in map(_month_first, found) if date), text)


def _month_first(text: str) -> date | None:
    try:
        return datetime.strptime(text, "%m/%d/%Y").date()
    except ValueError:  # there is no such day
        return None


Number = Annotated[float, Field(allow_inf_nan=False), BeforeValidator(number)]
Day = Annotated[date, BeforeValidator(day), WithJsonSchema({"type": "string"})]
"""A date; models may copy it as it is printed, for a small one that must reorder it invents the year."""


class Owner(BaseModel):
    """What the reporting person is to the company."""

    roles: list[Role]
    officer_title: str | None = None


class Transaction(BaseModel):
    """A row of Table I that moved shares."""

    date: Day
    code: Code
    shares: Number
    acquired_or_disposed: Literal["A", "D"]
    price: Number = 0
    owned_after: Number


class Total(BaseModel):
    """A sum over transactions."""

    shares: float
    value: float

    @property
    def average_price(self) -> float | None:
        """Value by share, or None without shares."""
        return self.value / self.shares if self.shares else None


class Reading(BaseModel):
    """A filing as a model may read it, with the totals it claims."""

    issuer: str
    ticker: str
    owner: Owner
    filed: Day | None = None
    amends: Day | None = None
    transactions: list[Transaction]
    shares_sold: Number | None = None
    average_price: Number | None = None

    def total(self, code: Code) -> Total:
        """Add up the transactions of a code, in decimals, as a person with a pencil would.

        >>> values = {"date": "05/04/2022", "code": "S", "acquired_or_disposed": "D", "owned_after": 0}
        >>> row = Transaction(shares="1,500", price="$2.10", **values)
        >>> reading = Reading.model_construct(transactions=[row, row])
        >>> reading.total("S").shares, reading.total("S").average_price
        (3000.0, 2.1)
        """
        rows = [row for row in self.transactions if row.code == code]
        shares = sum((Decimal(str(row.shares)) for row in rows), Decimal(0))
        value = sum((Decimal(str(row.shares)) * Decimal(str(row.price)) for row in rows), Decimal(0))
        return Total(shares=float(shares), value=float(value))

    @property
    def sold(self) -> Total:
        """The sum of all sales (code S)."""
        return self.total("S")


class Filing(Reading):
    """A reading whose claimed totals agree with its rows; it cannot be made otherwise."""

    @model_validator(mode="after")
    def totals_agree_with_rows(self) -> Filing:
        """Compare what is claimed with what the rows add up to."""
        rows = self.sold
        if self.shares_sold is not None and self.shares_sold != rows.shares:
            raise ValueError(
                f"shares_sold is {self.shares_sold:,.10g}, but the rows add up to {rows.shares:,.10g}"
            )
        if self.average_price and abs(self.average_price - (rows.average_price or 0)) > 0.01:
            raise ValueError(f"average_price is {self.average_price}, but the rows give {rows.average_price}")
        return self
