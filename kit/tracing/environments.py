"""An environment of its own for Phoenix's server, whose packages do not go with those of the notebooks.

    environments.install()

It lies in the kit's cache folder, made once for each Python and set of pins (phoenix.txt). KIT_PHOENIX may
name another environment that has `arize-phoenix`.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from pathlib import Path

import platformdirs
from filelock import FileLock

REQUIREMENTS = Path(__file__).with_name("phoenix.txt")
Tell = Callable[[str], object]


class NoPhoenix(OSError):
    """Phoenix's environment is not here and cannot be made, or is not what it should be."""


def folder() -> Path:
    """Return where the kit's own environment for Phoenix lies; it need not exist yet."""
    pins = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:8]
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return platformdirs.user_cache_path("dspy-workshop-kit") / "phoenix" / f"python{version}-{pins}"


def locate() -> Path | None:
    """Return the Python of Phoenix's environment, KIT_PHOENIX's first, or None."""
    named = os.environ.get("KIT_PHOENIX")
    if not named:
        return python if (python := _python(folder())).exists() else None
    python = _python(Path(named).expanduser().absolute())
    if not python.exists():
        raise NoPhoenix(f"KIT_PHOENIX names {named}, which is no Python environment. Name one, or unset it.")
    return python


def say_nothing(line: str) -> None:
    """Tell nobody."""


def install(tell: Tell = say_nothing) -> Path:
    """Return the Python of Phoenix's environment, after making it unless it is here.

    With uv where there is one, else with pip. What an interrupted run fetched is kept for the next one.
    `tell` is called with each line that the installer writes.
    """
    if python := locate():
        return python
    home = folder()
    home.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(home.with_name(f"{home.name}.lock")):
        return locate() or _make(home, tell)


def _make(home: Path, tell: Tell) -> Path:
    unfinished = home.with_name(f"{home.name}.unfinished")
    for command in _commands(unfinished):
        _run(command, home.parent, tell)
    return _python(unfinished.replace(home))


def _commands(place: Path) -> list[list[str]]:
    python, pins = str(_python(place)), str(REQUIREMENTS)
    if uv := os.environ.get("UV") or shutil.which("uv"):
        return [
            [uv, "venv", "--quiet", "--allow-existing", f"--python={sys.executable}", str(place)],
            [uv, "pip", "install", f"--python={python}", f"--requirements={pins}"],
        ]
    pip = [python, "-m", "pip", "--no-input", "--disable-pip-version-check"]
    return [[sys.executable, "-m", "venv", str(place)], [*pip, "install", f"--requirement={pins}"]]


def _run(command: list[str], place: Path, tell: Tell) -> None:
    """Run in `place`, outside of the project: uv would apply the project's own pins."""
    surroundings = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    text = {"text": True, "encoding": "utf-8", "errors": "replace"}
    last = deque(maxlen=6)
    with subprocess.Popen(command, cwd=place, env=surroundings, **pipes, **text) as process:
        try:
            for line in filter(None, map(str.strip, process.stdout)):
                last.append(line)
                tell(line)
        except KeyboardInterrupt:
            process.kill()
            raise
    if process.returncode != 0:
        raise NoPhoenix(_ways_on("\n".join(last)))


def _ways_on(reason: str) -> str:
    return (
        f"Phoenix's environment cannot be made:\n{reason}\n"
        "Run `kit phoenix install` again on a network; what was fetched is kept. Or set KIT_PHOENIX to an "
        "environment that has arize-phoenix."
    )


def _python(place: Path) -> Path:
    return place / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
