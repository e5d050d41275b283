"""What changed from one prompt, or text, to another: line by line, the changed words in bold.

    kit.diff(kit.prompt(1), kit.prompt())

Signs say what colours say, so that it reads as plain text and where a page drops its styles.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from kit.display.prompts import Draft, Prompt, texts, written

_WRAP = "white-space:pre-wrap;word-break:normal;overflow-wrap:anywhere"
_LINES = f"{_WRAP};margin:.3em 0;line-height:1.4;background:none"
_SHADES = {"-": "rgba(248,81,73,.18)", "+": "rgba(46,160,67,.18)"}
_AROUND = 2
_MOST_WORDS = 2000
_ALIKE = 0.3


@dataclass(frozen=True)
class Diff:
    """The lines of two texts, shown as what goes (-), what comes (+), and a little of what stays."""

    names: tuple[str, str]
    before: list[str]
    after: list[str]

    def __repr__(self) -> str:
        return "\n".join([self.title, *(f"{sign} {line}".rstrip() for sign, line, _ in self._lines())])

    def _repr_html_(self) -> str:
        lines = "\n".join(_shaded(sign, marked) for sign, _, marked in self._lines())
        return f'<p><b>{html.escape(self.title)}</b></p><pre style="{_LINES}">{lines}</pre>'

    @property
    def title(self) -> str:
        """Names and counts, e.g. "JSON → BAML: 3 lines out, 21 in"."""
        signs = [sign for sign, _, _ in self._lines()]
        gone, come = signs.count("-"), signs.count("+")
        counts = f"{gone} line{'s' * (gone != 1)} out, {come} in" if signs else "the same"
        return f"{' → '.join(self.names)}: {counts}"

    def _lines(self) -> Iterator[tuple[str, str, str]]:
        """Yield sign, line, and the line as HTML."""
        # empty lines and lone brackets are the same everywhere and mean nothing by it
        junk, shown = lambda line: not any(map(str.isalnum, line)), 0
        matcher = SequenceMatcher(junk, self.before, self.after, autojunk=False)
        for group in matcher.get_grouped_opcodes(_AROUND):
            yield from _skipped(group[0][1] - shown)
            for kind, begin, end, new_begin, new_end in group:
                yield from _block(kind, self.before[begin:end], self.after[new_begin:new_end])
            shown = group[-1][2]
        if shown:
            yield from _skipped(len(self.before) - shown)


def diff(
    before: str | Prompt | Draft, after: str | Prompt | Draft, *, names: tuple[str, str] = ("before", "after")
) -> Diff:
    """Return what changes from one text or prompt to another; replies and token counts are left out.

    >>> diff("Label it.", "Label it. One word.")
    before → after: 1 line out, 1 in
    - Label it.
    + Label it. One word.
    """
    return Diff(names, _text(before).splitlines(), _text(after).splitlines())


def _text(source: str | Prompt | Draft) -> str:
    return source if isinstance(source, str) else written(texts(source))


def _skipped(count: int) -> Iterator[tuple[str, str, str]]:
    if count:
        note = f"... {count} line{'s' * (count != 1)} the same"
        yield " ", note, f"<i>{note}</i>"


def _block(kind: str, old: list[str], new: list[str]) -> Iterator[tuple[str, str, str]]:
    if kind == "equal":
        yield from ((" ", line, html.escape(line)) for line in old)
        return
    marked = _marked("\n".join(old), "\n".join(new))
    for sign, lines, line_marks in zip("-+", (old, new), marked, strict=True):
        for line, line_marked in zip(lines, line_marks, strict=False):  # "" has one line, [] none
            yield sign, line, line_marked


def _shaded(sign: str, marked: str) -> str:
    line = f"{sign} {marked}"
    return f'<span style="background:{_SHADES[sign]}">{line}</span>' if sign in _SHADES else line


def _marked(old: str, new: str) -> tuple[list[str], list[str]]:
    """Return the lines of both texts as HTML; where most words stay, the others are bold."""
    words = [re.findall(r"\n|[^\S\n]*\S+|[^\S\n]+", text) for text in (old, new)]
    matcher = SequenceMatcher(None, *words, autojunk=False)
    if max(map(len, words)) > _MOST_WORDS or matcher.ratio() < _ALIKE:
        return html.escape(old).split("\n"), html.escape(new).split("\n")
    marked = ["", ""]
    for kind, *spans in matcher.get_opcodes():
        for side, (begin, end) in enumerate((spans[:2], spans[2:])):
            for word in words[side][begin:end]:
                plain = kind == "equal" or word == "\n"
                marked[side] += html.escape(word) if plain else f"<b>{html.escape(word)}</b>"
    return marked[0].split("\n"), marked[1].split("\n")
