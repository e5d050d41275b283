"""Codespaces, Binder and Pages: what their files say holds in this repository."""

import json
import os
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

pytestmark = pytest.mark.quick


def test_the_container_opens_a_lesson_that_is_here():
    """A lesson that was renamed would open an empty editor."""
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8"))
    for name in container["customizations"]["codespaces"]["openFiles"]:
        assert (ROOT / name).is_file()


def test_the_containers_python_is_supported():
    """The image's Python is one that the package accepts."""
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8"))
    version = container["image"].split(":")[1].split("-")[0]
    assert PROJECT["requires-python"] == ">=3.11,<3.15"
    assert version in ("3.11", "3.12", "3.13", "3.14")


def test_binder_installs_what_is_declared():
    """The extras that Binder asks for exist, and the pins that it names are here."""
    pins, package = (ROOT / ".binder" / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert (ROOT / ".binder" / pins.removeprefix("-c ")).is_file()
    asked = package.removeprefix("-e .[").removesuffix("]").split(",")
    assert set(asked) <= set(PROJECT["optional-dependencies"])


@pytest.mark.skipif(os.name == "nt", reason="Binder's start script is for bash")
def test_binder_sends_nothing():
    """What Binder starts runs with live replies refused, and with its arguments as they were."""
    start = [str(ROOT / ".binder" / "start"), "bash", "-c", 'echo "$KIT_LIVE $1"', "-", "a b"]
    assert subprocess.run(start, capture_output=True, text=True, check=True).stdout == "never a b\n"


def test_the_site_is_built_by_the_readmes_command():
    """The workflow that publishes the site runs the command that the README gives."""
    workflow = (ROOT / ".github" / "workflows" / "site.yml").read_text(encoding="utf-8")
    assert "- run: uv run --extra site python notebooks/web_pages.py build/site\n" in workflow
    assert "path: build/site\n" in workflow
    assert "`uv run --extra site python notebooks/web_pages.py`" in (ROOT / "README.md").read_text(
        encoding="utf-8"
    )
