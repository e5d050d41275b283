"""Lessons are found by number, run in a kernel of their own, and saved without traces of the machine."""

import signal

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from kit.workshop import lessons
from kit.workshop.lessons import CellFailed


def write(path, *cells):
    path.parent.mkdir(exist_ok=True)
    nbformat.write(new_notebook(cells=list(cells)), path)
    return path


@pytest.fixture
def root(tmp_path):
    for place in (
        "notebooks/02_modules",
        "notebooks/00_start_here",
        "solutions/02_modules",
        "notebooks/draft",
    ):
        write(tmp_path / f"{place}.ipynb")
    return tmp_path


def test_lessons_come_by_number_with_their_solutions(root):
    """Only numbered notebooks are lessons; a solution of the same name belongs to its lesson."""
    first, second = lessons.lessons(root)
    assert (first.number, first.solution) == ("00", None)
    assert [path.parent.name for path in second.notebooks] == ["notebooks", "solutions"]


def test_a_number_may_lack_its_zero(root):
    """`kit record 2` means lesson 02."""
    assert lessons.lesson("2", root) == lessons.lesson("02", root)


def test_unknown_numbers_are_answered_with_the_known(root, tmp_path_factory):
    """The message lists the lessons, or says why there are none."""
    with pytest.raises(ValueError, match=r"no lesson '99'. Lessons: 00, 02\."):
        lessons.lesson("99", root)
    with pytest.raises(ValueError, match="An installed package has none: clone the repository"):
        lessons.lesson("00", tmp_path_factory.mktemp("empty"))


def test_a_run_returns_outputs_and_leaves_the_file(tmp_path):
    """A notebook runs in its own folder with the variables given, and the code cells are counted."""
    where = "import os\nfrom pathlib import Path\nos.environ['KIT_LIVE'], Path.cwd().name"
    path = write(
        tmp_path / "lesson" / "00.ipynb", new_code_cell("n = 1"), new_markdown_cell("#"), new_code_cell(where)
    )
    before, seen = path.read_bytes(), []
    executed = lessons.run(path, {"KIT_LIVE": "never"}, seen.append)
    assert executed.cells[2].outputs[0].data["text/plain"] == "('never', 'lesson')"
    assert seen == ["lesson/00.ipynb, cell 1 of 2", "lesson/00.ipynb, cell 2 of 2"]
    assert path.read_bytes() == before


def test_a_failing_cell_is_named(tmp_path):
    """The error says which notebook, which cell and why."""
    path = write(tmp_path / "00.ipynb", new_code_cell("n = 1"), new_code_cell("n / 0"))
    with pytest.raises(
        CellFailed, match=r"00\.ipynb, cell \[2\] failed: ZeroDivisionError: division by zero"
    ):
        lessons.run(path, {})


def test_misses_are_found_in_errors_and_displays():
    """A missing recording is found, raised or shown, with the cell's number and the question."""
    text = "No recorded reply for this prompt (key ab), which asks: 'Sky?'. The prompt was changed, or not."
    outputs = [
        new_output("error", ename="NoRecording", evalue=text, traceback=[]),
        new_output("stream", text=text),
        new_output("stream", text="Blue."),
    ]
    cells = [
        new_code_cell("ask()", execution_count=number, outputs=[output])
        for number, output in enumerate(outputs, 1)
    ]
    assert list(lessons.problems(new_notebook(cells=cells))) == [
        "cell [1] has no recording: 'Sky?'",
        "cell [2] has no recording: 'Sky?'",
    ]


def test_saving_forgets_the_machine(tmp_path):
    """Kernel name and Python version differ from machine to machine, so a saved notebook has neither."""
    notebook = new_notebook(cells=[new_code_cell("1")])
    notebook.metadata = {"kernelspec": {"name": "my-venv"}, "language_info": {"version": "3.11.7"}, "toc": {}}
    lessons.save(notebook, tmp_path / "00.ipynb")
    assert nbformat.read(tmp_path / "00.ipynb", as_version=4).metadata == {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    assert [path.name for path in tmp_path.iterdir()] == ["00.ipynb"]


def test_saving_leaves_out_the_ids_of_widgets(tmp_path):
    """A widget's id holds in one kernel only; its text stays, for GitHub and for the comparison."""
    shown = {lessons.WIDGET: {"model_id": "0f3a"}, "text/plain": "a playground"}
    cell = new_code_cell("Playground(...)", outputs=[new_output("display_data", shown)])
    lessons.save(new_notebook(cells=[cell]), tmp_path / "00.ipynb")
    saved = nbformat.read(tmp_path / "00.ipynb", as_version=4)
    assert saved.cells[0].outputs[0].data == {"text/plain": "a playground"}


def test_ctrl_c_stops_the_kernel_and_says_so(tmp_path):
    """An interrupted run ends as Python programs do, with KeyboardInterrupt, and leaves the file."""
    path = write(tmp_path / "00.ipynb", new_code_cell("import time\ntime.sleep(60)"))
    with pytest.raises(KeyboardInterrupt):
        lessons.run(path, {}, lambda _: signal.raise_signal(signal.SIGINT))
    assert not nbformat.read(path, as_version=4).cells[0].outputs
