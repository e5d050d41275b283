"""Slides: a lesson, or a workshop by its run sheet, as one page for the browser. It needs no network.

`kit slides 05` lays out a lesson, `kit slides 70` the sections that notebooks/notes/70_minutes.md names. A
heading begins a slide, and what does not fit goes on the next one. A paragraph shows its first sentence; the
whole text, the questions to the room and the hints are the speaker's notes (key S). Checks of exercises are
left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain, pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from kit.project import ROOT
from kit.workshop.deck import Slide, page

if TYPE_CHECKING:
    from nbformat import NotebookNode

LINES = 21
"""What fits on a slide of 1280 x 720 pixels, in lines of code of 20 pixels."""
PICTURE = 14
"""How many lines a picture takes."""
WIDTH = 95
ROWS = 12
"""How many rows of a table a slide shows."""
_HEADING = re.compile(r"^#{1,3} (.+)$", re.MULTILINE)
_GUESS = re.compile(r"(?<!\*)\*([^*\n]+\?)\*(?!\*)|^(Guess.+\?)", re.MULTILINE)
_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_FOLDED = re.compile(r"<details>.*?</details>", re.DOTALL)
_SENTENCE = re.compile(r"(?<=[a-z0-9)`*%][.:?!])\s+(?=[A-Z*`\"])")
_SECTION = re.compile(
    r"<details(?P<opened>[^>]*)><summary>(?P<title>(?:(?!</summary>).)*)</summary>"
    r"<pre(?P<style>[^>]*)>(?P<text>(?:(?!<details).)*?)</pre></details>",
    re.DOTALL,
)
_NAVIGATION = re.compile(r"^.*\[all lessons\]\(.*$\n?", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A row of a run sheet: minutes, the lesson's number, its sections to show, and what to say."""

    minutes: int
    number: str
    sections: list[str] = field(default_factory=list)
    say: str = ""


def of_lesson(notebook: NotebookNode, said: dict[str, str] | None = None) -> list[Slide]:
    """Lay out a notebook; `said` are further notes for the speaker, by heading (see `notes`)."""
    slides: list[Slide] = []
    for cell in chain.from_iterable(map(_parts, notebook.cells)):
        short = _shortened(cell)
        heading = _heading(cell)
        extra = "\n\n".join(filter(None, [_told(cell), (said or {}).get(heading, "")]))
        if heading:
            slides.append(Slide((short,), heading, extra, cover=cell.source.startswith("# ")))
        elif slides and _fits((*slides[-1].cells, short)):
            last = slides[-1]
            slides[-1] = replace(last, cells=(*last.cells, short), notes=f"{last.notes}\n\n{extra}".strip())
        else:
            slides.append(Slide((short,), slides[-1].title if slides else "", extra))
    return [slide for slide in slides if slide.title or any(cell.source.strip() for cell in slide.cells)]


def of_sheet(sheet: Path) -> list[Slide]:
    """Lay out the sections that a run sheet names, each block with a cover of its own."""
    import nbformat

    from kit.workshop.lessons import lesson

    title, _, rest = sheet.read_text(encoding="utf-8").partition("\n")
    slides = [Slide(title=title.removeprefix("# "), notes=rest.split("\n|")[0].strip(), cover=True)]
    for block in blocks(sheet):
        slides.append(
            Slide(title=_cover_of(block), notes=f"{block.minutes} minutes. {block.say}", cover=True)
        )
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
    """Write slides as one page and return it; from `base` the lessons name their pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{name}.slides.html"
    target.write_text(page(list(slides), base), encoding="utf-8")
    return target


def notes(name: str) -> dict[str, str]:
    """Return a lesson's speaker notes by heading; a lesson without a file has none."""
    path = ROOT / "notebooks" / "notes" / f"{name[:2]}.md"
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    return dict(re.findall(r"^## (.+?)\n+(.+?)\s*(?=^## |\Z)", text, re.MULTILINE | re.DOTALL))


def headings(notebook: NotebookNode) -> list[str]:
    """Return the headings of a notebook, in order."""
    prose = (cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    return [heading for source in prose for heading in _HEADING.findall(_FENCE.sub("", source))]


def lines(cell: NotebookNode) -> int:
    """Estimate how many lines of a slide a cell takes, its outputs included."""
    rows = cell.source.splitlines()
    if cell.cell_type == "markdown":
        return sum(1 + len(row) // WIDTH for row in rows) + PICTURE * len(
            re.findall(r"!\[|<img|<svg|```mermaid", cell.source)
        )
    return len(rows) + 1 + sum(map(_output_lines, cell.outputs))


def short(source: str) -> str:
    """Return what a slide shows of a text: of a paragraph its first sentence, all else whole.

    >>> short("DSPy asks twice. The second call goes through JSON.")
    'DSPy asks twice.'
    """
    text = _FOLDED.sub("", _NAVIGATION.sub("", source))
    fences = _FENCE.findall(text)
    parts = [part for part in re.split(r"\n\s*\n", _FENCE.sub("\0", text)) if part.strip()]
    shown = [part if _whole(part) else _SENTENCE.split(part.replace("\n", " "))[0] for part in parts]
    pieces = iter(fences)
    return re.sub("\0", lambda _: next(pieces), "\n\n".join(shown))


def _whole(part: str) -> bool:
    return part.lstrip()[:1] in "#|-<!\0" or bool(re.match(r"\s*\d+\. ", part))


def _fits(cells: Iterable[NotebookNode]) -> bool:
    return sum(map(lines, cells)) <= LINES


def _output_lines(output: NotebookNode) -> int:
    data = output.get("data", {})
    if "image/png" in data:
        return PICTURE
    page = data.get("text/html", "")
    if "<li>" in page:  # a tree whose texts are folded
        return 2 + page.count("<li>")
    if sections := list(_SECTION.finditer(page)):
        return 2 + sum(_height(section) for section in sections)
    text = output.get("text") or data.get("text/plain", "") or output.get("evalue", "")
    tall = 1.6 if page else 1  # the rows of a table are higher than those of a text
    return round(tall * sum(map(_wrapped, text.splitlines())))


def _height(section: re.Match[str]) -> int:
    return 2 + sum(map(_wrapped, section["text"].splitlines())) * (" open" in section["opened"])


def _parts(cell: NotebookNode) -> Iterator[NotebookNode]:
    """Part a markdown cell at its headings, and a code cell that does not fit before its outputs."""
    if cell.cell_type != "markdown":
        if not cell.source.startswith("with kit.check("):
            yield from [cell] if _fits([cell]) else _code_and_outputs(cell)
        return
    hidden = _FENCE.sub(lambda fence: " " * len(fence[0]), cell.source)
    starts = [match.start() for match in _HEADING.finditer(hidden)]
    edges = sorted({0, *starts, len(cell.source)})
    for start, end in pairwise(edges):
        if source := cell.source[start:end].strip():
            whole = _markdown(source)
            yield from [whole] if _fits([_shortened(whole)]) else map(_markdown, _paragraphs(source))


def _paragraphs(source: str) -> list[str]:
    """Part a text at its blank lines, but not inside a block of code or a folded hint."""
    blocks = re.compile(f"{_FENCE.pattern}|{_FOLDED.pattern}", re.MULTILINE | re.DOTALL)
    kept = iter(blocks.findall(source))
    parts = re.split(r"\n\s*\n", blocks.sub("\0", source))
    return [re.sub("\0", lambda _: next(kept), part) for part in parts]


def _code_and_outputs(cell: NotebookNode) -> Iterator[NotebookNode]:
    """Part a code cell into slides: its code, then its outputs, each as often as it needs."""
    from nbformat.v4 import new_code_cell

    for code in _chunks(cell.source.splitlines()):
        yield new_code_cell("\n".join(code))
    for output in cell.outputs:
        for piece in _pieces(output):
            yield new_code_cell("", outputs=[piece])


def _pieces(output: NotebookNode) -> Iterator[NotebookNode]:
    """Part an output that does not fit: a text by its lines, a prompt by its sections; cut a table."""
    from nbformat.v4 import new_output

    data = output.get("data", {})
    page = data.get("text/html", "")
    text = output.get("text") or (data["text/plain"] if set(data) == {"text/plain"} else "")
    if text and _output_lines(output) > LINES:
        for rows in _chunks(text.splitlines()):
            yield new_output("stream", text="\n".join(rows))
    elif _SECTION.search(page) and _output_lines(output) > LINES and "<li>" not in page:
        for part in _packed(page):
            yield new_output("display_data", data={"text/html": part})
    elif page.count("<tr>") > ROWS:
        words = "\n".join(data.get("text/plain", "").splitlines()[: ROWS + 1])
        yield new_output("display_data", data={"text/html": _cut(page), "text/plain": words})
    else:
        yield output


def _chunks(rows: list[str]) -> Iterator[list[str]]:
    """Yield as many lines at a time as a slide holds; long ones count as often as they wrap."""
    chunk: list[str] = []
    for row in rows:
        if chunk and sum(map(_wrapped, [*chunk, row])) > LINES - 1:
            yield chunk
            chunk = []
        chunk.append(row)
    if chunk:
        yield chunk


def _wrapped(row: str) -> int:
    return 1 + len(row) // WIDTH


def _packed(page: str) -> Iterator[str]:
    """Yield a prompt's sections, as many as fit on a slide; a long one is parted at its lines."""
    packed, height, end = "", 0.0, 0
    for block in _SECTION.finditer(page):
        packed += page[end : block.start()]
        end = block.end()
        folded = " open" not in block["opened"]
        for number, rows in enumerate([[]] if folded else _chunks(block["text"].splitlines())):
            more = ", more" if number else ""
            part = block[0] if folded else _section(block, more, rows)
            needs = 2 + sum(map(_wrapped, rows))
            if height and height + needs > LINES + 1:
                yield packed
                packed, height = "", 0.0
            packed, height = packed + part, height + needs
    yield packed + page[end:]


def _section(block: re.Match[str], more: str, rows: list[str]) -> str:
    text = "\n".join(rows)
    title = block["title"].replace("</b>", f"{more}</b>")
    return f"<details{block['opened']}><summary>{title}</summary><pre{block['style']}>{text}</pre></details>"


def _cut(page: str) -> str:
    """Return a table's first rows, and how many there are."""
    rows = [match.end() for match in re.finditer("</tr>", page)]
    end = page.rindex("</tr>") + len("</tr>")
    more = f"<p>… {len(rows) - ROWS} more rows in the notebook</p>"
    return page[: rows[ROWS - 1]] + page[end:] + more


def _heading(cell: NotebookNode) -> str:
    match = _HEADING.match(cell.source) if cell.cell_type == "markdown" else None
    return match[1] if match else ""


def _shortened(cell: NotebookNode) -> NotebookNode:
    if cell.cell_type != "markdown":
        return cell
    return _markdown(short(_HEADING.sub("", cell.source, count=1) if _heading(cell) else cell.source))


def _told(cell: NotebookNode) -> str:
    """Return the notes on a cell: its questions first, then the whole text."""
    if cell.cell_type != "markdown":
        return ""
    guesses = [guess or other for guess, other in _GUESS.findall(cell.source)]
    asks = [f"**Stop here and let the room answer: {guess}**" for guess in guesses]
    whole = _HEADING.sub("", _NAVIGATION.sub("", cell.source), count=1) if _heading(cell) else cell.source
    return "\n\n".join([*asks, whole.strip()])


def _cover_of(block: Block) -> str:
    return " · ".join(block.sections[:1]) or block.say.split(".")[0]


def _markdown(source: str) -> NotebookNode:
    from nbformat.v4 import new_markdown_cell

    return new_markdown_cell(source)
