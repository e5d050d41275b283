"""Say something once, quietly: small grey text in a notebook, a log line elsewhere."""

from __future__ import annotations

import html
import logging
import sys


def notice(text: str) -> None:
    """Show a line beside a notebook's output; outside notebooks log it under "kit"."""
    ipython = sys.modules.get("IPython")
    if ipython and ipython.get_ipython():
        ipython.display.display({"text/plain": text, "text/html": f"<small>{html.escape(text)}</small>"}, raw=True)
    else:
        logging.getLogger("kit").info(text)
