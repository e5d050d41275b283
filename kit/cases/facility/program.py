"""The program: three predictors in one module, and what no model is asked about."""

from __future__ import annotations

from typing import Any

import dspy

from .guide import GUIDE, Category, Sentiment, Urgency

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


class Consistent(Triage):
    """Triage, held to what follows from the guide. It has the same predictors, and loads the same state."""

    def forward(self, message: Any) -> dspy.Prediction:
        """Label one message."""
        found = super().forward(message)
        return found if found.refused else consistent(found)


def consistent(found: dspy.Prediction) -> dspy.Prediction:
    """Return a prediction in which feedback goes with praise or blame, and an emergency is urgent.

    Sentiment decides about `feedback`: it is the easier question of the two.

    >>> found = dspy.Prediction(urgency="low", sentiment="negative", categories=["emergency"], refused=None)
    >>> fixed = consistent(found)
    >>> fixed.urgency, fixed.categories
    ('high', ['emergency', 'feedback'])
    """
    categories = [name for name in found.categories if name != "feedback"]
    if found.sentiment != "neutral":
        categories.append("feedback")
    urgency = "high" if "emergency" in categories else found.urgency
    return dspy.Prediction(
        urgency=urgency, sentiment=found.sentiment, categories=categories, refused=found.refused
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
