"""Horizontal bars, a panel for each measure: a picture in a notebook, text elsewhere."""

from __future__ import annotations

import io
from dataclasses import dataclass

_TEXT_WIDTH = 30
_COLOURS = ["#4878a8", "#c47a3d", "#5f9e6e", "#8c6bb1", "#7f7f7f"]


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


def _number(value: float) -> str:
    """Return a number as people write it.

    >>> _number(20354), _number(152.64), _number(0.0021)
    ('20,354', '152.6', '0.0021')
    """
    if value == int(value):
        return f"{int(value):,}"
    return f"{value:,.1f}" if value >= 1 else f"{value:.2g}"
