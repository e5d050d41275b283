"""Notices appear beside a notebook's output, and in the log elsewhere."""

import json
import logging
import subprocess
import sys

from kit.notices import notice

IN_A_NOTEBOOK = """
import json
from IPython.utils.capture import capture_output
from kit.notices import notice

with capture_output() as shown:
    notice("<b>bold</b>")
print(json.dumps(shown.outputs[0].data))
"""


def test_outside_notebooks_it_is_a_log_line(caplog):
    """A script's own output stays its own."""
    with caplog.at_level(logging.INFO, "kit"):
        notice("A model answers.")
    assert caplog.messages == ["A model answers."]


def test_in_a_notebook_it_is_small_and_escaped():
    """Text and HTML are displayed, and markup in it does not run."""
    command = [sys.executable, "-m", "IPython", "--quick", "--no-banner", "-c", IN_A_NOTEBOOK]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(run.stdout) == {
        "text/plain": "<b>bold</b>",
        "text/html": '<small style="opacity:.6">&lt;b&gt;bold&lt;/b&gt;</small>',
    }
