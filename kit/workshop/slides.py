"""Slides: a lesson, or a workshop by its run sheet, as one page for the browser. It needs no network.

`kit slides 05` lays out a lesson, `kit slides 70` the sections that notebooks/notes/70_minutes.md names. A
heading begins a slide, and so does a cell that does not fit below the others; one that is longer than a slide
scrolls. A paragraph shows its first sentence; the whole text, the questions to the room and the hints are the
speaker's notes (key S). Checks of exercises are left out.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain, pairwise
from pathlib import Path

import nbformat
from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import markdown2html_mistune
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell, new_notebook

from kit.project import ROOT
from kit.workshop.lab import LOOKS
from kit.workshop.lessons import lesson

LINES, WIDTH = 21, 95  # fit on a slide of 1280 x 720 pixels, in lines of code of 20 pixels, and in signs
PICTURE = 14  # lines
_HEADING = re.compile(r"^#{1,3} (.+)$", re.MULTILINE)
_GUESS = re.compile(r"(?<!\*)\*([^*\n]+\?)\*(?!\*)|^(Guess.+\?)", re.MULTILINE)
_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_FOLDED = re.compile(r"<details>.*?</details>", re.DOTALL)
_SENTENCE = re.compile(r"(?<=[a-z0-9)`*%][.:?!])\s+(?=[A-Z*`\"])")
_NAVIGATION = re.compile(r"^.*\[all lessons\]\(.*$\n?", re.MULTILINE)


@dataclass(frozen=True)
class Slide:
    """One slide; one that goes on has the title of the one before, a cover opens a lesson or a block."""

    cells: tuple[NotebookNode, ...] = ()
    title: str = ""
    notes: str = ""
    cover: bool = False


@dataclass(frozen=True)
class Block:
    """A row of a run sheet: minutes, the lesson's number, its sections to show, and what to say."""

    minutes: int
    number: str
    sections: list[str]
    say: str


def of_lesson(notebook: NotebookNode, said: dict[str, str] | None = None) -> list[Slide]:
    """Lay out a notebook; `said` are further notes for the speaker, by heading (see `notes`)."""
    slides: list[Slide] = []
    for cell in chain.from_iterable(map(_parts, notebook.cells)):
        heading, shown, extra = "", cell, ""
        if cell.cell_type == "markdown":
            heading = match[1] if (match := _HEADING.match(cell.source)) else ""
            text = _HEADING.sub("", cell.source, count=1) if heading else cell.source
            shown, extra = new_markdown_cell(short(text)), _told(text, (said or {}).get(heading, ""))
        if heading:
            slides.append(Slide((shown,), heading, extra, cover=cell.source.startswith("# ")))
        elif slides and sum(map(lines, (*slides[-1].cells, shown))) <= LINES:
            last = slides[-1]
            slides[-1] = replace(last, cells=(*last.cells, shown), notes=f"{last.notes}\n\n{extra}".strip())
        else:
            slides.append(Slide((shown,), slides[-1].title if slides else "", extra))
    return [slide for slide in slides if slide.title or any(cell.source.strip() for cell in slide.cells)]


def of_sheet(sheet: Path) -> list[Slide]:
    """Lay out the sections that a run sheet names, each block with a cover of its own."""
    title, _, rest = sheet.read_text(encoding="utf-8").partition("\n")
    slides = [Slide(title=title.removeprefix("# "), notes=rest.split("\n|")[0].strip(), cover=True)]
    for block in blocks(sheet):
        cover = " · ".join(block.sections[:1]) or block.say.split(".")[0]
        slides.append(Slide(title=cover, notes=f"{block.minutes} minutes. {block.say}", cover=True))
        if block.number:
            every = of_lesson(nbformat.read(lesson(block.number).notebook, as_version=4))
            slides += [slide for slide in every if slide.title in block.sections and not slide.cover]
    return slides


def blocks(sheet: Path) -> Iterator[Block]:
    """Yield the rows of a run sheet's table."""
    for line in sheet.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if cells[0].isdigit():
            minutes, number, sections, say = cells[:4]
            yield Block(int(minutes), number, [part for part in re.split(r";\s+", sections) if part], say)


def write(slides: Iterable[Slide], folder: Path, name: str, base: Path) -> Path:
    """Write slides as one page and return it; from the folder `base` the lessons name their pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{name}.slides.html"
    target.write_text(page(list(slides), base), encoding="utf-8")
    return target


def page(slides: list[Slide], base: Path) -> str:
    """Return slides as one page."""
    bare = {f"exclude_{name}": True for name in ("input_prompt", "output_prompt", "anchor_links")}
    exporter = HTMLExporter(template_name="basic", embed_images=True, **bare)

    def shown(cells: Iterable[NotebookNode]) -> str:
        return exporter.from_notebook_node(new_notebook(cells=[*cells]), {"metadata": {"path": str(base)}})[0]

    sections = []
    for slide in slides:
        title = markdown2html_mistune(slide.title).strip().removeprefix("<p>").removesuffix("</p>")
        kind = ' class="cover"' if slide.cover else ""
        sections.append(f"<section{kind}><h1>{title}</h1><div>{shown(slide.cells)}</div></section>")
    told = json.dumps([shown([new_markdown_cell(slide.notes)]) for slide in slides]).replace("</", "<\\/")
    parts = {"TITLE": html.escape(slides[0].title), "SLIDES": "\n".join(sections), "NOTES": told}
    parts["LOOKS"] = LOOKS.read_text(encoding="utf-8")
    whole = Path(__file__).with_name("deck.html").read_text(encoding="utf-8")
    return re.sub(rf"%({'|'.join(parts)})%", lambda match: parts[match[1]], whole)


def notes(name: str) -> dict[str, str]:
    """Return a lesson's speaker notes by heading; a lesson without a file has none."""
    path = ROOT / "notebooks" / "notes" / f"{name[:2]}.md"
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    return dict(re.findall(r"^## (.+?)\n+(.+?)\s*(?=^## |\Z)", text, re.MULTILINE | re.DOTALL))


def lines(cell: NotebookNode) -> int:
    """Estimate how many lines of a slide a cell takes, its outputs included."""
    rows, pictures = cell.source.splitlines(), len(re.findall(r"!\[|<img|<svg|```mermaid", cell.source))
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        pictures += "image/png" in data
        rows += ["", *(output.get("text") or data.get("text/plain", "")).splitlines()]
    return sum(1 + len(row) // WIDTH for row in rows) + PICTURE * pictures


def short(source: str) -> str:
    """Return what a slide shows of a text: of a paragraph its first sentence, all else whole.

    >>> short("DSPy asks twice. The second call goes through JSON.")
    'DSPy asks twice.'
    """
    text = _FOLDED.sub("", _NAVIGATION.sub("", source))
    fences = iter(_FENCE.findall(text))
    parts = [part for part in re.split(r"\n\s*\n", _FENCE.sub("\0", text)) if part.strip()]
    whole = re.compile(r"\s*(?:[#|\-<!\0]|\d+\. )")  # a table, a list, a picture, code
    shown = [part if whole.match(part) else _SENTENCE.split(part.replace("\n", " "))[0] for part in parts]
    return re.sub("\0", lambda _: next(fences), "\n\n".join(shown))


def _parts(cell: NotebookNode) -> Iterator[NotebookNode]:
    """Part a markdown cell at its headings; leave checks out."""
    if cell.cell_type != "markdown":
        yield from [] if cell.source.startswith("with kit.check(") else [cell]
        return
    hidden = _FENCE.sub(lambda fence: " " * len(fence[0]), cell.source)
    edges = sorted({0, *(match.start() for match in _HEADING.finditer(hidden)), len(cell.source)})
    for start, end in pairwise(edges):
        if source := cell.source[start:end].strip():
            yield new_markdown_cell(source)


def _told(text: str, said: str) -> str:
    """Return the notes on a text: its questions first, then the whole text, then what else is to be said."""
    guesses = [guess or other for guess, other in _GUESS.findall(text)]
    asks = [f"**Stop here and let the room answer: {guess}**" for guess in guesses]
    return "\n\n".join(filter(None, [*asks, _NAVIGATION.sub("", text).strip(), said]))
