"""Say something beside a cell's output: formatted in a notebook, a log line elsewhere."""

from __future__ import annotations

import html
import logging
import sys

from kit.redaction import hide


def notice(text: str) -> None:
    """Show a line in small letters, without secrets."""
    text = hide(text)
    show(text, f"<small>{html.escape(text)}</small>")


def show(text: str, markup: str) -> None:
    """Show markup in a notebook; elsewhere log the text under "kit"."""
    ipython = sys.modules.get("IPython")
    if ipython and ipython.get_ipython():
        ipython.display.display({"text/plain": text, "text/html": markup}, raw=True)
    else:
        logging.getLogger("kit").info(text)
