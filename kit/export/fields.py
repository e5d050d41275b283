"""Fields: the skeleton's files, with the package's name and a case's own words filled in.

In Python files the package is called `prototype`, so that they read and lint as Python; elsewhere $name and
other fields stand for what is filled in.
"""

from __future__ import annotations

import re
from pathlib import Path
from string import Template

SKELETON = Path(__file__).with_name("skeleton")
NAMES = {"gitignore": ".gitignore", "project.toml": "pyproject.toml"}
"""Files whose own name would mean something here already, to git and to ruff."""
LAST = "README.md"
"""Written when the score is known."""


def write(to: Path, package: str, fields: dict[str, str], extras: dict[str, Path]) -> None:
    """Write the skeleton's files, and more of the same kind, under a folder.

    Args:
        to: The folder.
        package: What `prototype` becomes, in paths and in Python.
        fields: What the other fields become.
        extras: Further files, by their place, which may name `prototype`.
    """
    places = {place: SKELETON / place for place in _skeleton()} | extras
    for place, source in places.items():
        target = to / place.replace("src/prototype/", f"src/{package}/")
        target = target.with_name(NAMES.get(target.name, target.name))
        target.parent.mkdir(parents=True, exist_ok=True)
        text = source.read_text(encoding="utf-8")
        filled = renamed(text, package) if source.suffix == ".py" else Template(text).substitute(fields)
        target.write_text(filled, encoding="utf-8")


def fill(name: str, fields: dict[str, str], to: Path) -> None:
    """Write one file of the skeleton with its fields filled in."""
    to.write_text(
        Template((SKELETON / name).read_text(encoding="utf-8")).substitute(fields), encoding="utf-8"
    )


def renamed(code: str, package: str) -> str:
    """Return Python with the package's name in place of `prototype`.

    >>> renamed("from prototype import task", "billing")
    'from billing import task'
    """
    return re.sub(r"\bprototype\b", package, code)


def listing(items: list[str]) -> str:
    r"""Return further lines of a TOML array.

    >>> listing(["attachments>=1"])
    '  "attachments>=1",\n'
    """
    return "".join(f'  "{item}",\n' for item in items)


def _skeleton() -> list[str]:
    files = (path for path in SKELETON.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return sorted(place for path in files if (place := path.relative_to(SKELETON).as_posix()) != LAST)
