"""Marks: a grey line under the cell that asked a model live; it counts the replies."""

from __future__ import annotations

import threading

from kit.notices import LogLine, cell, log

_TURN = threading.Lock()


class Mark:
    """The live calls of one run of a cell."""

    def __init__(self, number: object) -> None:
        self.number, self.models, self.replies, self.seconds = number, {}, 0, 0.0
        self._line = LogLine("")

    def begin(self, model: str) -> None:
        """Show that a model computes."""
        self.models[model] = None
        if not self.replies:
            self._line.change(f"{' and '.join(self.models)} answers it live ...")

    def end(self, seconds: float | None) -> None:
        """Show how long it took; None if no live reply came."""
        said = f"{' and '.join(self.models)} answers it live:"
        if seconds is not None:
            log(f"{said} {seconds:.1f} s")
        with _TURN:
            self.replies, self.seconds = self.replies + (seconds is not None), self.seconds + (seconds or 0.0)
            count = f" {self.replies} replies," if self.replies > 1 else ""
            self._line.change(f"{said}{count} {self.seconds:.1f} s" if self.replies else "")


_now: Mark | None = None


def mark(model: str) -> Mark:
    """Return the mark of a call that begins."""
    global _now
    with _TURN:
        if _now is None or cell() is None or _now.number != cell():  # a log has a line for each
            _now = Mark(cell())
        _now.begin(model)
        return _now
