"""Headings: the lines on which parts begin, and the lines that may be one: those are doubts, with a reason.

    for one in find(pages):
        print(one.page, one.text, one.doubt)

`baseline` is the usual expression on the first lines of a page, for comparison.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from .pages import SIGNATURE, Line, Page, signed
from .rules import Rules, parsed
from .running import content, contents, filing, footer, page_label, page_number, plain, running

_KINDS = "exhibit|schedule|annex|appendix|attachment|addendum|rider"
_USUAL = re.compile(rf"^\W*(?P<kind>(?i:{_KINDS}))\s+[\"'\u201c]?(?P<id>[A-Z]{{1,2}}(?:-?\d+)?|[IVX]+|\d+)\b")
_SENTENCE = re.compile(r"^\s*,?\s*(?!to\b|of\b|for\b|zum\b|zur\b|and\s+[A-Z]\b)[a-z]|[.;,]$")
_GOES_ON = re.compile(r"(?i)\W*\(?\b(?:continued|cont'?d?\.?|fortsetzung)\)?\W*$")
_NUMBERED = re.compile(
    r"(?i)^\W*(?:article|section|clause|chapter|part|division|§|ziffer)\s*[\divxa-z]+\b|^\W*\(?(?:\d+|[a-z]|[ivx]+)[.)]"
    r"|^\d+(?:\.\d+)*\s"
)
_ENDED = re.compile(r"[.;:!?)\]_*\u201d\"]\W*$|\d$")
_SALUTATION = re.compile(r"(?i)^\W*(?:dear\s+\w|ladies and gentlemen|gentlemen:|to whom it may|sehr geehrte)")
_SHORT, _LETTER = 60, 14
_BLOCK = 5
"""How many lines the heading of a part may have."""
_DIVIDER = 6
"""A page with no more lines than this is a cover sheet: what follows is its part."""


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


def baseline(pages: Sequence[Page], first_lines: int = 4) -> list[Heading]:
    """Return a heading for each page but the first of which one of four lines begins with a label."""
    found = []
    for page in pages[1:]:
        for place, line in enumerate(page.lines[:first_lines]):
            if label := _USUAL.match(line.text):
                found.append(Heading(page.number, place, label["kind"].lower(), label["id"], line.text))
                break
    return found


def starts(headings: Sequence[Heading]) -> list[int]:
    """Return the pages on which a part starts, a page twice if two do."""
    return sorted(heading.page for heading in headings if not heading.doubt)


def find(pages: Sequence[Page], rules: Rules | None = None) -> list[Heading]:
    r"""Return the headings, certain and doubted, in order; the first page's own title is left out.

    >>> from .pages import page
    >>> pages = [page(1, "LEASE"), page(2, "EXHIBIT A\nA plan of it is attached."), page(3, "GUARANTY")]
    >>> [(one.text, one.doubt) for one in find(pages)]
    [('EXHIBIT A', ''), ('GUARANTY', 'a title without a label')]
    """
    search = _Search(list(pages), rules or Rules())
    for page in pages:
        search.read(page)
    found = [*search.found, *search.absent()]
    return sorted(
        (one for one in found if one.level <= search.rules.doubt), key=lambda one: (one.page, one.line)
    )


@dataclass
class _Search:
    """A walk through the pages, which knows the part that runs."""

    pages: list[Page]
    rules: Rules
    found: list[Heading] = field(default_factory=list)
    part: Heading | None = None
    inner: str = ""
    began: int = 1

    def __post_init__(self) -> None:
        self.banners = running(self.pages, self.rules)
        self.contents = contents(self.pages, self.rules)
        self.filed = filing(self.pages, self.rules)
        self.listed: dict[tuple[str, str], tuple[int, int, str]] = {}
        self.titles: set[str] = set()
        self.last: Line | None = None
        self.last_listed = False

    def read(self, page: Page) -> None:
        """Find the headings of one page."""
        lines = content(page, self.banners)
        if page.number in self.contents:
            self._note_list(page, lines)
            self.last_listed = False
            return
        lists = self._groups(lines)
        after, fresh = 0, True
        for order, (place, line) in enumerate(lines):
            top = order < self.rules.first_lines and all(len(one.text) < _SHORT for _, one in lines[:order])
            body = any(len(one.text) >= _SHORT for _, one in lines[:order])
            opening = (
                page.number == 1 and order < 2 * self.rules.first_lines and not (body and self._set(line))
            )
            previous = lines[order - 1][1] if order else self.last
            heading = None
            if label := parsed(line.text, self.rules):
                if not opening:
                    heading = self._labelled(page, lines, order, label, top, previous, place in lists)
            elif not opening and order >= after:
                heading = self._titled(page, lines, order, top, previous)
            if heading:
                self.found.append(heading)
                if heading.level < 5:
                    fresh, after = False, self._end_of_block(lines, order)
                if not heading.doubt:
                    self._begin(page, lines, order, heading)
        if fresh and lines and page.number > 2:
            self.found += self._signs(page, lines[0])
        self.titles |= {plain(line.text) for _, line in lines[:_BLOCK] if self._set(line)}
        self.last = lines[-1][1] if lines else self.last
        self.last_listed = bool(lines) and (
            lines[-1][0] in lists or (bool(lists) and max(lists) >= lines[-1][0] - 1)
        )

    def absent(self) -> Iterator[Heading]:
        """Yield a doubt for each label that a list names, or a row of letters needs, and that has no page."""
        known = {one.label for one in self.found}
        for (kind, letter), (page, line, text) in self.listed.items():
            if (kind, letter) not in known:
                yield Heading(page, line, kind, letter, text, "is listed, and no page begins with it", 1)
                known.add((kind, letter))
        sure = [one for one in self.found if not one.doubt and len(one.id) == 1 and one.id.isalnum()]
        for kind in dict.fromkeys(one.kind for one in sure if one.kind != "amendment"):
            ids = {one.id: one for one in sure if one.kind == kind}
            if any(len(one.id) > 1 and set(one.id) <= set("IVX") for one in self.found if one.kind == kind):
                continue
            for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" if min(ids) > "9" else "123456789":
                later = [one for id_, one in ids.items() if id_ > letter]
                if later and letter not in ids and (kind, letter) not in known:
                    one = min(later, key=lambda one: one.page)
                    yield Heading(
                        one.page, 0, kind, letter, one.text, f"{kind} {letter} is missing before it", 1
                    )

    def _labelled(
        self,
        page: Page,
        lines: list[tuple[int, Line]],
        order: int,
        label: tuple[str, str, str],
        top: bool,
        previous: Line | None,
        listed: bool,
    ) -> Heading | None:
        """Return the heading that a line with a label is, with its doubt, or None."""
        place, line = lines[order]
        kind, letter, rest = label
        made = Heading(page.number, place, kind, letter, line.text)
        flows = previous is not None and _flows(previous) and not self._set(line)
        if self.part and self.part.label == (kind, letter):
            return None
        if kind == "amendment" and page.number == 1 and not signed(replace(page, lines=page.lines[:place])):
            return None
        if kind == "exhibit" and letter in self.filed:
            return None
        if listed:
            self.listed.setdefault((kind, letter), (page.number, place, line.text))
            return None
        if len(line.text) > self.rules.longest or (_SENTENCE.search(rest) and not line.text.isupper()):
            long = len(line.text) > self.rules.longest
            quiet = flows or long or not top or not _ends(previous)
            return None if quiet else _doubted(made, "goes on as a sentence", 2)
        if re.search(r"[,;].*\b(?:" + "|".join(self.rules.labels) + r")\b", rest, re.IGNORECASE):
            return None if flows else _doubted(made, "names several parts", 2)
        if self._page_label(page, letter, kind, rest, lines, order):
            return None
        if kind == "exhibit" and re.fullmatch(r"\d+\.\d+.*", letter) and self._printed_often(kind, letter):
            return _doubted(made, "may be the number under which it was filed", 1)
        if self.part and kind == self.inner:
            return _doubted(made, f"nested in {self.part.kind} {self.part.id}", 1)
        if self._under(page, lines, order):
            return _doubted(made, "a second label under the first", 1)
        if any(one.label == (kind, letter) and not one.doubt for one in self.found):
            goes_on = bool(_GOES_ON.search(line.text))
            return None if goes_on else _doubted(made, "the same label began a part before", 1)
        if not top:
            return self._further_down(made, page, lines, order, previous)
        if flows and not line.text.isupper():
            return _doubted(made, "the text before may go on", 1)
        return made

    def _further_down(
        self, made: Heading, page: Page, lines: list[tuple[int, Line]], order: int, previous: Line | None
    ) -> Heading | None:
        line = lines[order][1]
        if order >= len(lines) - 1:
            following = self.pages[page.number : page.number + 1]
            again = any(parsed(one.text, self.rules) for page in following for one in page.lines[:4])
            return None if again or not self._set(line) else _doubted(made, "the last line of a page", 1)
        if self._set(line) and (line.bold or line.middle or previous is None or not _flows(previous)):
            return made
        stands = previous is not None and not _flows(previous)
        if made.kind != "amendment" and stands and (line.bold or line.middle or line.text.isupper()):
            return made
        loud = line.bold is None or line.bold or line.middle or line.text.isupper()
        return _doubted(made, "a label further down", 1) if loud or stands else None

    def _titled(
        self, page: Page, lines: list[tuple[int, Line]], order: int, top: bool, previous: Line | None
    ) -> Heading | None:
        """Return a title without a label as a doubt, or None."""
        place, line = lines[order]
        text, words = line.text, plain(line.text)
        if (
            len(text) > self.rules.longest
            or len(words) < 4
            or not text.lstrip("\"'\u201c([*")[:1].isupper()
            or _NUMBERED.match(text)
            or _GOES_ON.search(text)
            or SIGNATURE.match(text)
            or re.search(r"[;,]$", text)
            or (previous is not None and order and _NUMBERED.match(previous.text) and len(previous.text) < 20)
            or self._own(page, words)
        ):
            return None
        named, is_set = bool(self.rules.title.search(text)), self._set(line)
        caps = text.isupper()
        made = Heading(page.number, place, "untitled", "", text)
        if top:
            if named and (is_set or caps or line.bold) and not text.endswith("."):
                return _doubted(made, "a title without a label", 2)
            if (is_set or caps) and not text.endswith("."):
                return _doubted(made, "set as a title", 3)
            if order == 0 and len(text) < _SHORT and not text.endswith(".") and not _flows(self.last or line):
                return _doubted(made, "a short line at the top", 5)
        elif named and (is_set or (caps and line.bold is not False)) and order < len(lines) - 2:
            if previous is None or not _flows(previous):
                return _doubted(made, "a title further down", 4)
        elif is_set and order < len(lines) - 1 and self._ended(page, place):
            return _doubted(made, "set as a title, behind signatures", 4)
        return None

    def _own(self, page: Page, words: str) -> bool:
        """Say whether a title is that of the part that runs, or stood above an earlier page."""
        if self._ended(page):
            return False
        lines = content(self.pages[self.began - 1], self.banners)
        bare = len(lines) <= _DIVIDER and all(
            self._set(one) or (len(one.text) < 30 and one.text[-1] != ".") for _, one in lines
        )
        sheet = bare and self.began == page.number - 1 and self.began > 1
        told = [plain(line.text) for _, line in lines[: 3 * _BLOCK] if self._set(line)]
        runs = {" ".join(told[at:end]) for at in range(len(told)) for end in range(at + 1, len(told) + 1)}
        return sheet or words in runs or words in self.titles

    def _printed_often(self, kind: str, letter: str) -> bool:
        """Say whether a label stands at the edges of several pages, as the number of a filing does."""
        edges = ((*page.lines[:3], *page.lines[-2:]) for page in self.pages)
        labels = [{(parsed(line.text, self.rules) or ("", ""))[:2] for line in lines} for lines in edges]
        return sum((kind, letter) in one for one in labels) >= self.rules.repeated

    def _ended(self, page: Page, place: int = 0) -> bool:
        """Say whether the part that runs has been signed before a line of a page."""
        above = replace(page, lines=page.lines[:place])
        return any(signed(one) for one in (*self.pages[self.began - 1 : page.number - 1], above))

    def _signs(self, page: Page, first: tuple[int, Line]) -> Iterator[Heading]:
        """Yield a doubt for a page without a heading: a letter, a new footer, numbers that begin again."""
        before = self.pages[page.number - 2]
        this, last = page_number(page), page_number(before)
        made = Heading(page.number, first[0], "untitled", "", first[1].text)
        named = parsed(page.lines[-1].text, self.rules)
        if any(_SALUTATION.match(line.text) for line in page.lines[:_LETTER]):
            yield _doubted(made, "reads like a letter", 2)
        elif named and len(page.lines[-1].text) < _SHORT and not self._runs(named[0], named[1]):
            part = replace(made, kind=named[0], id=named[1].partition("-")[0])
            yield _doubted(part, f"its footer says {page.lines[-1].text!r}", 1)
        elif this == 1 and last not in (None, 1):
            yield _doubted(made, "page numbers begin again", 3)
        elif page_label(page.lines[-1].text) and footer(page) not in ("", footer(before)) and self._footers():
            yield _doubted(made, "the footer changes", 3)

    def _runs(self, kind: str, letter: str) -> bool:
        """Say whether a label, or the label without its page number, began a part."""
        base = letter.rpartition("-")[0] or letter
        return any(one.kind == kind and one.id in (letter, base) for one in self.found)

    def _footers(self) -> bool:
        """Say whether footers are worth a look: most pages end in a number or a label."""
        numbered = sum(page_number(page) is not None for page in self.pages)
        return numbered > len(self.pages) / 2

    def _page_label(
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
        new_title = rest.strip(" :-\u2013") or (below is not None and self._set(below))
        return same and counts and not new_title

    def _groups(self, lines: list[tuple[int, Line]]) -> set[int]:
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
            if one[1] < 0 and self._set(one[2]) != self._set(other[2]):
                continue
            if one[3][0] == other[3][0] and one[3][1] != other[3][1] and gap <= 2 and not (between and heads):
                found |= {one[1], other[1]}
        return found

    def _note_list(self, page: Page, lines: list[tuple[int, Line]]) -> None:
        for place, line in lines:
            if label := parsed(line.text, self.rules):
                self.listed.setdefault(label[:2], (page.number, place, line.text))

    def _begin(self, page: Page, lines: list[tuple[int, Line]], order: int, heading: Heading) -> None:
        self.part, self.began = heading, page.number
        block = lines[order + 1 : order + self.rules.first_lines]
        kinds = [label[0] for _, line in block if (label := parsed(line.text, self.rules))]
        self.inner = kinds[0] if kinds and kinds[0] != heading.kind else ""

    def _under(self, page: Page, lines: list[tuple[int, Line]], order: int) -> bool:
        """Say whether a label stands in the heading of the one before it."""
        labels = [one.line for one in self.found if one.page == page.number and one.kind != "untitled"]
        if not labels:
            return False
        between = [line for place, line in lines[:order] if place > labels[-1]]
        return len(between) <= 2 and all(self._set(line) or len(line.text) < 20 for line in between)

    def _end_of_block(self, lines: list[tuple[int, Line]], order: int) -> int:
        """Return the place behind a heading's lines: those below it that are set like it."""
        end = order + 1
        while end < min(len(lines), order + _BLOCK) and (
            self._set(lines[end][1]) or lines[end][1].text.isupper() or len(lines[end][1].text) < 12
        ):
            end += 1
        return end

    def _set(self, line: Line) -> bool:
        """Say whether a line is set as headings are; without layout, whether it is in capitals."""
        if line.bold is None and line.middle is None:
            return line.text.isupper()
        return bool((line.bold and line.middle) or (line.text.isupper() and (line.bold or line.middle)))


def _doubted(made: Heading, why: str, level: int) -> Heading:
    return Heading(made.page, made.line, made.kind, made.id, made.text, why, level)


def _ends(line: Line | None) -> bool:
    """Say whether the text before is at an end: a full stop, a short line, or nothing."""
    return line is None or bool(_ENDED.search(line.text)) or len(line.text) < _SHORT


def _flows(line: Line) -> bool:
    """Say whether a sentence goes on behind a line."""
    return not _ends(line) or bool(re.search(r"[a-z,]$", line.text) and len(line.text) >= 50)
