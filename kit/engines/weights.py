"""The offline models' weights: which there are, where they lie, and whether every byte is the publisher's.

    weights.locate("qwen2.5-coder-0.5b")

A folder of yours (KIT_MODELS) is looked at first, then the kit's own. The network is never used here: what is
missing, `kit.engines.fetch` brings.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import platformdirs


class WeightsError(OSError):
    """Weights cannot be had, or cannot be trusted."""


class BadWeights(WeightsError):
    """A file is not the one that its publisher released."""


class DiskFull(WeightsError):
    """The disk cannot hold the weights."""


class NoWeights(WeightsError):
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
    """Look up what models.toml says about weights.

    Raises:
        ValueError: If there are no weights of that name; the message lists the valid names.

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

    A file is hashed once. A stamp in `folder()` vouches for it until its size or time of change differs.

    Raises:
        ValueError: If the name is unknown.
        BadWeights: If the file is not the one released; the kit's own copy is then removed.
        WeightsError: If KIT_MODELS is not a folder.
    """
    known = spec(name)
    path = _find(known)
    return path if path is None or _is_stamped(path, known) else check(path, known)


def check(path: Path, known: Weights) -> Path:
    """Hash a file, stamp it if it is right, and return it; `BadWeights` says what is wrong with another."""
    fault = _fault(path, known)
    if fault is None:
        _write_stamp(path, known)
        return path
    if path.parent != folder():
        raise BadWeights(f"{fault}. It was left alone: replace it, or unset KIT_MODELS.")
    path.unlink(missing_ok=True)
    raise BadWeights(f"{fault}. It was removed: run `kit models pull {known.name}`.")


@cache
def _table() -> dict[str, dict[str, Any]]:
    return tomllib.loads(Path(__file__).with_name("models.toml").read_text(encoding="utf-8"))["weights"]


def _find(known: Weights) -> Path | None:
    return next((path for place in _places() if (path := place / known.file).is_file()), None)


def _places() -> list[Path]:
    if not os.environ.get("KIT_MODELS"):
        return [folder()]
    yours = Path(os.environ["KIT_MODELS"]).expanduser().absolute()
    if not yours.is_dir():
        raise WeightsError(f"KIT_MODELS names {yours}, which is not a folder. Name one, or unset it.")
    return [yours, folder()]


def _fault(path: Path, known: Weights) -> str | None:
    size = path.stat().st_size
    if size != known.bytes:
        return f"{path} has {size:,} bytes, expected {known.bytes:,}"
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return None if digest == known.sha256 else f"{path} has sha256 {digest}, expected {known.sha256}"


def _stamp_file(known: Weights) -> Path:
    return folder() / f"{known.file}.stamp"


def _stamp(path: Path, known: Weights) -> bytes:
    seen = path.stat()
    return f"{known.sha256} {seen.st_size} {seen.st_mtime_ns} {path}".encode()


def _is_stamped(path: Path, known: Weights) -> bool:
    stamp = _stamp_file(known)
    return stamp.is_file() and stamp.read_bytes() == _stamp(path, known)


def _write_stamp(path: Path, known: Weights) -> None:
    """Vouch for a file; where nothing can be written (full or read-only disk), it is hashed each time."""
    with contextlib.suppress(OSError):
        folder().mkdir(parents=True, exist_ok=True)
        _stamp_file(known).write_bytes(_stamp(path, known))
