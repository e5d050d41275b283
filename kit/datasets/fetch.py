"""Fetch real data sets by name, from their addresses or a local mirror, and only if every byte is right.

    fetch.get("facility") / "dataset.json"

KIT_DATA_MIRROR names a folder that is read instead of the network.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kit.datasets import edgar, sets
from kit.datasets.sets import DataSet, File

MIRROR = "KIT_DATA_MIRROR"
PATIENCE_SECONDS = 30


class BadData(OSError):
    """A file is not the one that the kit knows."""


class NoData(OSError):
    """A file is not here, or cannot be reached."""


def get(name: str, *, contact: str | None = None, progress: bool = False) -> Path:
    """Return the folder of a set, after fetching what is missing; what was fetched before is kept.

    `contact` says to EDGAR who asks, by default what KIT_EDGAR_CONTACT says.

    Raises:
        NoData, BadData: If a file cannot be reached, or is not what the kit knows.
        NoContact: If EDGAR would have to be asked without a contact.
    """
    data_set, source = sets.spec(name), mirror()
    missing = [
        file
        for file in data_set.files
        if fault(data_set, file)
        and (file.url or (source and (source / data_set.mirror / file.path).exists()))
    ]
    headers = edgar.headers(contact) if data_set.edgar and missing and source is None else {}
    for file in missing:
        with _explained(data_set, file):
            _bring(file, data_set, source, headers, progress)
    return sets.folder(name)


def mirror() -> Path | None:
    """Return the folder that KIT_DATA_MIRROR names, or None."""
    named = os.environ.get(MIRROR)
    if named and not Path(named).expanduser().is_dir():
        raise NoData(f"{MIRROR} names {named}, which is not a folder. Name one, or unset it.")
    return Path(named).expanduser().absolute() if named else None


def fault(data_set: DataSet, file: File) -> str | None:
    """Return what is wrong with a file on this machine, or None."""
    path = sets.folder(data_set.name) / file.path
    if not path.is_file():
        return "is missing"
    with path.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").hexdigest()
    return None if digest == file.sha256 else f"has sha256 {digest}, expected {file.sha256}"


def _bring(
    file: File, data_set: DataSet, source: Path | None, headers: dict[str, str], progress: bool
) -> None:
    """Fetch one file; pooch checks its hash, and puts it into its place only if it is right."""
    import pooch

    def download(url: str, to: str, asked: pooch.Pooch) -> None:
        if source:
            shutil.copyfile(source / data_set.mirror / file.path, to)
        else:
            options = {"progressbar": progress, "headers": headers, "timeout": PATIENCE_SECONDS}
            pooch.HTTPDownloader(**options)(url, to, asked)
            time.sleep(edgar.PAUSE_SECONDS if data_set.edgar else 0)
        if data_set.edgar and file.path.endswith(".xml"):
            original = Path(to).read_text(encoding="utf-8", errors="replace")
            Path(to).write_text(edgar.ownership(original), encoding="utf-8", newline="")

    pooch.get_logger().setLevel(logging.WARNING)
    registry, urls = {file.path: f"sha256:{file.sha256}"}, {file.path: file.url}
    files = pooch.create(sets.folder(data_set.name), base_url="", registry=registry, urls=urls)
    files.fetch(file.path, downloader=download)


@contextmanager
def _explained(data_set: DataSet, file: File) -> Iterator[None]:
    """Turn what the network and the disk raise into errors that name the next step."""
    import requests

    try:
        yield
    except requests.RequestException as error:
        raise NoData(
            f"{file.url} cannot be reached ({type(error).__name__}: {str(error)[:200]}). "
            f"Run `kit data get {data_set.name}` again on a network, or set {MIRROR} to a folder that has it."
        ) from error
    except ValueError as error:  # from pooch, with both hashes
        raise BadData(
            f"{file.path} of {data_set.name} is not the file that the kit knows: {error} Compare the "
            "source that kit/datasets/sets.toml names, then try again."
        ) from error
    except FileNotFoundError as error:
        lacking = f"The mirror has no {data_set.mirror}/{file.path}."
        raise NoData(f"{lacking} Unset {MIRROR} to use the network.") from error
