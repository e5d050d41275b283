"""Draw the parking signs, and work out from the same specification what each allows and when.

    python data/parking_signs/build.py

Text is set in DejaVu Sans, which comes with matplotlib, so that every machine draws the same signs.
"""

from __future__ import annotations

import json
import random
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
MIDNIGHT = 24 * 60
RED, GREEN, WHITE, SKY, POLE = (176, 28, 38), (0, 104, 66), (252, 252, 250), (205, 217, 226), (128, 132, 136)


@dataclass(frozen=True)
class Rule:
    """One plate of a sign. `minutes` is None where nobody may park, else how long one may stay.

    `days` are as printed ("MON TO FRI"; empty for every day), `start` and `end` are hours of the day. A plate
    that ends before it starts holds over midnight.
    """

    words: str
    start: float = 0
    end: float = 24
    days: str = ""
    minutes: int | None = None
    note: str = ""

    def holds(self, day: str, minute: int) -> bool:
        """Say whether the rule is in force at a minute of a day."""
        start, end = self.start * 60, self.end * 60
        inside = start <= minute < end if start < end else minute >= start or minute < end
        return inside and day in days_of(self.days)


CLEANING, TOW = "STREET CLEANING", "TOW-AWAY ZONE"
SIGNS = [
    [Rule("NO PARKING", 8, 10, "TUESDAY", note=CLEANING)],
    [Rule("NO PARKING", 7, 9, "MON TO FRI")],
    [Rule("NO PARKING", 22, 6)],
    [Rule("NO STOPPING", 16, 18, "MON TO FRI", note=TOW)],
    [Rule("2 HOUR PARKING", 9, 18, "MON TO SAT", 120)],
    [Rule("1 HOUR PARKING", 8, 20, minutes=60)],
    [Rule("30 MINUTE PARKING", 7, 19, "MON TO FRI", 30)],
    [Rule("PERMIT HOLDERS ONLY", 18, 23, note="ZONE 14")],
    [Rule("LOADING ONLY", 6, 11, "MON TO SAT")],
    [Rule("NO PARKING", 10, 12, "WEDNESDAY")],
    [Rule("NO STOPPING", note=TOW)],
    [Rule("TAXI STAND", 20, 24, note="NO PARKING")],
    [Rule("2 HOUR PARKING", 9, 18, "MON TO SAT", 120), Rule("NO PARKING", 8, 10, "TUESDAY", note=CLEANING)],
    [Rule("NO STOPPING", 7, 9, "MON TO FRI", note=TOW), Rule("1 HOUR PARKING", 9, 16, "MON TO FRI", 60)],
    [Rule("NO PARKING", 12, 14, "THURSDAY", note=CLEANING), Rule("4 HOUR PARKING", 8, 18, "MON TO FRI", 240)],
    [Rule("LOADING ONLY", 7, 11, "MON TO FRI"), Rule("2 HOUR PARKING", 11, 20, "MON TO SAT", 120)],
    [Rule("PERMIT HOLDERS ONLY", 19, 24), Rule("1 HOUR PARKING", 8, 19, minutes=60)],
    [Rule("NO PARKING", 2, 6), Rule("30 MINUTE PARKING", 8, 18, "MON TO FRI", 30)],
    [Rule("NO PARKING", 8, 10, "MONDAY", note=CLEANING), Rule("NO PARKING", 16, 19, "MON TO FRI")],
    [Rule("NO STOPPING", 7, 9.5, "MON TO FRI"), Rule("NO STOPPING", 15.5, 18, "MON TO FRI")],
    [
        Rule("NO PARKING", 9, 11, "WEDNESDAY", note=CLEANING),
        Rule("PERMIT HOLDERS ONLY", 18, 22, "MON TO SAT"),
    ],
    [
        Rule("TAXI STAND", 18, 24, "FRI TO SAT", note="NO PARKING"),
        Rule("2 HOUR PARKING", 8, 18, "MON TO SAT", 120),
    ],
    [Rule("LOADING ONLY", 5, 10), Rule("NO PARKING", 22, 24)],
    [
        Rule("NO STOPPING", 6, 10, "SAT TO SUN", note="FARMERS MARKET"),
        Rule("3 HOUR PARKING", 10, 20, "SAT TO SUN", 180),
    ],
    [Rule("15 MINUTE PARKING", 8, 18, "MON TO FRI", 15), Rule("NO PARKING", 20, 23)],
    [Rule("NO PARKING", 8, 16, "MON TO FRI", note="SCHOOL DROP-OFF")],
    [
        Rule("PERMIT HOLDERS ONLY", 8, 12, "SATURDAY", note="MARKET TRADERS"),
        Rule("90 MINUTE PARKING", 12, 18, "SATURDAY", 90),
    ],
    [
        Rule("NO STOPPING", 16, 19, "MON TO FRI", note=TOW),
        Rule("2 HOUR PARKING", 8, 16, "MON TO FRI", 120),
        Rule("NO PARKING", 10, 12, "THURSDAY", note=CLEANING),
    ],
    [
        Rule("NO PARKING", 6, 8, "MON TO FRI"),
        Rule("1 HOUR PARKING", 8, 18, "MON TO FRI", 60),
        Rule("PERMIT HOLDERS ONLY", 18, 24, note="ZONE 3"),
    ],
    [
        Rule("LOADING ONLY", 7, 10, "MON TO SAT"),
        Rule("30 MINUTE PARKING", 10, 16, "MON TO SAT", 30),
        Rule("NO STOPPING", 16, 18, "MON TO FRI"),
    ],
    [Rule("NO PARKING", 12, 15, "FRIDAY", note=CLEANING), Rule("2 HOUR PARKING", 9, 21, minutes=120)],
    [
        Rule("NO STOPPING", 7, 11, "SUNDAY", note="CHURCH SERVICE"),
        Rule("4 HOUR PARKING", 12, 19, "SUNDAY", 240),
    ],
    [Rule("NO STOPPING", 1, 5), Rule("20 MINUTE PARKING", 9, 17, "MON TO FRI", 20)],
    [Rule("PERMIT HOLDERS ONLY", 17, 21, "THURSDAY"), Rule("NO PARKING", 11, 13, "FRIDAY", note=CLEANING)],
]


@cache
def days_of(printed: str) -> list[str]:
    """Return the days that a plate names.

    >>> days_of("FRI TO SUN")
    ['Friday', 'Saturday', 'Sunday']
    """
    if not printed:
        return DAYS
    first, _, last = (part.strip().capitalize()[:3] for part in printed.partition(" TO "))
    short = [day[:3] for day in DAYS]
    return DAYS[short.index(first) : short.index(last or first) + 1]


def answer(rules: list[Rule], day: str, minute: int) -> tuple[bool, str]:
    """Work out whether one may park, and the time of day until which that holds.

    A ban wins over a limit; where no plate speaks, parking is free. Who may park must leave when a ban
    begins, or when a limit is used up inside its own hours; it counts from its start, or from the arrival.

    >>> answer([Rule("2 HOUR PARKING", 9, 18, "MON TO SAT", 120)], "Monday", 10 * 60)
    (True, '12:00')
    >>> answer([Rule("NO PARKING", 22, 6)], "Monday", 23 * 60)
    (False, '24:00')
    """
    bans = [rule for rule in rules if rule.minutes is None]
    later = range(minute, MIDNIGHT)
    banned = any(rule.holds(day, minute) for rule in bans)
    changes = next((m for m in later if any(rule.holds(day, m) for rule in bans) != banned), MIDNIGHT)
    if not banned:
        changes = min([changes, *used_up(rules, day, minute)])
    return not banned, f"{changes // 60:02}:{changes % 60:02}"


def used_up(rules: list[Rule], day: str, minute: int) -> list[int]:
    """Return the minutes at which a stay that begins now has used up a limit."""
    times = []
    for rule in rules:
        if rule.minutes and day in days_of(rule.days):
            leave = max(minute, int(rule.start * 60)) + rule.minutes
            times += [leave] if leave < rule.end * 60 else []
    return times


def questions(rules: list[Rule], dice: random.Random) -> list[dict[str, Any]]:
    """Choose a time at which one may park and one at which one may not, where a sign has both."""
    times = [(day, minute) for day in DAYS for minute in range(6 * 60, 23 * 60, 15)]
    known = {time: answer(rules, *time) for time in times}
    asked = []
    for wanted in (True, False):
        fitting = [time for time in times if known[time][0] is wanted]
        telling = [time for time in fitting if known[time][1] != "24:00"]
        pool = telling if telling and dice.random() < 0.9 else fitting
        asked += dice.sample(pool, min(1, len(pool)))
    while len(asked) < 2:
        asked.append(dice.choice([time for time in times if time not in asked]))
    return [_question(rules, *time) for time in sorted(asked)]


def _question(rules: list[Rule], day: str, minute: int) -> dict[str, Any]:
    may_park, until = answer(rules, day, minute)
    return {"now": f"{day} {minute // 60:02}:{minute % 60:02}", "may_park": may_park, "until": until}


def lines(rule: Rule) -> list[tuple[str, int]]:
    """Return what stands on a plate: each line with its size in pixels."""
    whole_day = rule.start == 0 and rule.end == 24
    hours = "ANY TIME" if whole_day else f"{clock(rule.start)} TO {clock(rule.end)}"
    return [(rule.words, 32), *[(text, 30) for text in (hours, rule.days, rule.note) if text]]


def clock(hour: float) -> str:
    """Return an hour as signs print it.

    >>> clock(9.5), clock(12), clock(24)
    ('9:30AM', 'NOON', 'MIDNIGHT')
    """
    if hour in (12, 24):
        return "NOON" if hour == 12 else "MIDNIGHT"
    minutes = f":{int(hour % 1 * 60)}" if hour % 1 else ""
    return f"{int(hour) % 12 or 12}{minutes}{'AM' if hour < 12 else 'PM'}"


def draw(rules: list[Rule]) -> Any:
    """Draw a sign: its plates on a pole."""
    from PIL import Image, ImageDraw

    plates = [_plate(rule) for rule in rules]
    width, height = 500, 30 + sum(plate.height + 24 for plate in plates)
    picture = Image.new("RGB", (width, height + 30), SKY)
    ImageDraw.Draw(picture).rectangle((width / 2 - 9, 12, width / 2 + 9, height + 30), fill=POLE)
    top = 30
    for plate in plates:
        picture.paste(plate, ((width - plate.width) // 2, top))
        top += plate.height + 24
    return picture.quantize(24)


def _plate(rule: Rule) -> Any:
    from PIL import Image, ImageDraw

    rows = lines(rule)
    colour = RED if rule.minutes is None else GREEN
    plate = Image.new("RGB", (440, 52 + sum(size + 8 for _, size in rows)), WHITE)
    pen, top = ImageDraw.Draw(plate), 30
    pen.rectangle((6, 6, plate.width - 7, plate.height - 7), outline=colour, width=5)
    for text, size in rows:
        font = _fitting(text, size, plate.width - 40)
        pen.text((plate.width / 2, top), text, fill=colour, font=font, anchor="ma")
        top += size + 8
    return plate


def _fitting(text: str, size: int, width: int) -> Any:
    import matplotlib
    from PIL import ImageFont

    file = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans-Bold.ttf"
    sizes = (
        ImageFont.truetype(file, smaller, layout_engine=ImageFont.Layout.BASIC)
        for smaller in range(size, 8, -1)
    )
    return next(font for font in sizes if font.getlength(text) <= width)


def rows() -> list[dict[str, Any]]:
    """Return the gold: for each sign its file, its rules, and two questions with their answers."""
    dice = random.Random(7)
    return [
        {
            "file": f"{number:02}.png",
            "rules": [asdict(rule) | {"days": days_of(rule.days)} for rule in rules],
            "questions": questions(rules, dice),
        }
        for number, rules in enumerate(SIGNS, 1)
    ]


if __name__ == "__main__":
    for row, rules in zip(rows(), SIGNS, strict=True):
        draw(rules).save(HERE / row["file"], optimize=True)
    (HERE / "signs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows()), encoding="utf-8")
