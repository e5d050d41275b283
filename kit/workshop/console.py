"""Console: what the commands print, and how they end if something is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer
from rich.console import Console
from rich.markup import escape

from kit.redaction import hide

console = Console()


def say(text: str) -> None:
    """Print a line as it is: long paths are not broken, numbers not coloured."""
    console.print(text, soft_wrap=True, highlight=False)


def fail(reason: object) -> NoReturn:
    """End with exit code 1 and the reason, without secrets."""
    say(f"[red]{escape(hide(str(reason)))}[/]")
    raise typer.Exit(1)


@contextmanager
def failing(*errors: type[Exception], again: str = "") -> Iterator[None]:
    """End the command with the reason of one of these errors; after Ctrl-C, name the command that goes on."""
    try:
        yield
    except errors as error:
        fail(error)
    except KeyboardInterrupt:
        if not again:
            raise
        fail(f"Stopped. What is finished is kept: `{again}` goes on.")
