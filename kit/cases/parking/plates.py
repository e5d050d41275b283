"""Plates: what a plate comes to for a driver: a ban, a limit or nothing, on which days and hours."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from .times import ALL_DAY, MIDNIGHT, WEEK, WORKDAYS, date, duration, nth, span, weekdays
from .words import FACTS, GROUPS, OPEN, TOKENS, ZONE, Unsure, Word, plain, tokens


@dataclass(frozen=True)
class Rule:
    """Hours on some days when nobody may park (`minutes` is None), or when one may for so many minutes."""

    start: int = 0
    end: int = MIDNIGHT
    days: frozenset[int] = WEEK
    minutes: int | None = None
    evening: bool = True  # over midnight, the small hours belong to the day before

    def holds(self, day: int, minute: int) -> bool:
        """Say whether the rule is in force."""
        if self.start < self.end:
            return day in self.days and self.start <= minute < self.end
        early = (day - 1) % 7 if self.evening else day
        return (day in self.days and minute >= self.start) or (early in self.days and minute < self.end)


@dataclass(frozen=True)
class Choice:
    """What one stretch of hours may come to; more than one where `why` is open."""

    rules: tuple[Rule | None, ...]
    why: str = ""


@dataclass
class Facts:
    """What the driver adds."""

    groups: set[str] = field(default_factory=set)
    known: dict[str, bool] = field(default_factory=dict)
    date: str = ""
    nth: int | None = None
    zone: str = ""


def read(plate: str, facts: Facts, known: Mapping[str, str] = TOKENS) -> list[Choice]:
    """Read one plate: for each stretch of its hours, what it may come to for this driver.

    Raises:
        Unsure: If a word is not known, or the words do not say what is allowed.
    """
    words, exceptions = _parted(tokens(plate, known), plate)
    kinds = {kind for kind, _ in words}
    if all(kind in ("ignored", "note") for kind, _ in words + exceptions):
        return []
    outcomes, reasons = _outcomes(plate, words, exceptions, facts)
    holds, more = _conditions(words, exceptions, facts)
    removed = {day for kind, text in exceptions if kind == "days" for day in weekdays(text)}
    choices = []
    for start, end, named in _hours(plate, words):
        days = (named or (WORKDAYS if "school day" in kinds else WEEK)) - removed
        if "including" in kinds:  # "INCLUDING SUNDAY"
            days |= weekdays(next(text for kind, text in words if kind == "including")) if named else WEEK
        rules = [rule and replace(rule, start=start, end=end, days=days) for rule in outcomes]
        if "holiday" in kinds and named and facts.known.get("holiday") is not False:
            rules += [rule and replace(rule, days=WEEK) for rule in rules]  # "SUN & HOLIDAYS"
        if start > end and days != WEEK:
            rules += [rule and replace(rule, evening=False) for rule in rules]
        rules = rules if holds else [*rules, None] if holds is None else [None]
        choices.append(Choice(tuple(dict.fromkeys(rules)), ", ".join(reasons + more)))
    return choices


def understood(facts: str) -> Facts:
    """Read what the driver adds.

    >>> understood("The driver has no permit. It is a school day.").known
    {'school day': True}

    Raises:
        Unsure: If a word is not known.
    """
    found, negative = Facts(), False
    for kind, text in tokens(facts, FACTS):
        if kind in GROUPS and not negative:
            found.groups.add(kind)
        elif kind == "date":
            found.date = text
        elif kind in ("nth", "day of the month") and not negative:
            found.nth = nth(text)[0] if kind == "nth" else (int(re.match(r"\d+", text)[0]) + 6) // 7
        elif kind == "school holiday":
            found.known["school day"] = negative
        elif kind in (*OPEN, "pay", "left", "right"):
            found.known[kind] = not negative
        negative = kind == "not" or (negative and kind == "ignored" and text not in ".;,")
    if day := re.search(r"\d+", found.date):
        found.nth = (int(day[0]) + 6) // 7
    zone = re.search(ZONE, plain(facts)) or re.search(r"\bAN? ([A-Z]\d{0,3}) PERMIT", plain(facts))
    found.zone = zone[1] if zone else ""
    return found


def _parted(words: list[Word], plate: str) -> tuple[list[Word], list[Word]]:
    """Part a plate's words from those that follow EXCEPT."""
    said: list[Word] = []
    exceptions: list[Word] = []
    into = said
    for (kind, text), (before, _) in zip(words, [("", ""), *words], strict=False):
        if before == "except" and kind in (*_OWN, "nth", "season"):
            raise Unsure(f'"{text}" as an exception, in "{plain(plate)}"')
        into = exceptions if kind == "except" else said if kind in _OWN else into
        into.append((kind, text))
    if any(kind == "exempt" for kind, _ in said):
        exceptions += [word for word in said if word[0] in GROUPS]
        said = [word for word in said if word[0] not in GROUPS]
    return said, [word for word in exceptions if word[0] != "except"]


_OWN = ("hours", "always", "limit", "ban", "pay")


def _outcomes(
    plate: str, words: list[Word], exceptions: list[Word], facts: Facts
) -> tuple[list[Rule | None], list[str]]:
    """Return what the plate is for this driver, a ban, a limit or nothing, and what is not said about it."""
    kinds = {kind for kind, _ in words}
    limits = {duration(text) for kind, text in words if kind == "limit"}
    if len(limits) > 1:
        raise Unsure(f'more than one limit in "{plain(plate)}"')
    groups, exempt = ({kind for kind, _ in part if kind in GROUPS} for part in (words, exceptions))
    zone = re.search(ZONE, plain(plate))
    mine = facts.groups
    if zone and "permit" in mine & (groups | exempt) and zone[1] != facts.zone:
        if not facts.zone:
            raise Unsure(f'whether the permit is for "{plain(plate)}"')
        mine = mine - {"permit"}
    load = next((text for kind, text in words + exceptions if kind == "loading"), "")
    if (
        "loading" in facts.groups
        and re.search("COMM|GOODS|TRUCK|PASS", load)
        and "goods vehicle" not in facts.groups
    ):
        raise Unsure(f'whether the car may load at "{plain(plate)}"')
    free = Rule(minutes=limits.pop()) if limits else None
    if mine & exempt:
        return [None], []
    if "ban" in kinds:
        if kinds & {"limit", "pay"} or mine & groups:
            raise Unsure(f'a ban and more in "{plain(plate)}"')
        return [Rule()], []
    if groups and "only" in kinds and ("pay" in kinds or (free and len(_hours(plate, words)) > 1)):
        raise Unsure(f'for whom which hours are, in "{plain(plate)}"')
    if groups and ("only" in kinds or not kinds & {"limit", "pay"}):
        return [free if mine & groups else Rule()], []
    if mine & groups:
        return [None], []
    if "pay" in kinds:
        pays = facts.known.get("pay")
        if pays is None:
            return [free, Rule()], ["whether the driver pays"]
        return [free if pays else Rule()], []
    if free is None:
        raise Unsure(f'neither a ban nor a limit in "{plain(plate)}"')
    return [free], []


def _conditions(words: list[Word], exceptions: list[Word], facts: Facts) -> tuple[bool | None, list[str]]:
    """Return whether the plate counts today, None if that is open, and what is not said."""
    dated = any(kind == "days" for kind, _ in words)
    known = [
        (_known(kind, text, facts), True, text)
        for kind, text in words
        if kind in (*OPEN, "nth", "season") and not (kind in ("holiday", "market day") and dated)
    ]
    known += [(_known(kind, text, facts), False, text) for kind, text in exceptions if kind in OPEN]
    open_ = [text.lower() for value, _, text in known if value is None]
    open_ += ["holidays" for kind, _ in words if kind == "holiday" and dated]
    if any(value is not None and value is not wanted for value, wanted, _ in known):
        return False, []
    return (None if any(value is None for value, _, _ in known) else True), open_


def _known(kind: str, text: str, facts: Facts) -> bool | None:
    if kind == "nth":
        return None if facts.nth is None else facts.nth in nth(text)
    if kind == "season":
        start, end = (
            date(part, last)
            for part, last in zip(
                re.split(r" ?- ?| (?:TO|THRU|THROUGH|UNTIL|TILL) ", text), (1, 31), strict=True
            )
        )
        days = {date(facts.date, day) for day in (1, 31)} if facts.date else set()
        within = {start <= day <= end if start <= end else day >= start or day <= end for day in days}
        return within.pop() if len(within) == 1 else None
    if kind == "side of the arrow" and text[0] in "<-":
        return next(
            (
                facts.known[side] == (side == _SIDES[text[0]])
                for side in ("left", "right")
                if side in facts.known
            ),
            None,
        )
    return facts.known.get(kind)


_SIDES = {"<": "left", "-": "right"}


def _hours(plate: str, words: list[Word]) -> list[tuple[int, int, frozenset[int]]]:
    """Pair hours with days: all with all, or hours with the days that stand on the same side of each.

    >>> _hours("", tokens("7AM-9AM 4PM-6PM MON-FRI", TOKENS))[1]
    (960, 1080, frozenset({0, 1, 2, 3, 4}))
    """
    told = [(kind, text) for kind, text in words if kind in ("hours", "always", "days", "nth")]
    order = "".join("T" if kind in ("hours", "always") else "D" for kind, _ in told)
    form = next(
        (form for form in ("T*D*", "D+T+", "(?:D+T+)+", "(?:T+D+)+") if re.fullmatch(form, order)), None
    )
    if form is None:
        raise Unsure(f'which hours are for which days, in "{plain(plate)}"')
    each = form.removeprefix("(?:").removesuffix(")+") if "(" in form else form
    found = []
    for match in re.finditer(each, order) if order else [None]:
        part = told[match.start() : match.end()] if match else []
        days = frozenset(day for kind, text in part if kind in ("days", "nth") for day in weekdays(text))
        spans = [
            span(text) if kind == "hours" else ALL_DAY for kind, text in part if kind in ("hours", "always")
        ]
        found += [(*span, days) for span in spans or [ALL_DAY]] if part or not match else []
    return found
