"""Form 4: insider trades as a typed record, read by a model a row at a time, added up by Python.

    filing = Form4()(text=text).filing
    filing.issuer, filing.sold.shares, filing.sold.average_price

Read filing (the schema), text (what decides), program, metrics; claims shows what is not done. To copy it,
take the folder.
"""

from .claims import Claims, Sold, as_text
from .filing import CODES, Filing, Owner, Reading, Total, Transaction, day, number
from .metrics import agreement, fields, form4_score, gold, totals_right
from .program import Form4, ReadRow, ReadTop, Whole, doubts, plain
from .text import amended, checked, excerpt, is_form4, rows, top

__all__ = [
    "CODES",
    "Claims",
    "Filing",
    "Form4",
    "Owner",
    "ReadRow",
    "ReadTop",
    "Reading",
    "Sold",
    "Total",
    "Transaction",
    "Whole",
    "agreement",
    "amended",
    "as_text",
    "checked",
    "day",
    "doubts",
    "excerpt",
    "fields",
    "form4_score",
    "gold",
    "is_form4",
    "number",
    "plain",
    "rows",
    "top",
    "totals_right",
]
