"""What runs through a file and is no heading: headers and footers that repeat, page numbers, contents."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .pages import Line, Page
from .rules import WORDS, Rules, parsed

_TOP, _FOOT = 6, 3
_NUMBER = re.compile(r"\d+|\b[ivx]+\b")
_COUNT = re.compile(
    r"(?i)^\W*(?:(?:page|seite|pg\.?|p\.)\s*)?(?P<number>\d{1,3})(?:\s*(?:of|/|von)\s*\d{1,3})?\W*$"
)
_BEHIND = re.compile(r"(?i)\b(?:page|seite)\s*(?P<number>\d{1,3})(?:\s*(?:of|/|von)\s*\d{1,3})?\W*$")
_LABEL = re.compile(r"^\W*(?:[A-Z]{1,2}|[IVX]+)(?:\([a-z]\))?\s?[-.\u2013]\s?(?:[A-Z]?\d{1,3}|\d+-\d+)\W*$")
_FOOTER = re.compile(r"(?i)(?:\bpage|\bseite|[-\u2013])\s*\d{1,3}\W*$")
_LISTED = re.compile(r"(?:\.\s?){3,}\s*[\w-]+$|\u2026\s*[\w-]+$")
_ENTRY = re.compile(r"^.{2,100}?[\s.](?:[A-Z]{1,2}-)?\d{1,3}$")
_COUNTED = re.compile(
    r"^\W*(?P<words>(?:[^\W\d_]+[.]?[ -]){1,3}?)(?:(?i:no|nr|number)\b\.?|[#\u2116])?\s*"
    rf"(?P<id>(?:\d+[-./])*\d{{1,4}}[A-Z]?|[IVX]+|[A-Z]|(?i:{WORDS}))(?=$|[.:]?\s|[:(\u2013\u2014\"\u201d])(?!\s*[a-z])"
)
_ROMAN = "I II III IV V VI VII VIII IX X XI XII"
_LONG_RUN = 20
_CONTENTS = re.compile(
    r"(?i)^\W*(?:table of contents|contents|index|inhalt(?:sverzeichnis)?|(?:list|table|index) of "
    r"(?:\w+ and )?(?:exhibits|schedules|annexes|annexures|appendices|attachments|enclosures)(?: and \w+)?"
    r"|exhibits|schedules|annexes"
    r"|annexures|appendices|attachments|exhibit index|(?:exhibits|schedules) and (?:exhibits|schedules))"
    r"\s*(?:\(continued\)|\(cont.*\)|continued|page)?\W*$"
)


def page_label(text: str) -> bool:
    """Say whether a line is a page's number or label and nothing else.

    >>> [page_label(text) for text in ("Page 2 of 40", "- 7 -", "C-2", "2. Term")]
    [True, True, True, False]
    """
    return bool(_COUNT.match(text) or _LABEL.match(text))


def page_number(page: Page) -> int | None:
    r"""Return the number that is printed on a page, or None.

    >>> from .pages import page
    >>> page_number(page(3, "LEASE\nPage 2 of 40"))
    2
    """
    for line in [*page.lines[-2:][::-1], *page.lines[:2]]:
        if found := _COUNT.match(line.text) or _BEHIND.search(line.text):
            return int(found["number"])
        if found := re.search(r"[-\u2013]\s?(\d{1,3})\W*$", line.text if len(line.text) < 60 else ""):
            return int(found[1])
    return None


def plain(text: str) -> str:
    """Return a line without its numbers, case and signs: running headers are the same on each page then.

    >>> plain("Lease - Page 4"), plain("LEASE - page iv")
    ('lease page', 'lease page')
    """
    return " ".join(re.findall(r"[^\W\d_]+", _NUMBER.sub(" ", text.lower())))


def counted(text: str) -> tuple[str, str] | None:
    """Return the words and the number of a line that may be one of a row, or None.

    >>> counted("MODULE 2: Reading"), counted("Lot B"), counted("Part Two"), counted("Rent")
    (('module', '2'), ('lot', 'B'), ('part', 'TWO'), None)
    """
    found = _COUNTED.match(text)
    return (plain(found["words"]), found["id"].upper()) if found else None


def follows(number: str, other: str) -> bool:
    """Say whether one number, letter or number word is the next one after another.

    >>> follows("II", "I"), follows("TWO", "ONE"), follows("C", "B"), follows("380", "640")
    (True, True, True, False)
    """
    return any(one - two == 1 for one in _values(number) for two in _values(other))


def _values(number: str) -> set[int]:
    rows = (WORDS.upper().split("|"), list("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), _ROMAN.split())
    digits = re.findall(r"\d+", number)
    return {int(digits[-1])} if digits else {row.index(number) for row in rows if number in row}


def page_counts(pages: Sequence[Page]) -> set[str]:
    """Return the lines, without their numbers, at the edges whose numbers are those of the pages.

    "Lease 4" on page 4 counts pages. "Lot 4" on page 7 may be the fourth lot, though pages 6 and 5 begin with
    Lot 3 and Lot 2.
    """
    seen: dict[str, dict[int, Line]] = {}
    for page in pages:
        for line in (*page.lines[:_TOP], *page.lines[-_FOOT:]):
            if re.search(r"\d", line.text):
                seen.setdefault(plain(line.text), {})[page.number] = line
    return {name for name, lines in seen.items() if len(lines) > 1 and _counts_pages(lines)}


def _counts_pages(lines: dict[int, Line]) -> bool:
    ahead = [{int(one) - page for one in re.findall(r"\d{1,4}", line.text)} for page, line in lines.items()]
    steady = set.intersection(*ahead)
    row = all(counted(line.text) for line in lines.values())
    early = 0 in steady and min(lines) <= 2
    return early or (bool(steady) and (not row or len(lines) > _LONG_RUN))


def name(line: Line, numbered: set[str]) -> str:
    """Return what a running header is known by: its words, and its numbers if they do not count pages.

    >>> name(Line("MODULE 2"), set()), name(Line("Lease - Page 4"), set())
    ('module 2', 'lease page')
    """
    words = plain(line.text)
    if words in numbered or _BEHIND.search(line.text) or _FOOTER.search(line.text):
        return words
    return " ".join([words, *_NUMBER.findall(line.text.lower())])


def footer(page: Page) -> str:
    """Return what a page's last line says beside a number, if that line is short."""
    last = page.lines[-1].text if page.lines else ""
    return plain(last) + ("#" if re.search(r"\d", last) else "") if len(last) < 70 else ""


def running(pages: Sequence[Page], rules: Rules, numbered: set[str]) -> dict[str, set[int]]:
    """Return the lines at the edges that stand on several pages, each with those pages.

    A label is never one of them: "Exhibit A" above each page of Exhibit A still begins it once. Nor is the
    first of its number: "MODULE 2" behind "MODULE 1".
    """
    seen: dict[str, set[int]] = {}
    for page in pages:
        for line in (*page.lines[:_TOP], *page.lines[-_FOOT:]):
            if plain(line.text) and len(line.text) <= 2 * rules.longest and not parsed(line.text, rules):
                seen.setdefault(name(line, numbered), set()).add(page.number)
    return {one: where for one, where in seen.items() if len(where) >= rules.repeated}


def filing(pages: Sequence[Page], rules: Rules) -> set[str]:
    """Return the numbers under which a file was filed: "Exhibit 10.3" at the edge of its first page."""
    edges = [*pages[0].lines[:_TOP], *pages[0].lines[-_FOOT:]] if pages else []
    found = (parsed(line.text, rules) for line in edges)
    return {one[1] for one in found if one and one[0] == "exhibit" and one[1][0].isdigit()}


def content(page: Page, banners: dict[str, set[int]], numbered: set[str]) -> list[tuple[int, Line]]:
    """Return the lines of a page that are no running header, footer or number, each with its place.

    A header that was on one of the two pages before runs; on the first page of its run it may be a title.
    """
    before = {page.number - 1, page.number - 2}
    return [
        (place, line)
        for place, line in enumerate(page.lines)
        if not page_label(line.text)
        and not (place == len(page.lines) - 1 and _FOOTER.search(line.text) and len(line.text) < 60)
        and not (
            before & banners.get(name(line, numbered), set())
            and (place < _TOP or place >= len(page.lines) - _FOOT)
        )
    ]


def contents(pages: Sequence[Page], rules: Rules) -> set[int]:
    r"""Return the pages that are a table of contents or a list of exhibits, their second pages too.

    >>> from .pages import page
    >>> text = "CONTENTS\n1 Rent 3\n2 Term 4\nAnnex A Fees 5"
    >>> more = "Annex B Sites 6\nAnnex C Plan 7"
    >>> sorted(contents([page(1, "LEASE"), page(2, text), page(3, more)], Rules()))
    [2, 3]
    """
    found: set[int] = set()
    for page in pages:
        lines = [line.text for line in page.lines]
        titled = any(_CONTENTS.match(text) for text in lines[:_TOP])
        dotted = sum(bool(_LISTED.search(text)) for text in lines)
        entries = [text for text in lines if _entry(text) or parsed(text, rules)]
        after = page.number - 1 in found
        mostly = len(entries) >= max(2, len([text for text in lines if not page_label(text)]) * 0.6)
        listed = titled and (mostly or 3 <= len(entries) >= 0.3 * len(lines))
        if (dotted >= max(3, 0.3 * len(lines))) or listed or (after and mostly and _rises(entries)):
            found.add(page.number)
    return found


def _rises(entries: Sequence[str]) -> bool:
    """Say whether the numbers at the end of entries never fall, as those of pages do not."""
    numbers = [int(found[1]) for text in entries if (found := re.search(r"(\d{1,3})$", text))]
    return numbers == sorted(numbers)


def _entry(text: str) -> bool:
    """Say whether a line ends in a page's number, as a table of contents does without dots."""
    return bool(_ENTRY.match(text) or _LISTED.search(text)) and not page_label(text)
