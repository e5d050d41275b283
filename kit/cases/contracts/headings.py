"""Headings: the lines on which parts begin, and the lines that may be one: those are doubts, with a reason.

    for one in find(pages):
        print(one.page, one.text, one.doubt)

`baseline` is the usual expression on the first lines of a page, for comparison.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from .pages import SIGNATURE, Line, Page, signed
from .rules import WORDS, Rules, parsed
from .running import footer, name, page_label, page_number, plain
from .walk import BLOCK, SHORT, Heading, Walk, ends, flows

_KINDS = "exhibit|schedule|annex|appendix|attachment|addendum|rider"
_USUAL = re.compile(rf"^\W*(?P<kind>(?i:{_KINDS}))\s+[\"'\u201c]?(?P<id>[A-Z]{{1,2}}(?:-?\d+)?|[IVX]+|\d+)\b")
_SENTENCE = re.compile(r"^\s*,?\s*(?!to\b|of\b|for\b|zum\b|zur\b|and\s+[A-Z]\b)[a-z]|[.;,]$")
_GOES_ON = re.compile(r"(?i)\W*\(?\b(?:continued|cont'?d?\.?|fortsetzung)\)?\W*$")
_NUMBERED = re.compile(
    rf"(?i)^\W*(?:(?:article|section|clause|chapter|part|division|ziffer)\s+|§\s*)(?:[\d.]+[a-z]?|[ivx]+|[a-z]|{WORDS})\b"
    r"|^\W*\(?(?:\d+[.)]|(?:[a-z]|[ivx]+)(?:[.)](?:\s|$)))|^\d+(?:\.\d+)*\s"
)
_BY_NUMBER = re.compile(
    r"(?i)^(?:(?:19|20)\d\d\b|\d+(?:st|nd|rd|th)\b|\d+\(\w\)|\d+[-\s](?:year|month|week|day|hour)s?\b)"
)
_COMPANY = re.compile(r"(?i)\b(?:inc|ltd|corp|co|llc|plc|l\.?p|s\.a|n\.v|b\.v|u\.s\.a)\.$")
_SALUTATION = re.compile(r"(?i)^\W*(?:dear\s+\w|ladies and gentlemen|gentlemen:|to whom it may|sehr geehrte)")
_LETTER = 14


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


class _Search(Walk):
    """The walk that finds headings."""

    def read(self, page: Page) -> None:
        """Find the headings of one page."""
        lines = self.shown(page)
        if page.number in self.contents:
            self.note_list(page, lines)
            self.last_listed = False
            return
        lists = self.listed_together(lines)
        after, fresh = 0, True
        for order, (place, line) in enumerate(lines):
            top = order < self.rules.first_lines and all(len(one.text) < SHORT for _, one in lines[:order])
            body = any(len(one.text) >= SHORT for _, one in lines[:order])
            opening = (
                page.number == 1 and order < 2 * self.rules.first_lines and not (body and self.is_set(line))
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
                    fresh, after = False, self.end_of_block(lines, order)
                if not heading.doubt:
                    self.begin(page, lines, order, heading)
        if fresh and lines and page.number > 2:
            self.found += self._signs(page, lines[0])
        self.titles |= {
            name(line, self.numbered): page.number for line in page.lines[:BLOCK] if self.heads(line)
        }
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
        goes_on = previous is not None and flows(previous) and not self.is_set(line)
        if self.part and self.part.label == (kind, letter):
            another = self.found[-1].kind == "untitled" and self.found[-1].level < 4
            another = another and (top or self.is_set(line))
            return _doubted(made, "the same label, behind another title", 1) if another else None
        if kind == "amendment" and page.number == 1 and not signed(replace(page, lines=page.lines[:place])):
            return None
        if kind == "exhibit" and letter in self.filed:
            return None
        if listed:
            self.listed.setdefault((kind, letter), (page.number, place, line.text))
            return None
        if len(line.text) > self.rules.longest or (_SENTENCE.search(rest) and not line.text.isupper()):
            long = len(line.text) > self.rules.longest
            quiet = goes_on or long or not top or not ends(previous)
            return None if quiet else _doubted(made, "goes on as a sentence", 2)
        if re.search(r"[,;].*\b(?:" + "|".join(self.rules.labels) + r")\b", rest, re.IGNORECASE):
            return None if goes_on else _doubted(made, "names several parts", 2)
        if self.is_page_label(page, letter, kind, rest, lines, order):
            return None
        if kind == "exhibit" and re.fullmatch(r"\d+\.\d+.*", letter) and self.printed_often(kind, letter):
            return _doubted(made, "may be the number under which it was filed", 1)
        if self.part and kind == self.inner:
            return _doubted(made, f"nested in {self.part.kind} {self.part.id}", 1)
        if self.under_a_label(page, lines, order):
            return _doubted(made, "a second label under the first", 1)
        if any(one.label == (kind, letter) and not one.doubt for one in self.found):
            again = bool(_GOES_ON.search(line.text))
            return None if again else _doubted(made, "the same label began a part before", 1)
        if not top:
            return self._further_down(made, page, lines, order, previous)
        if goes_on and not line.text.isupper():
            return _doubted(made, "the text before may go on", 1)
        return made

    def _further_down(
        self, made: Heading, page: Page, lines: list[tuple[int, Line]], order: int, previous: Line | None
    ) -> Heading | None:
        line = lines[order][1]
        if order >= len(lines) - 1:
            following = self.pages[page.number : page.number + 1]
            again = any(parsed(one.text, self.rules) for page in following for one in page.lines[:4])
            return None if again or not self.is_set(line) else _doubted(made, "the last line of a page", 1)
        if self.is_set(line) and (line.bold or line.middle or previous is None or not flows(previous)):
            return made
        stands = previous is not None and not flows(previous)
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
        named, is_set = bool(self.rules.title.search(text)), self.is_set(line)
        caps = text.isupper()
        made = Heading(page.number, place, "untitled", "", text)
        row = self.in_row(line)
        if row and row[0] in self.rows and (top or is_set) and not self.is_own(page, line):
            return _doubted(made, "one of a row of titles", 2 if top else 4)
        by_number = bool(_BY_NUMBER.match(text))
        if (
            len(text) > self.rules.longest
            or len(words) < (2 if is_set else 4)
            or not (by_number or text.lstrip("\"'\u201c([*")[:1].isupper())
            or (_NUMBERED.match(text) and not by_number)
            or _GOES_ON.search(text)
            or SIGNATURE.match(text)
            or re.search(r"[;,]$", text)
            or (previous is not None and order and _NUMBERED.match(previous.text) and len(previous.text) < 20)
            or self.is_own(page, line)
        ):
            return None
        if top:
            stop = text[-1] == "." and (not (is_set or caps) or bool(_COMPANY.search(text)))
            if named and (is_set or caps or line.bold) and not stop:
                return _doubted(made, "a title without a label", 2)
            if (is_set or caps) and not stop:
                return _doubted(made, "set as a title", 3)
            if order == 0 and (named or line.bold) and len(text) < SHORT and not stop and ends(self.last):
                return _doubted(made, "a short line that may be a title", 4)
            if order == 0 and len(text) < SHORT and not text.endswith(".") and not flows(self.last or line):
                return _doubted(made, "a short line at the top", 5)
        elif named and (is_set or (caps and line.bold is not False)) and order < len(lines) - 2:
            if previous is None or not flows(previous):
                return _doubted(made, "a title further down", 4)
        elif is_set and order < len(lines) - 1 and self.ended(page, place):
            return _doubted(made, "set as a title, behind signatures", 4)
        return None

    def _signs(self, page: Page, first: tuple[int, Line]) -> Iterator[Heading]:
        """Yield a doubt for a page without a heading: a letter, a new footer, numbers that begin again."""
        before = self.pages[page.number - 2]
        this, last = page_number(page), page_number(before)
        made = Heading(page.number, first[0], "untitled", "", first[1].text)
        named = parsed(page.lines[-1].text, self.rules)
        if any(_SALUTATION.match(line.text) for line in page.lines[:_LETTER]):
            yield _doubted(made, "reads like a letter", 2)
        elif named and len(page.lines[-1].text) < SHORT and not self.runs(named[0], named[1]):
            part = replace(made, kind=named[0], id=named[1].partition("-")[0])
            yield _doubted(part, f"its footer says {page.lines[-1].text!r}", 1)
        elif this == 1 and last not in (None, 1):
            yield _doubted(made, "page numbers begin again", 3)
        elif (
            page_label(page.lines[-1].text)
            and footer(page) not in ("", footer(before))
            and self.has_footers()
        ):
            yield _doubted(made, "the footer changes", 3)


def _doubted(made: Heading, why: str, level: int) -> Heading:
    return Heading(made.page, made.line, made.kind, made.id, made.text, why, level)
