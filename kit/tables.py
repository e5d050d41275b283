"""Tables and blocks of text that several displays share; they follow the reader's theme."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

_BOX = "border-left:3px solid rgba(128,128,128,.5);padding:.2em .8em;margin:.4em 0"
_PRE = "white-space:pre-wrap;word-break:normal;overflow-wrap:anywhere;margin:.3em 0;background:none"


def table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return an HTML table; numbers are set to the right.

    >>> table(["n"], [[1]])
    '<table><thead><tr><th>n</th></tr></thead><tbody><tr><td align="right">1</td></tr></tbody></table>'
    """
    head = "".join(f"<th>{html.escape(heading)}</th>" for heading in headings)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def section(title: str, text: str, *, folded: bool = False) -> str:
    """Return a titled block of preformatted text that can be folded."""
    opened = "" if folded else " open"
    head = f'<details{opened} style="{_BOX}"><summary><b>{html.escape(title)}</b></summary>'
    return f"{head}{preformatted(text)}</details>"


def preformatted(text: str) -> str:
    """Return text with its line breaks, wrapped between words."""
    return f'<pre style="{_PRE}">{html.escape(text)}</pre>'


def columns(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return the same table as aligned plain text.

    >>> print(columns(["model", "calls"], [["small", 12]]))
    model  calls
    small     12
    """
    cells = [list(headings), *([_text(cell) for cell in row] for row in rows)]
    sides = [">" if all(_is_number(row[i]) for row in cells[1:]) else "<" for i in range(len(headings))]
    widths = [max(len(row[i]) for row in cells) for i in range(len(headings))]
    lines = []
    for row in cells:
        aligned = (f"{text:{side}{width}}" for text, side, width in zip(row, sides, widths, strict=True))
        lines.append("  ".join(aligned).rstrip())
    return "\n".join(lines)


def _cell(value: object) -> str:
    side = ' align="right"' if _is_number(_text(value)) else ""
    return f"<td{side}>{html.escape(_text(value))}</td>"


def _text(value: object) -> str:
    return f"{value:,}" if type(value) is int else str(value)


def _is_number(text: str) -> bool:
    return bool(text) and not set(text) - set("0123456789.,-$≈% ")
