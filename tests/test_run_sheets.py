"""The run sheets name sections that exist, add up to their minutes, and leave out what they do not use."""

import re

import nbformat
import pytest

from kit.workshop import lessons, slides

NOTES = slides.ROOT / "notebooks" / "notes"
SHEETS = sorted(NOTES.glob("*_minutes.md"))


def rows(sheet):
    """Yield minutes, lesson, sections to use and sections to skip of each row."""
    for line in sheet.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if cells[0].isdigit():
            yield int(cells[0]), cells[1], *(list(filter(None, re.split(r";\s+", cells[i]))) for i in (2, 4))


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.stem)
def test_minutes_add_up(sheet):
    """A sheet takes what its name says."""
    assert sum(minutes for minutes, *_ in rows(sheet)) == int(sheet.name.split("_")[0])


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.stem)
def test_sections_exist(sheet):
    """Every section that is used or skipped is a heading of the lesson that the row names."""
    for _, number, used, skipped in rows(sheet):
        if number:
            laid = slides.of_lesson(nbformat.read(lessons.lesson(number).notebook, as_version=4))
            headings = [slide.title for slide in laid]
            assert set(used + skipped) <= set(headings)
            assert not set(used) & set(skipped)


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.stem)
def test_sections_come_in_the_lesson_s_order(sheet):
    """Nobody scrolls back: within a row, sections follow one another as in the notebook."""
    for _, number, used, _ in rows(sheet):
        if number:
            laid = slides.of_lesson(nbformat.read(lessons.lesson(number).notebook, as_version=4))
            headings = [slide.title for slide in laid]
            places = [headings.index(section) for section in used]
            assert places == sorted(places)


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.stem)
def test_exercises_get_their_time(sheet):
    """A row of exercises is as long as the exercises say."""
    for minutes, _, used, _ in rows(sheet):
        stated = [int(found[1]) for section in used if (found := re.search(r"\((\d+) min\)$", section))]
        if stated:
            assert minutes == sum(stated)


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.stem)
def test_it_has_a_win(sheet):
    """Each sheet says, before its table, what people will tell others about."""
    assert "**The win:** " in sheet.read_text(encoding="utf-8").partition("\n| minutes")[0]


def test_there_are_five():
    """For 45 minutes, the workshop of 70, an hour and a half, three hours, and two days."""
    wanted = ["180_minutes", "45_minutes", "70_minutes", "720_minutes", "90_minutes"]
    assert [sheet.stem for sheet in SHEETS] == wanted
