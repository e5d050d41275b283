"""Progress is noted by the checks of a learner's own notebook, locally, and read back by lesson."""

import json

import pytest
from nbformat import write
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from typer.testing import CliRunner

from kit.workshop import lessons, progress
from kit.workshop.cli import app
from kit.workshop.lessons import Lesson

CHECKS = """import kit
with kit.check("1.1"):
    assert 1 == 2, "Not equal."
with kit.check("1.1"):
    pass
with kit.check("1.2"):
    assert False, "Never."
"""


@pytest.fixture
def noted(tmp_path, monkeypatch):
    """Return the file in which progress is noted."""
    monkeypatch.setenv("KIT_PROGRESS", str(tmp_path / "home" / "progress.jsonl"))
    return tmp_path / "home" / "progress.jsonl"


@pytest.fixture
def lesson(tmp_path):
    """Return a lesson of three exercises."""
    titles = [f"### Exercise 1.{n} · Title {n} (5 min)\n\nDo it." for n in (1, 2, 3)]
    path = tmp_path / "01_notes.ipynb"
    write(new_notebook(cells=[new_markdown_cell(title) for title in titles]), path)
    return Lesson("01", path, None)


def run(folder, noted):
    folder.mkdir()
    write(new_notebook(cells=[new_code_cell(CHECKS)]), folder / "01_notes.ipynb")
    return lessons.run(folder / "01_notes.ipynb", {"KIT_PROGRESS": str(noted)})


def test_checks_in_a_notebook_are_noted(tmp_path, noted, lesson):
    """The latest good verdict counts, and each check is a try."""
    run(tmp_path / "notebooks", noted)
    states = [(one.number, one.title, one.state, one.tries) for one in progress.standing(lesson)]
    assert states == [
        ("1.1", "Title 1", "passed", 2),
        ("1.2", "Title 2", "tried", 1),
        ("1.3", "Title 3", "open", 0),
    ]


def test_nothing_of_a_cell_is_noted(tmp_path, noted):
    """A line holds exercise, verdict and time."""
    run(tmp_path / "notebooks", noted)
    assert set(json.loads(noted.read_text(encoding="utf-8").splitlines()[0])) == {"exercise", "verdict", "at"}


def test_solutions_are_nobodys_progress(tmp_path, noted):
    """To run the solutions' notebook is not to solve."""
    run(tmp_path / "solutions", noted)
    assert not noted.exists()


def test_unattended_runs_note_nothing(tmp_path, noted):
    """Recordings and tests run lessons without a learner."""
    (tmp_path / "notebooks").mkdir()
    path = tmp_path / "notebooks" / "01_notes.ipynb"
    write(new_notebook(cells=[new_code_cell(CHECKS)]), path)
    lessons.run(path, {})
    assert progress.file() == noted
    assert not noted.exists()


def test_a_line_cut_short_is_skipped(noted, lesson):
    """A crash in the middle of a line costs that line."""
    progress.note("1.1", "passed")
    with noted.open("a", encoding="utf-8") as file:
        file.write('{"exercise": "1.2", "verd')
    assert [one.state for one in progress.standing(lesson)] == ["passed", "open", "open"]


def test_a_caught_up_exercise_can_still_be_passed(noted, lesson):
    """What was filled in counts as such, until the learner passes the check."""
    progress.note("1.1", "caught up")
    assert progress.standing(lesson)[0].state == "caught up"
    progress.note("1.1", "passed")
    assert progress.standing(lesson)[0].state == "passed"


def test_the_command_shows_every_lesson(noted):
    """Every lesson is listed with its exercises, and where it is noted."""
    progress.note("0.1", "passed")
    shown = CliRunner().invoke(app, ["progress"]).output
    assert "00 start here · 1 of " in shown
    assert str(noted) in shown.replace("\n", "")
