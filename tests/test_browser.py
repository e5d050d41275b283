"""Lesson 00 as a learner meets it: JupyterLab in a headless Chromium."""

import nbformat
import pytest
from browser import opened, run_all, wait_for

from kit.engines import weights
from kit.workshop.lessons import lesson


@pytest.fixture
def notebook(tmp_path):
    """A copy of lesson 00 without its outputs, which a learner may run and change."""
    copied = nbformat.read(lesson("00").notebook, as_version=4)
    for cell in copied.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    path = tmp_path / "notebooks" / "00_start_here.ipynb"
    path.parent.mkdir()
    nbformat.write(copied, path)
    return path


@pytest.fixture
def page(notebook, monkeypatch):
    """The copy, open in JupyterLab, with the offline model allowed to answer."""
    if not weights.locate("qwen2.5-coder-0.5b"):
        pytest.skip("The small model is not here: kit models pull small.")
    monkeypatch.setenv("KIT_LIVE", "ask")
    with opened(notebook, notebook.parent.parent) as page:
        yield page


def shown(cell) -> str:
    return " ".join(output.get("data", {}).get("text/plain", "") for output in cell.outputs)


def ran(cells) -> bool:
    return all(cell.execution_count for cell in cells)


def test_a_changed_prompt_is_answered_live(page, notebook):
    """Run from top to bottom on recordings, then change one prompt by hand: that cell answers live."""
    run_all(page, notebook)
    cells = wait_for(page, notebook, ran)
    assert not [output for cell in cells for output in cell.outputs if output.output_type == "error"]
    assert not [cell for cell in cells if "answers it live" in shown(cell)]

    page.locator(".jp-WindowedPanel-outer").first.evaluate("panel => panel.scrollTo(0, 0)")
    page.screenshot(path=notebook.parent / "lesson.png")
    page.locator(".jp-CodeCell .cm-content", has_text="classify = dspy").first.click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text('dspy.Predict("text -> sentiment: int")(text="The concert was sublime.")')
    page.keyboard.press("Control+Enter")
    changed = wait_for(
        page, notebook, lambda cells: "sentiment=" in shown(cells[1]) and "live" in shown(cells[1])
    )
    assert "answers it live" in shown(changed[1])
    page.screenshot(path=notebook.parent / "changed.png")
