"""The labels of this house, and what each of them means. Another house passes a guide of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Urgency = Literal["low", "medium", "high"]
Sentiment = Literal["negative", "neutral", "positive"]
Category = Literal[
    "emergency",
    "maintenance",
    "safety",
    "cleaning",
    "deep_cleaning",
    "sustainability",
    "training",
    "space",
    "question",
    "feedback",
]

Guide = Mapping[str, Mapping[str, str]]

GUIDE: Guide = {
    "urgency": {
        "high": "somebody may come to harm, damage grows by the hour, or people cannot work, get in, get out "
        "or lock up; or something that they need today or tomorrow is not there",
        "medium": "something is broken, missing, dirty or left undone, and people manage meanwhile; or "
        "something is needed within the week",
        "low": "nothing is broken, missing or overdue: questions, wishes, plans for later, opinions, praise, "
        "matters of looks",
    },
    "sentiment": {
        "negative": "blames the team or a decision of the house, complains or mocks, also beside some praise",
        "neutral": "neither praise nor blame: a fault told plainly is neutral, however bad it is; please, "
        "greetings and thanks in advance are no praise",
        "positive": "praises the team, or thanks for something that was done",
    },
    "categories": {
        "emergency": "a fault for which somebody has to come at once",
        "maintenance": "any other fault or wear to repair, or the regular service of equipment",
        "safety": "somebody could be hurt or fall ill",
        "cleaning": "the daily round and its times, bins, soap, paper, towels",
        "deep_cleaning": "carpets, windows, stains, mould, pests, after builders or an accident",
        "sustainability": "energy, water or waste to be saved, recycling, greener means",
        "training": "somebody wants to be taught or shown: courses, drills, manuals",
        "space": "rooms, furniture, moves, keys and badges, parking, signs",
        "question": "the writer wants an answer in words: a price, a date, a rule, a reason",
        "feedback": "praise or blame for the team, its service or its decisions",
    },
}
"""What each label means in this house, by field."""


def one_of(guide: Guide, field: str, several: bool = False) -> Any:
    """Return the type of a field: a choice of its labels, or a list of them.

    >>> one_of({"urgency": {"P1": "today", "P2": "later"}}, "urgency")
    typing.Literal['P1', 'P2']
    """
    declared = {"urgency": Urgency, "sentiment": Sentiment, "categories": Category}
    kind = declared[field] if guide is GUIDE else Literal.__getitem__(tuple(guide[field]))
    return list.__class_getitem__(kind) if several else kind


@dataclass(frozen=True)
class Rules:
    """What follows from a guide, so that no model is asked about it.

    Args:
        urgent: Categories that settle the urgency, and which one.
        opinion: The category that goes with every sentiment but the neutral one; None if there is none.
        neutral: That sentiment.
    """

    urgent: Mapping[str, str] = field(default_factory=lambda: {"emergency": "high"})
    opinion: str | None = "feedback"
    neutral: str = "neutral"

    def check(self, guide: Guide) -> None:
        """Refuse rules that write labels of another house.

        Raises:
            ValueError: If a label is not the guide's; the message lists the valid ones.

        >>> Rules().check({"urgency": {"P1": ""}, "sentiment": {}, "categories": {}})
        Traceback (most recent call last):
        ValueError: The rules write 'high' as urgency. The guide has: P1.
        """
        written = [("urgency", label) for label in self.urgent.values()]
        written += [("categories", label) for label in (*self.urgent, self.opinion) if label]
        for name, label in [*written, ("sentiment", self.neutral)]:
            if label not in guide[name]:
                raise ValueError(
                    f"The rules write {label!r} as {name}. The guide has: {', '.join(guide[name])}."
                )
