"""Deck: slides as one HTML page with everything in it: style, script, pictures."""

from __future__ import annotations

import base64
import html
import json
import mimetypes
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from nbconvert.filters import Highlight2HTML, ansi2html
from nbconvert.filters.markdown_mistune import markdown2html_mistune

from kit.workshop.lab import LOOKS

if TYPE_CHECKING:
    from nbformat import NotebookNode

_PICTURE = re.compile(r'(<img[^>]*?\bsrc=")([^":]+)(")')
_TEMPLATE = Path(__file__).with_name("deck.html")


@dataclass(frozen=True)
class Slide:
    """One slide.

    A slide that goes on has the title of the one before. A cover opens a lesson or a block of a workshop.
    """

    cells: tuple[NotebookNode, ...] = ()
    title: str = ""
    notes: str = ""
    cover: bool = False


def page(slides: list[Slide], base: Path) -> str:
    """Return slides as one page; from the folder `base` their Markdown names its pictures."""
    sections = "\n".join(_section(slide, base) for slide in slides)
    told = json.dumps([_notes(slide, base) for slide in slides]).replace("</", "<\\/")
    whole = _TEMPLATE.read_text(encoding="utf-8")
    parts = {
        "TITLE": html.escape(slides[0].title),
        "SLIDES": sections,
        "NOTES": told,
        "LOOKS": LOOKS.read_text(encoding="utf-8"),
    }
    return re.sub(rf"%({'|'.join(parts)})%", lambda match: parts[match[1]], whole)


def _section(slide: Slide, base: Path) -> str:
    title = markdown2html_mistune(slide.title).strip().removeprefix("<p>").removesuffix("</p>")
    body = "\n".join(_cell(cell, base) for cell in slide.cells)
    kind = ' class="cover"' if slide.cover else ""
    return f"<section{kind}><h1>{title}</h1><div>{body}</div></section>"


def _notes(slide: Slide, base: Path) -> str:
    return _embedded(markdown2html_mistune(slide.notes), base)


def _cell(cell: NotebookNode, base: Path) -> str:
    if cell.cell_type == "markdown":
        return _embedded(markdown2html_mistune(cell.source), base)
    code = Highlight2HTML()(cell.source) if cell.source else ""
    return code + "".join(map(_output, cell.outputs))


def _output(output: NotebookNode) -> str:
    """Return an output's richest form; an error is its last line."""
    data = output.get("data", {})
    if output.output_type == "error":
        return f'<pre class="error">{html.escape(output.ename)}: {html.escape(output.evalue)}</pre>'
    if "text/html" in data:
        return f'<div class="output">{data["text/html"]}</div>'
    if "image/png" in data:
        return f'<img src="data:image/png;base64,{data["image/png"].strip()}" alt="">'
    text = output.get("text") or data.get("text/plain", "")
    return f'<pre class="output">{ansi2html(text)}</pre>' if text else ""


def _embedded(content: str, base: Path) -> str:
    """Put pictures that Markdown names into the page; one that is missing stays a name."""

    def put(match: re.Match[str]) -> str:
        path = base / unquote(match[2])
        if not path.is_file():
            return match[0]
        kind = mimetypes.guess_type(path.name)[0] or "image/png"
        return f"{match[1]}data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}{match[3]}"

    return _PICTURE.sub(put, content)
