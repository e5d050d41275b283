"""Marks: a grey line in the notebook for each live reply; where there are many, one line that counts them."""

from __future__ import annotations

import threading

from kit.notices import LogLine, cell, log

_LINES_A_CELL = 10
_TURN = threading.Lock()


class Mark:
    """What is shown of one live call, or of all those of a run."""

    def __init__(self, model: str, *, counts: bool) -> None:
        self.models, self.counts = {model: None}, counts
        self.replies, self.seconds = 0, 0.0
        self._line: LogLine | None = None

    def begin(self) -> None:
        """Show that a model computes."""
        self._line = self._line or LogLine(self._text(waits=True))

    def end(self, seconds: float | None) -> None:
        """Show how long it took; None if no live reply came."""
        if seconds is None and not self.counts and self._line:
            self._line.change("")
        if seconds is None:
            return
        with _TURN:
            self.replies, self.seconds = self.replies + 1, self.seconds + seconds
            self._line = self._line or LogLine("")
            self._line.change(self._text())
        log(self._text())

    def _text(self, *, waits: bool = False) -> str:
        who = " and ".join(self.models)
        if waits:
            return f"{who} answers it live ..."
        replies = f" {self.replies} repl{'y' if self.replies == 1 else 'ies'}," if self.counts else ""
        return f"{who} answers it live:{replies} {self.seconds:.1f} s"


class _Cell:
    """The marks of one run of a cell."""

    def __init__(self, number: object) -> None:
        self.number, self.lines = number, 0
        self.counter: Mark | None = None
        self.run: object = None


_now = _Cell(None)


def mark(model: str, run: object) -> Mark:
    """Return the mark of a call that begins.

    Args:
        model: Its name.
        run: The Evaluate or the optimizer that it belongs to: then one line counts. None for a call by hand.
    """
    global _now
    with _TURN:
        if _now.number != cell():
            _now = _Cell(cell())
        if cell() is None or (run is None and _now.lines < _LINES_A_CELL):  # a log has a line for each
            _now.lines += 1
            made = Mark(model, counts=False)
        else:
            if _now.counter is None or _now.run is not run:
                _now.counter, _now.run = Mark(model, counts=True), run
            made = _now.counter
            made.models[model] = None
        made.begin()
    return made
