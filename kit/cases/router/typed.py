"""Typed: a file as the input of a program: the text of its first pages, and how that text was had.

What reads files and pictures is handed in, so that any reader will do:

    typed(path, ".pdf", read=pages, read_picture=ocr)

`read(path, last=3)` gives pages with `text`, `needs_ocr` (a picture without text) and `image`, a
`dspy.Image`. A lonely letter or two is no text: OCR finds them in clouds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TookTooLong
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import dspy

FIRST_PAGES = 3
WORDS = 60
LONGEST = 20_000
LONGEST_OPENING = 600
SECONDS = 60.0
Read = Callable[..., Sequence[Any]]
ReadPicture = Callable[[dspy.Image], str]
_MARKUP = re.compile(r"(?is)<(script|style)\b.*?</\1\s*>|<!--.*?-->|<[!?/a-z][^<>]{0,1000}>")
_RTF = re.compile(r"\\'[0-9a-f]{2}|\\[a-z]+-?\d* ?|[{}]")
_WAY = re.compile(
    r"(?im)^(received|return-path|message-id|mime-version|content-\S+|dkim-\S+|arc-\S+|x-\S+|references"
    r"|in-reply-to|delivered-to|authentication-results):.*(\n[ \t].*)*\n?"
)


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
        """All of it, as it was read."""
        return "\n".join(self.texts).strip()

    @cached_property
    def plain(self) -> str:
        """Its beginning, without the signs of HTML, XML and RTF and the way that a mail took."""
        return plain(self.text[:LONGEST])

    @property
    def opening(self) -> str:
        """The first sixty words, 600 characters at most: what a person would look at to see what it is."""
        return " ".join(self.plain.split()[:WORDS])[:LONGEST_OPENING]


def typed(
    path: Path,
    format: str,  # noqa: A002
    read: Read,
    read_picture: ReadPicture | None = None,
    seconds: float = SECONDS,
) -> Document:
    """Read a file's first pages; if none of them has text, read the first one as a picture.

    Args:
        path: The file.
        format: What it is, e.g. ".pdf".
        read: Reads pages.
        read_picture: Reads the text in a picture.
        seconds: For which each of the two is waited for.

    Raises:
        TimeoutError: If reading takes longer.
        Exception: Whatever `read` raises for a file that it cannot read.
    """
    pages = within(seconds, lambda: read(path, last=FIRST_PAGES))
    texts = tuple(page.text.encode("utf-8", "replace").decode() for page in pages)  # half a character is "?"
    if any(map(str.strip, texts)) or not read_picture or not pages[0].needs_ocr:
        return Document(path, format, texts, first_page=pages[0])
    text = within(seconds, lambda: read_picture(pages[0].image))
    return Document(path, format, (text if len(words(text)) > 1 else "",), True, pages[0])


def within(seconds: float, task: Callable[[], Any]) -> Any:
    """Return what a task returns; one that takes too long is left to end by itself.

    Raises:
        TimeoutError: If it does not end in time.
    """
    workers = ThreadPoolExecutor(1)
    try:
        return workers.submit(task).result(seconds)
    except TookTooLong:
        raise TimeoutError(
            f"reading took more than {seconds:.0f} s. Split the file, or raise seconds=."
        ) from None
    finally:
        workers.shutdown(wait=False)


def plain(text: str) -> str:
    r"""Return a text without markup.

    >>> plain("{\\rtf1\\b Invoice\\b0  7}"), plain("<p>Dear <b>aunt</b>"), plain("X-Spam: no\nFrom: a")
    ('Invoice 7', 'Dear aunt', 'From: a')
    """
    if text.startswith("{\\rtf"):
        text = _RTF.sub("", re.sub(r"\\(par|line|tab|cell|row)\b ?", "\n", text))
    if re.match(r"\s*<[!?a-zA-Z]", text):
        text = re.sub(r"[ \t]+", " ", _MARKUP.sub(" ", text))
    return _WAY.sub("", text).strip()


def words(text: str) -> list[str]:
    """Return what looks like a word: two letters or more, in a row.

    >>> words("O > x NO PARKING")
    ['NO', 'PARKING']
    """
    return re.findall(r"[^\W\d_]{2,}", text)
