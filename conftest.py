"""Notebooks are validated on recordings alone: no key, no network, no live model."""

import os
from pathlib import Path

HERE = Path(__file__).parent


def pytest_configure() -> None:
    """Set up the environment that every test, and every notebook's kernel, inherits."""
    for name in list(os.environ):
        if name.endswith(("_API_KEY", "_API_BASE")) or name.startswith(("KIT_", "LOCAL_SERVER_")) and name != "KIT_MODELS":
            del os.environ[name]
    refuse_network = str(HERE / "tests" / "offline")
    os.environ |= {
        "KIT_PROFILE": "offline",
        "KIT_LIVE": "never",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "PYTHONPATH": os.pathsep.join(filter(None, [refuse_network, os.environ.get("PYTHONPATH")])),
    }
