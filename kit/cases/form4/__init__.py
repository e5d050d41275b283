"""Form 4: insider trades as a typed record, with a doubt where it is not certain.

    found = Form4()(document=Path("filing.html"))
    found.filing.issuer, found.filing.sold.shares, found.doubts

Read filing (the schema), one_call (the program for a strong model) and checks first; then layout, tables,
boxes and reading, which need no model; program puts them together. To copy it, take the folder.
"""

from .checks import missing, uncited
from .filing import CODES, Filing, Holding, Owner, Total, Transaction, day, number
from .layout import Page, UnreadableFiling, read
from .metrics import fields, form4_score, gold, totals_right
from .one_call import OneCall, ReadForm4
from .program import Form4, is_form4
from .reading import by_code
from .tables import HEADS, rows

__all__ = [
    "CODES",
    "HEADS",
    "Filing",
    "Form4",
    "Holding",
    "OneCall",
    "Owner",
    "Page",
    "ReadForm4",
    "Total",
    "Transaction",
    "UnreadableFiling",
    "by_code",
    "day",
    "fields",
    "form4_score",
    "gold",
    "is_form4",
    "missing",
    "number",
    "read",
    "rows",
    "totals_right",
    "uncited",
]
