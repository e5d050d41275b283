"""Lesson 00, and the question before live calls, in JupyterLab in a headless Chromium."""

import shutil
from contextlib import closing
from pathlib import Path

import nbformat
import pytest
from browser import Desk, run_all, wait_for

from kit.engines import weights
from kit.workshop.lessons import lesson

TESTS = Path(__file__).parent
ASKS = f"""
import sys
sys.path.insert(0, {str(TESTS)!r})
from engines.test_live import *
engine = Counting()
replay = ReplayEngine(engine, Recordings(Path("nowhere")))
lm = dspy.LM("test/model", engine=replay, cache=False, num_retries=0)
dspy.configure(lm=lm, adapter=dspy.JSONAdapter())
program = dspy.Predict("text -> stars: int")
"""


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """One JupyterLab and one browser; each test opens a notebook with a kernel of its own."""
    with Desk(tmp_path_factory.mktemp("desk")) as desk:
        yield desk


@pytest.fixture(autouse=True)
def ask_first(monkeypatch):
    monkeypatch.setenv("KIT_LIVE", "ask")


@pytest.fixture
def notebook(desk):
    """A copy of lesson 00 without its outputs, which a learner may run and change."""
    copied = nbformat.read(lesson("00").notebook, as_version=4)
    for cell in copied.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    path = desk.root / "notebooks" / "00_start_here.ipynb"
    path.parent.mkdir()
    nbformat.write(copied, path)
    shutil.copytree(TESTS.parent / "data" / "bookings", desk.root / "data" / "bookings")
    return path


@pytest.fixture
def page(notebook, desk):
    """The copy, open in JupyterLab, with the offline model allowed to answer."""
    if not weights.locate("qwen2.5-coder-0.5b"):
        pytest.skip("The small model is not here: kit models pull small.")
    with closing(desk.open(notebook)) as page:
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
    page.locator(".jp-CodeCell .cm-content", has_text="read_message = dspy").first.click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text('dspy.Predict("text -> sentiment: int")(text="The concert was sublime.")')
    page.keyboard.press("Control+Enter")
    changed = wait_for(
        page, notebook, lambda cells: "sentiment=" in shown(cells[3]) and "live" in shown(cells[3])
    )
    assert "answers it live" in shown(changed[3])
    page.screenshot(path=notebook.parent / "changed.png")


@pytest.fixture
def asking(desk, answer):
    """A notebook that is about to send 30 prompts, open in JupyterLab."""
    path = desk.root / answer / "asks.ipynb"
    path.parent.mkdir()
    cells = [ASKS, "evaluate(30)(program).score", "len(engine.requests)"]
    nbformat.write(nbformat.v4.new_notebook(cells=list(map(nbformat.v4.new_code_cell, cells))), path)
    with closing(desk.open(path, height=700)) as page:
        yield page, path


@pytest.mark.parametrize(("answer", "sent"), [("no", "0"), ("yes", "30")])
def test_many_live_calls_are_asked_about_below_the_cell(asking, answer, sent):
    """A field for the answer opens; after a no nothing is sent, and after a yes everything."""
    page, path = asking
    page.click(".lm-MenuBar-item:has-text('Run')")
    page.click(".lm-Menu-itemLabel:text-is('Run All Cells')")
    field = page.wait_for_selector(".jp-Stdin-input", timeout=90_000)
    page.screenshot(path=path.parent / "asked.png")
    field.type(answer)
    page.keyboard.press("Enter")
    cells = wait_for(page, path, lambda cells: cells[1].outputs and cells[1].execution_count)
    page.screenshot(path=path.parent / "answered.png")
    errors = [output.ename for output in cells[1].outputs if output.output_type == "error"]
    assert errors == (["NotConfirmed"] if answer == "no" else [])
    page.locator(".jp-CodeCell .cm-content", has_text="len(engine").first.click()
    page.keyboard.press("Control+Enter")
    wait_for(page, path, lambda cells: shown(cells[2]) == sent)
