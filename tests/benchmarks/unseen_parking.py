"""Score the parking prototype on transcripts of signs: right, flagged, silently wrong.

    python tests/benchmarks/unseen_parking.py FILE.jsonl [small|large] [--errors]

A row has `text`, `now`, `facts` and `gold` (may_park, until, why). Where the gold is "unclear", an answer
that says so is right. With a role, a model is asked instead, and told the conventions.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import dspy

import kit
from kit.cases.parking import answer
from kit.evaluation.intervals import interval

Said = tuple[bool | None, str | None, str]


class MayIPark(dspy.Signature):
    """Decide whether a driver may park by this sign now.

    The driver has no permit, does not load and drives a car, unless `facts` says otherwise. A ban wins over a
    limit. Where no plate speaks, parking is free. A limit counts from its start or from the arrival, and ends
    no stay after its own hours. If the sign and the facts do not decide it (a holiday, a school day, a date),
    the answer is not certain.
    """

    sign: str = dspy.InputField(desc="the words of the plates, top to bottom")
    now: str = dspy.InputField(desc="weekday and time of day")
    facts: str = dspy.InputField()
    certain: bool = dspy.OutputField()
    may_park: bool = dspy.OutputField()
    until: str = dspy.OutputField(desc="time of day, HH:MM, when that answer changes; 24:00 if not today")


def by_code(row: dict[str, Any]) -> Said:
    """Answer by the prototype."""
    found = answer(row["text"], row["now"], _facts(row))
    return found.may_park, found.until, found.unsure


def by_model(row: dict[str, Any]) -> Said:
    """Answer by a model that is told the conventions."""
    found = dspy.Predict(MayIPark)(sign=row["text"], now=row["now"], facts=_facts(row) or "none")
    return (found.may_park, found.until, "") if found.certain else (None, None, "the model says so")


def _facts(row: dict[str, Any]) -> str:
    facts = row["facts"] or ""
    return facts if isinstance(facts, str) else json.dumps(facts)


def outcome(row: dict[str, Any], said: Said) -> str:
    """Return "right", "flagged" or "silently wrong"."""
    gold = row["gold"]
    if said[2]:
        return "right" if gold["may_park"] == "unclear" else "flagged"
    return "right" if (said[0], said[1]) == (gold["may_park"], gold["until"]) else "silently wrong"


def main(path: str, *options: str) -> None:
    """Print a table of outcomes, beside two constant answers."""
    rows = [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines()]
    roles = [option for option in options if option in ("small", "large")]
    ways = {"code": by_code, **dict.fromkeys(roles, by_model)}
    ways |= {
        "always yes, 24:00": lambda _: (True, "24:00", ""),
        "always unsure": lambda _: (None, None, "unsure"),
    }
    for name, way in ways.items():
        with dspy.context(lm=kit.lm(name) if name in roles else None, adapter=dspy.JSONAdapter()):
            said = [way(row) for row in rows]
        found = [outcome(row, answered) for row, answered in zip(rows, said, strict=True)]
        shares = {
            kind: interval([one == kind for one in found]) for kind in ("right", "flagged", "silently wrong")
        }
        print(name, {kind: f"{found.count(kind)}: {share}" for kind, share in shares.items()}, flush=True)
        if "--errors" in options and name == "code":
            for row, answered, kind in zip(rows, said, found, strict=True):
                if kind != "right":
                    print(
                        json.dumps(
                            [
                                kind,
                                row.get("id", ""),
                                row["text"],
                                row["now"],
                                row["facts"],
                                answered,
                                row["gold"],
                            ]
                        )
                    )


if __name__ == "__main__":
    main(*sys.argv[1:])
