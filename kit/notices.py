"""Say something beside a cell's output, and ask: formatted in a notebook, a log line elsewhere."""

from __future__ import annotations

import ctypes
import html
import logging
import sys
import threading
import uuid
from collections.abc import Callable
from typing import Any

from kit.redaction import hide


def notice(text: str) -> None:
    """Show a small grey line, without secrets."""
    text = hide(text)
    show(text, _small(text))


def show(text: str, markup: str) -> None:
    """Show markup in a notebook; elsewhere log the text under "kit"."""
    if _notebook():
        _notebook_display({"text/plain": text, "text/html": markup})
    else:
        log(text)


def log(text: str) -> None:
    """Log a line under "kit", unless a notebook shows it."""
    if not _notebook():
        logging.getLogger("kit").info(text)


def cell() -> Any:
    """Return a number that tells one run of a cell from the next; None outside of notebooks."""
    return _notebook() and _notebook().execution_count


class LogLine:
    """A small grey line that can change; only a notebook shows it."""

    def __init__(self, text: str) -> None:
        self._place = uuid.uuid4().hex
        self.change(text, update=False)

    def change(self, text: str, *, update: bool = True) -> None:
        """Show another text in its place."""
        if _notebook():
            bundle = {"text/plain": text, "text/html": _small(text)}
            _notebook_display(bundle, display_id=self._place, update=update)


def ask(question: str, needed: Callable[[], bool] = lambda: True) -> str | None:
    """Return what a person at a notebook answers; None if nobody can be asked.

    `needed` is called now and then; when it returns False, the question goes away.
    """
    if not _notebook():
        return None
    answered = threading.Event()
    threading.Thread(target=_take_back, args=[threading.get_ident(), answered, needed], daemon=True).start()
    try:
        return input(question)
    except (EOFError, NotImplementedError):  # the second: a frontend without a field for answers
        return None
    except KeyboardInterrupt:
        if needed():
            raise
        return None
    finally:
        answered.set()


def _take_back(asking: int, answered: threading.Event, needed: Callable[[], bool]) -> None:
    """Break `input` off in a thread that Ctrl-C does not reach, or it would take the next answer."""
    while not answered.wait(0.05):
        if not needed():
            interrupt = ctypes.py_object(KeyboardInterrupt)
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(asking), interrupt)
            return


def _small(text: str) -> str:
    return f'<small style="opacity:.6">{html.escape(text)}</small>'


def _notebook() -> Any:
    ipython = sys.modules.get("IPython")
    return ipython and ipython.get_ipython()


def _notebook_display(bundle: dict[str, str], **options: Any) -> None:
    from IPython.display import display

    display(bundle, raw=True, **options)
