"""Lesson 00 as a learner meets it: JupyterLab in a headless Chromium."""

import shutil
import time

import nbformat
import pytest

from kit import lab
from kit.engines import weights
from kit.lessons import lesson

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]


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
    playwright = pytest.importorskip("playwright.sync_api")
    if not CHROMIUM:
        pytest.skip("No Chromium on this machine: install the package `chromium`.")
    if not weights.locate("qwen2.5-coder-0.5b"):
        pytest.skip("The small model is not here: kit models pull small.")
    monkeypatch.setenv("KIT_LIVE", "auto")
    running = lab.start(notebook, 8890, root=notebook.parent.parent)
    try:
        with playwright.sync_playwright() as player:
            browser = player.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
            page = browser.new_page(viewport={"width": 1280, "height": 1400})
            page.goto(running.url)
            page.wait_for_selector(".jp-NotebookPanel .jp-Cell", timeout=90_000)
            wait_until_connected(page, running.url)
            yield page
            browser.close()
    finally:
        running.stop()


def wait_until_connected(page, url) -> None:
    """Wait until the notebook's kernel is idle and the page talks to it."""
    server, token = url.partition("/lab/tree/")[0], url.partition("token=")[2]
    until = time.monotonic() + 60
    while time.monotonic() < until:
        kernels = page.request.get(f"{server}/api/kernels?token={token}").json()
        if any(kernel["connections"] and kernel["execution_state"] == "idle" for kernel in kernels):
            return
        time.sleep(0.5)


def run_all(page, notebook, attempts=8) -> None:
    """Choose Run All Cells from the menu, again if JupyterLab dropped it while it was still connecting."""
    for _ in range(attempts):
        page.click(".lm-MenuBar-item:has-text('Run')")
        page.click(".lm-Menu-itemLabel:text-is('Run All Cells')")
        for _ in range(10):
            if saved(page, notebook)[0].execution_count:
                return
    raise AssertionError(f"JupyterLab ran nothing in {attempts} attempts.")


def saved(page, notebook) -> list:
    """Save with the keyboard, as a learner does, and return the code cells on disk."""
    page.keyboard.press("Control+s")
    time.sleep(1)
    return [cell for cell in nbformat.read(notebook, as_version=4).cells if cell.cell_type == "code"]


def wait_for(page, notebook, done, patience_seconds=90) -> list:
    """Return the saved code cells once `done(cells)` holds."""
    until = time.monotonic() + patience_seconds
    while not done(cells := saved(page, notebook)):
        assert time.monotonic() < until, [cell.outputs for cell in cells]
    return cells


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
