r"""Parking: whether a car may stand by a sign now and until when, or why that is not certain.

    answer("NO PARKING\n8AM - 10AM\nTUESDAY", now="Tuesday 09:30")

Every word of a plate must be known; one that is not makes the answer unsure. What a sign leaves open (a
holiday, a school day, the side of an arrow) is tried both ways, and an answer is given only if both agree.

Source:
    Conventions of data/parking_signs/README.md: a ban wins over a limit; where no plate speaks, parking is
    free; a limit counts from its start or from the arrival, and ends no stay after its own hours.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

from .plates import Rule, read, understood
from .times import DAYS, MIDNIGHT
from .words import TOKENS, Unsure

__all__ = ["TOKENS", "Answer", "Rule", "Unsure", "answer", "decide", "read", "understood"]

MOST_WAYS = 4096


@dataclass(frozen=True)
class Answer:
    """Whether one may park, and until when ("24:00" is the end of the day); or neither, and why not."""

    may_park: bool | None
    until: str | None
    unsure: str = ""


def answer(sign: str, now: str, facts: str | None = None, words: Mapping[str, str] = TOKENS) -> Answer:
    r"""Answer for a driver who has no permit, does not load and drives a car, unless `facts` says otherwise.

    Args:
        sign: The words of the sign, a blank line between plates.
        now: Weekday and time of day, "Tuesday 09:30".
        facts: What else is known, in words.
        words: What may be printed on a plate: a kind of words, and an expression for them.

    >>> answer("NO PARKING\n8AM - 10AM\nTUESDAY", now="Tuesday 09:30")
    Answer(may_park=False, until='10:00', unsure='')
    >>> answer("NO PARKING\n8AM - 10AM\nSCHOOL DAYS", now="Tuesday 09:30").unsure
    'not said: school days'
    """
    try:
        known = understood(facts or "")
        choices = [
            choice for plate in re.split(r"\n\s*\n", sign.strip()) for choice in read(plate, known, words)
        ]
    except Unsure as error:
        return Answer(None, None, str(error))
    if math.prod(len(choice.rules) for choice in choices) > MOST_WAYS:
        return Answer(None, None, "too much is not said")
    day, minute = _moment(now)
    ways = set()
    for rules in product(*(choice.rules for choice in choices)):
        ways.add(decide([rule for rule in rules if rule], day, minute))
    if len(ways) > 1:
        reasons = dict.fromkeys(choice.why for choice in choices if choice.why)
        return Answer(None, None, f"not said: {', '.join(reasons)}")
    may_park, until = ways.pop()
    return Answer(may_park, f"{until // 60:02}:{until % 60:02}")


def _moment(now: str) -> tuple[int, int]:
    day, _, clock = now.partition(" ")
    if day not in DAYS or not (found := re.fullmatch(r"([01]\d|2[0-3]):([0-5]\d)", clock)):
        raise ValueError(f"{now!r} is not a day and a time. Write it as in 'Tuesday 09:30'.")
    return DAYS.index(day), int(found[1]) * 60 + int(found[2])


def decide(rules: list[Rule], day: int, minute: int) -> tuple[bool, int]:
    """Return whether one may park and the minute of the day when that changes."""
    bans = [rule for rule in rules if rule.minutes is None]
    banned = any(rule.holds(day, minute) for rule in bans)
    later = range(minute, MIDNIGHT)
    ends = [m for m in later if any(rule.holds(day, m) for rule in bans) != banned][:1]
    for rule in rules:
        begins = next((m for m in later if rule.holds(day, m)), None)
        if rule.minutes and not banned and begins is not None:
            leave = begins + rule.minutes
            ends += [leave] if leave < MIDNIGHT and rule.holds(day, leave) else []
    return not banned, min(ends, default=MIDNIGHT)
