"""What of a filing's text decides: the boxes at the top and the rows of Table I, found by code.

A page of a Form 4 is a thousand tokens long; one row is forty. Works on text as PDFs give it (a cell a line)
and as OCR gives it (a row a line, cells apart by spaces).
"""

from __future__ import annotations

import re
from itertools import pairwise

TITLE = re.compile(r"STATEMENT OF CHANGES IN BENEFICIAL\s+OWNERSHIP", re.IGNORECASE)
DATE = re.compile(r"\b\d\d/\d\d/\d{4}\b")
MOST_CELLS = 8  # date, code, V, amount, (A) or (D), price, owned after, direct or indirect
_TABLE = re.compile(r"Table I\b.*?(?=Table II\b|Explanation of Responses|/s/|\Z)", re.DOTALL | re.IGNORECASE)


def is_form4(text: str) -> bool:
    """Say whether a text is a Form 4 or 4/A, by its title.

    >>> is_form4("FORM 4 ... STATEMENT OF CHANGES IN BENEFICIAL OWNERSHIP"), is_form4("LEASE of a garage")
    (True, False)
    """
    return bool(TITLE.search(text)) and bool(re.search(r"\bFORM\s+4\b", text, re.IGNORECASE))


def top(text: str) -> str:
    """Return the boxes that name owner, issuer and title, and the line of the signature, a box a line."""
    boxes = re.split(r"\bTable I\b", text, maxsplit=1)[0]
    start = re.search(r"1\. Name", boxes)
    lines = re.split(r"\s*\n\s*|\s{3,}", boxes[start.start() if start else 0 :].strip())
    lines = [line for line in lines if line and not re.match(r"\[[ X]\]", line)]
    joined = re.sub(r"\n(?!\d\. )", " | ", "\n".join(lines))
    signed = re.search(r"^.*/s/.*$", text, re.MULTILINE)
    kept = [line for line in joined.splitlines() if not re.match(r"[346]\. ", line)]
    return "\n".join([*kept, f"Signed: {signed[0].strip()}" if signed else "Not signed"])


def checked(text: str) -> list[str]:
    """Return the checked boxes above Table I, e.g. the owner's roles.

    >>> checked("[X] Director   [ ] 10% Owner   [X] Officer (give title below) Table I [X] no box")
    ['Director', 'Officer (give title below)']
    """
    boxes = re.split(r"\bTable I\b", text, maxsplit=1)[0]
    return [box.strip() for box in re.findall(r"\[\s?X\s?\]\s*([^\[\n]+?)(?=\s{2,}|\[|\n|$)", boxes)]


def rows(text: str) -> list[str]:
    r"""Return the rows of Table I that have a date, each from its date on; holdings have none.

    >>> rows("Table I\nCommon Stock\n05/04/2022\nS\n1,500(1)\nD\n$2.10\n8,000\nD\nCommon Stock\n300\nI\n/s/")
    ['05/04/2022 | S | 1,500(1) | D | $2.10 | 8,000 | D | Common Stock']
    """
    table = _TABLE.search(text)
    cells = re.split(r"\s*\n\s*|\s{3,}", table[0].strip()) if table else []
    starts = [i for i, cell in enumerate(cells) if DATE.match(cell)]
    found = (cells[start:end] for start, end in pairwise([*starts, len(cells)]))
    return [" | ".join(row[:MOST_CELLS]) for row in found]


def excerpt(text: str) -> str:
    """Return what decides, for a model that is to read all of it at once: boxes and rows."""
    return "\n".join([top(text), f"Checked: {', '.join(checked(text))}", *rows(text)])


def amended(text: str) -> str | None:
    """Return the date of the filing that a 4/A amends, or None.

    >>> amended("FORM 4/A 4. If Amendment, Date of Original Filed (Month/Day/Year) 05/16/2024")
    '05/16/2024'
    """
    if not re.search(r"\bFORM\s+4/A\b", text, re.IGNORECASE):
        return None
    found = re.search(rf"Date of Original Filed.*?({DATE.pattern})", text, re.DOTALL)
    return found[1] if found else None
