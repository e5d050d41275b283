"""Files: the skeleton's, with a project's own words filled in, and put in place whole or not at all.

In a Python file the package is called `prototype`, so that the file reads and lints as Python. A file that
ends in .in loses that ending, and $name and other fields in it are filled in.
"""

from __future__ import annotations

import keyword
import re
import shutil
import sys
from importlib.metadata import packages_distributions
from pathlib import Path
from string import Template

from kit.redaction import refuse

SKELETON = Path(__file__).with_name("skeleton")
EVERY, CASE, BLANK = (SKELETON / name for name in ("every", "case", "blank"))
_PACKAGES = {"dspy", "dspy_cli", "fastmcp", "numpy", "orjson", "uvicorn"}
TAKEN = frozenset({*_PACKAGES, "evaluate", "record", "serve", "src", "tests"})


class BadProject(ValueError):
    """A project may not be written there, or not under that name."""


def write(sources: dict[str, Path], to: Path, fields: dict[str, str]) -> None:
    """Write files of the skeleton, or of its kind, under a folder."""
    for place, source in sources.items():
        target = to / place.replace("src/prototype/", f"src/{fields['name']}/").removesuffix(".in")
        target.parent.mkdir(parents=True, exist_ok=True)
        text = source.read_text(encoding="utf-8")
        if source.suffix == ".in":
            text = Template(text).substitute(fields)
        elif source.suffix == ".py":
            text = re.sub(r"\bprototype\b", fields["name"], text)
        target.write_text(text, encoding="utf-8")


def every() -> dict[str, Path]:
    """Return the files that every project has, by their place; two of them are the kit's own."""
    engines = Path(__file__).parents[1] / "engines"
    return under(EVERY) | {f"src/prototype/{name}": engines / name for name in ("fitted.py", "keys.py")}


def running(words: dict[str, str]) -> str:
    """Return what every README says about models, changes and serving."""
    return Template((SKELETON / "running.md").read_text(encoding="utf-8")).substitute(words)


def under(folder: Path) -> dict[str, Path]:
    """Return the files under a folder of the skeleton, by their place."""
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(folder).as_posix(): path for path in paths}


def check_name(name: str) -> str:
    """Return a package's name; `BadProject` if it is no identifier, a keyword, or would hide something."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise BadProject(f"{name!r} cannot name a package: use lower-case letters, digits and _: 'triage'.")
    if keyword.iskeyword(name) or keyword.issoftkeyword(name):
        raise BadProject(f"{name!r} is a keyword of Python: choose another name, e.g. '{name}_desk'.")
    if name in sys.stdlib_module_names or name in TAKEN or name in packages_distributions():
        raise BadProject(f"A package {name!r} would hide the one that is there already: choose another name.")
    return name


def check_inside(package: Path) -> None:
    """See that no module of a package has its name: dspy-cli puts its folder first on the path."""
    if (name := package.name) in {path.stem for path in package.iterdir()}:
        hidden = f"The package holds a module {name!r}, which would hide the package when it is served"
        raise BadProject(f"{hidden}: choose another name, e.g. '{name}_desk'.")


def check_place(files: list[str], to: Path, *, force: bool) -> None:
    """See that files can be written under a folder, before any is; with `force` also over others."""
    if to.exists() and not to.is_dir():
        raise BadProject(f"{to} is a file; name a folder.")
    if outside := [file for file in files if not (to / file).resolve().is_relative_to(to.resolve())]:
        raise BadProject(f"{outside[0]} would lie outside of {to}; is a link in the way?")
    if (there := [file for file in files if (to / file).exists()]) and not force:
        more = f" and {len(there) - 1} more" if len(there) > 1 else ""
        ways = "Name an empty folder, or overwrite these files with --force (in Python: force=True)."
        raise BadProject(f"{to} holds {there[0]}{more} already; nothing was written. {ways}")


def put(staged: Path, to: Path) -> list[str]:
    """Copy all files of a staged project to its folder, unless one holds a secret; return their places."""
    places = [*under(staged)]
    for place in places:
        refuse((staged / place).read_bytes(), place)
    for place in places:
        (to / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(staged / place, to / place)
    return places
