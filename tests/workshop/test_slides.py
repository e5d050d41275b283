"""Slides are laid out at conversion time: headings begin them, nothing overflows, notes are the speaker's."""

import re
import subprocess
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from typer.testing import CliRunner

from kit.workshop import lessons, slides
from kit.workshop.cli import app

LESSONS = lessons.lessons()


def laid_out(*cells, name="99_none"):
    """Return (slide type, source) of each cell."""
    notebook, _ = slides.Sections().preprocess(new_notebook(cells=list(cells)), {"metadata": {"name": name}})
    return [(cell.metadata.slideshow.slide_type, cell.source) for cell in notebook.cells]


def test_a_heading_inside_a_cell_begins_a_slide():
    """A cell that closes one section and opens the next is parted; a # in code is no heading."""
    cell = new_markdown_cell("Seen.\n\n## Next\n\n```\n# no heading\n```")
    assert laid_out(new_markdown_cell("# Title"), cell) == [
        ("slide", "# Title"),
        ("-", "Seen."),
        ("slide", "## Next\n\n```\n# no heading\n```"),
    ]


def test_what_does_not_fit_goes_on_below():
    """A long cell begins a slide of its own below, together with the sentence before it."""
    cells = [new_markdown_cell("## Title"), new_code_cell("a\n" * 15), new_markdown_cell("Now:")]
    output = new_output("stream", text="row\n" * 12)
    kinds = [kind for kind, _ in laid_out(*cells, new_code_cell("b", outputs=[output]))]
    assert kinds == ["slide", "-", "subslide", "-"]


def test_checks_are_left_out_and_hints_go_to_the_speaker():
    """A room sees the exercise, not how it is checked or solved."""
    cells = [
        new_markdown_cell("### Exercise 1.1 · Try (5 min)"),
        new_code_cell("# Exercise 1.1\nanswer = ..."),
        new_code_cell('with kit.check("1.1"):\n    assert answer'),
        new_markdown_cell("<details><summary>Hint</summary>\n\nLook up.\n\n</details>"),
    ]
    assert [kind for kind, _ in laid_out(*cells)] == ["slide", "-", "skip", "notes"]


def test_each_guess_is_a_note_to_stop():
    """A lesson's own questions in italics remind the speaker to wait for an answer."""
    cells = [
        new_markdown_cell("# Title"),
        new_markdown_cell("*Two* runs. *How many calls?* **Sure?**"),
    ]
    notes = [source for kind, source in laid_out(*cells) if kind == "notes"]
    assert notes == ["Stop here and let the room answer before you go on: How many calls?"]


def test_notes_of_a_file_stand_behind_their_heading(tmp_path, monkeypatch):
    """notebooks/notes/NN.md speaks under the lesson's own headings."""
    (tmp_path / "notebooks" / "notes").mkdir(parents=True)
    (tmp_path / "notebooks" / "notes" / "99.md").write_text(
        "## Next\n\nAsk.\n\n## Last\n\nStop.\n", encoding="utf-8"
    )
    monkeypatch.setattr(slides, "ROOT", tmp_path)
    cells = [new_markdown_cell("# Title"), new_markdown_cell("## Next\n\nText.")]
    assert laid_out(*cells)[2] == ("notes", "Ask.")


@pytest.mark.parametrize("lesson", [LESSONS[0], LESSONS[5]], ids=lambda lesson: lesson.notebook.stem)
def test_a_lesson_renders(lesson, tmp_path):
    """The page has a slide for each heading, outputs included, and no check and no prompt of Jupyter."""
    page = slides.write(lesson.notebook, tmp_path, reveal="reveal").read_text(encoding="utf-8")
    headings = slides.headings(nbformat.read(lesson.notebook, as_version=4))
    assert page.count("<section>") >= len(headings) + page.count("</section></section>")
    assert "jp-OutputArea-output" in page
    assert "In&nbsp;[" not in page
    assert not re.search(r"with.*kit.*check", page)
    assert '<aside class="notes">' in page
    assert "reveal/dist/reveal.js" in page


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.notebook.stem)
def test_slides_fit(lesson):
    """No slide of any lesson holds more than fits, save where one cell with its sentence is longer."""
    notebook = nbformat.read(lesson.notebook, as_version=4)
    laid, _ = slides.Sections().preprocess(notebook, {"metadata": {"name": lesson.notebook.stem}})
    on_slide = []
    for cell in laid.cells:
        kind = cell.metadata.slideshow.slide_type
        if kind in ("slide", "subslide"):
            on_slide = []
        if kind not in ("skip", "notes"):
            on_slide.append(cell)
        assert len(on_slide) <= 2 or sum(map(slides.lines, on_slide)) <= slides.LINES


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.notebook.stem)
def test_notes_name_headings_that_exist(lesson):
    """A note whose heading was renamed would be lost without a word."""
    headings = slides.headings(nbformat.read(lesson.notebook, as_version=4))
    assert set(slides.notes(lesson.notebook.stem)) <= set(headings)


def test_nbconvert_alone_does_the_same(tmp_path):
    """`jupyter nbconvert --to slides` with the kit's configuration lays out as `kit slides` does."""
    notebook = LESSONS[0].notebook
    options = ["--to", "slides", "--config", str(slides.CONFIG), "--output-dir", str(tmp_path)]
    subprocess.run([sys.executable, "-m", "nbconvert", *options, notebook], check=True, capture_output=True)
    by_nbconvert = (tmp_path / f"{notebook.stem}.slides.html").read_text(encoding="utf-8")
    by_kit = slides.write(notebook, tmp_path / "kit").read_text(encoding="utf-8")
    assert by_nbconvert.count("<section>") == by_kit.count("<section>")
    assert not re.search(r"with.*kit.*check", by_nbconvert)


def test_the_command_writes_pages(tmp_path):
    """One lesson, or an unknown one with the list of those there are."""
    result = CliRunner().invoke(app, ["slides", "00", "--to", str(tmp_path)])
    assert result.exit_code == 0
    assert (tmp_path / "00_start_here.slides.html").exists()
    assert "There is no lesson '99'" in CliRunner().invoke(app, ["slides", "99"]).output
