"""Progress: which exercises a learner has passed, noted on this machine by the checks as they run.

A line of the file holds exercise, verdict and time, and nothing that was written in a cell. KIT_PROGRESS
names another file, or is "off". What runs unattended (recordings, tests) and the solutions note nothing.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import platformdirs

from kit.workshop.lessons import Lesson

OFF = "off"
_EXERCISE = re.compile(r"^### Exercise (\d+\.\d+) · (.+?) \(\d+ min\)", re.MULTILINE)


@dataclass(frozen=True)
class Exercise:
    """An exercise of a lesson; `state` is "passed", "caught up", "tried" or "open"."""

    number: str
    title: str
    state: str
    tries: int


def file() -> Path | None:
    """Return where progress is noted, or None if it is not."""
    named = os.environ.get("KIT_PROGRESS")
    if named == OFF:
        return None
    return Path(named) if named else platformdirs.user_data_path("dspy-workshop-kit") / "progress.jsonl"


def note_check(exercise: str, passed: bool) -> None:
    """Note a verdict, in a learner's notebook only; a disk that cannot be written to stops nobody."""
    if is_learner():
        with contextlib.suppress(OSError):
            note(exercise, "passed" if passed else "tried")


def is_learner() -> bool:
    """Say whether this is a notebook whose checks are noted: not a solution, and not an unattended run."""
    ipython = sys.modules.get("IPython")
    return bool(ipython and ipython.get_ipython() and Path.cwd().name != "solutions" and file())


def note(exercise: str, verdict: str) -> None:
    """Add a line: verdict is "passed", "tried" or "caught up"."""
    if path := file():
        path.parent.mkdir(parents=True, exist_ok=True)
        line = {"exercise": exercise, "verdict": verdict, "at": datetime.now().isoformat(timespec="seconds")}
        with path.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(line) + "\n")


def standing(lesson: Lesson) -> list[Exercise]:
    """Return a lesson's exercises, in order, each with how it stands."""
    noted = [(line["exercise"], line["verdict"]) for line in _read()]
    states = ("passed", "caught up", "tried")
    seen, tries = set(noted), Counter(exercise for exercise, verdict in noted if verdict != "caught up")
    cells = json.loads(lesson.notebook.read_text(encoding="utf-8"))["cells"]
    prose = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    return [
        Exercise(number, title, next((one for one in states if (number, one) in seen), "open"), tries[number])
        for number, title in _EXERCISE.findall(prose)
    ]


def forget() -> None:
    """Remove what was noted."""
    if path := file():
        path.unlink(missing_ok=True)


def _read() -> list[dict[str, str]]:
    path = file()
    lines = path.read_text(encoding="utf-8").splitlines() if path and path.exists() else []
    read = []
    for line in lines:
        with contextlib.suppress(json.JSONDecodeError):  # a line that a crash cut short
            read.append(json.loads(line))
    return read
