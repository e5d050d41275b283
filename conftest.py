"""Notebooks are validated on recordings alone: no key, no network, no live model."""

import os
import re
from pathlib import Path

import pytest

collect_ignore_glob = ["kit/cases/projects/*", "kit/export/skeleton/*"]  # they run in projects of their own
NO_NETWORK = Path(__file__).parent / "tests" / "offline"
SETTINGS = re.compile(r"_API_KEY$|_API_BASE$|^LOCAL_SERVER_|^KIT_(?!MODELS$)")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Set the environment that a notebook's kernel is about to inherit; tests in Python have their own."""
    os.environ.pop("PYTHONPATH", None)
    if item.path.suffix != ".ipynb":
        return
    for name in filter(SETTINGS.search, list(os.environ)):
        del os.environ[name]
    os.environ |= {
        "KIT_PROFILE": "offline",
        "KIT_LIVE": "never",
        "KIT_PROGRESS": "off",
        "PYTHONPATH": str(NO_NETWORK),
    }
