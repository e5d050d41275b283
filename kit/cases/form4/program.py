"""The program: code reads the layouts that it knows, a model is asked where code is in doubt, Python adds up.

Form4()(document=Path("filing.pdf")).filing.sold.shares
"""

from __future__ import annotations

import base64
import re
from pathlib import Path

import dspy

from .layout import UnreadableFiling, read
from .one_call import OneCall
from .reading import by_code
from .tables import HEADS, Heads

TITLE = re.compile(r"STATEMENT\s+OF\s+CHANGES\s+IN\s+BENEFICIAL\s+OWNERSHIP", re.IGNORECASE)


class Form4(dspy.Module):
    """Read a Form 4 from a file, from its bytes, or from a text (HTML, plain, or a `data:` address of a PDF).

    Args:
        code_first: If False, a model reads every filing.
        ask: Whether a model reads the filings that code cannot read without a doubt about their rows. Such a
            reading always has a doubt: a person looks at it.
        tries: How often a model may read a filing, with what was wrong the last time.
        heads: The words of the tables' heads, if a page has others than the SEC's.

    The prediction holds `filing`, or None and `refused`: why nothing was read. `doubts` names what a person
    should look at, and `read_by` says who read it: "code" or "model".
    """

    def __init__(
        self, code_first: bool = True, ask: bool = True, tries: int = 2, heads: Heads = HEADS
    ) -> None:
        super().__init__()
        self.code_first, self.ask, self.heads = code_first, ask, heads
        self.one_call = OneCall(tries)

    def forward(self, document: Path | bytes | str) -> dspy.Prediction:
        """Read one filing."""
        try:
            page = read(_decoded(document))
        except UnreadableFiling as error:
            return dspy.Prediction(filing=None, refused=str(error), doubts=[], read_by=None)
        if reason := refusal(page.text):
            return dspy.Prediction(filing=None, refused=reason, doubts=[], read_by=None)
        filing, doubts = by_code(page, self.heads) if self.code_first else (None, [])
        if filing and not (self.ask and in_question(doubts)):
            return dspy.Prediction(filing=filing, refused=None, doubts=doubts, read_by="code")
        found = self.one_call(page=page)
        if filing:
            doubts = ["filing: code could not read every row, so a model read it: look at all of it", *doubts]
        return dspy.Prediction(
            filing=found.filing or filing, refused=None, doubts=doubts + found.doubts, read_by="model"
        )


def in_question(doubts: list[str]) -> bool:
    """Say whether doubts are about rows: then another reader may know more.

    >>> in_question(["signed: it is missing"]), in_question(["transactions: no row was read"])
    (False, True)
    """
    return any(re.match(r"transactions:|row \d", doubt) for doubt in doubts)


def is_form4(text: str) -> bool:
    """Say whether a text is a Form 4 or 4/A, by its title.

    >>> is_form4("FORM 4 ... STATEMENT OF CHANGES IN BENEFICIAL OWNERSHIP"), is_form4("LEASE of a garage")
    (True, False)
    """
    return bool(TITLE.search(text)) and bool(re.search(r"\bFORM\s+4\b", text, re.IGNORECASE))


def refusal(text: str) -> str | None:
    """Return why a text is not read, or None."""
    if not text.strip():
        return "no text: a scan needs OCR first"
    return None if is_form4(text) else f"not a Form 4: it begins {' '.join(text.split()[:12])!r}"


def _decoded(document: Path | bytes | str) -> Path | bytes | str:
    if not isinstance(document, str) or not document.startswith("data:"):
        return document
    try:
        return base64.b64decode(document.partition(",")[2], validate=True)
    except ValueError as error:
        raise UnreadableFiling(f"the data: address is not base64 ({error})") from error
