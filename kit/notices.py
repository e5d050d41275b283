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

_TURN = threading.Lock()
_now: Mark | None = None


def notice(text: str) -> None:
    """Show a small grey line, without secrets."""
    text = hide(text)
    show(text, _small(text))


def show(text: str, markup: str) -> None:
    """Show markup in a notebook; elsewhere log the text under "kit"."""
    _display(text, markup)
    log(text)


def log(text: str) -> None:
    """Log a line under "kit", unless a notebook shows it."""
    if not _notebook():
        logging.getLogger("kit").info(text)


def cell() -> Any:
    """Return a number that tells one run of a cell from the next; None outside of notebooks."""
    return _notebook() and _notebook().execution_count


class Mark:
    """A grey line under a cell that asked a model live; it counts the replies of one run of the cell."""

    def __init__(self, number: object) -> None:
        self.number, self.models, self.replies, self.seconds = number, {}, 0, 0.0
        self._place = uuid.uuid4().hex
        self._change("", update=False)

    def begin(self, model: str) -> None:
        """Show that a model computes."""
        self.models[model] = None
        if not self.replies:
            self._change(f"{' and '.join(self.models)} answers it live ...")

    def end(self, seconds: float | None) -> None:
        """Show how long it took; None if no live reply came."""
        said = f"{' and '.join(self.models)} answers it live:"
        if seconds is not None:
            log(f"{said} {seconds:.1f} s")
        with _TURN:
            self.replies, self.seconds = self.replies + (seconds is not None), self.seconds + (seconds or 0.0)
            count = f" {self.replies} replies," if self.replies > 1 else ""
            self._change(f"{said}{count} {self.seconds:.1f} s" if self.replies else "")

    def _change(self, text: str, *, update: bool = True) -> None:
        _display(text, _small(text), display_id=self._place, update=update)


def mark(model: str) -> Mark:
    """Return the mark of a call that begins."""
    global _now
    with _TURN:
        if _now is None or cell() is None or _now.number != cell():  # a log has a line for each
            _now = Mark(cell())
        _now.begin(model)
        return _now


def ask(question: str, needed: Callable[[], bool] = lambda: True) -> str | None:
    """Return a person's answer at a notebook; None if nobody can be asked, or once `needed` returns False."""
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


def _display(text: str, markup: str, **options: Any) -> None:
    if _notebook():
        from IPython.display import display

        display({"text/plain": text, "text/html": markup}, raw=True, **options)
