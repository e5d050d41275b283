"""The widgets as a learner meets them: JupyterLab in a headless Chromium, clicked and looked at."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from browser import choose_theme, opened, run_all

from kit.workshop import lessons

CELLS = [
    """
import dspy
from playground import Playground
from scripted import ScriptedEngine

from kit.display.comparisons import prompts

engine = ScriptedEngine('{"summary": "A cold."}', "no JSON at all", dspy.LMError("out of order"))
dspy.configure(lm=dspy.LM("test/model", engine=engine, cache=False, num_retries=0))
summarize = dspy.Predict("note -> summary")
notes = {"cold": {"note": "A cold <b>since</b> Monday."}, "fracture": {"note": "A broken arm."}}
""",
    "Playground(summarize, notes)",
    'prompts(summarize, notes["cold"])',
    'prompts(summarize, notes["cold"]).diff("Chat", "JSON")',
]


@pytest.fixture
def notebook(tmp_path):
    """A small notebook over a scripted model, so that no weights are needed."""
    here = Path(__file__).parent
    for helper in (here / "scripted.py", here.parent / "notebooks" / "playground.py"):
        shutil.copy(helper, tmp_path)
    path = tmp_path / "widgets.ipynb"
    cells = [nbformat.v4.new_code_cell(source.strip()) for source in CELLS]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


def test_stored_outputs_compare_equal(notebook):
    """A notebook with these displays passes nbval, and each of its outputs has text to compare."""
    lessons.save(lessons.run(notebook, {}), notebook)
    outputs = [output for cell in nbformat.read(notebook, as_version=4).cells for output in cell.outputs]
    assert [sorted(output.data)[-2:] for output in outputs] == [["text/html", "text/plain"]] * 3
    nbval = [sys.executable, "-m", "pytest", "-q", "--nbval", "--nbval-current-env", "-p", "no:cacheprovider"]
    ran = subprocess.run(
        [*nbval, f"--rootdir={notebook.parent}", f"--config-file={os.devnull}", notebook.name],
        cwd=notebook.parent,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    assert "4 passed" in ran.stdout, ran.stdout + ran.stderr


@pytest.fixture
def page(notebook):
    with opened(notebook, notebook.parent) as page:
        run_all(page, notebook)
        yield page


class Widget:
    """The playground on the page: its menus by label, its panes, its button."""

    def __init__(self, page):
        texts = page.locator(".widget-html")  # the name of the one input, the reply, the prompt
        self.reply, self.prompt = texts.nth(1), texts.nth(2)
        self.button = page.locator("button.widget-button")
        self.page = page

    def choose(self, menu, option):
        self.page.locator(".widget-dropdown", has_text=menu).locator("select").select_option(option)

    def shows(self, text):
        """Wait until the prompt holds a text, be it in a part that is folded."""
        self.prompt.filter(has_text=text).wait_for()

    def send(self, expected):
        self.button.click()
        self.reply.get_by_text(expected).first.wait_for()
        self.page.locator("button.widget-button:not([disabled])").wait_for()


def test_choosing_changes_the_prompt_and_send_shows_the_reply(page, notebook):
    """Each menu changes the prompt at once; replies, bad replies and errors are all shown."""
    widget = Widget(page)
    widget.shows("[[ ## note ## ]]")
    assert "A cold <b>since</b> Monday." in widget.prompt.inner_text()

    widget.choose("adapter", "XML")
    widget.shows("<note>")
    assert "[[ ## note ## ]]" not in widget.prompt.text_content()
    widget.choose("inputs", "fracture")
    widget.shows("A broken arm.")

    widget.choose("adapter", "JSON")
    widget.shows("schema, beside the messages")
    widget.send("summary='A cold.'")
    assert "JSON · Predict · fracture: 1 reply" in widget.reply.inner_text()
    page.screenshot(path=notebook.with_name("light.png"))
    widget.send("error · AdapterParseError")
    assert "no JSON at all" in widget.reply.inner_text()
    widget.send("out of order")

    widget.choose("compare with", "BAML")
    widget.shows("BAML → JSON")
    choose_theme(page, "JupyterLab Dark")
    page.screenshot(path=notebook.with_name("dark.png"))
