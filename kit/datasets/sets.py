"""The real data sets: which there are, of which files they consist, and where they lie on this machine.

    sets.spec("facility").files[0].path

What a set holds and under which licence is said on its page, `data/real/NAME.md`.
"""

from __future__ import annotations

import csv
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import platformdirs


@dataclass(frozen=True)
class File:
    """A file of a set, as it lies on this machine; without `url`, only a mirror has it."""

    path: str
    bytes: int
    sha256: str
    url: str


@dataclass(frozen=True)
class DataSet:
    """A real data set; `mirror` is its folder in a mirror, `edgar` says that it comes from EDGAR."""

    name: str
    what: str
    licence: str
    source: str
    mirror: str
    files: tuple[File, ...]
    edgar: bool = False

    @property
    def bytes(self) -> int:
        """Size of all its files."""
        return sum(file.bytes for file in self.files)


def names() -> list[str]:
    """Return the names of all sets."""
    return sorted(_table())


def spec(name: str) -> DataSet:
    """Look up a set; a ValueError lists the valid names.

    >>> spec("facility").licence
    'MIT'
    """
    if name not in names():
        raise ValueError(f"Unknown data set {name!r}. Valid names: {', '.join(names())}.")
    return DataSet(name=name, files=_files(name), **_table()[name])


def folder(name: str) -> Path:
    """Return the folder where a set lies, or will."""
    return platformdirs.user_cache_path("dspy-workshop-kit") / "data" / name


@cache
def _table() -> dict[str, dict[str, Any]]:
    return tomllib.loads(Path(__file__).with_name("sets.toml").read_text(encoding="utf-8"))


@cache
def _files(name: str) -> tuple[File, ...]:
    with Path(__file__).with_name(f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return tuple(File(**row | {"bytes": int(row["bytes"])}) for row in csv.DictReader(file))
