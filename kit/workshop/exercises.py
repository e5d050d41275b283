"""Exercises: a check runs plain asserts and says, without stopping the notebook, whether they hold."""

from __future__ import annotations

import html
from types import TracebackType

from kit.engines import models
from kit.notices import show
from kit.workshop.progress import note_check


class check:  # noqa: N801 - it reads as a word: `with kit.check("1.1"):`
    """Run an exercise's asserts; the first that fails says what is wrong and where to look.

        with kit.check("1.1"):
            assert "urgency" in Triage.output_fields, "Triage has no output field `urgency`."

    Any other error counts as "not yet" too and is named, so that a notebook with open exercises runs to its
    end. Ctrl-C is let through. Checks are written for the recorded replies: where a hosted profile answers, a
    check that fails says so.
    """

    def __init__(self, exercise: str) -> None:
        self.exercise = exercise

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if error is not None and not isinstance(error, Exception):
            return False
        note_check(self.exercise, error is None)
        verdict = "passed." if error is None else f"not yet. {_reason(error)}{_yours()}"
        text = f"Exercise {self.exercise}: {verdict}"
        show(text, f"<b>Exercise {html.escape(self.exercise)}:</b> {html.escape(verdict)}")
        return True


def _yours() -> str:
    profile = models.current_profile()
    if profile == "offline":
        return ""
    return f" (The check expects the recorded replies; yours are live, from {profile}, and may be right too.)"


def _reason(error: Exception) -> str:
    if isinstance(error, AssertionError):
        return str(error) or "An assert of the check failed: read it, it says what must hold."
    return f"{type(error).__name__}: {error}"
