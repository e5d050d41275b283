"""Slides are laid out from a notebook: headings begin them, notes are the speaker's."""

import re

import nbformat
import pytest
from browser import chromium
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from typer.testing import CliRunner

from kit.workshop import lessons, slides
from kit.workshop.cli import app

LESSONS = lessons.lessons()
SHEETS = sorted((slides.ROOT / "notebooks" / "notes").glob("*_minutes.md"))


def laid_out(*cells, said=None):
    return slides.of_lesson(new_notebook(cells=list(cells)), said)


def test_a_heading_inside_a_cell_begins_a_slide():
    """A cell that closes one section and opens the next is parted; a # in code is no heading."""
    cell = new_markdown_cell("Seen.\n\n## Next\n\n```\n# no heading\n```")
    first, second = laid_out(new_markdown_cell("# Title"), cell)
    assert (first.title, first.cover, second.title, second.cover) == ("Title", True, "Next", False)
    assert second.cells[0].source.strip() == "```\n# no heading\n```"


def test_what_does_not_fit_goes_on_the_next_slide():
    """A long cell begins a slide of its own, under the same heading."""
    output = new_output("stream", text="row\n" * 12)
    cells = [new_markdown_cell("## Title"), new_code_cell("a\n" * 15), new_code_cell("b", outputs=[output])]
    assert [(slide.title, len(slide.cells)) for slide in laid_out(*cells)] == [("Title", 2), ("Title", 1)]


def test_a_paragraph_shows_its_first_sentence_and_the_notes_have_all_of_it():
    """A slide has one idea; a table, a list and a picture stay whole."""
    text = (
        "An LM is a model. It has a cache.\n\n| a | b |\n|---|---|\n| 1. | 2. |\n\n![A plot. Of two](x.svg)"
    )
    [slide] = laid_out(new_markdown_cell(f"## Title\n\n{text}"))
    shown = slide.cells[0].source
    assert "is a model." in shown
    assert "cache" not in shown
    assert "| 1. | 2. |" in shown
    assert "Of two" in shown
    assert text in slide.notes


def test_checks_are_left_out_and_hints_go_to_the_speaker():
    """A room sees the exercise, not how it is checked or solved."""
    cells = [
        new_markdown_cell("### Exercise 1.1 · Try (5 min)"),
        new_code_cell("# Exercise 1.1\nanswer = ..."),
        new_code_cell('with kit.check("1.1"):\n    assert answer'),
        new_markdown_cell("<details><summary>Hint</summary>\n\nLook up.\n\n</details>"),
    ]
    [slide] = laid_out(*cells)
    assert not any("kit.check" in cell.source or "Look up" in cell.source for cell in slide.cells)
    assert "Look up." in slide.notes


@pytest.mark.parametrize("question", ["*How many calls?*", "Guess: how many calls?"])
def test_each_guess_is_a_note_to_stop(question):
    """A lesson's questions to the reader remind the speaker to wait for an answer."""
    [slide] = laid_out(new_markdown_cell(f"# Title\n\n*Two* runs. **Sure?**\n\n{question}"))
    assert slide.notes.count("Stop here") == 1
    assert "ow many calls?" in slide.notes.split("**")[1]


def test_notes_of_a_file_follow_their_heading(tmp_path, monkeypatch):
    """notebooks/notes/NN.md speaks under the lesson's own headings."""
    (tmp_path / "notebooks" / "notes").mkdir(parents=True)
    file = tmp_path / "notebooks" / "notes" / "99.md"
    file.write_text("## Next\n\nAsk.\n\n## Last\n\nStop.\n", encoding="utf-8")
    monkeypatch.setattr(slides, "ROOT", tmp_path)
    cells = [new_markdown_cell("# Title"), new_markdown_cell("## Next\n\nText.")]
    assert laid_out(*cells, said=slides.notes("99_none"))[1].notes == "Text.\n\nAsk."


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.notebook.stem)
def test_notes_name_headings_that_exist(lesson):
    """A note whose heading was renamed would be lost without a word."""
    laid = slides.of_lesson(nbformat.read(lesson.notebook, as_version=4))
    assert set(slides.notes(lesson.notebook.stem)) <= {slide.title for slide in laid}


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.stem)
def test_a_sheet_shows_each_of_its_sections(sheet):
    """A workshop's deck has a cover for each block, and every section that the block names."""
    deck = slides.of_sheet(sheet)
    blocks = list(slides.blocks(sheet))
    assert sum(slide.cover for slide in deck) == 1 + len(blocks)
    shown = {slide.title for slide in deck if not slide.cover}
    covers = {
        lesson.notebook: slides.of_lesson(nbformat.read(lesson.notebook, as_version=4))[0].title
        for lesson in LESSONS
    }
    assert {part for block in blocks for part in block.sections} <= shown | set(covers.values())


def test_a_page_needs_no_network(tmp_path):
    """A browser that is offline shows the first slide, moves on by key, and has no complaint."""
    lesson = LESSONS[0]
    laid = slides.of_lesson(nbformat.read(lesson.notebook, as_version=4))
    page = slides.write(laid, tmp_path, "talk", lesson.notebook.parent)
    assert not re.search(r'(src|href)="https?://[^"]+\.(js|css)', page.read_text(encoding="utf-8"))
    with chromium() as browser:
        context = browser.new_context(offline=True, viewport={"width": 1280, "height": 720})
        tab, faults = context.new_page(), []
        tab.on("console", lambda message: faults.append(message.text))
        tab.on("requestfailed", lambda request: faults.append(request.url))
        tab.goto(page.as_uri())
        assert tab.inner_text("section.on h1") == laid[0].title
        tab.keyboard.press("ArrowRight")
        assert tab.inner_text("section.on h1") == laid[1].title
        size = "e => parseFloat(getComputedStyle(e).fontSize)"
        assert tab.eval_on_selector("section pre", size) >= 20
        assert faults == []


def test_the_command_writes_pages(tmp_path, monkeypatch):
    """A lesson, a run sheet, or an unknown lesson with the list of those there are."""
    runner = CliRunner()
    monkeypatch.chdir(tmp_path)
    assert runner.invoke(app, ["slides", "00"]).exit_code == 0
    assert runner.invoke(app, ["slides", "45"]).exit_code == 0
    assert {path.name for path in (tmp_path / "slides").iterdir()} == {
        f"{LESSONS[0].notebook.stem}.slides.html",
        "45_minutes.slides.html",
    }
    assert "There is no lesson '99'" in runner.invoke(app, ["slides", "99"]).output
