"""Fields: the skeleton's files, with the package's name and a project's own words filled in.

In a Python file the package is called `prototype`, so that the file reads and lints as Python. A file that
ends in .in loses that ending, and $name and other fields in it are filled in.
"""

from __future__ import annotations

import re
from pathlib import Path
from string import Template

SKELETON = Path(__file__).with_name("skeleton")
EVERY, CASE, BLANK = (SKELETON / name for name in ("every", "case", "blank"))


def write(sources: dict[str, Path], to: Path, fields: dict[str, str]) -> None:
    """Write files of the skeleton, or of its kind, under a folder."""
    for place, source in sources.items():
        target = to / place.replace("src/prototype/", f"src/{fields['name']}/").removesuffix(".in")
        target.parent.mkdir(parents=True, exist_ok=True)
        text = source.read_text(encoding="utf-8")
        template = source.suffix == ".in"
        filled = Template(text).substitute(fields) if template else text
        filled = renamed(text, fields["name"]) if source.suffix == ".py" else filled
        target.write_text(filled, encoding="utf-8")


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


def renamed(code: str, package: str) -> str:
    """Return Python with the package's name in place of `prototype`.

    >>> renamed("from prototype import task", "billing")
    'from billing import task'
    """
    return re.sub(r"\bprototype\b", package, code)
