"""Catalogue: which case studies can leave, as kit/export/skeleton/cases declares them.

A folder there holds project.toml, task.py (the programs, the rows and the score), served.py (what dspy-cli
serves), score.txt (the table that its evaluation prints) and, where an optimizer found one, state.json. The
prototype is kit/cases/NAME.py, or the folder kit/cases/NAME. One that is composed of others names them
(`composed_of`), may take kit/documents along (`reads_files`), and names modules to leave out (`leave_out`).
"""

from __future__ import annotations

import re
import shutil
import tomllib
from dataclasses import dataclass
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
        lines = (self.place / "score.txt").read_text(encoding="utf-8").splitlines()
        return ": ".join(re.split(r"\s{2,}", line)[-1] for line in lines[:2])

    def lay(self, inside: Path) -> None:
        """Copy the prototype, those that it is composed of, and what reads files for it into a package."""
        cases = self.root / "kit" / "cases"
        is_module = (cases / f"{self.name}.py").exists()
        _lay(cases / self.name, inside / self.name if is_module else inside)
        for name in self.declared.get("leave_out", []):
            (inside / f"{name}.py").unlink()
        for name in self.declared.get("composed_of", []):
            _lay(cases / name, inside / name)
        if self.declared.get("reads_files"):
            _lay(self.root / "kit" / "documents", inside / "documents")


def _lay(source: Path, to: Path) -> None:
    """Copy a prototype, be it a folder, or a module with its state beside it."""
    if source.is_dir():
        shutil.copytree(source, to, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
    for path in (source.with_suffix(".py"), source.with_suffix(".json")):
        if path.exists():
            shutil.copyfile(path, to.with_name(path.name))


def cases(root: Path = ROOT) -> list[Case]:
    """Return all cases that can be exported, by name."""
    declarations = sorted((root / PROJECTS).glob("*/project.toml"))
    declared = {path.parent.name: path.read_text(encoding="utf-8") for path in declarations}
    return [Case(name, tomllib.loads(text), root) for name, text in declared.items()]


def find(name: str, root: Path = ROOT) -> Case:
    """Return the case of that name; the ValueError for an unknown one lists all."""
    if not (root / "data").is_dir():
        way = "An installed package has none: clone the repository, and run `uv run kit export` in it."
        raise ValueError(f"The data that an export takes along is not in {root}. {way}")
    known = {case.name: case for case in cases(root)}
    if name not in known:
        raise ValueError(f"There is no case {name!r} to export. Cases: {', '.join(known)}.")
    return known[name]
