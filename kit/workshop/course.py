"""Course: the map of the lessons, with a tick for each exercise that a learner has passed.

`kit lab` writes it beside the README and opens it. JupyterLab shows it as a page; git does not track it.
"""

from __future__ import annotations

import contextlib
import html
import re
from dataclasses import dataclass
from pathlib import Path

from kit.project import ROOT
from kit.workshop import progress
from kit.workshop.lessons import Lesson, at_least_one, lessons
from kit.workshop.progress import Exercise

PAGE = "progress.md"
_GROUP = re.compile(r"^### (.+)$", re.MULTILINE)
_ROW = re.compile(r"^\| \d\d \| \[(.+?)\]\(notebooks/(.+?)\) \| (\d+) \| (.+) \|$", re.MULTILINE)
_MARKS = {"passed": "✓", "caught up": "↷", "tried": "◐", "open": "○"}


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

    @property
    def link(self) -> str:
        """Its notebook, seen from the page."""
        return f"notebooks/{self.lesson.notebook.name}"


def groups(root: Path = ROOT) -> dict[str, list[Waypoint]]:
    """Return the lessons under the README's headings, in its order."""
    by_name = {lesson.notebook.name: lesson for lesson in at_least_one(root)}
    listed = (root / "README.md").read_text(encoding="utf-8").partition("\n## Lessons\n")[2]
    parts = _GROUP.split(re.split(r"(?m)^## ", listed)[0])
    return {
        group: [
            Waypoint(by_name[name], title, int(minutes), about, progress.standing(by_name[name]))
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
    lesson_here = next((lesson for lesson in lessons(root) if lesson.number == number), None)
    standing = progress.standing(lesson_here) if lesson_here else []
    return (sum(exercise.state == "passed" for exercise in standing), len(standing)) if standing else None


def page(groups_here: dict[str, list[Waypoint]]) -> str:
    """Return the map as Markdown with HTML in it; it leads to the first lesson that is not whole."""
    entries = [entry for group in groups_here.values() for entry in group]
    done, of = sum(entry.done for entry in entries), sum(len(entry.exercises) for entry in entries)
    onward = "That is the whole course. Take a program home: `uv run kit export --list`."
    if following := next((entry for entry in entries if entry.done < len(entry.exercises)), None):
        verb = "Go on" if done else "Begin"
        onward = f"{verb} with [{following.lesson.number} · {following.title}]({following.link})."
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
    bar = f'<progress max="{of}" value="{done}" style="width:100%"></progress>'
    return f"""<div style="flex-basis:400px;flex-grow:1;max-width:560px">
<h2 style="margin-bottom:2px">{html.escape(group)}</h2>
{bar}
<table style="width:100%;table-layout:fixed"><tbody>
{rows}
</tbody></table>
</div>"""


def _row(entry: Waypoint) -> str:
    told = ((html.escape(f"{one.number} {one.title}: {one.state}"), one.state) for one in entry.exercises)
    marks = " ".join(f'<span title="{said}">{_MARKS[state]}</span>' for said, state in told)
    name = html.escape(f"{entry.lesson.number} · {entry.title}")
    whole = "✓" if entry.exercises and entry.done == len(entry.exercises) else ""
    left, narrow = 'style="text-align:left"', "width:56px;text-align:left"
    return (
        f'<tr><td style="width:14px"><b>{whole}</b></td><td {left} title="{html.escape(entry.about)}">'
        f'<a href="{entry.link}">{name}</a></td>'
        f'<td style="width:48px">{entry.minutes} min</td><td style="{narrow}">{marks}</td></tr>'
    )
