"""Tables, blocks of text and bars that several displays share; they follow the reader's theme."""

from __future__ import annotations

import html
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_BOX = "border-left:3px solid rgba(128,128,128,.5);padding:.2em .8em;margin:.4em 0"
_PRE = "white-space:pre-wrap;word-break:normal;overflow-wrap:anywhere;margin:.3em 0;background:none"

_TEXT_WIDTH = 30
_COLOURS = ["#4878a8", "#c47a3d", "#5f9e6e", "#8c6bb1", "#7f7f7f"]


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
    return (
        f'<details{opened} style="{_BOX}"><summary><b>{html.escape(title)}</b></summary>'
        f"{preformatted(text)}</details>"
    )


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
    numeric = [all(_is_number(row[i]) for row in cells[1:]) for i in range(len(headings))]
    widths = [max(len(row[i]) for row in cells) for i in range(len(headings))]
    aligned = ([_align(*cell) for cell in zip(row, widths, numeric, strict=True)] for row in cells)
    return "\n".join("  ".join(row).rstrip() for row in aligned)


@dataclass(frozen=True)
class Bars:
    """Labelled rows and, for each measure, one number a row. Rows of one group share a colour."""

    labels: list[str]
    groups: list[str]
    measures: dict[str, list[float]]

    def __repr__(self) -> str:
        return "\n\n".join(f"{name}\n{self._text(values)}" for name, values in self.measures.items())

    def _repr_png_(self) -> bytes:
        from matplotlib.figure import Figure

        size = (3.6 * len(self.measures) + 1.5, 0.3 * len(self.labels) + 0.9)
        figure = Figure(figsize=size, layout="constrained", facecolor="white")
        axes = figure.subplots(1, len(self.measures), sharey=True, squeeze=False)[0]
        for axis, (name, values) in zip(axes, self.measures.items(), strict=True):
            bars = axis.barh(range(len(values)), values, color=self._colours())
            axis.bar_label(bars, [_number(value) for value in values], padding=3, fontsize=8)
            axis.margins(x=0.2)
            axis.set_title(name, fontsize=10)
        axes[0].set_yticks(range(len(self.labels)), self.labels)
        axes[0].invert_yaxis()
        picture = io.BytesIO()
        figure.savefig(picture, format="png", dpi=90)
        return picture.getvalue()

    def _text(self, values: list[float]) -> str:
        width = max(map(len, self.labels), default=0)
        longest = max(values, default=0) or 1
        return "\n".join(
            f"  {label.ljust(width)}  {'#' * round(_TEXT_WIDTH * value / longest)} {_number(value)}"
            for label, value in zip(self.labels, values, strict=True)
        )

    def _colours(self) -> list[str]:
        known = list(dict.fromkeys(self.groups))
        return [_COLOURS[known.index(group) % len(_COLOURS)] for group in self.groups]


def _cell(value: object) -> str:
    side = ' align="right"' if _is_number(_text(value)) else ""
    return f"<td{side}>{html.escape(_text(value))}</td>"


def _text(value: object) -> str:
    return f"{value:,}" if type(value) is int else str(value)


def _is_number(text: str) -> bool:
    return bool(text) and not set(text) - set("0123456789.,-$≈% ")


def _align(text: str, width: int, right: bool) -> str:
    return text.rjust(width) if right else text.ljust(width)


def _number(value: float) -> str:
    """Return a number as people write it.

    >>> _number(20354), _number(152.64), _number(0.0021)
    ('20,354', '152.6', '0.0021')
    """
    if value == int(value):
        return f"{int(value):,}"
    return f"{value:,.1f}" if value >= 1 else f"{value:.2g}"
