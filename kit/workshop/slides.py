"""Slides: a lesson's notebook laid out for reveal.js, with no slide metadata in the notebook itself.

`kit slides 05` writes a page; so does `jupyter nbconvert --to slides --config kit/workshop/slides.json
NOTEBOOK`. A heading begins a slide; what does not fit goes on below it. Checks of exercises are left out. The
speaker's notes name each guess that the lesson asks for, and give the hints; notebooks/notes/NN.md holds
further notes, under the lesson's own headings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbconvert.preprocessors import Preprocessor

from kit.project import ROOT

if TYPE_CHECKING:
    from nbformat import NotebookNode

CONFIG = Path(__file__).with_name("slides.json")
LINES = 25
"""What fits on a slide, in lines of code; a picture counts as many as it is high."""
PICTURE = 14
WIDTH = 110
_HEADING = re.compile(r"^#{1,3} (.+)$", re.MULTILINE)
_GUESS = re.compile(r"(?<!\*)\*([^*\n]+\?)\*(?!\*)")
_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


class Sections(Preprocessor):
    """Give every cell its place on a slide; markdown cells with a heading inside are parted there."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        """Lay out a copy of a notebook."""
        name = resources["metadata"]["name"]
        cells = [part for cell in nb.cells for part in _parts(cell)]
        nb.cells = list(_noted(_placed(cells), notes(name)))
        return nb, resources


def write(notebook: Path, folder: Path, reveal: str | None = None) -> Path:
    """Write a notebook's slides and return their page.

    Args:
        notebook: A lesson.
        folder: Where the page goes; made if missing.
        reveal: Address of reveal.js, or a folder that holds it; by default nbconvert's, on the network.
    """
    from nbconvert import SlidesExporter
    from traitlets.config import Config, JSONFileConfigLoader

    config = Config(JSONFileConfigLoader(CONFIG.name, str(CONFIG.parent)).load_config())
    if reveal:
        config.SlidesExporter.reveal_url_prefix = reveal
    page, _ = SlidesExporter(config=config).from_filename(str(notebook))
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{notebook.stem}.slides.html"
    target.write_text(page, encoding="utf-8")
    return target


def notes(name: str) -> dict[str, str]:
    """Return a lesson's speaker notes by heading; a lesson without a file has none.

    Args:
        name: The notebook's, e.g. "05_model_mixing".
    """
    path = ROOT / "notebooks" / "notes" / f"{name[:2]}.md"
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    return dict(re.findall(r"^## (.+?)\n+(.+?)\s*(?=^## |\Z)", text, re.MULTILINE | re.DOTALL))


def headings(nb: NotebookNode) -> list[str]:
    """Return the headings of a notebook, in order."""
    prose = (cell.source for cell in nb.cells if cell.cell_type == "markdown")
    return [heading for source in prose for heading in _HEADING.findall(_FENCE.sub("", source))]


def lines(cell: NotebookNode) -> int:
    """Estimate how many lines of a slide a cell takes, its outputs included."""
    rows = cell.source.splitlines()
    if cell.cell_type == "markdown":
        return sum(1 + len(row) // WIDTH for row in rows)
    return len(rows) + sum(map(_output_lines, cell.outputs))


def _output_lines(output: NotebookNode) -> int:
    data = output.get("data", {})
    if "image/png" in data:
        return PICTURE
    return len((output.get("text") or data.get("text/plain", "")).splitlines())


def _parts(cell: NotebookNode) -> Iterator[NotebookNode]:
    """Part a markdown cell at its headings."""
    if cell.cell_type != "markdown":
        yield cell
        return
    hidden = _FENCE.sub(lambda fence: " " * len(fence[0]), cell.source)
    starts = [found.start() for found in _HEADING.finditer(hidden)]
    edges = sorted({0, *starts, len(cell.source)})
    for start, end in pairwise(edges):
        if source := cell.source[start:end].strip():
            yield _markdown(source)


def _placed(cells: list[NotebookNode]) -> Iterator[NotebookNode]:
    """Set each cell's slide type: slide, subslide, skip, notes, or "-" for one that goes on."""
    used = 0
    for cell, following in zip(cells, [*cells[1:], None], strict=True):
        kind = _kind(cell)
        if kind == "-":
            together = lines(cell) + (lines(following) if cell.cell_type == "markdown" and following else 0)
            kind = "subslide" if used and used + together > LINES else "-"
        if kind in ("slide", "subslide"):
            used = 0
        used += 0 if kind in ("skip", "notes") else lines(cell)
        cell.metadata["slideshow"] = {"slide_type": kind}
        yield cell


def _kind(cell: NotebookNode) -> str:
    if cell.cell_type == "code":
        return "skip" if cell.source.startswith("with kit.check(") else "-"
    if cell.source.startswith("<details>"):
        return "notes"
    return "slide" if _HEADING.match(cell.source) else "-"


def _noted(cells: Iterator[NotebookNode], said: dict[str, str]) -> Iterator[NotebookNode]:
    """Put the notes on a cell behind it: those of its heading, and the guess that it asks for."""
    for cell in cells:
        yield cell
        if cell.cell_type == "markdown" and cell.metadata.slideshow.slide_type != "notes":
            for text in _notes_on(cell.source, said):
                note = _markdown(text)
                note.metadata["slideshow"] = {"slide_type": "notes"}
                yield note


def _notes_on(source: str, said: dict[str, str]) -> Iterator[str]:
    heading = _HEADING.match(source)
    if heading and heading[1] in said:
        yield said[heading[1]]
    for guess in _GUESS.findall(source):
        yield f"Stop here and let the room answer before you go on: {guess}"


def _markdown(source: str) -> NotebookNode:
    from nbformat.v4 import new_markdown_cell

    return new_markdown_cell(source)
