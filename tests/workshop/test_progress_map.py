"""The map of the course: lessons under the README's headings, with the learner's ticks."""

import re

import pytest
from nbformat import write
from nbformat.v4 import new_markdown_cell, new_notebook

from kit.workshop import progress

README = """# A course

## Lessons

### Basics

| | lesson | minutes | what it shows |
|---|---|---|---|
| 00 | [start](notebooks/00_start.ipynb) | 12 | a first call |
| 01 | [types & names](notebooks/01_types.ipynb) | 30 | "what" a type does |

### Cases

| | lesson | minutes | what it shows |
|---|---|---|---|
| 02 | [filings](notebooks/02_filings.ipynb) | 40 | a form |

## Not on the map

| 03 | [elsewhere](notebooks/03_elsewhere.ipynb) | 1 | nothing |
"""


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A project of three lessons with two exercises each, and nothing noted."""
    monkeypatch.setenv("KIT_PROGRESS", str(tmp_path / "home" / "progress.jsonl"))
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "README.md").write_text(README, encoding="utf-8")
    for number, name in enumerate(["00_start", "01_types", "02_filings"]):
        titles = [f"### Exercise {number}.{n} · Title {n} (5 min)" for n in (1, 2)]
        cells = [new_markdown_cell(title) for title in titles]
        write(new_notebook(cells=cells), tmp_path / "notebooks" / f"{name}.ipynb")
    return tmp_path


def test_lessons_stand_under_their_headings(root):
    """Title, minutes and order are the README's."""
    found = progress.groups(root)
    assert {group: [(one.title, one.minutes) for one in rows] for group, rows in found.items()} == {
        "Basics": [("start", 12), ("types & names", 30)],
        "Cases": [("filings", 40)],
    }


def test_a_new_learner_is_told_where_to_begin(root):
    """Nothing is ticked, and the first lesson is a link."""
    page = progress.write(root).read_text(encoding="utf-8")
    assert "**0 of 6 exercises passed.** Begin with [00 · start](notebooks/00_start.ipynb)." in page
    assert ">✓<" not in page


def test_what_is_passed_is_ticked(root):
    """A mark for each exercise, a tick for a whole lesson, and the next open lesson."""
    progress.note("0.1", "passed")
    progress.note("0.2", "caught up")
    progress.note("1.1", "tried")
    page = progress.write(root).read_text(encoding="utf-8")
    assert "**2 of 6 exercises passed.** Go on with [01 · types & names](notebooks/01_types.ipynb)." in page
    rows = re.findall(r"<tr>.*?</tr>", page)
    assert ["<b>✓</b>" in row for row in rows] == [True, False, False]
    assert [re.findall(r'">([✓↷◐○])</span>', row) for row in rows] == [["✓", "↷"], ["◐", "○"], ["○", "○"]]
    assert "types &amp; names" in rows[1]
    assert "&quot;what&quot; a type does" in rows[1]


def test_the_end_of_the_course_leads_onward(root):
    """Who has passed everything is told how to take a program home."""
    for number in (0, 1, 2):
        for n in (1, 2):
            progress.note(f"{number}.{n}", "passed")
    assert "kit export --list" in progress.write(root).read_text(encoding="utf-8")


def test_a_check_brings_an_opened_map_up_to_date(root):
    """The page is written again if there is one; where `kit lab` never ran, there is none."""
    progress.refresh(root)
    assert not (root / progress.PAGE).exists()
    progress.write(root)
    progress.note("0.1", "passed")
    progress.refresh(root)
    assert "**1 of 6 exercises passed.**" in (root / progress.PAGE).read_text(encoding="utf-8")


def test_the_passed_exercises_of_a_lesson_are_counted(root):
    """For the line under a check; a lesson that does not exist has no count."""
    progress.note("1.2", "passed")
    assert progress.counted("1.1", root) == (1, 2)
    assert progress.counted("9.1", root) is None


def test_every_lesson_is_on_the_real_map():
    """The README's rows have the form that the map reads."""
    from kit.workshop.lessons import lessons

    found = progress.groups()
    assert list(found) == ["Basics", "Practice", "Measure and improve", "Case studies"]
    on_it = sorted(one.lesson.number for rows in found.values() for one in rows)
    assert on_it == [lesson.number for lesson in lessons()]
