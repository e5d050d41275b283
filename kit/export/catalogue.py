"""Catalogue: which case studies can leave, as kit/export/skeleton/cases declares them.

A folder there holds project.toml, task.py (the programs, the rows and the score), served.py (what dspy-cli
serves), score.txt (the table that its evaluation prints) and, where an optimizer found one, state.json. The
prototype is kit/cases/NAME.py, or the folder kit/cases/NAME. One that is composed of others names them
(`composed_of`), may take kit/documents along (`reads_files`), and names modules to leave out (`leave_out`).
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PROJECTS = Path("kit", "export", "skeleton", "cases")


@dataclass(frozen=True)
class Case:
    """A case study that can be exported; `declared` is its project.toml, `root` the kit's own folder."""

    name: str
    declared: dict[str, Any]
    root: Path = ROOT

    @property
    def about(self) -> str:
        """What it does, in one line."""
        return self.declared["about"]

    @property
    def package(self) -> str:
        """The package's name, if nobody asks for another: a package cannot hold a module of its own name."""
        return self.declared.get("package", self.name)

    @property
    def place(self) -> Path:
        """The folder that declares it."""
        return self.root / PROJECTS / self.name

    @property
    def score(self) -> str:
        """The score of the last program in its table, as its evaluation prints it."""
        names, scores = (self.place / "score.txt").read_text(encoding="utf-8").splitlines()[:2]
        return f"{_last(names)}: {_last(scores)}"

    @cached_property
    def sources(self) -> dict[str, Path]:
        """The prototype's own files, by their place in the package."""
        files = _files_of(self.root / "kit" / "cases" / self.name)
        return {place: path for place, path in files.items() if path.stem not in self.left_out}

    @property
    def left_out(self) -> list[str]:
        """The modules that stay behind, and whose names its __init__.py then does not have."""
        return self.declared.get("leave_out", [])

    @cached_property
    def others(self) -> dict[str, Path]:
        """The files of the prototypes that it is composed of, and of what reads files for it."""
        cases = self.root / "kit" / "cases"
        folders = [cases / name for name in self.declared.get("composed_of", [])]
        folders += [self.root / "kit" / "documents"] if self.declared.get("reads_files") else []
        places = {}
        for folder in folders:
            inside = "" if folder.with_suffix(".py").exists() else f"{folder.name}/"
            places |= {f"{inside}{place}": path for place, path in _files_of(folder).items()}
        return places

    @property
    def extras(self) -> dict[str, Path]:
        """What the export adds to the package: the task, the module to serve, and an optimized state."""
        names = {"task.py": "task.py", "modules/served.py": "served.py", "state.json": "state.json"}
        places = {place: self.place / name for place, name in names.items()}
        return {place: path for place, path in places.items() if path.exists()}


def _files_of(folder: Path) -> dict[str, Path]:
    """Return the files of a prototype, be it a module or a folder."""
    module = folder.with_suffix(".py")
    if module.exists():
        return {path.name: path for path in (module, module.with_suffix(".json")) if path.exists()}
    paths = (path for path in sorted(folder.rglob("*")) if path.suffix in (".py", ".json", ".toml", ".txt"))
    return {path.relative_to(folder).as_posix(): path for path in paths}


def _last(line: str) -> str:
    return re.split(r"\s{2,}", line)[-1]


def cases(root: Path = ROOT) -> list[Case]:
    """Return all cases that can be exported, by name.

    >>> "time_entries" in [case.name for case in cases()]
    True
    """
    declarations = sorted((root / PROJECTS).glob("*/project.toml"))
    return [
        Case(path.parent.name, tomllib.loads(path.read_text(encoding="utf-8")), root) for path in declarations
    ]


def find(name: str, root: Path = ROOT) -> Case:
    """Return the case of that name.

    Raises:
        ValueError: If there is no such case (the message lists all), or no data beside the package.
    """
    if not (root / "data").is_dir():
        raise ValueError(
            f"The data that an export takes along is not in {root}. An installed package has none: clone the "
            "repository, and run `uv run kit export` in it."
        )
    known = {case.name: case for case in cases(root)}
    if name not in known:
        raise ValueError(f"There is no case {name!r} to export. Cases: {', '.join(known)}.")
    return known[name]
