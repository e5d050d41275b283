"""Progress: which exercises a learner has passed, and the map of the course with a tick for each of them.

The checks note it on this machine as they run: exercise, verdict and time, and nothing that was written in a
cell. KIT_PROGRESS names another file, or is "off". What runs unattended (recordings, tests) and the solutions
note nothing. `kit lab` writes the map beside the README and opens it; git does not track it.
"""

from __future__ import annotations

import contextlib
import html
import json
import os
import re
import sys
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import platformdirs

from kit.project import ROOT
from kit.workshop.lessons import Lesson, at_least_one, lessons

PAGE = "progress.md"
_GROUP = re.compile(r"^### (.+)$", re.MULTILINE)
_ROW = re.compile(r"^\| \d\d \| \[(.+?)\]\(notebooks/(.+?)\) \| (\d+) \| (.+) \|$", re.MULTILINE)
_MARKS = {"passed": "✓", "caught up": "↷", "tried": "◐", "open": "○"}
_EXERCISE = re.compile(r"^### Exercise (\d+\.\d+) · (.+?) \(\d+ min\)", re.MULTILINE)


@dataclass(frozen=True)
class Exercise:
    """An exercise of a lesson; `state` is "passed", "caught up", "tried" or "open"."""

    number: str
    title: str
    state: str
    tries: int


@dataclass(frozen=True)
class Waypoint:
    """A lesson on the map: its title and minutes as the README has them, and how its exercises stand."""

    lesson: Lesson
    title: str
    minutes: int
    about: str
    exercises: list[Exercise]

    @property
    def done(self) -> int:
        """How many exercises are passed, or were filled in by `kit catch-up`."""
        return sum(exercise.state in ("passed", "caught up") for exercise in self.exercises)


def file() -> Path | None:
    """Return where progress is noted, or None if it is not."""
    named = os.environ.get("KIT_PROGRESS")
    if named == "off":
        return None
    return Path(named) if named else platformdirs.user_data_path("dspy-workshop-kit") / "progress.jsonl"


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
    path, noted, states = file(), [], ("passed", "caught up", "tried")
    for line in path.read_text(encoding="utf-8").splitlines() if path and path.exists() else []:
        with contextlib.suppress(json.JSONDecodeError):  # a line that a crash cut short
            noted.append((json.loads(line)["exercise"], json.loads(line)["verdict"]))
    seen, tries = set(noted), Counter(exercise for exercise, verdict in noted if verdict != "caught up")
    cells = json.loads(lesson.notebook.read_text(encoding="utf-8"))["cells"]
    prose = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    return [
        Exercise(number, title, next((one for one in states if (number, one) in seen), "open"), tries[number])
        for number, title in _EXERCISE.findall(prose)
    ]


def groups(root: Path = ROOT) -> dict[str, list[Waypoint]]:
    """Return the lessons under the README's headings, in its order."""
    by_name = {lesson.notebook.name: lesson for lesson in at_least_one(root)}
    listed = (root / "README.md").read_text(encoding="utf-8").partition("\n## Lessons\n")[2]
    parts = _GROUP.split(re.split(r"(?m)^## ", listed)[0])
    return {
        group: [
            Waypoint(by_name[name], title, int(minutes), about, standing(by_name[name]))
            for title, name, minutes, about in _ROW.findall(rows)
            if name in by_name
        ]
        for group, rows in zip(parts[1::2], parts[2::2], strict=True)
    }


def write(root: Path = ROOT) -> Path:
    """Write the page with today's ticks and return it; the old page is replaced whole."""
    unfinished = (root / PAGE).with_suffix(".tmp")
    unfinished.write_text(page(groups(root)), encoding="utf-8")
    return unfinished.replace(root / PAGE)


def refresh(root: Path = ROOT) -> None:
    """Write the page again if there is one, as after a check; a full disk stops nobody."""
    if (root / PAGE).exists():
        with contextlib.suppress(OSError, ValueError):
            write(root)


def counted(exercise: str, root: Path = ROOT) -> tuple[int, int] | None:
    """Return how many exercises of this one's lesson are passed, of how many; None if that is unknown."""
    number = exercise.partition(".")[0].zfill(2)
    stands = [one for lesson in lessons(root) if lesson.number == number for one in standing(lesson)]
    return (sum(one.state == "passed" for one in stands), len(stands)) if stands else None


def page(groups_here: dict[str, list[Waypoint]]) -> str:
    """Return the map as Markdown with HTML in it; it leads to the first lesson that is not whole."""
    entries = [entry for group in groups_here.values() for entry in group]
    done, of = sum(entry.done for entry in entries), sum(len(entry.exercises) for entry in entries)
    onward = "That is the whole course. Take a program home: `uv run kit export --list`."
    if following := next((entry for entry in entries if entry.done < len(entry.exercises)), None):
        verb, link = "Go on" if done else "Begin", following.lesson.notebook.name
        onward = f"{verb} with [{following.lesson.number} · {following.title}](notebooks/{link})."
    cards = "\n".join(_card(group, listed) for group, listed in groups_here.items())
    marks = ", ".join(f"{mark} {state}" for state, mark in _MARKS.items())
    return f"""# Your map of the course

**{done} of {of} exercises passed.** {onward}

<div style="display:flex;flex-wrap:wrap;gap:14px 28px">
{cards}
</div>

{marks}. The checks in the lessons make the ticks, on this machine only. Close this page and open it again \
to see new ones.

Help: [an error that you do not know](notebooks/guide/errors.md) · \
[everything in `kit`](notebooks/guide/reference.md) · [README](README.md)
"""


def _card(group: str, entries: list[Waypoint]) -> str:
    done, of = sum(entry.done for entry in entries), sum(len(entry.exercises) for entry in entries)
    rows = "\n".join(map(_row, entries))
    return f"""<div style="flex-basis:400px;flex-grow:1;max-width:560px">
<h2 style="margin-bottom:2px">{html.escape(group)}</h2>
<progress max="{of}" value="{done}" style="width:100%"></progress>
<table style="width:100%;table-layout:fixed"><tbody>
{rows}
</tbody></table></div>"""


def _row(entry: Waypoint) -> str:
    told = ((html.escape(f"{one.number} {one.title}: {one.state}"), one.state) for one in entry.exercises)
    marks = " ".join(f'<span title="{said}">{_MARKS[state]}</span>' for said, state in told)
    name = html.escape(f"{entry.lesson.number} · {entry.title}")
    whole = "✓" if entry.exercises and entry.done == len(entry.exercises) else ""
    left, narrow = 'style="text-align:left"', "width:56px;text-align:left"
    return (
        f'<tr><td style="width:14px"><b>{whole}</b></td><td {left} title="{html.escape(entry.about)}">'
        f'<a href="notebooks/{entry.lesson.notebook.name}">{name}</a></td>'
        f'<td style="width:48px">{entry.minutes} min</td><td style="{narrow}">{marks}</td></tr>'
    )
