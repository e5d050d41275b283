"""The offline models' weights: which there are, where they lie, and whether every byte is the publisher's.

    weights.locate("qwen2.5-coder-0.5b")

A folder of yours (KIT_MODELS) is looked at first, then the kit's own. The network is never used here: what is
missing, `kit.engines.fetch` brings.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import platformdirs

from kit.engines.models import table


class BadWeights(OSError):
    """A file is not the one that its publisher released."""


class DiskFull(OSError):
    """The disk cannot hold the weights."""


class NoWeights(OSError):
    """The weights are not here, or cannot be fetched."""


@dataclass(frozen=True)
class Weights:
    """One file of weights as models.toml names it; a part's number goes where `package` says {n}."""

    name: str
    file: str
    bytes: int
    sha256: str
    licence: str
    huggingface: str | None
    package: str
    version: str
    count: int


def names() -> list[str]:
    """Return the names of all weights."""
    return sorted(_table())


def spec(name: str) -> Weights:
    """Look up what models.toml says about weights; an unknown name is refused with the valid ones.

    >>> spec("smollm2-135m").file
    'SmolLM2-135M-Instruct.Q4_1.gguf'
    """
    if name not in names():
        raise ValueError(f"Unknown weights {name!r}. Valid names: {', '.join(names())}.")
    entry: dict[str, Any] = {"huggingface": None} | _table()[name]
    return Weights(name, **entry.pop("parts"), **entry)


def folder() -> Path:
    """Return the folder where the kit keeps weights; it need not exist yet."""
    return platformdirs.user_cache_path("dspy-workshop-kit") / "models"


def locate(name: str) -> Path | None:
    """Find weights on this machine, in KIT_MODELS first; None if they are not here.

    A file is hashed once in a process, and again if its time of change differs. `NoWeights` if KIT_MODELS is
    not a folder; `BadWeights` if the file is not the one released: the kit's own copy is then removed.
    """
    known, places = spec(name), [folder()]
    if os.environ.get("KIT_MODELS"):
        yours = Path(os.environ["KIT_MODELS"]).expanduser().absolute()
        if not yours.is_dir():
            raise NoWeights(f"KIT_MODELS names {yours}, which is not a folder. Name one, or unset it.")
        places.insert(0, yours)
    path = next((path for place in places if (path := place / known.file).is_file()), None)
    return path and check(path, known)


def check(path: Path, known: Weights) -> Path:
    """Return a file if it is the right one; `BadWeights` says what is wrong with another."""
    seen = path.stat()
    if seen.st_size != known.bytes:
        fault = f"{path} has {seen.st_size:,} bytes, expected {known.bytes:,}"
    elif (digest := _sha256(path, seen.st_mtime_ns)) != known.sha256:
        fault = f"{path} has sha256 {digest}, expected {known.sha256}"
    else:
        return path
    if path.parent != folder():
        raise BadWeights(f"{fault}. It was left alone: replace it, or unset KIT_MODELS.")
    path.unlink(missing_ok=True)
    raise BadWeights(f"{fault}. It was removed: run `kit models pull {known.name}`.")


def _table() -> dict[str, dict[str, Any]]:
    return table()["weights"]


@cache
def _sha256(path: Path, changed: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
