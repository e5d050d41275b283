"""Write what a hotel's booking system wants of each request, and split the requests.

    python data/bookings/build.py

facts.jsonl says what each request says: who comes when, for how long, and so on. The company's forms are
computed from these facts, so they hold in every row. comments.txt says why people corrected a form.
"""

from __future__ import annotations

import json
import random
from collections import defaultdict
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SEED = 2027
SPLITS = {"train": 80, "validation": 60, "unlabelled": 40, "test": 120}
CODES = {"single": "SGL", "double": "DBL", "suite": "STE", "family": "FAM"}
GROUP = 4  # rooms, from which on a booking is a group

Row = dict[str, Any]


def forms(facts: Row) -> Row:
    """Return the five fields of a booking as the company writes them.

    >>> forms({"first": "Ana", "last": "Ruiz", "arrival": "03-14", "nights": 3, "room": "double", "rooms": 1,
    ...        "late": True, "returning": False})
    {'guest': 'RUIZ, Ana', 'arrival': '2027-03-14', 'nights': 3, 'room': '1 DBL', 'desk': 'LATE'}
    """
    return {
        "guest": f"{facts['last'].upper()}, {facts['first']}",
        "arrival": f"2027-{facts['arrival']}",
        "nights": facts["nights"],
        "room": f"{facts['rooms']} {CODES[facts['room']]}",
        "desk": desk(facts),
    }


def desk(facts: Row) -> str:
    """Return what the front desk must know: a group first, then a late arrival, then a returning guest."""
    if facts["rooms"] >= GROUP:
        return "GROUP"
    if facts["late"]:
        return "LATE"
    return "BACK" if facts["returning"] else "-"


def comments() -> dict[str, list[str]]:
    """Return what people write beside a correction, by field or by the form that is right."""
    found = defaultdict(list)
    for line in (HERE / "comments.txt").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            kind, words = line.split(": ", 1)
            found[kind].append(words)
    return found


def commented(booking: Row, words: dict[str, list[str]], rng: random.Random) -> Row:
    """Return a comment for each field, for the case that a program gets it wrong."""
    room = booking["room"] if booking["room"].startswith("1 ") else "rooms"
    kinds = {field: field for field in booking} | {"room": room, "desk": booking["desk"]}
    return {field: rng.choice(words[kind]) for field, kind in kinds.items()}


def split(rows: list[Row], rng: random.Random) -> list[str]:
    """Deal rows to the splits, so that each has its share of every author and of every rare form."""
    alike = defaultdict(list)
    for number in rng.sample(range(len(rows)), len(rows)):
        row = rows[number]
        several = 1 < row["rooms"] < GROUP
        alike[row["author"], desk(row), several].append(number)
    dealt = [number for key in sorted(alike) for number in alike[key]]
    names = [""] * len(rows)
    given = dict.fromkeys(SPLITS, 0)
    for place, number in enumerate(dealt, 1):
        owed = {name: size * place / len(rows) - given[name] for name, size in SPLITS.items()}
        name = max(owed, key=owed.get)
        names[number], given[name] = name, given[name] + 1
    return names


def read(name: str) -> list[Row]:
    """Return the facts of a file beside this one."""
    return [json.loads(line) for line in (HERE / name).read_text(encoding="utf-8").splitlines()]


def write(name: str, rows: list[Row], splits: list[str]) -> None:
    """Write requests with their forms and comments, split by split, in a seeded order."""
    rng, words = random.Random(SEED), comments()
    lines = []
    for name_of_split in dict.fromkeys([*SPLITS, *splits]):
        chosen = [row for row, where in zip(rows, splits, strict=True) if where == name_of_split]
        for facts in rng.sample(chosen, len(chosen)):
            booking = forms(facts)
            kept = {"author": facts["author"], "voice": facts["voice"], "message": facts["message"]}
            why = {"comments": commented(booking, words, rng)}
            lines.append({"id": len(lines), "split": name_of_split} | kept | booking | why)
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    (HERE / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    facts = read("facts.jsonl")
    write("bookings.jsonl", facts, split(facts, random.Random(SEED)))
    if (HERE / "unseen_facts.jsonl").exists():
        unseen = read("unseen_facts.jsonl")
        write("unseen.jsonl", unseen, ["unseen"] * len(unseen))
