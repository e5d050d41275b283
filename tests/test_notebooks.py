"""What the comparison of outputs (nbval) does not see: form, exercises, and what the prose claims."""

import re
from collections.abc import Iterator

import nbformat
import pytest

from kit.engines.models import REPLIES
from kit.workshop import recorder
from kit.workshop.lessons import Lesson, lessons

LESSONS = lessons()
NOTEBOOKS = [path for lesson in LESSONS for path in lesson.notebooks]
VERDICT = re.compile(r"Exercise (\d+\.\d+): (passed|not yet)\.")


def cells(path, kind):
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == kind]


def texts(cell) -> Iterator[str]:
    for output in cell.outputs:
        yield output.get("text") or output.get("data", {}).get("text/plain", "")


def verdicts(path) -> dict[str, str]:
    shown = "\n".join(text for cell in cells(path, "code") for text in texts(cell))
    return dict(VERDICT.findall(shown))


def checks(path) -> dict[str, str]:
    sources = [cell.source for cell in cells(path, "code")]
    return {
        found[1]: source for source in sources if (found := re.match(r'with kit\.check\("(.+?)"\)', source))
    }


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: f"{path.parent.name}/{path.stem}")
class TestNotebook:
    def test_it_was_run_once_from_top_to_bottom(self, path):
        """Stored outputs come from one clean run: execution counts are 1 to n."""
        counts = [cell.execution_count for cell in cells(path, "code")]
        assert counts == list(range(1, len(counts) + 1))

    def test_it_has_outputs_to_compare(self, path):
        """nbval passes a notebook without outputs and checks nothing; such a one must not slip in."""
        code = cells(path, "code")
        assert sum(bool(cell.outputs) for cell in code) >= len(code) / 3

    def test_errors_stand_only_where_they_are_meant(self, path):
        """A cell that shows an error is tagged `raises-exception`."""
        for cell in cells(path, "code"):
            if any(output.output_type == "error" for output in cell.outputs):
                assert "raises-exception" in cell.metadata.get("tags", []), cell.source

    def test_it_is_small_and_holds_nothing_of_the_machine(self, path):
        """A notebook stays under 300 KB and names no folder of the machine that ran it."""
        text = path.read_text(encoding="utf-8")
        assert len(text) < 300_000
        assert not re.search(r"/(home|root|Users|work)/\w", text)

    def test_nothing_in_it_went_live(self, path):
        """Outputs are those of recordings: no notice of a live reply, no source `live`."""
        shown = "\n".join(text for cell in cells(path, "code") for text in texts(cell))
        assert "answers it live" not in shown
        assert not re.search(r"\blive  ", shown)


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.notebook.stem)
class TestLesson:
    def test_untouched_stubs_fail_and_solutions_pass(self, lesson: Lesson):
        """Every exercise says "not yet" in the lesson and "passed" in the solution (nbval re-runs both)."""
        stubs, solved = verdicts(lesson.notebook), verdicts(lesson.solution)
        assert stubs
        assert set(stubs.values()) == {"not yet"}
        assert solved == dict.fromkeys(stubs, "passed")

    def test_lesson_and_solution_check_the_same(self, lesson: Lesson):
        """The solution proves the very check that the learner runs."""
        assert checks(lesson.notebook) == checks(lesson.solution)

    def test_each_exercise_has_minutes_a_stub_and_a_hint(self, lesson: Lesson):
        """An exercise says how long it takes, starts from `...`, and offers a folded hint."""
        prose = "\n".join(cell.source for cell in cells(lesson.notebook, "markdown"))
        code = [cell.source for cell in cells(lesson.notebook, "code")]
        for number in checks(lesson.notebook):
            assert re.search(rf"### Exercise {re.escape(number)} · .+ \(\d+ min\)", prose)
            assert any(source.startswith(f"# Exercise {number}\n") and "..." in source for source in code)
        assert prose.count("<details><summary>Hint</summary>") == len(checks(lesson.notebook))

    def test_goals_are_mirrored(self, lesson: Lesson):
        """A lesson closes with the list of goals that it opened with."""
        prose = [cell.source for cell in cells(lesson.notebook, "markdown")]
        opened, closed = (
            next(
                re.findall(r"^- .+", source[source.index(mark) :], re.MULTILINE)
                for source in prose
                if mark in source
            )
            for mark in ("You will be able to", "You can now")
        )
        assert opened == closed

    def test_the_calls_it_states_are_the_calls_it_makes(self, lesson: Lesson):
        """The number of model calls at the top is the last usage table's total."""
        stated = re.search(r"(\d[\d,]*) model calls", cells(lesson.notebook, "markdown")[0].source)
        table = next(texts(cells(lesson.notebook, "code")[-1])).splitlines()
        assert table[0].startswith("model ")
        assert stated[1] == re.split(r"\s{2,}", table[-1])[-5]


def core(path) -> list:
    """Return the cells before "Go deeper": what the stated minutes are for."""
    everything = nbformat.read(path, as_version=4).cells
    ends = [at for at, cell in enumerate(everything) if "## Go deeper" in cell.source]
    return everything[: ends[0]] if ends else everything


def minutes(path) -> float:
    """Return the minutes that a core needs: words at 150 a minute, half a minute a code cell, exercises."""
    prose = "\n".join(cell.source for cell in core(path) if cell.cell_type == "markdown")
    code = sum(cell.cell_type == "code" for cell in core(path))
    return len(prose.split()) / 150 + code / 2 + sum(map(int, re.findall(r"\((\d+) min\)", prose)))


def named(lesson: Lesson) -> str:
    """Return a lesson's number and title, as links name it."""
    return re.search(r"(?m)^# (\d\d) · (.+)$", cells(lesson.notebook, "markdown")[0].source).expand(r"\1 \2")


def way(lesson: Lesson) -> str:
    """Return the line that leads from a lesson to its neighbours, to the map and to its solutions."""
    at = LESSONS.index(lesson)
    back = [f"[← {named(one)}]({one.notebook.name})" for one in LESSONS[:at][-1:]]
    on = [f"[{named(one)} →]({one.notebook.name})" for one in LESSONS[at + 1 :][:1]]
    rest = ["[all lessons](../README.md#lessons)", f"[solutions](../solutions/{lesson.notebook.name})"]
    return " · ".join([*back, *on, *rest])


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.notebook.stem)
class TestForm:
    def test_its_minutes_are_those_it_needs(self, lesson: Lesson):
        """The minutes at the top, and in the README, are what reading, running and the exercises need."""
        stated = int(re.search(r"(\d+) minutes", cells(lesson.notebook, "markdown")[0].source)[1])
        assert stated == pytest.approx(minutes(lesson.notebook), rel=0.15, abs=3)
        readme = (REPLIES.parents[1] / "README.md").read_text(encoding="utf-8")
        assert re.search(rf"(?m)^\| {lesson.number} \| \[.+\]\(.+\) \| {stated} \|", readme)

    def test_it_leads_back_and_on(self, lesson: Lesson):
        """A line at the top and at the end leads to the neighbours, the map and the solutions."""
        prose = cells(lesson.notebook, "markdown")
        assert prose[0].source.startswith(f"# {lesson.number} · ")
        assert way(lesson) in prose[0].source
        assert prose[-1].source.endswith(way(lesson))


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.notebook.stem)
def test_recordings_are_whole(lesson: Lesson):
    """Each line of a lesson's recordings has a key of its own and was made with weights that we name."""
    assert list(recorder.file_problems(REPLIES / f"{lesson.number}.jsonl")) == []


def test_lesson_08_shows_what_every_lesson_used():
    """nbval does not compare this table, as it changes with each recording: run 08 again when it is stale."""
    caching = next(lesson for lesson in LESSONS if lesson.number == "08")
    (cell,) = [one for one in cells(caching.notebook, "code") if "recorder.usage()" in one.source]
    rows = next(texts(cell)).splitlines()[1:]
    files = {lesson.notebook.stem: REPLIES / f"{lesson.number}.jsonl" for lesson in LESSONS}
    made = {stem: len(path.read_bytes().splitlines()) for stem, path in files.items() if path.exists()}
    assert {row.split()[0] for row in rows[:-1]} == {stem for stem, calls in made.items() if calls}
    total = int(re.split(r"\s{2,}", rows[-1])[1].replace(",", ""))
    assert total == pytest.approx(sum(made.values()), rel=0.2)
