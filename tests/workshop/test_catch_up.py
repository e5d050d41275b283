"""Catching up fills in what is open, keeps what a learner wrote, and keeps a copy of what it changes."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output
from typer.testing import CliRunner

from kit.workshop import catch_up, lessons, progress
from kit.workshop.cli import app

CHECK = 'with kit.check("{}"):\n    assert answer == 42'


def cell(source, said=None):
    outputs = [new_output("display_data", {"text/plain": said})] if said else []
    return new_code_cell(source, outputs=outputs)


def write(path, number, stub, said):
    cells = [cell("answer = 0"), cell(f"# Exercise {number}\n{stub}"), cell(CHECK.format(number), said)]
    path.parent.mkdir(exist_ok=True)
    nbformat.write(new_notebook(cells=cells), path)


@pytest.fixture
def root(tmp_path):
    """Return a project of three lessons: one open, one that the learner has solved, one to start with."""
    for number, stub in (("0", "answer = ..."), ("1", "answer = 6 * 7  # mine"), ("2", "answer = ...")):
        name = f"0{number}_lesson.ipynb"
        write(tmp_path / "notebooks" / name, f"{number}.1", stub, "not yet.")
        write(tmp_path / "solutions" / name, f"{number}.1", "answer = 42", "passed.")
    return tmp_path


def sources(root, name):
    return [cell.source for cell in nbformat.read(root / "notebooks" / name, as_version=4).cells]


def test_open_exercises_are_filled_in_and_own_work_stays(root):
    """Only earlier lessons are touched, and there only stubs."""
    first, second = catch_up.fill_before("02", root=root)
    assert (first.filled, first.kept) == (["0.1"], [])
    assert (second.filled, second.kept, second.backup) == ([], ["1.1"], None)
    assert sources(root, "00_lesson.ipynb")[:2] == ["answer = 0", "# Exercise 0.1\nanswer = 42"]
    assert "mine" in sources(root, "01_lesson.ipynb")[1]
    assert "..." in sources(root, "02_lesson.ipynb")[1]


def test_the_check_says_passed(root):
    """The verdict beside a filled-in cell is the solution's."""
    catch_up.fill_before("02", root=root)
    notebook = nbformat.read(root / "notebooks" / "00_lesson.ipynb", as_version=4)
    assert notebook.cells[2].outputs[0].data["text/plain"] == "passed."


def test_the_notebook_as_it_was_is_kept(root):
    """A copy lies outside of the lessons, byte for byte."""
    before = (root / "notebooks" / "00_lesson.ipynb").read_bytes()
    (caught, _) = catch_up.fill_before("02", root=root)
    assert caught.backup.parent == root / "backups"
    assert caught.backup.read_bytes() == before


def test_a_second_time_changes_nothing(root):
    """What is filled in is not filled in again."""
    catch_up.fill_before("02", root=root)
    again = catch_up.fill_before("02", root=root)
    assert [(one.filled, one.backup) for one in again] == [([], None), ([], None)]


def test_half_typed_work_is_kept(root):
    """A cell that does not parse is somebody's work, not a stub."""
    write(root / "notebooks" / "00_lesson.ipynb", "0.1", "answer = (...", "not yet.")
    assert catch_up.fill_before("01", root=root)[0].kept == ["0.1"]


def test_it_is_noted_as_caught_up(root, tmp_path, monkeypatch):
    """Progress tells what was filled in from what was solved."""
    monkeypatch.setenv("KIT_PROGRESS", str(tmp_path / "progress.jsonl"))
    catch_up.fill_before("02", root=root)
    assert '"exercise": "0.1", "verdict": "caught up"' in progress.file().read_text(encoding="utf-8")


def test_every_exercise_of_the_workshop_can_be_filled_in(tmp_path):
    """Each stub is recognized as one, each solution is not, and afterwards nothing is open."""
    for lesson in lessons.lessons():
        copies = [tmp_path / path.parent.name / path.name for path in lesson.notebooks]
        for copy, path in zip(copies, lesson.notebooks, strict=True):
            copy.parent.mkdir(exist_ok=True)
            copy.write_bytes(path.read_bytes())
        copied = lessons.Lesson(lesson.number, *copies)
        caught = catch_up.fill(copied, tmp_path / "backups")
        assert caught.filled
        assert caught.kept == []
        assert catch_up.fill(copied, tmp_path / "backups").filled == []


def test_the_command_names_unknown_lessons():
    """A wrong number is answered with the right ones."""
    result = CliRunner().invoke(app, ["catch-up", "99"])
    assert result.exit_code == 1
    assert "There is no lesson '99'" in result.output
