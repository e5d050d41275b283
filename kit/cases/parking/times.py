"""Times: hours, days, lengths and dates of plates as numbers."""

from __future__ import annotations

import re

from .words import DAY, MONTH, NTH, TO, Unsure

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MIDNIGHT = 24 * 60
ALL_DAY = (0, MIDNIGHT)
WEEK = frozenset(range(7))
WORKDAYS = frozenset(range(5))


def weekdays(text: str) -> frozenset[int]:
    """Return days of the week, Monday is 0.

    >>> sorted(weekdays("SAT THRU MON")), sorted(weekdays("2ND TUES")), len(weekdays("7 DAYS A WEEK"))
    ([0, 5, 6], [1], 7)
    """
    named = [[day[:3].upper() for day in DAYS].index(found[:3]) for found in re.findall(rf"\b{DAY}", text)]
    if not named:
        return frozenset({5, 6}) if "END" in text else WORKDAYS if re.match(r"WEEK|M", text) else WEEK
    return frozenset((named[0] + place) % 7 for place in range((named[-1] - named[0]) % 7 + 1))


def span(text: str) -> tuple[int, int]:
    """Return hours as minutes of the day; an end before its start is on the next day.

    >>> span("9-6PM"), span("8:30-10AM"), span("NOON TO MIDNIGHT"), span("08:00-18:30")
    ((540, 1080), (510, 600), (720, 1440), (480, 1110))
    """
    first, last = (part.strip() for part in re.split(TO, text, maxsplit=1))
    half = next((half for half in ("AM", "PM") if last.endswith(half)), None)
    start, end = clock(first), clock(last)
    if start is None and end is not None and half:
        start = clock(first + half)
        if start >= end:
            start = clock(first + ("AM" if half == "PM" else "PM"))
    end = MIDNIGHT if end == 0 else end
    if start is None or end is None or start == end:
        raise Unsure(f'"{text}" may be morning or evening')
    return start % MIDNIGHT, end


def clock(text: str) -> int | None:
    """Return minutes of the day, or None if neither AM nor PM is said."""
    if "NOON" in text or "MIDDAY" in text:
        return 12 * 60
    if "MIDNIGHT" in text:
        return 0
    hour, past, half = re.fullmatch(r"(\d{1,2})[:.]?(\d\d)?\s*(AM|PM)?", text).groups()
    if int(hour) > (12 if half else 24) or int(past or 0) > 59:
        raise Unsure(f'"{text}" is not a time of day')
    if half:
        return (int(hour) % 12 + 12 * (half == "PM")) * 60 + int(past or 0)
    return int(hour) * 60 + int(past) if past and (hour[0] == "0" or int(hour) > 12) else None


def duration(text: str) -> int:
    """Return a length of time in minutes.

    >>> duration("2 HR"), duration("30 MINS"), duration("HALF AN HOUR")
    (120, 30, 30)
    """
    words = {"ONE": 1.0, "TWO": 2.0, "THREE": 3.0, "FOUR": 4.0, "HALF": 0.5}
    count = re.match(r"[\d.]+|[A-Z]+", text)[0]
    minutes = int((words.get(count) or float(count)) * (1 if "MIN" in text else 60))
    if not minutes:
        raise Unsure(f'"{text}" is not a length of time')
    return minutes


def nth(text: str) -> list[int]:
    """Return which weekdays of a month are meant: "1ST & 3RD TUESDAY" is [1, 3]."""
    words = ("FIRST", "SECOND", "THIRD", "FOURTH", "FIFTH")
    return [words.index(found) + 1 if found in words else int(found[0]) for found in re.findall(NTH, text)]


def date(text: str, otherwise: int = 1) -> tuple[int, int]:
    """Return month and day; a month alone has the day `otherwise`."""
    months = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
    day = re.search(r"\d+", text)
    return months.index(re.search(MONTH, text)[0][:3]) + 1, int(day[0]) if day else otherwise
