"""Typed: a file as the input of a program: the text of its first pages, and how that text was had.

What reads files and pictures is handed in, so that any reader will do:

    typed(path, read=pages, read_picture=ocr)

`read(path, last=3)` gives pages with `text`, `needs_ocr` (a picture without text) and `image`, a
`dspy.Image`. A lonely letter or two is no text: OCR finds them in clouds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dspy

FIRST_PAGES = 3
WORDS = 60
Read = Callable[..., Sequence[Any]]
ReadPicture = Callable[[dspy.Image], str]


@dataclass(frozen=True)
class Document:
    """A file's first pages as text. `looked` says that the text was read in a picture, by OCR."""

    path: Path
    format: str
    texts: tuple[str, ...]
    looked: bool = False
    first_page: Any = field(default=None, repr=False, compare=False)

    @property
    def text(self) -> str:
        """All of it."""
        return "\n".join(self.texts).strip()

    @property
    def opening(self) -> str:
        """The first sixty words: what a person would look at to see what it is."""
        return " ".join(self.text.split()[:WORDS])


def typed(path: Path, format: str, read: Read, read_picture: ReadPicture | None = None) -> Document:  # noqa: A002
    """Read a file's first pages; if none of them has text, read the first one as a picture.

    Raises:
        Exception: Whatever `read` raises for a file that it cannot read.
    """
    pages = read(path, last=FIRST_PAGES)
    texts = tuple(page.text for page in pages)
    if any(map(str.strip, texts)) or not read_picture or not pages[0].needs_ocr:
        return Document(path, format, texts, first_page=pages[0])
    text = read_picture(pages[0].image)
    return Document(path, format, (text if len(words(text)) > 1 else "",), True, pages[0])


def words(text: str) -> list[str]:
    """Return what looks like a word: two letters or more, in a row.

    >>> words("O > x NO PARKING")
    ['NO', 'PARKING']
    """
    return re.findall(r"[A-Za-z]{2,}", text)
