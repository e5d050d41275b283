"""The labels of this house, and what each of them means."""

from __future__ import annotations

from typing import Literal

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

GUIDE: dict[str, dict[str, str]] = {
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
