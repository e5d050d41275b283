"""Whether a value stands in a text, however it is written: 36 months as "three (3) years", dates, sums."""

from __future__ import annotations

import math
import re
from typing import Any

_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£"}
_ONES = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven"]
_ONES += ["twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"]
_LONG = 10**10  # beyond, ten digits would round
_TENS = ["", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]


def stands(name: str, value: Any, text: str) -> bool:
    """Say whether a value stands in a text, in figures or in words.

    >>> stands("term_months", 36, "for three (3) years")
    True
    >>> stands("term_months", 3, "3.3 Borrower may prepay after three days")
    False
    >>> stands("effective_date", "2025-03-01", "as of March 1, 2025")
    True
    >>> stands("payment_amount", 48500.0, "$48,500 per month")
    True
    >>> stands("payment_amount", float("nan"), "no amount is named")
    False
    """
    if value == "" or (isinstance(value, float) and not math.isfinite(value)):
        return False
    flat = " ".join(text.split()).lower()
    if name == "term_months":
        return any(re.search(form, flat) for form in _terms(int(value)))
    if name == "payment_currency":
        return str(value).lower() in flat or _SIGNS.get(str(value).upper(), "\0") in flat
    return any(re.search(rf"(?<![\w.]){re.escape(form)}(?!\w)", flat) for form in _forms(name, value))


def in_words(number: int) -> str:
    """Return a number up to 999 in words, as contracts write it.

    >>> in_words(14), in_words(36), in_words(120)
    ('fourteen', 'thirty-six', 'one hundred twenty')
    """
    if number < 20:
        return _ONES[number]
    if number < 100:
        return _TENS[number // 10] + (f"-{_ONES[number % 10]}" if number % 10 else "")
    return f"{_ONES[number // 100]} hundred" + (f" {in_words(number % 100)}" if number % 100 else "")


def _forms(name: str, value: Any) -> list[str]:
    """Return how a value may be written, in lower case."""
    if name == "effective_date":
        return _dates(str(value))
    if isinstance(value, bool) or not isinstance(value, int | float):
        return [" ".join(str(value).split()).lower()]
    number = int(value) if value == int(value) else value
    long = isinstance(number, int) and abs(number) >= _LONG
    forms = [f"{number:,}", str(number)] if long else [f"{number:,.10g}", f"{number:.10g}"]
    words = [in_words(number)] if isinstance(number, int) and 0 <= number < 1000 else []
    return [sign + form for form in forms for sign in ("", *_SIGNS.values())] + words


def _terms(months: int) -> list[str]:
    """Return patterns for a term: its number in figures or in words, and its unit behind it."""
    spans = [(months, "month")] + ([(months // 12, "year")] if months % 12 == 0 else [])
    return [
        rf"(?<![\w.])(?:{number}|{in_words(number)})\)?(?: \({number}\))?[ -]{unit}"
        for number, unit in spans
        if 0 < number < 1000
    ]


def _dates(value: str) -> list[str]:
    from datetime import date

    try:
        day = date.fromisoformat(value[:10])
    except ValueError:
        return [value.lower()] if value else []
    month = day.strftime("%B").lower()
    return [f"{month} {day.day}, {day.year}", f"{day.day} {month} {day.year}", day.isoformat()]
