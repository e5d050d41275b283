"""A walk through the pages of a file: what runs, what was listed, and which part is open at each page."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from itertools import pairwise

from .pages import Line, Page, signed
from .rules import Rules, parsed
from .running import (
    content,
    contents,
    counted,
    filing,
    follows,
    name,
    page_counts,
    page_number,
    plain,
    running,
)

SHORT = 60
BLOCK = 5
"""How many lines the heading of a part may have."""
DIVIDER = 6
"""A page with no more lines than this is a cover sheet: what follows is its part."""
_NO_ROW = {"page", "seite", "article", "section", "clause", "chapter", "paragraph", "table", "figure", "step"}
_ENDED = re.compile(r"[.;:!?)\]_*\u201d\"]\W*$|\d$")


@dataclass(frozen=True)
class Heading:
    """A line that begins a part, or may begin one: on which page, as which of its lines, and the doubt.

    `level` says from which `Rules.doubt` on it is doubted: 1 is the gravest doubt; 0 is no doubt.
    """

    page: int
    line: int
    kind: str
    id: str
    text: str
    doubt: str = ""
    level: int = 0

    @property
    def label(self) -> tuple[str, str]:
        """Kind and letter or number, e.g. ("exhibit", "A")."""
        return self.kind, self.id


@dataclass
class Walk:
    """What is known when a page is reached: the part that runs, headers, lists, and the titles before."""

    pages: list[Page]
    rules: Rules
    found: list[Heading] = field(default_factory=list)
    part: Heading | None = None
    inner: str = ""
    began: int = 1

    def __post_init__(self) -> None:
        self.numbered = page_counts(self.pages)
        self.banners = running(self.pages, self.rules, self.numbered)
        self.contents = contents(self.pages, self.rules)
        self.filed = filing(self.pages, self.rules)
        self.listed: dict[tuple[str, str], tuple[int, int, str]] = {}
        self.rows = self.rows_of_titles()
        self.titles: dict[str, int] = {}
        self.last: Line | None = None
        self.last_listed = False

    def shown(self, page: Page) -> list[tuple[int, Line]]:
        """Return the lines of a page that are no running header, footer or number, each with its place.

        Behind signatures, what was a header may be the title of the next paper of its kind.
        """
        behind = page.number > 1 and signed(self.pages[page.number - 2])
        title = self.rules.title.search
        banners = {one: at for one, at in self.banners.items() if not (behind and title(one))}
        return content(page, banners, self.numbered)

    def rows_of_titles(self) -> set[str]:
        """Return the words of lines that count on, each at the top of a page or set as a title: a row."""
        seen: dict[str, set[str]] = {}
        for page in self.pages:
            for order, (_, line) in enumerate(self.shown(page)):
                heads = order < self.rules.first_lines or self.is_set(line)
                one = self.in_row(line) if heads and page.number > 1 else None
                if one and page.number not in self.contents:
                    seen.setdefault(one[0], set()).add(one[1])
        return {
            words for words, ids in seen.items() if any(follows(one, other) for one in ids for other in ids)
        }

    def in_row(self, line: Line) -> tuple[str, str] | None:
        """Return the words and the number of a line that may be one of a row of titles, or None."""
        one = counted(line.text) if len(line.text) < SHORT and line.text[-1] not in ".;," else None
        return None if one is None or one[0] in _NO_ROW or plain(line.text) in self.numbered else one

    def is_own(self, page: Page, line: Line) -> bool:
        """Say whether a title is that of the part that runs, or stood above one of the pages before."""
        known = name(line, self.numbered)
        if self.titles.get(known, -1) >= page.number - 2 and not signed(self.pages[page.number - 2]):
            return True
        if self.ended(page) or self.in_row(line):
            return False
        words = plain(line.text)
        lines = self.shown(self.pages[self.began - 1])
        bare = len(lines) <= DIVIDER and all(
            self.is_set(one) or (len(one.text) < 30 and one.text[-1] != ".") for _, one in lines
        )
        sheet = bare and self.began == page.number - 1 and self.began > 1
        told = [plain(line.text) for _, line in lines[: 3 * BLOCK] if self.is_set(line)]
        runs = {" ".join(told[at:end]) for at in range(len(told)) for end in range(at + 1, len(told) + 1)}
        return sheet or words in runs

    def printed_often(self, kind: str, letter: str) -> bool:
        """Say whether a label stands at the edges of several pages, as the number of a filing does."""
        edges = ((*page.lines[:3], *page.lines[-2:]) for page in self.pages)
        labels = [{(parsed(line.text, self.rules) or ("", ""))[:2] for line in lines} for lines in edges]
        return sum((kind, letter) in one for one in labels) >= self.rules.repeated

    def ended(self, page: Page, place: int = 0) -> bool:
        """Say whether the part that runs has been signed before a line of a page."""
        above = replace(page, lines=page.lines[:place])
        return any(signed(one) for one in (*self.pages[self.began - 1 : page.number - 1], above))

    def runs(self, kind: str, letter: str) -> bool:
        """Say whether a label, or the label without its page number, began a part."""
        base = letter.rpartition("-")[0] or letter
        return any(one.kind == kind and one.id in (letter, base) for one in self.found)

    def has_footers(self) -> bool:
        """Say whether footers are worth a look: most pages end in a number or a label."""
        numbered = sum(page_number(page) is not None for page in self.pages)
        return numbered > len(self.pages) / 2

    def is_page_label(
        self, page: Page, letter: str, kind: str, rest: str, lines: list[tuple[int, Line]], order: int
    ) -> bool:
        """Say whether "Exhibit C-2" only says that this is the second page of Exhibit C."""
        base, _, number = letter.rpartition("-")
        if re.match(r"(?i)^\s*[,-]?\s*page\s*\d|^\s*[-\u2013]\s*\d+\W*$", rest):
            return bool(self.part and self.part.label == (kind, letter))
        if not (base and number.isdigit() and self.part and self.part.kind == kind):
            return False
        same = self.part.id == base or self.part.id.rpartition("-")[0] == base
        counts = int(number) == page.number - self.began + 1
        below = lines[order + 1][1] if order + 1 < len(lines) else None
        new_title = rest.strip(" :-\u2013") or (below is not None and self.is_set(below))
        return same and counts and not new_title

    def listed_together(self, lines: list[tuple[int, Line]]) -> set[int]:
        """Return the places of labels that stand in a list: one below the other, with nothing between."""
        before = [(-1, self.last)] if self.last and self.last_listed else []
        numbered = [*before, *lines]
        labels = [
            (order, place, line, label)
            for order, (place, line) in enumerate(numbered)
            if (label := parsed(line.text, self.rules))
            and (place >= 0 or re.search(r"[^\W\d_]{3}", label[2]))
        ]
        found: set[int] = set()
        for one, other in pairwise(labels):
            gap = other[1] - one[1]
            between = [line for _, line in numbered[one[0] + 1 : other[0]]]
            heads = (one[2].bold or one[2].middle) and not all(line.bold or line.middle for line in between)
            if one[1] < 0 and self.is_set(one[2]) != self.is_set(other[2]):
                continue
            if one[3][0] == other[3][0] and one[3][1] != other[3][1] and gap <= 2 and not (between and heads):
                found |= {one[1], other[1]}
        return found

    def note_list(self, page: Page, lines: list[tuple[int, Line]]) -> None:
        """Keep the labels that a page lists, to see later whether a page begins with each."""
        for place, line in lines:
            if label := parsed(line.text, self.rules):
                self.listed.setdefault(label[:2], (page.number, place, line.text))

    def begin(self, page: Page, lines: list[tuple[int, Line]], order: int, heading: Heading) -> None:
        """Go into the part that a heading begins."""
        self.part, self.began = heading, page.number
        block = lines[order + 1 : order + self.rules.first_lines]
        kinds = [label[0] for _, line in block if (label := parsed(line.text, self.rules))]
        self.inner = kinds[0] if kinds and kinds[0] != heading.kind else ""

    def under_a_label(self, page: Page, lines: list[tuple[int, Line]], order: int) -> bool:
        """Say whether a label stands in the heading of the one before it."""
        labels = [one.line for one in self.found if one.page == page.number and one.kind != "untitled"]
        if not labels:
            return False
        between = [line for place, line in lines[:order] if place > labels[-1]]
        return len(between) <= 2 and all(self.is_set(line) or len(line.text) < 20 for line in between)

    def end_of_block(self, lines: list[tuple[int, Line]], order: int) -> int:
        """Return the place behind a heading's lines: those below it that are set like it."""
        end = order + 1
        while end < min(len(lines), order + BLOCK) and (
            self.is_set(lines[end][1]) or lines[end][1].text.isupper() or len(lines[end][1].text) < 12
        ):
            end += 1
        return end

    def heads(self, line: Line) -> bool:
        """Say whether a line may be a title: it is set as one, or is one of a row."""
        one = self.in_row(line)
        return self.is_set(line) or bool(one and one[0] in self.rows)

    def is_set(self, line: Line) -> bool:
        """Say whether a line is set as headings are; without layout, whether it is in capitals."""
        if line.bold is None and line.middle is None:
            return line.text.isupper()
        return bool((line.bold and line.middle) or (line.text.isupper() and (line.bold or line.middle)))


def ends(line: Line | None) -> bool:
    """Say whether the text before is at an end: a full stop, a short line, or nothing."""
    return line is None or bool(_ENDED.search(line.text)) or len(line.text) < SHORT


def flows(line: Line) -> bool:
    """Say whether a sentence goes on behind a line."""
    return not ends(line) or bool(re.search(r"[a-z,]$", line.text) and len(line.text) >= 50)
