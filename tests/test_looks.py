"""Outputs in JupyterLab, slides and the site: frames that read, and hidden outputs that stay hidden."""

import nbformat
import pandas as pd
import pytest
import web_pages
from browser import chromium, opened
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from kit.workshop import slides

FRAME = pd.DataFrame(
    {"message": ["two rooms", "7 of us"], "right": ["57.0 % [50.0, 64.0], n=40", "nan"], "calls": [3, None]},
    index=["plain", "with demos"],
)
SIDES = "all => all.map(cell => [cell.textContent.slice(0, 9).trim(), getComputedStyle(cell).textAlign])"
WANTED = [
    ["two rooms", "left"],
    ["57.0 % [5", "right"],
    ["3.0", "right"],
    ["7 of us", "left"],
    ["nan", "right"],
    ["NaN", "right"],
]
STARS = pd.crosstab(pd.Series([1, 2, 2], name="stars"), pd.Series([1, 1, 2], name="answer"))
SHADED = "all => all.filter(cell => cell.style.background).map(cell => cell.textContent)"
WHOLE = "parts => parts.map(part => [part.textContent, getComputedStyle(part).whiteSpace])"


@pytest.fixture
def notebook(tmp_path):
    """A lesson whose stored output is a frame."""
    first, second = (
        new_output("display_data", {"text/html": frame.to_html(), "text/plain": frame.to_string()})
        for frame in (FRAME, STARS)
    )
    cells = [
        new_markdown_cell("# 00 · Rows"),
        new_code_cell("frame", outputs=[first]),
        new_code_cell("stars", outputs=[second]),
        new_code_cell("guess", outputs=[first], metadata={"jupyter": {"outputs_hidden": True}}),
    ]
    path = tmp_path / "notebooks" / "00_rows.ipynb"
    path.parent.mkdir()
    language = {"language_info": {"name": "python", "pygments_lexer": "ipython3"}}
    nbformat.write(new_notebook(cells=cells, metadata=language), path)
    return path


def assert_sides(page) -> None:
    """Compare the cells, the headings above them, and the labels before them; then the confusion table."""
    page.wait_for_selector("table:has-text('answer') td", state="attached")
    assert page.eval_on_selector_all("table td", SIDES)[: len(WANTED)] == WANTED
    assert page.eval_on_selector_all("table td span", WHOLE)[:2] == [
        ["57.0 %", "nowrap"],
        ["[50.0, 64.0],", "nowrap"],
    ]
    heads = [side for _, side in page.eval_on_selector_all("table thead th", SIDES)]
    assert heads[1:4] == ["left", "right", "right"]
    labels = [side for _, side in page.eval_on_selector_all("table tbody th", SIDES)]
    assert labels[:2] == ["left", "left"]
    assert page.eval_on_selector_all("table td", SHADED) == ["1", "1"]


def test_in_jupyterlab(notebook):
    """`kit lab` brings the rules along, and does not tell what a guess is about."""
    with opened(notebook, notebook.parent.parent) as page:
        assert_sides(page)
        assert page.inner_text(".jp-OutputPlaceholder .jp-Placeholder-contentContainer").strip() == ""


def test_in_slides(notebook, tmp_path):
    """A deck carries the rule in its one file."""
    laid = slides.of_lesson(nbformat.read(notebook, as_version=4))
    deck = slides.write(laid, tmp_path, "deck", notebook.parent)
    with chromium() as browser:
        page = browser.new_page()
        page.goto(deck.as_uri())
        assert_sides(page)


def test_on_the_site(notebook, tmp_path):
    """The pages load the rule from beside them."""
    readme = "# A course\n\n## Lessons\n\n| 00 | [rows](notebooks/00_rows.ipynb) |\n"
    (tmp_path / "README.md").write_text(readme, encoding="utf-8")
    web_pages.build(tmp_path / "built", tmp_path)
    with chromium() as browser:
        page = browser.new_page()
        page.goto((tmp_path / "built" / "notebooks" / "00_rows.html").as_uri())
        assert_sides(page)
