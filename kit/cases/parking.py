r"""Parking: whether a car may stand by a sign now and until when, or why that is not certain.

    answer("NO PARKING\n8AM - 10AM\nTUESDAY", now="Tuesday 09:30")

Every word of a plate must be known; one that is not makes the answer unsure. What a sign leaves open (a
holiday, a school day, the side of an arrow) is tried both ways, and an answer is given only if both agree.

Source:
    Conventions of data/parking_signs/README.md: a ban wins over a limit; where no plate speaks, parking is
    free; a limit counts from its start or from the arrival, and ends no stay after its own hours.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from itertools import product

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MIDNIGHT = 24 * 60
WEEK = frozenset(range(7))
WORKDAYS = frozenset(range(5))

_DAY = (
    r"(?:MON(?:DAY)?|TUE(?:S(?:DAY)?)?|WED(?:S|NESDAY)?|THU(?:R(?:S(?:DAY)?)?)?|FRI(?:DAY)?|SAT(?:URDAY)?"
    r"|SUN(?:DAY)?)S?(?![A-Z])\.?"
)
_AND = r"\s*(?:,|&|/|AND|OR)\s*"
_TO = r"\s*(?:-|TO|THRU|THROUGH|UNTIL|TILL)\s*"
_CLOCK = r"(?:12 ?NOON|12 ?MIDNIGHT|NOON|MIDDAY|MIDNIGHT|\d{4}|\d{1,2}(?:[:.]\d\d)?\s*(?:AM|PM)?)"
_COUNT = r"(?:\d+(?:\.\d+)?|ONE|TWO|THREE|FOUR|HALF AN)"
_TIME = r"(?:HOURS?|HRS?|H|MINUTES?|MINS?)"
_MONTH = r"(?:JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)[A-Z]*"
_DATE = rf"(?:\d{{1,2}}(?:ST|ND|RD|TH)? {_MONTH}|{_MONTH} \d{{1,2}}(?:ST|ND|RD|TH)?|{_MONTH})"
_NTH = r"(?:1ST|2ND|3RD|4TH|5TH|FIRST|SECOND|THIRD|FOURTH|FIFTH)"
_VERB = r"(?:PARKING|STOPPING|STANDING|WAITING)"
_ZONE = r"(?:(?:ZONE|AREA|PERMIT)S?\s+)([A-Z]?\d{1,3}|[A-Z]\d{0,3})(?![A-Z])"

GROUPS = {
    "permit": r"(?:VEHICLES WITH )?(?:RESIDENT(?:IAL|'?S?'?)|BUSINESS|VALID|DOCTOR'?S?)?\s*PERMIT(?:S"
    r"| HOLDERS?'?)?(?: PARKING)?"
    r"|RESIDENT'?S?'?(?: PARKING)?|DOCTOR'?S?'?|CAR CLUB(?: VEHICLES?)?|MARKET TRADERS",
    "badge": r"DISABLED(?: BADGE)?(?: HOLDERS?)?(?: PARKING)?|BLUE BADGE(?: HOLDERS?)?"
    r"|HANDICAPPED(?: PARKING)?",
    "loading": r"(?:(?:COMMERCIAL(?: VEHICLES?)?|TRUCKS?|GOODS VEHICLES?|PASSENGER)\s+)?(?:LOADING|UNLOADING)"
    r"(?:\s*(?:&|/|AND|OR)\s*UNLOADING)?(?: (?:ZONE|BAY))?",
    "goods vehicle": r"COMMERCIAL VEHICLES?|TRUCKS?|GOODS VEHICLES?|DELIVERY VEHICLES?",
    "taxi": r"TAXIS?(?: STAND| RANK)?|CABS?",
    "bus": r"(?:SCHOOL |LOCAL )?BUS(?:ES)?(?: STOP| STAND| LANE| ZONE)?|COACHES",
    "motorcycle": r"(?:SOLO )?MOTORCYCLES?|CYCLES",
    "official": r"AMBULANCES?|POLICE(?: VEHICLES?)?|FIRE LANE|(?:AUTHORI[SZ]ED|GOVERNMENT) VEHICLES?"
    r"|DIPLOMATS?",
    "electric": r"(?:ELECTRIC|EV)(?: VEHICLES?)?(?: (?:RE)?CHARGING(?: POINT)?)?",
}
"""Who may stand where others may not. The driver belongs to none of them, unless `facts` says so."""
OPEN = {
    "school day": r"(?:ON )?SCHOOL DAYS?|WHEN SCHOOL IS IN SESSION|(?:DURING )?(?:SCHOOL )?TERM(?:[- ]TIME)?",
    "holiday": r"(?:(?:BANK|PUBLIC|LEGAL|MAJOR|NATIONAL|FEDERAL) )?HOLIDAYS?",
    "event day": r"(?:ON )?(?:EVENT|GAME|MATCH)(?:[- ]?DAYS?)?|DURING EVENTS?",
    "snow emergency": r"(?:DURING |WHEN )?SNOW (?:EMERGENCY|EMERGENCIES|ROUTE)",
    "side of the arrow": r"<-(?!-*>)-*|-+>|HERE TO CORNER|BEGINS?|ENDS?",
    "market day": r"(?:ON )?MARKET DAYS?",
    "lines on the road": r"NO LOADING|CONTROLLED (?:PARKING )?ZONE|(?:IN )?MARKED (?:BAYS?|SPACES?)",
}
"""What a sign does not decide by itself."""
TOKENS = {
    "ignored": rf"(?:NO RETURN|RETURN PROHIBITED)(?: WITHIN)? {_COUNT}\s*{_TIME}|IN ANY (?:\d+ )?HOURS?|<-+>",
    "nth": rf"{_NTH}(?:{_AND}{_NTH})*\s+{_DAY}(?: OF (?:THE |EACH |EVERY )?MONTH)?",
    "always": r"(?:AT )?ANY ?TIME|(?:AT )?ALL TIMES|24 HOURS(?: A DAY)?|24/7|ALL DAY|DAY AND NIGHT",
    "season": rf"{_DATE}{_TO}{_DATE}",
    "including": rf"INCL(?:UDING|\.)? {_DAY}(?:{_AND}{_DAY})*",
    "hours": rf"{_CLOCK}{_TO}{_CLOCK}",
    "days": rf"EVERY ?DAY|ALL DAYS|DAILY|(?:7|SEVEN) DAYS(?: A WEEK)?|WEEK ?(?:DAY|END)S?|M ?- ?F"
    rf"|{_DAY}{_TO}{_DAY}|{_DAY}",
    "limit": rf"{_COUNT}[\s-]*{_TIME}",
    "except": r"EXCEPT(?:ING)?(?: FOR| BY| WITH| ON)?|EXC\.?|EXCLUDING|OTHER THAN",
    "ban": rf"NO {_VERB}(?:{_AND}(?:NO )?{_VERB})*|(?:URBAN )?CLEARWAY|(?:BAY|PARKING) SUSPENDED",
    "pay": r"(?:PAY(?:ING)?|PAID)(?: (?:HERE|AT (?:THE )?(?:METER|MACHINE|PAY STATION)|BY PHONE|(?:AND"
    r"|&) DISPLAY|PARKING))*"
    r"|METER(?:ED|S)?(?: PARKING)?|DISPLAY (?:A )?TICKET|TICKET HOLDERS",
    **{f"open:{name}": words for name, words in OPEN.items()},
    **{f"group:{name}": words for name, words in GROUPS.items()},
    "only": r"ONLY",
    "exempt": r"EXEMPT(?:ED)?",
    "note": r"TOW[- ]?(?:AWAY)?(?: ZONE)?|UNAUTHORI[SZ]ED VEHICLES (?:WILL BE )?TOWED|CHARGES APPLY"
    r"|STREET (?:CLEANING|SWEEPING)|SANITATION|SCHOOL DROP-OFF|FARMERS MARKET"
    r"|CHURCH SERVICE|SCHOOL KEEP CLEAR|RED ROUTE|(?:THIS|EITHER"
    r"|BOTH) SIDES?(?: OF (?:THE )?STREET)?|VIOLATORS WILL BE TOWED|(?:ZONE|AREA) [A-Z]?\d{0,3}"
    r"|[A-Z]\d{0,3}"
    rf"|{_VERB}|LIMIT(?:ED)?(?: TO)?|MAX(?:IMUM)?\.?|STAY|AT|ON|FROM|FOR|THE|AND|OR|FREE|TIME|[&,;:.()/+-]",
}
FACTS = {
    "not": r"NOT?|CANNOT|CAN'?T|WITHOUT|NOR|NEITHER|(?:DO|DOES|IS|ARE|HAVE|HAS)N'T",
    "pay": r"PAY(?:S|ING)?|PAID|(?:BUYS?|BOUGHT) A TICKET",
    "nth": rf"{_NTH} {_DAY}",
    "date": _DATE.replace("? {", "?(?: OF)? {", 1),
    "day of the month": r"\d{1,2}(?:ST|ND|RD|TH)(?: OF THE MONTH)?",
    "left": r"LEFT(?:-HAND)?(?: SIDE)?(?: OF)?",
    "right": r"RIGHT(?:-HAND)?(?: SIDE)?(?: OF)?",
    "school holiday": r"SCHOOL HOLIDAYS?|HALF[- ]TERM|(?:SUMMER|EASTER|CHRISTMAS) (?:HOLIDAYS?|BREAK)",
    **{f"open:{name}": words for name, words in OPEN.items()},
    "group:permit": r"(?:RESIDENT'?S?'? |VALID |PARKING )?PERMIT(?: HOLDER)?",
    "group:badge": r"(?:DISABLED |BLUE )BADGE(?: HOLDER)?",
    "group:loading": r"(?:UN)?LOAD(?:S|ING)?",
    "group:electric": r"ELECTRIC(?: CAR| VEHICLE)?|EV",
    "group:goods vehicle": r"VAN|TRUCK|LORRY",
    "group:taxi": r"TAXI|CAB",
    "group:motorcycle": r"MOTORCYCLE|MOTORBIKE",
    "ignored": rf"{_DAY}|\d{{4}}|(?:THE|AN?|YOUR?|DRIVERS?|DRIVES?|RIDES?|CAR|PRIVATE|PETROL|DIESEL|HA[SV]E?"
    rf"|HOLDS?|SHOWS?|IS|ARE"
    r"|ITS?|TODAY|THERE|THIS|OF|MONTH|DAY|DATE|FOR|ZONE|AREA|IN|ON|AT|TO|AND|OR|BUT|WILL|CAN|DO"
    r"|DOES|MEANS|GOODS|PLUGS?"
    r"|NORMAL|WITH|PARKS?|METER|MACHINE|FACING|SIGN|POST|BEEN|DECLARED|FORCE|[A-Z]\d{0,3}|\d{1,3})|[.,;:'-]",
}


Word = tuple[str, str]  # its kind, and the word itself


class Unsure(ValueError):
    """A plate, or what the driver adds, is not understood; the message says which words."""


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


@dataclass(frozen=True)
class Answer:
    """Whether one may park, and until when ("24:00" is the end of the day); or neither, and why not."""

    may_park: bool | None
    until: str | None
    unsure: str = ""


def answer(sign: str, now: str, facts: str | None = None) -> Answer:
    r"""Answer for a driver who has no permit, does not load and drives a car, unless `facts` says otherwise.

    Args:
        sign: The words of the sign, a blank line between plates.
        now: Weekday and time of day, "Tuesday 09:30".
        facts: What else is known, in words.

    >>> answer("NO PARKING\n8AM - 10AM\nTUESDAY", now="Tuesday 09:30")
    Answer(may_park=False, until='10:00', unsure='')
    >>> answer("NO PARKING\n8AM - 10AM\nSCHOOL DAYS", now="Tuesday 09:30").unsure
    'not said: school days'
    """
    try:
        known = understood(facts or "")
        choices = [choice for plate in re.split(r"\n\s*\n", sign.strip()) for choice in read(plate, known)]
    except Unsure as error:
        return Answer(None, None, str(error))
    day, clock = now.split()
    minute = int(clock[:2]) * 60 + int(clock[3:])
    ways = set()
    for rules in product(*(choice.rules for choice in choices)):
        ways.add(decide([rule for rule in rules if rule], DAYS.index(day), minute))
    if len(ways) > 1:
        reasons = dict.fromkeys(choice.why for choice in choices if choice.why)
        return Answer(None, None, f"not said: {', '.join(reasons)}")
    may_park, until = ways.pop()
    return Answer(may_park, f"{until // 60:02}:{until % 60:02}")


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


def read(plate: str, facts: Facts) -> list[Choice]:
    """Read one plate: for each stretch of its hours, what it may come to for this driver.

    Raises:
        Unsure: If a word is not known, or the words do not say what is allowed.
    """
    words, exceptions = _parted(_tokens(plate, TOKENS), plate)
    kinds = {kind for kind, _ in words}
    if all(kind in ("ignored", "note") for kind, _ in words + exceptions):
        return []
    outcomes, reasons = _outcomes(plate, words, exceptions, facts)
    holds, more = _conditions(words, exceptions, facts)
    removed = {day for kind, text in exceptions if kind == "days" for day in _weekdays(text)}
    choices = []
    for start, end, named in _hours(plate, words):
        days = (named or (WORKDAYS if "school day" in kinds else WEEK)) - removed
        rules = [rule and replace(rule, start=start, end=end, days=days) for rule in outcomes]
        if "including" in kinds:  # "INCLUDING SUNDAY"
            days |= _weekdays(next(text for kind, text in words if kind == "including")) if named else WEEK
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
    for kind, text in _tokens(facts, FACTS):
        if kind in GROUPS and not negative:
            found.groups.add(kind)
        elif kind == "date":
            found.date = text
        elif kind in ("nth", "day of the month") and not negative:
            found.nth = _nth(text)[0] if kind == "nth" else (int(re.match(r"\d+", text)[0]) + 6) // 7
        elif kind == "school holiday":
            found.known["school day"] = negative
        elif kind in (*OPEN, "pay", "left", "right"):
            found.known[kind] = not negative
        negative = kind == "not" or (negative and kind == "ignored" and text not in ".;,")
    if day := re.search(r"\d+", found.date):
        found.nth = (int(day[0]) + 6) // 7
    zone = re.search(_ZONE, _plain(facts)) or re.search(r"\bAN? ([A-Z]\d{0,3}) PERMIT", _plain(facts))
    found.zone = zone[1] if zone else ""
    return found


def _tokens(text: str, table: dict[str, str]) -> list[Word]:
    """Cut a text into words of known kinds."""
    plain, place, found = _plain(text), 0, []
    while place < len(plain):
        kind, match = next(
            (
                (kind, match)
                for kind, words in table.items()
                if (match := re.compile(rf" ?(?:{words})(?!(?<=[A-Z0-9])[A-Z0-9])").match(plain, place))
            ),
            ("", None),
        )
        if match is None:
            raise Unsure(f'"{plain[place:].split()[0]}" is not known, in "{plain}"')
        found.append((kind.partition(":")[2] or kind, match[0].strip()))
        place = match.end()
    return found


def _plain(text: str) -> str:
    r"""Return a text in capitals on one line, with the usual signs.

    >>> _plain("8 a.m. to 6 p.m.\nMon")
    '8 AM TO 6 PM MON'
    """
    for odd, usual in {
        "\u2013": "-",
        "\u2014": "-",
        "\u2019": "'",
        "←": " <- ",
        "→": " -> ",
        "↔": " <-> ",
    }.items():
        text = text.replace(odd, usual)
    return " ".join(re.sub(r"\b([AP])\.M\.?", r"\1M", text.upper()).split())


def _parted(words: list[Word], plate: str) -> tuple[list[Word], list[Word]]:
    """Part a plate's words from those that follow EXCEPT."""
    said: list[Word] = []
    exceptions: list[Word] = []
    into = said
    for (kind, text), (before, _) in zip(words, [("", ""), *words], strict=False):
        if before == "except" and kind in (*_OWN, "nth", "season"):
            raise Unsure(f'"{text}" as an exception, in "{_plain(plate)}"')
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
    limits = {_duration(text) for kind, text in words if kind == "limit"}
    if len(limits) > 1:
        raise Unsure(f'more than one limit in "{_plain(plate)}"')
    groups, exempt = ({kind for kind, _ in part if kind in GROUPS} for part in (words, exceptions))
    zone = re.search(_ZONE, _plain(plate))
    mine = facts.groups
    if zone and "permit" in mine & (groups | exempt) and zone[1] != facts.zone:
        if not facts.zone:
            raise Unsure(f'whether the permit is for "{_plain(plate)}"')
        mine = mine - {"permit"}
    load = next((text for kind, text in words + exceptions if kind == "loading"), "")
    if (
        "loading" in facts.groups
        and re.search("COMM|GOODS|TRUCK|PASS", load)
        and "goods vehicle" not in facts.groups
    ):
        raise Unsure(f'whether the car may load at "{_plain(plate)}"')
    free = Rule(minutes=limits.pop()) if limits else None
    if mine & exempt:
        return [None], []
    if "ban" in kinds:
        if kinds & {"limit", "pay"} or mine & groups:
            raise Unsure(f'a ban and more in "{_plain(plate)}"')
        return [Rule()], []
    if groups and ("only" in kinds or not kinds & {"limit", "pay"}):
        return [free if mine & groups else Rule()], []
    if mine & groups:
        return [None], []
    if "pay" in kinds:
        pays = facts.known.get("pay")
        return (
            ([free, Rule()], ["whether the driver pays"])
            if pays is None
            else ([free if pays else Rule()], [])
        )
    if free is None:
        raise Unsure(f'neither a ban nor a limit in "{_plain(plate)}"')
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
        return None if facts.nth is None else facts.nth in _nth(text)
    if kind == "season":
        start, end = (_date(part, last) for part, last in zip(re.split(_TO, text), (1, 31), strict=True))
        days = {_date(facts.date, day) for day in (1, 31)} if facts.date else set()
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

    >>> _hours("", _tokens("7AM-9AM 4PM-6PM MON-FRI", TOKENS))[1]
    (960, 1080, frozenset({0, 1, 2, 3, 4}))
    """
    told = [(kind, text) for kind, text in words if kind in ("hours", "always", "days", "nth")]
    order = "".join("T" if kind in ("hours", "always") else "D" for kind, _ in told)
    form = next(
        (form for form in ("T*D*", "D+T+", "(?:D+T+)+", "(?:T+D+)+") if re.fullmatch(form, order)), None
    )
    if form is None:
        raise Unsure(f'which hours are for which days, in "{_plain(plate)}"')
    each = form.removeprefix("(?:").removesuffix(")+") if "(" in form else form
    found = []
    for match in re.finditer(each, order) if order else [None]:
        part = told[match.start() : match.end()] if match else []
        days = frozenset(day for kind, text in part if kind in ("days", "nth") for day in _weekdays(text))
        spans = [_span(text) for kind, text in part if kind in ("hours", "always")] or [(0, MIDNIGHT)]
        found += [(*span, days) for span in spans] if part or not match else []
    return found


def _weekdays(text: str) -> frozenset[int]:
    """Return days of the week, Monday is 0.

    >>> sorted(_weekdays("SAT THRU MON")), sorted(_weekdays("2ND TUES OF MONTH"))
    ([0, 5, 6], [1])
    """
    named = [[day[:3].upper() for day in DAYS].index(found[:3]) for found in re.findall(rf"\b{_DAY}", text)]
    if not named:
        return frozenset({5, 6}) if "END" in text else WORKDAYS if "WEEK" in text or "F" in text else WEEK
    return frozenset((named[0] + place) % 7 for place in range((named[-1] - named[0]) % 7 + 1))


def _span(text: str) -> tuple[int, int]:
    """Return hours as minutes of the day; an end before its start is on the next day.

    >>> _span("9-6PM"), _span("8:30-10AM"), _span("NOON TO MIDNIGHT"), _span("08:00-18:30")
    ((540, 1080), (510, 600), (720, 1440), (480, 1110))
    """
    if (
        not re.search(r"\d|N", text)
        or "ANY" in text
        or "ALL" in text
        or "24" in text[:2]
        or (text[-5:] == "NIGHT" and "DAY" in text)
    ):
        return 0, MIDNIGHT
    first, last = (part.strip() for part in re.split(_TO, text, maxsplit=1))
    half = next((half for half in ("AM", "PM") if last.endswith(half)), None)
    start, end = _clock(first), _clock(last)
    if start is None and end is not None and half:
        start = _clock(first + half)
        if start >= end:
            start = _clock(first + ("AM" if half == "PM" else "PM"))
    end = MIDNIGHT if end == 0 else end
    if start is None or end is None or start == end:
        raise Unsure(f'"{text}" may be morning or evening')
    return start % MIDNIGHT, end


def _clock(text: str) -> int | None:
    """Return minutes of the day, or None if neither AM nor PM is said."""
    if "NOON" in text or "MIDDAY" in text:
        return 12 * 60
    if "MIDNIGHT" in text:
        return 0
    hour, past, half = re.fullmatch(r"(\d{1,2})[:.]?(\d\d)?\s*(AM|PM)?", text).groups()
    if half:
        return (int(hour) % 12 + 12 * (half == "PM")) * 60 + int(past or 0)
    return int(hour) * 60 + int(past) if past and (hour[0] == "0" or int(hour) > 12) else None


def _duration(text: str) -> int:
    """Return a length of time in minutes.

    >>> _duration("2 HR"), _duration("30 MINS"), _duration("HALF AN HOUR")
    (120, 30, 30)
    """
    words = {"ONE": 1.0, "TWO": 2.0, "THREE": 3.0, "FOUR": 4.0, "HALF": 0.5}
    count = re.match(r"[\d.]+|[A-Z]+", text)[0]
    return int((words.get(count) or float(count)) * (1 if "MIN" in text else 60))


def _nth(text: str) -> list[int]:
    words = ("FIRST", "SECOND", "THIRD", "FOURTH", "FIFTH")
    return [words.index(found) + 1 if found in words else int(found[0]) for found in re.findall(_NTH, text)]


def _date(text: str, otherwise: int = 1) -> tuple[int, int]:
    months = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
    day = re.search(r"\d+", text)
    return months.index(re.search(_MONTH, text)[0][:3]) + 1, int(day[0]) if day else otherwise
