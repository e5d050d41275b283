"""Questions: what the program would ask about an entry whose clean text is known, with the right answers.

They are labelled examples of `Correct`: for demos without a model, or to optimize that predictor by itself.
"""

from __future__ import annotations

import dspy

from .differences import differences
from .doubts import doubts
from .house import House
from .program import ASKED
from .rules import tidy


def questions(narrative: str, gold: str, house: House, client: str = "") -> list[dspy.Example]:
    """Return the questions about an entry, in order, with the answers that its clean text gives.

    >>> house = House(words=frozenset({"lease", "client", "with"}))
    >>> for asked in questions("redline leese w/ client", "Redlined lease with client.", house):
    ...     print(asked.words, "->", asked.corrected)
    Redline -> Redlined
    leese -> lease
    """
    text = tidy(narrative, house, client)
    right = [(d.text, d.clean) for d in differences(gold, text) if d.text and d.clean]
    asked = []
    for doubt in doubts(text, house, client):
        answers = [doubt.words.replace(found, clean) for found, clean in right if found in doubt.words]
        asked.append(
            dspy.Example(
                rule=ASKED[doubt.rule],
                words=doubt.words,
                corrected=answers[0] if answers else doubt.words,
            ).with_inputs("rule", "words")
        )
    return asked
