"""Words: what may be printed on a plate, and what a driver may add. Add your own words here.

A table gives a kind of words and an expression for them; the first kind that fits is taken. A word of no kind
makes an answer unsure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

DAY = (
    r"(?:MON(?:DAY)?|TUE(?:S(?:DAY)?)?|WED(?:S|NESDAY)?|THU(?:R(?:S(?:DAY)?)?)?|FRI(?:DAY)?|SAT(?:URDAY)?"
    r"|SUN(?:DAY)?)S?(?![A-Z])\.?"
)
_AND = r"\s*(?:,|&|/|AND|OR)\s*"
TO = r"\s*(?:-|TO|THRU|THROUGH|UNTIL|TILL)\s*"
_CLOCK = r"(?:12 ?NOON|12 ?MIDNIGHT|NOON|MIDDAY|MIDNIGHT|\d{4}|\d{1,2}(?:[:.]\d\d)?\s*(?:AM|PM)?)"
_COUNT = r"(?:\d+(?:\.\d+)?|ONE|TWO|THREE|FOUR|HALF AN)"
_TIME = r"(?:HOURS?|HRS?|H|MINUTES?|MINS?)"
MONTH = r"(?:JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)[A-Z]*"
_DATE = rf"(?:\d{{1,2}}(?:ST|ND|RD|TH)? {MONTH}|{MONTH} \d{{1,2}}(?:ST|ND|RD|TH)?|{MONTH})"
NTH = r"(?:1ST|2ND|3RD|4TH|5TH|FIRST|SECOND|THIRD|FOURTH|FIFTH)"
_VERB = r"(?:PARKING|STOPPING|STANDING|WAITING)"
ZONE = r"(?:(?:ZONE|AREA|PERMIT)S?\s+)([A-Z]?\d{1,3}|[A-Z]\d{0,3})(?![A-Z])"

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
    "nth": rf"{NTH}(?:{_AND}{NTH})*\s+{DAY}(?: OF (?:THE |EACH |EVERY )?MONTH)?",
    "always": r"(?:AT )?ANY ?TIME|(?:AT )?ALL TIMES|24 HOURS(?: A DAY)?|24/7|ALL DAY|DAY AND NIGHT",
    "season": rf"{_DATE}{TO}{_DATE}",
    "including": rf"INCL(?:UDING|\.)? {DAY}(?:{_AND}{DAY})*",
    "hours": rf"{_CLOCK}{TO}{_CLOCK}",
    "days": rf"EVERY ?DAY|ALL DAYS|DAILY|(?:7|SEVEN) DAYS(?: A WEEK)?|WEEK ?(?:DAY|END)S?|M ?- ?F"
    rf"|{DAY}{TO}{DAY}|{DAY}",
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
    "nth": rf"{NTH} {DAY}",
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
    "ignored": rf"{DAY}|\d{{4}}|(?:THE|AN?|YOUR?|DRIVERS?|DRIVES?|RIDES?|CAR|PRIVATE|PETROL|DIESEL|HA[SV]E?"
    rf"|HOLDS?|SHOWS?|IS|ARE"
    r"|ITS?|TODAY|THERE|THIS|OF|MONTH|DAY|DATE|FOR|ZONE|AREA|IN|ON|AT|TO|AND|OR|BUT|WILL|CAN|DO"
    r"|DOES|MEANS|GOODS|PLUGS?"
    r"|NORMAL|WITH|PARKS?|METER|MACHINE|FACING|SIGN|POST|BEEN|DECLARED|FORCE|[A-Z]\d{0,3}|\d{1,3})|[.,;:'-]",
}

Word = tuple[str, str]  # its kind, and the word itself


class Unsure(ValueError):
    """A plate, or what the driver adds, is not understood; the message says which words."""


def tokens(text: str, table: Mapping[str, str]) -> list[Word]:
    """Cut a text into words of known kinds.

    >>> tokens("No parking Tues", TOKENS)
    [('ban', 'NO PARKING'), ('days', 'TUES')]

    Raises:
        Unsure: If a word is of no kind.
    """
    line, place, found = plain(text), 0, []
    while place < len(line):
        for kind, words in table.items():
            if match := re.compile(rf" ?(?:{words})(?!(?<=[A-Z0-9])[A-Z0-9])").match(line, place):
                found.append((kind.partition(":")[2] or kind, match[0].strip()))
                place = match.end()
                break
        else:
            raise Unsure(f'"{line[place:].split()[0]}" is not known, in "{line}"')
    return found


def plain(text: str) -> str:
    r"""Return a text in capitals on one line, with the usual signs.

    >>> plain("8 a.m. to 6 p.m.\nMon")
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
