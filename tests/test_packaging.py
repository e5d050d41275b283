"""What pip and uv install: the same versions, with no host named."""

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def test_pip_and_uv_are_held_to_the_same_versions():
    """constraints.txt and pyproject.toml hold the same pins; .ci/pin writes both."""
    pins = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert [line for line in pins if not line.startswith("#")] == project["tool"]["uv"][
        "constraint-dependencies"
    ]


def test_pins_are_names_and_versions_alone():
    """A pin names no host and no file, so it serves behind any index."""
    for pin in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()[1:]:
        assert re.fullmatch(r"[a-z0-9-]+==[^ /:]+( ; [^/:]+)?", pin), pin


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Return a folder with the kit as its wheel lays it down, and nothing beside it."""
    place = tmp_path_factory.mktemp("installed")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", place]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = place.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(place / "site")
    return place / "site"


@pytest.fixture
def kit(installed, tmp_path):
    """Return a function that runs `kit` from there, in an empty folder."""

    def kit(*words):
        command = [sys.executable, "-c", "import kit.workshop.cli; kit.workshop.cli.app()", *words]
        surroundings = os.environ | {"PYTHONPATH": str(installed), "COLUMNS": "200", "NO_COLOR": "1"}
        return subprocess.run(command, cwd=tmp_path, env=surroundings, capture_output=True, text=True)

    return kit


class TestWheel:
    """What works in a kit that was installed without its repository."""

    def test_a_new_project_is_written(self, kit, tmp_path):
        """`kit new` needs no file of the repository, and the project has its licence."""
        assert kit("new", "triage", "message -> urgency: Literal['low', 'high']").returncode == 0
        assert (tmp_path / "triage" / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()

    @pytest.mark.parametrize("words", [["lab"], ["slides"], ["progress"], ["export", "form4", "copy"]])
    def test_what_needs_the_repository_says_so(self, kit, words):
        """Lessons and data are not in the wheel; the commands that need them name the way to them."""
        answer = kit(*words)
        assert answer.returncode == 1
        assert "clone the repository" in " ".join(answer.stdout.split())
