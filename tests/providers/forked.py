"""Forked: run a notebook's cells in IPython's shell, in a process that is forked after the imports.

A kernel for each notebook spends most of its time on importing DSPy and pandas again. Here they are imported
once, and a lesson takes the seconds of its own cells. There is no event loop that runs between cells, and
nothing is displayed; `run.py --kernel` and the tests use real kernels.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import pickle
import runpy
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

OFFLINE = Path(__file__).resolve().parents[1] / "offline"


def imports() -> None:
    """Import what nearly every lesson needs, before anything is forked."""
    for name in (
        "IPython.core.interactiveshell",
        "dspy.teleprompt",
        "pandas",
        "kit.documents.pages",
        "kit.engines.lms",
        "kit.evaluation.intervals",
    ):
        importlib.import_module(name)


def read_pictures_once(folder: Path) -> None:
    """Keep what OCR reads for the next profile: it does not depend on who answers."""
    from attachments._processors import _ocr

    folder.mkdir(parents=True, exist_ok=True)
    read = _ocr._read_lines

    def remembered(image: Any) -> Any:
        key = hashlib.sha256(f"{image.mode} {image.size} ".encode() + image.tobytes()).hexdigest()
        if not (place := folder / key).exists():
            place.write_bytes(pickle.dumps(read(image)))
        return pickle.loads(place.read_bytes())

    _ocr._read_lines = remembered


def in_child(work: Callable[[], dict[str, Any]], result: Path, log: Path) -> int:
    """Fork; let the child do the work, write its result as JSON and end. Return the child's process id."""
    if child := os.fork():
        return child
    ended = 1
    try:
        with log.open("w", encoding="utf-8") as said:
            os.dup2(said.fileno(), 1)
            os.dup2(said.fileno(), 2)
            result.write_text(json.dumps(work()), encoding="utf-8")
            ended = 0
    except BaseException:  # noqa: BLE001 - the child ends here; the parent reads the log
        traceback.print_exc()
    finally:
        os._exit(ended)


def cells(notebook: Path, environment: dict[str, str]) -> list[str]:
    """Run a notebook here, and return what its cells raised; cells that are meant to raise are left out."""
    import dspy
    from IPython.core.interactiveshell import InteractiveShell

    os.environ.update(environment)
    runpy.run_path(str(OFFLINE / "sitecustomize.py"))  # as in a kernel: nothing leaves this machine
    dspy.configure_cache(disk_cache_dir=environment["DSPY_CACHEDIR"])
    os.chdir(notebook.parent)
    sys.path.insert(0, "")  # as in a kernel: what lies beside the notebook can be imported
    shell = InteractiveShell.instance()
    found, started = [], time.monotonic()
    code = [cell for cell in _read(notebook) if cell["cell_type"] == "code"]
    for number, cell in enumerate(code, 1):
        print(
            f"{time.monotonic() - started:.0f} s: cell [{number}] of {len(code)}", file=sys.stderr, flush=True
        )
        ran = shell.run_cell("".join(cell["source"]), store_history=True)
        error = ran.error_before_exec or ran.error_in_exec
        if error is not None and "raises-exception" not in cell["metadata"].get("tags", []):
            found.append(f"cell [{number}] fails: {type(error).__name__}: {str(error)[:400]}")
    return found


def _read(notebook: Path) -> list[dict[str, Any]]:
    return json.loads(notebook.read_text(encoding="utf-8"))["cells"]
