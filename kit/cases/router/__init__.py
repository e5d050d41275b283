"""Router: a folder of anything; each file named, sent to the program for its kind, and put in one table.

    router = Router(read=pages, read_picture=ocr, models={"small": ..., "large": ...}, known=known)
    rows = Pile(router, to="results.jsonl")(folder="inbox").rows
    frame(rows), report(rows)

Composed of `form4`, `contracts` and `analyzer`. Read folder, typed, rules and counts (no model), then program
and processors, then rows, pile and report. To copy it, use `kit export router`: it takes the others along.
"""

from .counts import WordCounts
from .folder import Found, found
from .pile import Pile, frame, mark
from .processors import Unprocessed, standard
from .program import NameKind, Router
from .report import report
from .rows import Results, Row
from .rules import certain, is_sign, mannered
from .typed import Document, typed

__all__ = [
    "Document",
    "Found",
    "NameKind",
    "Pile",
    "Results",
    "Router",
    "Row",
    "Unprocessed",
    "WordCounts",
    "certain",
    "found",
    "frame",
    "is_sign",
    "mannered",
    "mark",
    "report",
    "standard",
    "typed",
]
