"""Parking: the words of a plate, what is open, and answers that agree with the signs that were drawn."""

import json

import pytest

from kit import project
from kit.cases.parking import TOKENS, answer

SIGNS = [
    json.loads(line)
    for line in (project.ROOT / "data" / "parking_signs" / "signs.jsonl")
    .read_text(encoding="utf-8")
    .splitlines()
]


def said(sign, now, facts=None):
    found = answer(sign, now, facts)
    return (found.may_park, found.until) if not found.unsure else found.unsure


def printed(rule):
    """Write a rule as build.py draws it."""

    def clock(hour):
        if hour in (12, 24):
            return "NOON" if hour == 12 else "MIDNIGHT"
        past = f":{int(hour % 1 * 60)}" if hour % 1 else ""
        return f"{int(hour) % 12 or 12}{past}{'AM' if hour < 12 else 'PM'}"

    whole = (rule["start"], rule["end"]) == (0, 24)
    hours = "ANY TIME" if whole else f"{clock(rule['start'])} TO {clock(rule['end'])}"
    days = f"{rule['days'][0]} TO {rule['days'][-1]}" if len(rule["days"]) > 1 else rule["days"][0]
    return "\n".join([rule["words"], hours, days.upper(), rule["note"]])


@pytest.mark.parametrize("row", SIGNS, ids=[row["file"] for row in SIGNS])
def test_every_drawn_sign_is_read(row):
    """The words of the 34 drawn signs give the answers of their specification."""
    sign = "\n\n".join(map(printed, row["rules"]))
    for question in row["questions"]:
        assert said(sign, question["now"]) == (question["may_park"], question["until"])


@pytest.mark.parametrize(
    ("sign", "now", "expected"),
    [
        ("NO PARKING\n9AM - 6PM\nMON THRU SAT", "Saturday 10:00", (False, "18:00")),
        ("NO PARKING\n9AM - 6PM\nMON THRU SAT", "Sunday 10:00", (True, "24:00")),
        ("NO STANDING\n7-9 A.M. & 4-6 P.M.\nMON. - FRI.", "Friday 12:00", (True, "16:00")),
        ("NO PARKING\n8AM TO 6PM\nEXCEPT SUNDAY", "Sunday 12:00", (True, "24:00")),
        ("NO PARKING\n8AM TO 6PM\nEXCEPT SUNDAY", "Monday 12:00", (False, "18:00")),
        ("NO\nPARKING\nALL DAYS", "Monday 12:00", (False, "24:00")),
        ("2 HR\nPARKING\n9-6PM\nMON & THURS", "Thursday 10:00", (True, "12:00")),
        ("TUES & FRI\n8:30AM-10AM\nNO PARKING", "Friday 09:00", (False, "10:00")),
        (
            "Mon - Sat\n8 am - 6.30 pm\nWaiting limited to\n1 hour\nNo return within 2 hours",
            "Monday 17:00",
            (True, "18:00"),
        ),
        ("Permit holders only\nMon-Fri 8am-6pm Sat 9am-1pm", "Saturday 13:30", (True, "24:00")),
        ("NO PARKING\n10PM-6AM\nMON-FRI", "Sunday 12:00", (True, "24:00")),
        ("NO PARKING\nWEEKDAYS\n7AM-9AM\nSCHOOL DAYS", "Saturday 08:00", (True, "24:00")),
        ("Disabled badge holders only", "Monday 08:00", (False, "24:00")),
        ("NO PARKING EXCEPT SUNDAYS AND HOLIDAYS\n8AM-6PM", "Sunday 12:00", (True, "24:00")),
        ("NO PARKING\n8AM-6PM\nMON-FRI INCLUDING SUNDAY", "Sunday 12:00", (False, "18:00")),
        ("1 HOUR PARKING\n8AM-6PM\n7 DAYS A WEEK", "Sunday 12:00", (True, "13:00")),
    ],
)
def test_other_ways_of_writing_are_read(sign, now, expected):
    """Dashes, lists, exceptions, days before hours, British plates and a head on two lines."""
    assert said(sign, now) == expected


@pytest.mark.parametrize(
    ("sign", "facts", "expected"),
    [
        ("Permit holders only\n8am-6pm", "The driver has a permit.", (True, "24:00")),
        ("Permit holders only\n8am-6pm", "The driver has no permit.", (False, "18:00")),
        ("Pay at machine\nMax stay 2 hours\n8am-6pm", "The driver pays.", (True, "12:00")),
        ("Pay at machine\nMax stay 2 hours\n8am-6pm", "The driver cannot pay.", (False, "18:00")),
        ("NO PARKING\n1ST & 3RD MONDAY\n8AM-NOON", "It is the 2nd Monday of the month.", (True, "24:00")),
        ("NO PARKING\nNOV 1 TO APR 1\n8AM-NOON", "It is 3 December.", (False, "12:00")),
        ("NO PARKING\nOCTOBER 1 - MARCH 31\n8AM-NOON", "It is 3 July.", (True, "24:00")),
        ("Permit holders only\nzone A", "The driver has a permit for zone B.", (False, "24:00")),
        (
            "Permit holders only\nzone A",
            "You have a permit.",
            'whether the permit is for "PERMIT HOLDERS ONLY ZONE A"',
        ),
        ("NO PARKING\n<-\n8am-noon", "Your car is on the right of the post.", (True, "24:00")),
        ("1 HOUR PARKING\n8AM-6PM\nINCLUDING SUNDAY", "You drive a private car.", (True, "11:00")),
    ],
)
def test_what_the_driver_adds_counts(sign, facts, expected):
    """A permit, a payment and a date change the answer."""
    assert said(sign, "Monday 10:00", facts) == expected


@pytest.mark.parametrize(
    ("sign", "reason"),
    [
        (
            "NO PARKING\nFROM 8AM TO 6PM\nON MOONDAYS",
            '"MOONDAYS" is not known, in "NO PARKING FROM 8AM TO 6PM ON MOONDAYS"',
        ),
        ("NO PARKING\n8:75AM - 10AM", '"8:75AM" is not a time of day'),
        ("0 HOUR PARKING\n8AM - 10AM", '"0 HOUR" is not a length of time'),
        ("NO PARKING\n8 - 10", '"8 - 10" may be morning or evening'),
        ("NO PARKING\nSCHOOL DAYS\n8AM-4PM", "not said: school days"),
        ("NO PARKING\n2ND TUESDAY\n8AM-4PM", "not said: 2nd tuesday"),
        ("NO PARKING\n8AM-6PM\nEXCEPT HOLIDAYS", "not said: holidays"),
        ("NO PARKING\n<-\n8AM-6PM", "not said: <-"),
        ("NO PARKING\nEXCEPT 8AM-6PM", '"8AM-6PM" as an exception, in "NO PARKING EXCEPT 8AM-6PM"'),
        (
            "TAXIS ONLY 6PM-6AM 2 HOUR PARKING 6AM-6PM",
            'for whom which hours are, in "TAXIS ONLY 6PM-6AM 2 HOUR PARKING 6AM-6PM"',
        ),
        ("\n\n".join(["NO PARKING\n8AM-6PM\nEXCEPT HOLIDAYS"] * 40), "too much is not said"),
        ("PARKING\n8AM-6PM", 'neither a ban nor a limit in "PARKING 8AM-6PM"'),
        (
            "2 HOUR PARKING\nMON 8AM-6PM\nTUE",
            'which hours are for which days, in "2 HOUR PARKING MON 8AM-6PM TUE"',
        ),
    ],
)
def test_a_sign_that_is_not_certain_says_why(sign, reason):
    """An unknown word, half of the day left out, a school day: no answer, and the reason."""
    assert said(sign, "Tuesday 09:00") == reason


def test_a_moment_has_a_form():
    """A moment that is not one is an error that shows the form."""
    with pytest.raises(ValueError, match="Write it as in 'Tuesday 09:30'"):
        answer("NO PARKING", "Tue 9:30")


def test_words_of_ones_own_are_an_argument():
    """A council's own words need one entry."""
    sign = "NO PARKING\n8AM-6PM\nHARVEST FAIR"
    assert (
        answer(sign, "Monday 10:00").unsure == '"HARVEST" is not known, in "NO PARKING 8AM-6PM HARVEST FAIR"'
    )
    own = {"note": rf"HARVEST FAIR|{TOKENS['note']}"}
    assert answer(sign, "Monday 10:00", words=TOKENS | own).until == "18:00"
