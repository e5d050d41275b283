"""Files: what may be written where, and a project's files put in place whole or not at all."""

from __future__ import annotations

import keyword
import re
import shutil
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

from kit.export.fields import under
from kit.redaction import refuse

_PACKAGES = {"dspy", "dspy_cli", "fastmcp", "numpy", "orjson", "uvicorn"}
TAKEN = frozenset({*_PACKAGES, "evaluate", "record", "serve", "src", "tests"})


class BadProject(ValueError):
    """A project may not be written there, or not under that name."""


def check_name(name: str) -> str:
    """Return a package's name; `BadProject` if it is no identifier, a keyword, or would hide something.

    >>> check_name("time_entries")
    'time_entries'
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        way = "use lower-case letters, digits and _, e.g. 'triage'"
        raise BadProject(f"{name!r} cannot name a package: {way}.")
    if keyword.iskeyword(name) or keyword.issoftkeyword(name):
        raise BadProject(f"{name!r} is a keyword of Python: choose another name, e.g. '{name}_desk'.")
    if name in sys.stdlib_module_names or name in TAKEN or name in packages_distributions():
        raise BadProject(f"A package {name!r} would hide the one that is there already: choose another name.")
    return name


def check_inside(package: Path) -> None:
    """See that no module of a package has its name: dspy-cli puts its folder first on the path."""
    name = package.name
    if name in {path.stem for path in package.iterdir()}:
        hidden = f"The package holds a module {name!r}, which would hide the package when it is served"
        raise BadProject(f"{hidden}: choose another name, e.g. '{name}_desk'.")


def check_place(files: list[str], to: Path, *, force: bool) -> None:
    """See that files can be written under a folder, before any is; with `force` also over others."""
    if to.exists() and not to.is_dir():
        raise BadProject(f"{to} is a file; name a folder.")
    outside = [file for file in files if not (to / file).resolve().is_relative_to(to.resolve())]
    if outside:
        raise BadProject(f"{outside[0]} would lie outside of {to}; is a link in the way?")
    there = [file for file in files if (to / file).exists()]
    if there and not force:
        more = f" and {len(there) - 1} more" if len(there) > 1 else ""
        raise BadProject(
            f"{to} holds {there[0]}{more} already; nothing was written. Name an empty folder, or overwrite "
            "these files with --force (in Python: force=True)."
        )


def put(staged: Path, to: Path) -> list[str]:
    """Copy all files of a staged project to its folder, unless one holds a secret; return their places."""
    places = [*under(staged)]
    for place in places:
        refuse((staged / place).read_bytes(), place)
    for place in places:
        (to / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(staged / place, to / place)
    return places
