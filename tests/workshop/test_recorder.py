"""A lesson's recordings are made, kept, pruned and checked; kernels are real, their model is scripted."""

from pathlib import Path

import dspy
import nbformat
import orjson
import pytest
from filelock import FileLock
from nbformat.v4 import new_code_cell, new_notebook
from scripted import ScriptedEngine

from kit.engines import models, recordings
from kit.engines.recordings import Recordings
from kit.engines.replay import ReplayEngine
from kit.workshop import recorder
from kit.workshop.lessons import CellFailed, Lesson

SETUP = """
import os
from pathlib import Path

import dspy
from scripted import ScriptedEngine

from kit.engines.recordings import Recordings
from kit.engines.replay import ReplayEngine

part = os.environ.get("KIT_RECORD")
replies = Recordings(Path({folder!r}), part and Path(part), fresh=bool(os.environ.get("KIT_FRESH")))
lm = dspy.LM("test/model", engine=ReplayEngine(ScriptedEngine({reply!r}), replies), cache=False)
"""


def line(number, weights=""):
    recording = {
        "key": f"{number:020x}",
        "model": "test/model",
        "weights": weights,
        "usage": {"input_tokens": 10, "output_tokens": None},
        "seconds": 1.25,
    }
    return orjson.dumps(recording)


@pytest.fixture
def lesson(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))
    models.REPLIES.mkdir(parents=True)
    return Lesson("07", tmp_path / "07_files.ipynb", None)


@pytest.fixture
def write(lesson):
    """Write the lesson: its cells ask these questions, and a live model would give this reply."""

    def write(*questions, reply="Blue."):
        sources = [SETUP.format(folder=str(models.REPLIES), reply=reply), *map("lm({!r})".format, questions)]
        nbformat.write(new_notebook(cells=[new_code_cell(source) for source in sources]), lesson.notebook)

    return write


def record_here(lesson, question, reply):
    """Put one reply into the lesson's file without running a kernel."""
    engine = ReplayEngine(ScriptedEngine(reply), Recordings(models.REPLIES, recorder.replies_of(lesson)))
    dspy.LM("test/model", engine=engine, cache=False)(question)


def recorded(lesson):
    lines = recorder.replies_of(lesson).read_bytes().splitlines()
    return [(one["asks"], one["reply"]) for one in map(orjson.loads, lines)]


def test_recording_again_asks_nobody(lesson, write):
    """Where all replies are at hand the file stays as it is, and only the outputs are stored."""
    record_here(lesson, "Sky?", "Blue.")
    before = recorder.replies_of(lesson).read_bytes()
    write("Sky?", reply="Grey.")
    done = recorder.record(lesson)
    assert (done.new, done.kept, done.pruned, done.live) == (0, 1, 0, [])
    assert recorder.replies_of(lesson).read_bytes() == before
    assert "Blue." in lesson.notebook.read_text(encoding="utf-8")


def test_an_interrupted_recording_goes_on(lesson, write):
    """Replies before a failure stay in a .part file and are not asked for again; what is stale is pruned."""
    recorder.replies_of(lesson).write_bytes(line(1) + b"\n")
    write("Sky?", "")
    broken = nbformat.read(lesson.notebook, as_version=4)
    broken.cells[-1].source = "1 / 0"
    nbformat.write(broken, lesson.notebook)
    with pytest.raises(CellFailed, match=r"07_files\.ipynb, cell \[3\] failed: ZeroDivisionError"):
        recorder.record(lesson)
    assert b'"Sky?"' in recorder.replies_of(lesson).with_suffix(".jsonl.part").read_bytes()
    assert recorder.replies_of(lesson).read_bytes() == line(1) + b"\n"

    write("Sky?", "Sea?", reply="Grey.")
    done = recorder.record(lesson)
    assert (done.new, done.kept, done.pruned) == (2, 0, 1)
    assert done.live == done.calls
    assert sum(call.seconds for call in done.calls) == 1.0
    assert recorded(lesson) == [("Sky?", "Blue."), ("Sea?", "Grey.")]
    assert not recorder.replies_of(lesson).with_suffix(".jsonl.part").exists()


def test_fresh_asks_again(lesson, write):
    """With `fresh` every reply is the model's of today, and counts as live."""
    record_here(lesson, "Sky?", "Blue.")
    write("Sky?", reply="Grey.")
    done = recorder.record(lesson, fresh=True)
    assert recorded(lesson) == [("Sky?", "Grey.")]
    assert len(done.live) == 1


def test_two_recordings_at_once_are_refused(lesson):
    """Who starts a second recording of a lesson is told, and nothing is mixed."""
    with (
        FileLock(recorder.replies_of(lesson).with_suffix(".lock")),
        pytest.raises(recorder.Busy, match="Lesson 07 is being recorded by another process"),
    ):
        recorder.record(lesson)


def test_a_missing_recording_is_placed(lesson, write):
    """The check runs on after a miss and names the cell and the question of each."""
    write("Sky?", "Sea?")
    folder = lesson.notebook.parent.name
    assert list(recorder.problems(lesson)) == [
        f"{folder}/07_files.ipynb, cell [2] has no recording: 'Sky?'",
        f"{folder}/07_files.ipynb, cell [3] has no recording: 'Sea?'",
    ]


def test_a_cell_that_fails_otherwise_is_a_problem(lesson):
    """A check does not call a lesson whole that stops for another reason than a missing recording."""
    nbformat.write(new_notebook(cells=[new_code_cell("1 / 0"), new_code_cell("nonsense")]), lesson.notebook)
    place = f"{lesson.notebook.parent.name}/07_files.ipynb"
    assert list(recorder.problems(lesson)) == [
        f"{place}, cell [1] fails: ZeroDivisionError: division by zero",
        f"{place}, cell [2] fails: NameError: name 'nonsense' is not defined",
    ]


def test_bad_and_outdated_lines_are_problems(lesson):
    """Torn lines, double keys and replies of weights that are no longer used are told."""
    path = recorder.replies_of(lesson)
    path.write_bytes(b"\n".join([line(1), line(1), line(2)[:-3], line(3, weights="gone")]))
    assert list(recorder.file_problems(path)) == [
        "07.jsonl has 4 lines, of which 2 are recordings with a key of their own.",
        f"07.jsonl: key {3:020x} was recorded with weights that models.toml does not name.",
    ]
    assert list(recorder.file_problems(path.with_name("absent.jsonl"))) == []


def test_totals_are_sums(lesson):
    """What a fresh run will take is known from the recordings; unknown counts are no tokens."""
    recordings.append(recorder.replies_of(lesson), line(1))
    recordings.append(recorder.replies_of(lesson), line(2))
    assert [(call.input_tokens, call.output_tokens) for call in recorder.recorded(lesson)] == [(10, 0)] * 2
    assert sum(call.seconds for call in recorder.recorded(lesson)) == 2.5
