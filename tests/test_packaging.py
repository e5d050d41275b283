"""What pip and uv install: the same versions, with no host named."""

import re
import tomllib
from pathlib import Path

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
