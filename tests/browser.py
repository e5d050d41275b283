"""A notebook as a learner meets it: JupyterLab in a headless Chromium."""

from __future__ import annotations

import re
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import nbformat
import pytest

from kit.workshop import lab

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]


@contextmanager
def chromium() -> Iterator:
    """Yield a headless Chromium, or skip the test with what to install."""
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright: uv sync")
    if not CHROMIUM:
        pytest.skip("No Chromium on this machine: install the package `chromium`.")
    with playwright.sync_playwright() as player:
        browser = player.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        yield browser
        browser.close()


@contextmanager
def opened(notebook, root, height=1400) -> Iterator:
    """Yield a page that shows the notebook, its kernel connected."""
    with Desk(root) as desk:
        yield desk.open(notebook, height)


class Desk:
    """JupyterLab over a folder, and a browser: both start with the first notebook that is opened.

    JupyterLab keeps its settings in the folder, and has the environment of the test that starts it.
    """

    def __init__(self, root):
        self.root, self.running, self.closing = root, None, ExitStack()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.closing.close()

    def open(self, notebook, height=1400):
        """Return a page that shows a notebook alone, its kernel connected."""
        first = self.running is None
        if first:
            self._start(notebook)
        page = self.browser.new_page(viewport={"width": 1280, "height": height})
        url = self.running.url if first else self._in_a_workspace_of_its_own(notebook)
        show(page, url)
        wait_until_connected(page, url)
        return page

    def _in_a_workspace_of_its_own(self, notebook):
        """Return an address under which JupyterLab does not open the notebooks of before again."""
        place = notebook.relative_to(self.root).as_posix()
        server, _, token = re.split(r"/lab/tree/|\?", self.running.url)
        return f"{server}/lab/workspaces/{re.sub('[^a-z0-9]', '-', place)}/tree/{place}?{token}"

    def _start(self, notebook):
        self.browser = self.closing.enter_context(chromium())
        with pytest.MonkeyPatch.context() as patch:
            for kind in ("SETTINGS", "WORKSPACES"):
                patch.setenv(f"JUPYTERLAB_{kind}_DIR", str(self.root / ".jupyterlab" / kind.lower()))
            self.running = lab.start(notebook, _free_port(), root=self.root)
        self.closing.callback(self.running.stop)


def _free_port() -> int:
    """Return a port that no test in another process is about to take."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def show(page, url, attempts=3) -> None:
    """Open the notebook; load the page again if it shows no cell, as it may on a busy machine."""
    from playwright.sync_api import TimeoutError as Late

    for attempt in range(1, attempts + 1):
        page.goto(url)
        try:
            page.wait_for_selector(".jp-NotebookPanel .jp-Cell", timeout=60_000)
            return
        except Late:
            if attempt == attempts:
                raise


def wait_until_connected(page, url) -> None:
    """Wait until the notebook's kernel is idle and the page talks to it."""
    server, token = url.partition("/lab/")[0], url.partition("token=")[2]
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
    while not notebook.read_text(encoding="utf-8"):  # Jupyter empties the file before it writes
        time.sleep(0.1)
    return [cell for cell in nbformat.read(notebook, as_version=4).cells if cell.cell_type == "code"]


def wait_for(page, notebook, done, patience_seconds=90) -> list:
    """Return the saved code cells once `done(cells)` holds."""
    until = time.monotonic() + patience_seconds
    while not done(cells := saved(page, notebook)):
        assert time.monotonic() < until, [cell.outputs for cell in cells]
    return cells


def choose_theme(page, name) -> None:
    """Choose a theme from the Settings menu, e.g. "JupyterLab Dark"."""
    page.click(".lm-MenuBar-item:has-text('Settings')")
    page.hover(".lm-Menu-itemLabel:text-is('Theme')")
    page.click(f".lm-Menu-itemLabel:text-is('{name}')")
    light = str("Dark" not in name).lower()
    page.wait_for_selector(f"body[data-jp-theme-light='{light}']", state="attached")
    page.wait_for_selector("#jupyterlab-splash", state="detached")
