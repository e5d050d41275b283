"""The schema: a filing, its owner, its transactions, and sums that Python adds up.

filing.transactions[0].price                      # dot access all the way down
filing.sold.shares, filing.sold.average_price
"""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, BeforeValidator, Field, WithJsonSchema

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
    plain = re.sub(r"[$,\s]", "", text)
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
MaybeNumber = Annotated[float | None, Field(allow_inf_nan=False), BeforeValidator(number)]
Day = Annotated[date, BeforeValidator(day), WithJsonSchema({"type": "string"})]
"""A date; models may copy it as it is printed, for a small one that must reorder it invents the year."""
MaybeDay = Annotated[
    date | None,
    BeforeValidator(
        lambda text: None if isinstance(text, str) and not re.search(r"\d{4}", text) else day(text)
    ),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "null"}]}),
]


class Owner(BaseModel):
    """The reporting persons, and what the first of them is to the company (box 5)."""

    names: list[str] = Field(default_factory=list)
    roles: list[Role]
    officer_title: str | None = None
    other: str | None = None


class Transaction(BaseModel):
    """A row of Table I that moved shares, or of Table II that moved options and the like."""

    table: Literal["I", "II"] = "I"
    security: str = ""
    date: Day
    deemed_date: MaybeDay = None
    code: Code
    shares: Number
    acquired_or_disposed: Literal["A", "D"]
    price: MaybeNumber = Field(None, description="null if the cell is empty or holds only a footnote's mark")
    owned_after: MaybeNumber = None
    ownership: Literal["D", "I"] | None = None
    nature: str | None = None
    exercise_price: MaybeNumber = None
    exercisable: MaybeDay = None
    expires: MaybeDay = None
    underlying: str | None = None
    underlying_shares: MaybeNumber = None


class Holding(BaseModel):
    """A row that reports no transaction: what is owned."""

    table: Literal["I", "II"] = "I"
    security: str
    owned_after: MaybeNumber = None
    ownership: Literal["D", "I"] | None = None


class Total(BaseModel):
    """A sum over transactions; without a value where a price is not printed."""

    shares: float
    value: float | None

    @property
    def average_price(self) -> float | None:
        """Value by share, or None without shares or without a price."""
        return self.value / self.shares if self.shares and self.value is not None else None


class Filing(BaseModel):
    """A Form 4. `signed` is the date beside the signature, `amends` that of box 4, `period` that of box 3."""

    issuer: str
    ticker: str
    owner: Owner
    period: MaybeDay = None
    amends: MaybeDay = None
    signed: MaybeDay = None
    transactions: list[Transaction]
    holdings: list[Holding] = Field(default_factory=list)
    footnotes: list[str] = Field(default_factory=list)

    def total(self, code: Code, table: str = "I") -> Total:
        """Add up the transactions of a code in a table, in decimals, as a person with a pencil would.

        >>> values = {"date": "05/04/2022", "code": "S", "acquired_or_disposed": "D"}
        >>> row = Transaction(shares="1,500", price="$2.10", **values)
        >>> filing = Filing.model_construct(transactions=[row, row])
        >>> filing.total("S").shares, filing.total("S").average_price
        (3000.0, 2.1)
        """
        rows = [row for row in self.transactions if row.code == code and row.table == table]
        shares = sum((Decimal(str(row.shares)) for row in rows), Decimal(0))
        priced = [Decimal(str(row.shares)) * Decimal(str(row.price)) for row in rows if row.price is not None]
        value = float(sum(priced, Decimal(0))) if len(priced) == len(rows) else None
        return Total(shares=float(shares), value=value)

    @property
    def sold(self) -> Total:
        """The sum of all sales of shares (code S)."""
        return self.total("S")
