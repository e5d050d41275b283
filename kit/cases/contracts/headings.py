"""What regular expressions can do: find lines that look like the heading of a part, plainly or with care.

    starts(baseline(pages))

`baseline` is the usual expression on the first lines. `careful` gives expressions every chance: it knows
contents, lists, sentences, running headers and nested parts. `doubts` are what no expression decides.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from .pages import Line, Page

FIRST_LINES = 4
LONGEST_HEADING = 90
_KINDS = "exhibit|schedule|annex|appendix|attachment|addendum|rider"
_ID = r"[IVX]+\([a-z]\)|[IVX]+(?!\w)|[A-Z]{1,2}(?:-?\d+)?|\d+(?:\.\d+)?"
_QUOTE = "[\"'\u2018\u2019\u201c\u201d]?"
_LABEL = re.compile(rf"^\W*(?P<kind>(?i:{_KINDS}))\s+{_QUOTE}(?P<id>{_ID}){_QUOTE}(?!\w)(?P<rest>.*)$")
_AMENDMENT = re.compile(
    r"^\W*(?i:(?P<id>first|second|third|fourth|fifth)\s+amendment|amendment\s+(?:no\.?\s*)?(?P<number>\d+))\b"
    r"(?P<rest>.*)$"
)
_ORDINALS = {"first": "1", "second": "2", "third": "3", "fourth": "4", "fifth": "5"}
_SENTENCE = re.compile(r"^\s*,?\s*(?!to\b|of\b|for\b|and\s+[A-Z]\b)[a-z]|[.;,]$")
_SEVERAL = re.compile(rf"[,;].*\b(?i:{_KINDS})\s+{_QUOTE}(?:{_ID})\b")
_RUNNING = re.compile(r"^\s*[,-]?\s*(?i:page)\s*(?!1\b)\d|^\s*-\s*\d+$")
_PAGE = re.compile(r"^\s*[,-]?\s*(?i:page)\s*\d|^\s*-\s*\d+$")
LISTED = re.compile(r"\.{4,}\s*[\w-]+$")
_TITLE = re.compile(
    r"(?i)\b(agreement|guarant(y|ee)|amendment|addendum|assignment|waiver|certificate|note|lease|mortgage|deed|"
    r"consent|questionnaire|letter|rider|supplement|license|power of attorney|statement of work)\b"
)


@dataclass(frozen=True)
class Heading:
    """A line that names a part: on which page, as which of its lines, and whether it only looks like it."""

    page: int
    line: int
    kind: str
    id: str
    text: str
    doubt: str = ""

    @property
    def label(self) -> tuple[str, str]:
        """Kind and letter or number, e.g. ("exhibit", "A")."""
        return self.kind, self.id


def heading(line: str) -> tuple[str, str, str] | None:
    """Return kind, letter or number, and the rest of a line that begins with a part's label, or None.

    >>> heading('SCHEDULE "B" - Prices')
    ('schedule', 'B', ' - Prices')
    >>> heading("Second Amendment to Lease")
    ('amendment', '2', ' to Lease')
    """
    if found := _LABEL.match(line):
        return found["kind"].lower(), found["id"], found["rest"]
    if found := _AMENDMENT.match(line):
        return "amendment", found["number"] or _ORDINALS[found["id"].lower()], found["rest"]
    return None


def baseline(pages: Sequence[Page]) -> list[Heading]:
    """Return a heading for each page but the first of which one of four lines begins with a label."""
    found = []
    for page in pages[1:]:
        for index, line in enumerate(page.lines[:FIRST_LINES]):
            if parts := heading(line.text):
                found.append(Heading(page.number, index, parts[0], parts[1], line.text))
                break
    return found


def starts(headings: Sequence[Heading]) -> list[int]:
    """Return the pages on which a part starts."""
    return sorted({heading.page for heading in headings if not heading.doubt})


def careful(pages: Sequence[Page]) -> list[Heading]:
    """Return the headings that hold up when a page is compared with those before; others are doubted.

    A heading is doubted if its line goes on as a sentence, is listed (contents, a list of attachments),
    repeats the label of the part that runs (a running header), or is nested: a page that shows two labels,
    "Schedule 1" and under it "Exhibit AA-1", holds further exhibits of that schedule.
    """
    found: list[Heading] = []
    running: tuple[str, str] | None = None
    inner = ""
    for page, before in zip(pages[1:], pages, strict=False):
        labelled = [
            (index, line, parts)
            for index, line in enumerate(page.lines[:FIRST_LINES])
            if (parts := heading(line.text))
        ]
        if not labelled:
            continue
        index, line, (kind, letter, rest) = labelled[0]
        doubt = (
            _listed(page, before, labelled)
            or _worded(line, rest)
            or ("repeats the label of the part that runs" if running == (kind, letter) else "")
            or (f"nested in {running[0]} {running[1]}" if running and kind == inner else "")
        )
        found.append(Heading(page.number, index, kind, letter, line.text, doubt))
        if not doubt:
            running = (kind, letter)
            kinds = [parts[0] for _, _, parts in labelled[1:]]
            inner = kinds[0] if kinds and kinds[0] != kind else ""
    return found


def doubts(pages: Sequence[Page]) -> list[Heading]:
    """Return what no expression decides: a title without a label at a page's top, or a label further down.

    >>> from .pages import page
    >>> doubts([page(1, "LEASE"), page(2, "GUARANTY OF LEASE")])[0].text
    'GUARANTY OF LEASE'
    """
    sure = {found.page for found in careful(pages)}
    found = []
    for page in pages[1:]:
        if page.number in sure:
            continue
        for index, line in enumerate(page.lines):
            parts = heading(line.text)
            if index == 0 and not parts and _titled(page):
                found.append(Heading(page.number, 0, "untitled", "", line.text, "a title without a label"))
                break
            if parts and index >= FIRST_LINES and _alone(line, parts[2]) and index < len(page.lines) - 2:
                found.append(
                    Heading(page.number, index, parts[0], parts[1], line.text, "a label further down")
                )
                break
    return found


def _worded(line: Line, rest: str) -> str:
    """Return why a line that begins with a label is no heading, or ""."""
    if LISTED.search(line.text):
        return "is listed with a page number"
    if _RUNNING.match(rest):
        return "is a running header"
    if _SEVERAL.search(rest):
        return "names several parts"
    if len(line.text) > LONGEST_HEADING or (_SENTENCE.search(rest) and not line.text.isupper()):
        return "goes on as a sentence"
    return ""


def _listed(page: Page, before: Page, labelled: Sequence[tuple[int, Line, tuple[str, str, str]]]) -> str:
    """Return why the labels of a page are a list, or "": several with titles, or one that goes on."""
    titled = [parts for _, _, parts in labelled if parts[2].strip(" :\u2013-") and not _PAGE.match(parts[2])]
    if len({parts[:2] for parts in titled}) > 1 and len({parts[0] for parts in titled}) == 1:
        return "is one of a list"
    last = [line for line in before.lines if not re.fullmatch(r"\W*\d*\W*", line.text)][-1:]
    above = heading(last[0].text) if last else None
    entry = above and above[2].strip() and not _PAGE.match(above[2])
    if entry and titled and above[0] == titled[0][0] and labelled[0][0] == 0:
        return "goes on a list from the page before"
    return ""


def _alone(line: Line, rest: str) -> bool:
    """Say whether a line further down stands by itself, as headings do."""
    return not _worded(line, rest) and (line.bold is not False) and len(rest) < 60


def _titled(page: Page) -> bool:
    """Say whether a page begins with a title: bold and in the middle, or in capitals with a title's word."""
    line = page.lines[0]
    if len(line.text) > LONGEST_HEADING or not re.search(r"[A-Za-z]{3}", line.text):
        return False
    shouted = line.text.isupper()
    laid_out = bool(line.bold and line.middle)
    article = re.match(r"(?i)(article|section|§|\d+\.)\s*\w*", line.text)
    contents = re.match(r"(?i)table of contents|contents|index", line.text)
    return not article and not contents and (laid_out or (shouted and bool(_TITLE.search(line.text))))
