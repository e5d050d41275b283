"""Pages side by side: small pictures, each with its number, the length of its text, and what is odd.

strip(pages("lease.pdf"))
"""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from dataclasses import dataclass

from kit.documents.pages import Page
from kit.tables import columns

_ROW = "display:flex;flex-wrap:wrap;gap:.8em;align-items:flex-start"
_FRAME = "border:1px solid rgba(128,128,128,.6)"
_TEXT = (
    "white-space:pre-wrap;overflow:hidden;font-size:.6em;line-height:1.3;padding:.4em;box-sizing:border-box"
)


@dataclass(frozen=True)
class Strip:
    """Pages to look at. Pages that cannot be drawn show the beginning of their text."""

    pages: tuple[Page, ...]
    size: int = 150
    most: int = 12

    def __repr__(self) -> str:
        rows = [(page.source, page.number, len(page.text), remark(page)) for page in self.pages[: self.most]]
        return "\n".join([columns(["source", "page", "characters", "remark"], rows), *self._rest()])

    def _repr_html_(self) -> str:
        figures = "".join(self._figure(page) for page in self.pages[: self.most])
        rest = "".join(f"<p>{line}</p>" for line in self._rest())
        return f'<div style="{_ROW}">{figures}</div>{rest}'

    def _rest(self) -> list[str]:
        hidden = len(self.pages) - self.most
        return [f"... and {hidden:,} more pages"] if hidden > 0 else []

    def _figure(self, page: Page) -> str:
        about = [f"{page.source}, page {page.number}", f"{len(page.text):,} characters", remark(page)]
        caption = "<br>".join(html.escape(line) for line in about if line)
        return (
            f'<figure style="margin:0;width:{self.size}px">{self._picture(page)}'
            f'<figcaption style="font-size:.8em">{caption}</figcaption></figure>'
        )

    def _picture(self, page: Page) -> str:
        if not page.drawable:
            box = f"{_FRAME};{_TEXT};width:{self.size}px;height:{self.size}px"
            return f'<div style="{box}">{html.escape(page.text[:400])}</div>'
        data = base64.b64encode(page.png(self.size)).decode()
        style = f"{_FRAME};max-width:100%"
        return f'<img alt="page {page.number}" style="{style}" src="data:image/png;base64,{data}">'


def strip(pages: Sequence[Page], *, size: int = 150, most: int = 12) -> Strip:
    """Lay pages side by side.

    Args:
        pages: Pages of one file or of several.
        size: Longer side of each picture, in pixels.
        most: How many to show; the rest is counted. Only pages that are shown are drawn.
    """
    return Strip(tuple(pages), size, most)


def remark(page: Page) -> str:
    """Return what a reader should know of a page: what its file really is, and whether its text needs OCR."""
    blind = page.needs_ocr and not page.text.strip()
    return ", ".join(filter(None, [page.note, "no text: needs OCR" if blind else ""]))
