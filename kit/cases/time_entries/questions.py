"""Questions: what the program would ask about an entry whose clean text is known, with the right answers.

They are labelled examples of `Correct`: for demos without a model, or to optimize that predictor by itself.
"""

from __future__ import annotations

import dspy

from .differences import differences
from .doubts import doubts
from .guide import Guide
from .house import House
from .program import ASKED, marked
from .rules import tidy


def questions(narrative: str, gold: str, guide: Guide, house: House, client: str = "") -> list[dspy.Example]:
    """Return the questions about an entry, in order, with the answers that its clean text gives.

    >>> house = House(words=frozenset({"lease", "client", "with"}))
    >>> guide = Guide.read("house.toml")
    >>> for asked in questions("redline leese w/ client", "Redlined lease with client.", guide, house):
    ...     print(asked.narrative, "->", asked.corrected)
    Redlined >>leese<< with client. -> lease
    """
    text = tidy(narrative, guide, house, client)
    right = [(d.text, d.clean) for d in differences(gold, text) if d.text and d.clean]
    asked = []
    for doubt in doubts(text, guide, house, client):
        if doubt.rule not in ASKED:
            continue
        answers = [doubt.words.replace(found, clean) for found, clean in right if found in doubt.words]
        asked.append(
            dspy.Example(
                rule=ASKED[doubt.rule],
                narrative=marked(text, doubt, guide),
                corrected=answers[0] if answers else doubt.words,
            ).with_inputs("rule", "narrative")
        )
    return asked
