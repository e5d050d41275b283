"""Catch up: the exercises of earlier lessons filled in from the solutions, so that a learner can go on.

What a learner has solved stays. A notebook that is changed is first copied to backups/.
"""

from __future__ import annotations

import ast
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from kit.project import ROOT
from kit.workshop import lessons, progress
from kit.workshop.lessons import CHECK, Lesson, exercise_cells


@dataclass(frozen=True)
class Caught:
    """What was done to a lesson: exercises filled in, exercises kept, and the notebook as it was before."""

    lesson: Lesson
    filled: list[str]
    kept: list[str]
    backup: Path | None


def fill_before(number: str, root: Path = ROOT) -> list[Caught]:
    """Fill in the exercises of every lesson before this one."""
    next_lesson = lessons.lesson(number, root)
    earlier = (lesson for lesson in lessons.lessons(root) if lesson.number < next_lesson.number)
    return [fill(lesson, root / "backups") for lesson in earlier if lesson.solution]


def fill(lesson: Lesson, backups: Path) -> Caught:
    """Fill in one lesson's open exercises: those that still hold a `...`."""
    import nbformat

    notebook, solution = (nbformat.read(path, as_version=4) for path in lesson.notebooks)
    solved, checked = exercise_cells(solution), exercise_cells(solution, CHECK)
    every, checks = exercise_cells(notebook), exercise_cells(notebook, CHECK)
    filled = [number for number, cell in every.items() if number in solved and is_open(cell.source)]
    kept = [number for number in every if number not in filled]
    if not filled:
        return Caught(lesson, filled, kept, None)
    for number in filled:
        every[number].source, every[number].outputs = solved[number].source, solved[number].outputs
        if number in checks and number in checked:
            checks[number].outputs = checked[number].outputs
    backups.mkdir(exist_ok=True)
    backup = backups / f"{lesson.notebook.stem}.{datetime.now():%Y%m%d-%H%M%S-%f}.ipynb"
    shutil.copyfile(lesson.notebook, backup)
    lessons.write(notebook, lesson.notebook)
    for number in filled:
        progress.note(number, "caught up")
    return Caught(lesson, filled, kept, backup)


def is_open(source: str) -> bool:
    """Say whether a cell still holds a stub, `...`; what does not parse is somebody's work.

    >>> is_open("answer = ..."), is_open('answer = "..."'), is_open("answer = (")
    (True, False, False)
    """
    try:
        nodes = ast.walk(ast.parse(source))
    except SyntaxError:
        return False
    return any(isinstance(node, ast.Constant) and node.value is ... for node in nodes)
