"""Deck: slides as one HTML page with everything in it: style, script, pictures."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import markdown2html_mistune
from nbformat.v4 import new_markdown_cell, new_notebook

from kit.workshop.lab import LOOKS

if TYPE_CHECKING:
    from nbformat import NotebookNode

_TEMPLATE = Path(__file__).with_name("deck.html")
_BARE = {"exclude_input_prompt": True, "exclude_output_prompt": True, "exclude_anchor_links": True}


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
    exporter = HTMLExporter(template_name="basic", embed_images=True, **_BARE)

    def shown(cells: Iterable[NotebookNode]) -> str:
        return exporter.from_notebook_node(new_notebook(cells=[*cells]), {"metadata": {"path": str(base)}})[0]

    sections = []
    for slide in slides:
        title = markdown2html_mistune(slide.title).strip().removeprefix("<p>").removesuffix("</p>")
        kind = ' class="cover"' if slide.cover else ""
        sections.append(f"<section{kind}><h1>{title}</h1><div>{shown(slide.cells)}</div></section>")
    parts = {
        "TITLE": html.escape(slides[0].title),
        "SLIDES": "\n".join(sections),
        "NOTES": json.dumps([shown([new_markdown_cell(one.notes)]) for one in slides]).replace("</", "<\\/"),
        "LOOKS": LOOKS.read_text(encoding="utf-8"),
    }
    whole = _TEMPLATE.read_text(encoding="utf-8")
    return re.sub(rf"%({'|'.join(parts)})%", lambda match: parts[match[1]], whole)
