"""Router: a folder of anything; each file named, sent to the program for its kind, and put in one table.

    models = {"small": ..., "large": ...}
    router = Router(read=pages, read_picture=ocr, voters=voters(models, known), processors=standard(models))
    rows = Pile(router, to="results.jsonl")(folder="inbox").rows
    Report(rows)

Read naming (the program for a strong model) first, then folder, typed, kinds and rules (no model), then
voters, program and processors, then rows, pile and report.
"""

from .counts import WordCounts
from .folder import Found, found
from .kinds import CODED, KINDS, OTHER, TITLES
from .naming import NameKind, Namer, name_kind
from .pile import Pile, frame, mark
from .processors import Invoices, ReadInvoice, Unprocessed, standard
from .program import Router, elected
from .prototypes import prototypes
from .report import Report
from .rows import Results, Row
from .rules import is_sign, kind_by_form, kind_by_style
from .titles import heading
from .typed import Document, typed
from .voters import Asked, Headings, Twice, Words, voters

__all__ = [
    "CODED",
    "KINDS",
    "OTHER",
    "TITLES",
    "Asked",
    "Document",
    "Found",
    "Headings",
    "Invoices",
    "NameKind",
    "Namer",
    "Pile",
    "ReadInvoice",
    "Report",
    "Results",
    "Router",
    "Row",
    "Twice",
    "Unprocessed",
    "WordCounts",
    "Words",
    "elected",
    "found",
    "frame",
    "heading",
    "is_sign",
    "kind_by_form",
    "kind_by_style",
    "mark",
    "name_kind",
    "prototypes",
    "standard",
    "typed",
    "voters",
]
