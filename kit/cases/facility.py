"""Facility messages: what people write to a building's facility team becomes urgency, sentiment, categories.

    triage = Triage()
    triage.load("kit/cases/facility.json")
    triage(message="The lights in hall B flicker again.").urgency

Three predictors in one module, a metric with a score for each and feedback for whoever rewrites its
instruction, and the labelling guide that both rest on. To copy it, take this file and `facility.json`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal, get_args

import dspy

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

PUBLIC: dict[str, Category] = {
    "emergency_repair_services": "emergency",
    "routine_maintenance_requests": "maintenance",
    "quality_and_safety_concerns": "safety",
    "cleaning_services_scheduling": "cleaning",
    "specialized_cleaning_services": "deep_cleaning",
    "sustainability_and_environmental_practices": "sustainability",
    "training_and_support_requests": "training",
    "facility_management_issues": "space",
    "general_inquiries": "question",
    "customer_feedback_and_complaints": "feedback",
}
"""The categories of Meta's public set, and ours beside them."""

LONGEST = 4_000


class JudgeUrgency(dspy.Signature):
    """Read the message and determine its urgency."""

    message: str = dspy.InputField()
    urgency: Urgency = dspy.OutputField()


class JudgeSentiment(dspy.Signature):
    """Read the message and determine its sentiment."""

    message: str = dspy.InputField()
    sentiment: Sentiment = dspy.OutputField()


class NameCategories(dspy.Signature):
    """Read the message and determine the categories that apply to it."""

    message: str = dspy.InputField()
    categories: list[Category] = dspy.OutputField()


class Triage(dspy.Module):
    """Label a message by three predictors: `urgency`, `sentiment`, `categories`.

    The prediction holds a value for each, and `refused`: None, or why no model was asked (then the first two
    are None and there are no categories). The message is only ever an input field: what it asks for is text.
    """

    def __init__(self) -> None:
        super().__init__()
        self.urgency = dspy.Predict(JudgeUrgency)
        self.sentiment = dspy.Predict(JudgeSentiment)
        self.categories = dspy.Predict(NameCategories)

    def forward(self, message: Any) -> dspy.Prediction:
        """Label one message."""
        if reason := refusal(message):
            return dspy.Prediction(urgency=None, sentiment=None, categories=[], refused=reason)
        return dspy.Prediction(
            urgency=self.urgency(message=message).urgency,
            sentiment=self.sentiment(message=message).sentiment,
            categories=list(dict.fromkeys(self.categories(message=message).categories)),
            refused=None,
        )


def refusal(message: Any) -> str | None:
    """Return why a message goes to a person unread by any model, or None.

    >>> for message in (None, " ", "?!", "x" * 5_000, "My sink is broken."):
    ...     print(refusal(message))
    no text, but None
    empty
    no word in it
    5,000 characters; at most 4,000 are read
    None
    """
    if not isinstance(message, str):
        return f"no text, but {message!r}"
    if not message.strip():
        return "empty"
    if not any(letter.isalpha() for letter in message):
        return "no word in it"
    if len(message) > LONGEST:
        return f"{len(message):,} characters; at most {LONGEST:,} are read"
    return None


def guided() -> Triage:
    """Return the program with the whole labelling guide written into its instructions.

    >>> print(guided().sentiment.signature.instructions.splitlines()[3])
    - positive: praises the team, or thanks for something that was done
    """
    program = Triage()
    for name, predictor in program.named_predictors():
        meanings = [f"- {label}: {meaning}" for label, meaning in GUIDE[name].items()]
        text = "\n".join([predictor.signature.instructions, *meanings])
        predictor.signature = predictor.signature.with_instructions(text)
    return program


def scores(example: dspy.Example, prediction: dspy.Prediction) -> dict[str, float]:
    """Score each field: urgency and sentiment are right or wrong, categories are the F1 of the two sets.

    Source:
        Dice 1945. Meta's and DSPy's own score for categories is another; see `yes_no_score`.

    >>> gold = dspy.Example(urgency="low", sentiment="neutral", categories=["space", "question"])
    >>> scores(gold, dspy.Prediction(urgency="low", sentiment="negative", categories=["space"]))
    {'urgency': 1.0, 'sentiment': 0.0, 'categories': 0.6666666666666666}
    """
    expected, named = set(example.categories), set(prediction.categories)
    together = len(expected) + len(named)
    return {
        "urgency": float(example.urgency == prediction.urgency),
        "sentiment": float(example.sentiment == prediction.sentiment),
        "categories": 2 * len(expected & named) / together if together else 1.0,
    }


def facility_score(
    example: dspy.Example,
    prediction: dspy.Prediction,
    trace: Any = None,
    pred_name: str | None = None,
    pred_trace: Any = None,
) -> dspy.Prediction | bool:
    """Score a prediction by the mean of its three fields.

    Returns:
        `score`, in [0, 1]; `objective_scores`, one for each field; `feedback` in words, on the field that
        `pred_name` names (GEPA asks so), or on all three. While demos are bootstrapped, whether all is right.
    """
    by_field = scores(example, prediction)
    score = sum(by_field.values()) / len(by_field)
    if trace is not None and pred_name is None:
        return score == 1.0
    fields = [pred_name] if pred_name else list(by_field)
    feedback = "\n".join(explain(name, example[name], prediction[name]) for name in fields)
    return dspy.Prediction(score=score, feedback=feedback, objective_scores=by_field)


def explain(field: str, expected: Any, predicted: Any) -> str:
    """Say in words whether a field is right, and which line of the guide decides.

    >>> explain("sentiment", "positive", "positive")
    'positive is right: praises the team, or thanks for something that was done.'
    >>> print(explain("categories", ["question", "space"], ["space", "safety", "training"]))
    question is missing: the writer wants an answer in words: a price, a date, a rule, a reason.
    Nothing in the message is about safety, training. Named: 3; to name: 2.
    """
    meanings = GUIDE[field]
    if field != "categories":
        verdict = f"{expected} is right" if expected == predicted else f"Not {predicted} but {expected}"
        return f"{verdict}: {meanings[expected]}."
    said = [f"{label} is missing: {meanings[label]}." for label in expected if label not in predicted]
    if strange := [label for label in predicted if label not in expected]:
        counts = f"Named: {len(predicted)}; to name: {len(expected)}."
        said.append(f"Nothing in the message is about {', '.join(strange)}. {counts}")
    return "\n".join(said) or f"{', '.join(expected)}: right, and nothing else applies."


def yes_no_score(example: dspy.Example, prediction: dspy.Prediction, trace: Any = None) -> float:
    """Score as DSPy's own tutorial does: each category counts as a question of its own, answered yes or no.

    Source:
        https://dspy.ai/tutorials/gepa_facilitysupportanalyzer/. It is the kinder score: who names no
        category at all is right on most of the ten.

    >>> gold = dspy.Example(urgency="low", sentiment="neutral", categories=["space", "question"])
    >>> yes_no_score(gold, dspy.Prediction(urgency="low", sentiment="neutral", categories=[]))
    0.9333333333333332
    """
    expected, named = set(example.categories), set(prediction.categories)
    by_field = scores(example, prediction) | {
        "categories": 1 - len(expected ^ named) / len(get_args(Category))
    }
    return sum(by_field.values()) / len(by_field)


def public(path: str | Path) -> list[dspy.Example]:
    """Read the public set that DSPy's tutorial uses, its categories under our names.

    Args:
        path: `dataset.json` of the use case facility-support-analyzer in Meta's prompt-ops (MIT).

    Raises:
        ValueError: If a record has a category that `PUBLIC` does not know.
    """
    found = []
    for record in json.loads(Path(path).read_text()):
        answer = json.loads(record["answer"])
        if strange := set(answer["categories"]) - set(PUBLIC):
            raise ValueError(f"Unknown categories {sorted(strange)}; known are {sorted(PUBLIC)}.")
        named = [PUBLIC[name] for name, applies in answer["categories"].items() if applies]
        labels = {"urgency": answer["urgency"], "sentiment": answer["sentiment"], "categories": named}
        found.append(dspy.Example(message=record["fields"]["input"], **labels).with_inputs("message"))
    return found
