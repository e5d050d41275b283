"""Typeset a contract: a source in a small markup becomes a PDF and the marks that gold is made of.

A source has a head of `key: value` lines, a line `---`, and a body, a paragraph a line:

    %part exhibit B        a part begins, on a new page (`mid`: in the middle of one, `of=A`: inside part A,
                           `scan`: its pages are pictures, `columns`: it has two)
    ! HEADING              a heading in the middle of the line; the first one is the part's title
    : text                 a line in the middle
    # Heading              a numbered section
    %clause liability      sections from clauses.txt, in the variant of the contract, or `liability.2`
    %contents              the table of contents
    %sign A B              signature blocks
    %table                 rows of cells parted by `|`
    %page, %blank, %scan, %sideways, %header text, %footer text
    ~ text                 a paragraph without a number
"""

from __future__ import annotations

import io
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reportlab.lib.enums import TA_CENTER, TA_JUSTIFY
from reportlab.lib.styles import ParagraphStyle
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    KeepTogether,
    NextPageTemplate,
    PageBreak,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
)

HERE = Path(__file__).parent
LETTER, A4 = (612, 792), (595, 842)
STYLES = {  # font, size, leading, page, margin, numbering
    "letter": ("Times", 11.5, 18, LETTER, 80, "article"),
    "double": ("Times", 12, 23, LETTER, 84, "decimal"),
    "modern": ("Helvetica", 10.5, 19.5, A4, 86, "paragraph"),
    "british": ("Times", 11, 17, A4, 82, "decimal"),
    "typed": ("Courier", 10.5, 21, LETTER, 76, "capitals"),
    "dense": ("Times", 9.5, 12.5, LETTER, 58, "decimal"),
}
COLUMNS = "%part main_agreement main columns"
BOLD = {"Times": "Times-Bold", "Helvetica": "Helvetica-Bold", "Courier": "Courier-Bold"}
PLAIN = {"Times": "Times-Roman", "Helvetica": "Helvetica", "Courier": "Courier"}


@dataclass
class Part:
    """A part of a contract, as its source says; `page` and `title` are found while typesetting."""

    kind: str
    id: str
    parent: str = ""
    middle: bool = False
    scan: bool = False
    title: str = ""
    header: str = ""
    footer: str = ""
    page: int = 0


@dataclass
class Typeset:
    """What came of typesetting: the PDF, its parts, and the pages with a mark, by kind of mark."""

    pdf: bytes = b""
    parts: list[Part] = field(default_factory=list)
    marks: dict[str, list[int]] = field(default_factory=dict)
    sections: list[tuple[str, int]] = field(default_factory=list)


def typeset(head: dict[str, str], body: str) -> Typeset:
    """Typeset a contract twice: the second time, the page numbers for its contents and headers are known."""
    known = Typeset()
    for _ in range(3):
        known = _Setter(head, known).build(body)
    return known


def source(path: Path) -> tuple[dict[str, str], str]:
    """Read the head and the body of a source."""
    head, _, body = path.read_text(encoding="utf-8").partition("\n---\n")
    return dict(line.split(": ", 1) for line in head.splitlines() if line), body


def clauses() -> dict[str, tuple[str, list[str]]]:
    """Read the library: heading and paragraphs by name, e.g. "liability.2"."""
    library: dict[str, tuple[str, list[str]]] = {}
    for line in (HERE / "clauses.txt").read_text(encoding="utf-8").splitlines():
        if found := re.match(r"\[(\w+\.\d)\] (.+)", line):
            name = found[1]
            library[name] = (found[2], [])
        else:
            library[name][1].append(line)
    return library


class _Marked(Paragraph):
    """A paragraph that tells on which page it was drawn."""

    def __init__(self, text: str | None, style: ParagraphStyle, tell: Any = None, **options: Any) -> None:
        super().__init__(text, style, **options)
        self.tell = tell

    def draw(self) -> None:
        if self.tell:
            self.tell(self.canv.getPageNumber(), self.canv.absolutePosition(0, self.height)[1])
        super().draw()

    def split(self, width: float, height: float) -> list[Flowable]:
        return [] if self.tell else super().split(width, height)


class _Setter:
    def __init__(self, head: dict[str, str], known: Typeset) -> None:
        self.head, self.known, self.made = head, known, Typeset()
        self.family, self.size, self.leading, self.page, self.margin, self.numbering = STYLES[head["style"]]
        self.library = clauses()
        self.section = self.paragraph = 0
        self.waiting: list[str] = []
        self.words = _words(head)

    def build(self, body: str) -> Typeset:
        story = list(self._story(body))
        buffer = io.BytesIO()
        document = BaseDocTemplate(
            buffer,
            pagesize=self.page,
            title=self.head["title"],
            author="Authored for this project",
            invariant=1,
            pageCompression=1,
        )
        templates = [self._template("one", 1), self._template("two", 2)]
        document.addPageTemplates(templates[::-1] if body.lstrip().startswith(COLUMNS) else templates)
        document.build(story)
        self.made.pdf = buffer.getvalue()
        return self.made

    def _template(self, name: str, columns: int) -> PageTemplate:
        width, height = self.page
        gap = 18
        wide = (width - 2 * self.margin - gap * (columns - 1)) / columns
        frames = [
            Frame(
                self.margin + index * (wide + gap),
                self.margin,
                wide,
                height - 2 * self.margin,
                0,
                0,
                0,
                0,
                id=str(index),
            )
            for index in range(columns)
        ]
        return PageTemplate(name, frames, onPage=self._head, onPageEnd=self._foot)

    def _head(self, canvas: Any, document: Any) -> None:
        """Write the running header of the part to which a page belongs, but not on its first page."""
        number = canvas.getPageNumber()
        part = self._part_of(number)
        if part and number > part.page:
            canvas.setFont(PLAIN[self.family], 8.5)
            canvas.drawString(self.margin, self.page[1] - self.margin + 20, part.header)

    def _foot(self, canvas: Any, document: Any) -> None:
        number = canvas.getPageNumber()
        if part := self._part_of(number):
            text = part.footer.replace("{n}", str(number - part.page + 1)).replace("{p}", str(number))
            canvas.setFont(PLAIN[self.family], 8.5)
            canvas.drawCentredString(self.page[0] / 2, self.margin - 34, text)

    def _part_of(self, number: int) -> Part | None:
        return next((part for part in reversed(self.known.parts) if part.page <= number), None)

    def _style(self, **changes: Any) -> ParagraphStyle:
        given = {
            "fontName": PLAIN[self.family],
            "fontSize": self.size,
            "leading": self.leading,
            "spaceAfter": self.leading * 0.45,
            "alignment": 0 if self.family == "Courier" else TA_JUSTIFY,
        }
        return ParagraphStyle("style", **(given | changes))

    def _said(self, text: str, tell: Any = None, **style: Any) -> _Marked:
        for key, value in self.words.items():
            text = text.replace("{" + key + "}", value)
        text = text.replace("&", "&amp;").replace("<", "&lt;")
        marks, self.waiting = self.waiting, []

        def both(page: int, height: float) -> None:
            for mark in marks:
                self.made.marks.setdefault(mark, []).append(page)
            if tell:
                tell(page, height)

        return _Marked(text, self._style(**style), both if marks or tell else None)

    def _story(self, body: str) -> Iterator[Flowable]:
        lines = deque(body.splitlines())
        while lines:
            line = lines.popleft()
            if line.startswith("%table"):
                yield from self._table(lines)
            elif line.startswith("%"):
                yield from self._directive(*line[1:].partition(" ")[::2])
            elif line.startswith("! "):
                yield self._heading(line[2:])
            elif line.startswith(": "):
                self._subtitle(line[2:])
                yield self._said(line[2:], alignment=TA_CENTER)
            elif line.startswith("# "):
                yield from self._section(line[2:])
            elif line.strip():
                yield self._paragraph(line)

    def _directive(self, name: str, rest: str) -> Iterator[Flowable]:
        if name == "part":
            yield from self._part(rest.split())
        elif name == "clause":
            chosen = rest if "." in rest else f"{rest}.{self.head['variant']}"
            heading, paragraphs = self.library[chosen]
            yield from self._section(heading)
            yield from map(self._paragraph, paragraphs)
        elif name == "contents":
            yield from self._contents()
        elif name == "sign":
            yield self._signatures(rest.split())
        elif name in ("page", "blank"):
            yield PageBreak()
            if name == "blank":
                self.waiting.append("blank")
                yield self._said(rest or "\N{NO-BREAK SPACE}", alignment=TA_CENTER)
        elif name in ("scan", "sideways"):
            self.waiting.append(name)
        elif name in ("header", "footer"):
            setattr(self.made.parts[-1], name, rest)
        else:
            raise ValueError(f"{self.head['slug']}: unknown directive %{name}")

    def _part(self, words: list[str]) -> Iterator[Flowable]:
        parent = next((word[3:] for word in words if word.startswith("of=")), "")
        part = Part(words[0], words[1], parent, "mid" in words, "scan" in words)
        if self.made.parts and not part.middle:
            yield NextPageTemplate("two" if "columns" in words else "one")
            yield PageBreak()
        self.made.parts.append(part)
        self.section = self.paragraph = 0
        if part.middle:
            yield Spacer(1, self.leading)

    def _heading(self, text: str) -> Flowable:
        part = self.made.parts[-1]
        first = not part.title
        part.title = part.title or text

        def tell(page: int, height: float) -> None:
            part.page = page
            part.middle = part.middle and height < self.page[1] - self.margin - 6 * self.leading

        return self._said(
            text,
            tell if first else None,
            alignment=TA_CENTER,
            fontName=BOLD[self.family],
            spaceAfter=self.leading * 0.6,
            keepWithNext=int(part.middle),
        )

    def _subtitle(self, text: str) -> None:
        """Take the first line in the middle after a label such as "EXHIBIT A" into the part's title."""
        part = self.made.parts[-1]
        if part.id != "main" and re.fullmatch(r"[\w\"“”.-]+ [\w\"“”()-]+", part.title):
            part.title = f"{part.title} {text}"

    def _section(self, heading: str) -> Iterator[Flowable]:
        self.section, self.paragraph = self.section + 1, 0
        inside = self.made.parts[-1].id == "main"
        number = self.section

        def tell(page: int, height: float) -> None:
            if inside:
                self.made.sections.append((f"{number}. {heading}", page))

        bold = {"fontName": BOLD[self.family], "alignment": 0, "keepWithNext": 1}
        if self.numbering == "article" and inside:
            yield self._said(f"ARTICLE {number}", tell, **(bold | {"alignment": TA_CENTER, "spaceAfter": 0}))
            yield self._said(heading.upper(), **(bold | {"alignment": TA_CENTER}))
        elif self.numbering == "capitals":
            yield self._said(f"{number}. {heading.upper()}.", tell, **bold)
        else:
            sign = f"§ {number}" if self.numbering == "paragraph" and inside else f"{number}."
            yield self._said(f"{sign} {heading}", tell, **bold)

    def _paragraph(self, line: str) -> Flowable:
        if line.startswith("~ ") or not self.section or self.numbering == "capitals":
            return self._said(line.removeprefix("~ "))
        if re.match(r"\([a-z]+\) ", line):
            return self._said(line, leftIndent=24)
        self.paragraph += 1
        number = (
            f"({self.paragraph})" if self.numbering == "paragraph" else f"{self.section}.{self.paragraph}"
        )
        return self._said(f"{number} {line}")

    def _contents(self) -> Iterator[Flowable]:
        self.waiting.append("contents")
        yield self._said("TABLE OF CONTENTS", alignment=TA_CENTER, fontName=BOLD[self.family])
        line = {"alignment": 0, "spaceAfter": 1, "leading": self.size * 1.35}
        listed = [*self.known.sections]
        listed += [(part.title, part.page) for part in self.known.parts if part.id != "main"]
        width = int((self.page[0] - 2 * self.margin) / self.size / 0.5) - 8
        for name, page in listed:
            dots = "." * max(4, width - len(name) - len(str(page)))
            self.waiting.append("contents")
            yield self._said(f"{name[:70]} {dots} {page}", **line)
        yield PageBreak()

    def _signatures(self, sides: list[str]) -> Flowable:
        self.waiting.append("signature")
        blocks: list[Flowable] = []
        for side in sides:
            name, title = self.words[f"{side}sign"].split(", ", 1)
            signed = [
                self.words[f"{side}full"].upper(),
                f"By: /s/ {name}"
                if self.head.get("signed", "yes") == "yes"
                else "By: ______________________",
                f"Name: {name}",
                f"Title: {title}",
                "Date: ______________________",
            ]
            blocks += [self._said(text, alignment=0, spaceAfter=2) for text in signed]
            blocks.append(Spacer(1, self.leading))
        return KeepTogether(blocks)

    def _table(self, lines: deque[str]) -> Iterator[Flowable]:
        rows = []
        small = {"alignment": 0, "spaceAfter": 0, "leading": self.size * 1.3, "fontSize": self.size * 0.9}
        while lines and "|" in lines[0]:
            rows.append([self._said(cell.strip(), **small) for cell in lines.popleft().split("|")])
        width = (self.page[0] - 2 * self.margin) / len(rows[0])
        yield Table(
            rows,
            colWidths=[width] * len(rows[0]),
            style=[("GRID", (0, 0), (-1, -1), 0.4, "black"), ("VALIGN", (0, 0), (-1, -1), "TOP")],
        )
        yield Spacer(1, self.leading * 0.6)


def _words(head: dict[str, str]) -> dict[str, str]:
    """Return what stands for the names in braces."""
    words = {"doc": head["doc"], "DOC": head["doc"].upper()}
    words |= {key: head[key] for key in ("law", "court", "date")} | {
        "years_secret": head.get("secret", "three")
    }
    for side in "ABC":
        if side in head:
            full, short, words[f"{side}sign"] = head[side].split(" | ")
            words |= {side: short, f"{side}full": full}
    return words
