"""Run views: what an optimizer tried, as a tree and as a curve.

Signs say what colours say. Nothing here asks a model: a run is read from a file.
"""

from __future__ import annotations

import html
import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from kit import tables
from kit.evaluation.history import Candidate, History

_INDENT = "margin:.1em 0 .1em .5em;padding-left:.9em"
_BRANCH = f"list-style:none;border-left:2px solid rgba(128,128,128,.4);{_INDENT}"
_BLUE, _ORANGE, _GREY = "#4878a8", "#c47a3d", "#9a9a9a"


@dataclass(frozen=True)
class Tree:
    """Candidates beneath the one that they were made from. Unfold one to see what it changed."""

    run: History

    def __repr__(self) -> str:
        return "\n".join([heading(self.run), took(self.run), "", *self._lines(self.run.seed, "", "")])

    def _repr_html_(self) -> str:
        head = f"<b>{html.escape(heading(self.run))}</b><br>{html.escape(took(self.run))}"
        return f"<p>{head}</p>{self._branch(self.run.seed)}"

    def _lines(self, candidate: Candidate, before: str, indent: str) -> Iterator[str]:
        yield f"{before}{self._line(candidate)}"
        children = self._children(candidate)
        for child in children:
            fork, stem = ("└─ ", "   ") if child is children[-1] else ("├─ ", "│  ")
            yield from self._lines(child, indent + fork, indent + stem)

    def _branch(self, candidate: Candidate) -> str:
        line, change = html.escape(self._line(candidate)), tables.preformatted(candidate.text)
        line = f"<b>{line}</b>" if candidate.won else line
        if candidate.parents:
            change = self.run.diff(candidate.parents[0], candidate.number)._repr_html_()
        inside = "".join(map(self._branch, self._children(candidate)))
        change = f"<details><summary>{line}</summary>{change}</details>"
        return f'<ul style="{_BRANCH}"><li>{change}{inside}</li></ul>'

    def _children(self, candidate: Candidate) -> list[Candidate]:
        return [other for other in self.run.candidates if other.parents[:1] == [candidate.number]]

    def _line(self, candidate: Candidate) -> str:
        part = f"on {candidate.rows} rows alone" if (candidate.rows or 0) < _most_rows(self.run) else ""
        others = ", ".join(f"{candidate.label or 'made'} with {number}" for number in candidate.parents[1:])
        news = _news(candidate, self.run.candidates[candidate.parents[0]] if candidate.parents else None)
        return " · ".join(filter(None, [candidate.title, part, others or candidate.label, news]))


@dataclass(frozen=True)
class Curve:
    """The best validation score so far against what was spent: a picture in a notebook, text elsewhere."""

    run: History

    def __repr__(self) -> str:
        if not (points := self._points()):
            return "No scores over calls were kept."
        rows = [[one.calls, one.number, f"{one.score:.1f}", f"{best:.1f}"] for one, best in points]
        return tables.columns([self.run.counted, "candidate", "score", "best so far"], rows)

    def _repr_png_(self) -> bytes | None:
        from matplotlib.figure import Figure

        if not (points := self._points()):
            return None
        figure = Figure(figsize=(7, 3), layout="constrained", facecolor="white")
        axis = figure.subplots()
        calls, bests = [point.calls for point, _ in points], [best for _, best in points]
        end = max([*calls, (self.run.calls or 0) * (self.run.counted == "calls of models")])
        axis.step([*calls, end], [*bests, bests[-1]], where="post", color=_BLUE, label="best so far")
        for point, best in points:
            colour = _ORANGE if point.won else _BLUE if point.score == best else _GREY
            marker, size = ("*", 13) if point.won else ("o", 6)
            axis.plot(point.calls, point.score, marker, color=colour, markersize=size)
            place = {"xytext": (0, 8), "textcoords": "offset points", "ha": "center", "fontsize": 8}
            axis.annotate(str(point.number), (point.calls, point.score), **place)
        rows = points[0][0].rows
        axis.set(xlabel=self.run.counted, ylabel=f"% on {rows} validation rows" if rows else "%")
        axis.set_title(f"{self.run.optimizer}: candidates by number, the winner starred", fontsize=10)
        axis.margins(y=0.15)
        figure.savefig(picture := io.BytesIO(), format="png", dpi=90)
        return picture.getvalue()

    def _points(self) -> list[tuple[Candidate, float]]:
        """Return the candidates with a score over all validation rows, as they came, and the best so far."""
        most = _most_rows(self.run)
        scored = [one for one in self.run.candidates if one.score is not None and (one.rows or 0) == most]
        points = sorted((one for one in scored if one.calls is not None), key=lambda one: one.calls)
        return list(zip(points, accumulate((point.score for point in points), max), strict=True))


def heading(run: History) -> str:
    """Return what a run came to, e.g. "GEPA · 52.5 → 80.0 on 40 validation rows · 7 candidates"."""
    scores = " → ".join(f"{one.score:.1f}" for one in (run.seed, run.best) if one.score is not None)
    rows = f" on {_most_rows(run)} validation rows" if _most_rows(run) else ""
    return " · ".join(filter(None, [run.optimizer, f"{scores}{rows}", f"{len(run.candidates)} candidates"]))


def took(run: History) -> str:
    """Return what it was given and what it took: models, rows, calls, tokens, minutes, dollars."""
    models = ", ".join(f"{role} {name.rpartition('/')[2]}" for role, name in run.models.items())
    rows = ", ".join(f"{count} {name}" for name, count in run.splits.items())
    spent = f"{run.tokens:,} tokens, {run.seconds / 60:.1f} minutes, ${run.usd:.4f}"
    spent = "" if run.calls is None else f" · {run.calls:,} calls, {spent}"
    return f"{models} · rows: {rows}{spent}"


def _most_rows(run: History) -> int:
    return max(candidate.rows or 0 for candidate in run.candidates)


def _news(candidate: Candidate, parent: Candidate | None) -> str:
    """Return the first words that a candidate's instructions add, and how many demos it holds if others."""
    parts = []
    for name, text in candidate.instructions.items():
        old = parent.instructions.get(name, "").splitlines() if parent else []
        new = [line for line in text.splitlines() if line.strip() and line not in old]
        if new and text.splitlines() != old:
            who = f"{name}: " if len(candidate.instructions) > 1 else ""
            parts.append(f"{who}{shortened_words(new[0])!r}")
    demos = max(map(len, candidate.demos.values()), default=0)
    if candidate.demos != (parent.demos if parent else {}):
        parts.append(f"{demos} demo{'s' * (demos != 1)}")
    return ", ".join(parts)


def shortened_words(text: str, widest: int = 60) -> str:
    """Return a text's beginning, cut between words.

    >>> shortened_words("word " * 30)
    'word word word word word word word word word word word word ...'
    """
    words = " ".join(text.split())
    return words if len(words) <= widest else f"{words[:widest].rpartition(' ')[0]} ..."
