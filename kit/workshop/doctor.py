"""Doctor: is this machine ready for the workshop? Each finding comes with its next step."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from kit import project
from kit.engines import models, recordings, weights
from kit.workshop import lessons


@dataclass(frozen=True)
class Finding:
    """One thing looked at. `state` is "good", "note" (works, but know it) or "bad"."""

    what: str
    state: str
    found: str
    next_step: str = ""


def findings() -> Iterator[Finding]:
    """Yield what there is to know about this machine, most basic first."""
    project.read_env_file()
    machine = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    fits, step = (3, 11) <= sys.version_info[:2] < (3, 15), "Install Python 3.11 to 3.14."
    yield Finding("Python", "good" if fits else "bad", machine, "" if fits else step)
    step = "Run `uv sync`, or `pip install -e .` in the project's folder."
    for name in ("dspy", "jupyterlab", "xllamacpp", "pydantic", "pandas"):
        try:
            yield Finding(name, "good", version(name))
        except PackageNotFoundError:
            yield Finding(name, "bad", "not installed", step)
    offline = models.table()["profiles"]["offline"]
    yield from (_weights(offline[role]["weights"]) for role in ("small", "large"))
    folder = next(path for path in [weights.folder(), *weights.folder().parents] if path.exists())
    free = shutil.disk_usage(folder).free / 1e9
    state, step = ("good", "") if free > 4 else ("note", "Fetching the large model takes 2.3 GB for a while.")
    yield Finding("disk", state, f"{free:,.1f} GB free at {folder}", step)
    yield _replies()
    for profile in models.profiles():
        name = models.table()["profiles"][profile].get("key")
        if isinstance(name, str) and name in os.environ:
            step = "" if os.environ[name].strip() else f"Set {name} in .env, or delete its line."
            state, found = ("note", "set, but empty") if step else ("good", "set (not shown)")
            yield Finding(name, state, found, step)
    yield _profile()


def _weights(name: str) -> Finding:
    try:
        path = weights.locate(name)
    except OSError as error:
        return Finding(f"model {name}", "bad", str(error), f"Run `kit models pull {name}`.")
    if path:
        return Finding(f"model {name}", "good", f"{path} (sha256 verified)")
    size = weights.spec(name).bytes / 1e6
    step = f"Lessons replay without it. For live replies: `kit models pull {name}` ({size:,.0f} MB)."
    return Finding(f"model {name}", "note", "not fetched yet", step)


def _replies() -> Finding:
    files = sorted(models.REPLIES.glob("*.jsonl"))
    count = sum(len(dict(recordings.read_quietly(path))) for path in files)
    counts = f"{count:,} replies for {len(files)} of {len(lessons.lessons())} lessons"
    step = "Restore data/replies from git (an installed package has none: clone the repository)."
    state = "good" if count else "bad" if lessons.lessons() else "note"
    return Finding("recordings", state, counts, "" if count else step)


def _profile() -> Finding:
    try:
        name = models.current_profile()
    except ValueError as error:
        return Finding("profile", "bad", str(error), "Correct KIT_PROFILE in .env or the environment.")
    lacking = models.missing_key(name)
    return Finding("profile", "bad" if lacking else "good", name, lacking or "")
