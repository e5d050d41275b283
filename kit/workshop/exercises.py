"""Exercises: a check runs plain asserts and says, without stopping the notebook, whether they hold."""

from __future__ import annotations

import contextlib
import html
import re

from kit.engines import models
from kit.notices import show
from kit.workshop import progress

_BOX = "border-left:4px solid {0};background:{0}22;padding:.4em .8em;border-radius:0 4px 4px 0"
_PASSED, _OPEN = "#2e9e5b", "#d08700"


class check(contextlib.AbstractContextManager):  # noqa: N801 - it reads as a word: `with kit.check("1.1"):`
    """Run an exercise's asserts; the first that fails says what is wrong and where to look.

        with kit.check("1.1"):
            assert "urgency" in Triage.output_fields, "Triage has no output field `urgency`."

    Any other error counts as "not yet" too and is named, so that a notebook with open exercises runs to its
    end. Ctrl-C is let through. Checks are written for the recorded replies: where a hosted profile answers, a
    check that fails says so.
    """

    def __init__(self, exercise: str) -> None:
        self.exercise = exercise

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if error is not None and not isinstance(error, Exception):
            return False
        verdict, why = ("passed", "") if error is None else ("not yet", f" {_reason(error)}")
        if progress.is_learner():
            with contextlib.suppress(OSError):  # a disk that cannot be written to stops nobody
                progress.note(self.exercise, "passed" if error is None else "tried")
        show(f"Exercise {self.exercise}: {verdict}.{why}", self._box(verdict, why))
        return True

    def _box(self, verdict: str, why: str) -> str:
        """Return a mark, a colour, a word and the reason, and for a learner how far the lesson is."""
        mark, colour = ("✓", _PASSED) if verdict == "passed" else ("○", _OPEN)
        reason = re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(why))
        head, below = f"{mark} Exercise {html.escape(self.exercise)}: {verdict}.", ""
        if progress.is_learner() and (counts := progress.counted(self.exercise)):
            progress.refresh()
            below = f'<div style="opacity:.7">{counts[0]} of {counts[1]} passed in this lesson</div>'
        return f'<div style="{_BOX.format(colour)}"><b>{head}</b>{reason}{below}</div>'


def _reason(error: Exception) -> str:
    reason, profile = str(error), models.current_profile()
    reason = reason or "An assert of the check failed: read it, it says what must hold."
    if not isinstance(error, AssertionError):
        undefined = isinstance(error, NameError) and not isinstance(error, UnboundLocalError)
        cure = ". Run the cells above first: Run > Run All Above Selected Cell." if undefined else ""
        reason = f"{type(error).__name__}: {error}{cure}"
    live = f"(The check expects the recorded replies; yours are live, from {profile}, and may be right too.)"
    return reason if profile == "offline" else f"{reason} {live}"
