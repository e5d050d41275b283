"""Lessons: find the notebooks, run them in a kernel of their own, keep what they need and what they print."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kit.project import ROOT
from kit.redaction import refuse

if TYPE_CHECKING:
    from nbformat import NotebookNode

EXERCISE = re.compile(r"# Exercise (\d+\.\d+)\n")
CHECK = re.compile(r'with kit\.check\("(\d+\.\d+)"\)')
_MISSING = re.compile(r"No recorded reply.*?asks: (.*?)\. The prompt was changed", re.DOTALL)
OnCell = Callable[[str], None]
WIDGET = "application/vnd.jupyter.widget-view+json"


@dataclass(frozen=True)
class Lesson:
    """A lesson's notebook and, if it has exercises, their solutions."""

    number: str
    notebook: Path
    solution: Path | None

    @property
    def notebooks(self) -> list[Path]:
        """The notebooks that share this lesson's recordings."""
        return [path for path in (self.notebook, self.solution) if path]


class CellFailed(RuntimeError):
    """A cell of a notebook raised an error that it should not raise."""


def exercise_cells(notebook: NotebookNode, pattern: re.Pattern[str] = EXERCISE) -> dict[str, NotebookNode]:
    """Return the code cells of a notebook that begin with a pattern, by the number of their exercise."""
    code = (cell for cell in notebook.cells if cell.cell_type == "code")
    return {match[1]: cell for cell in code if (match := pattern.match(cell.source))}


def lessons(root: Path = ROOT) -> list[Lesson]:
    """Return all lessons, by number."""
    found = sorted((root / "notebooks").glob("[0-9][0-9]_*.ipynb"))
    pairs = ((path, root / "solutions" / path.name) for path in found)
    return [Lesson(path.name[:2], path, other if other.exists() else None) for path, other in pairs]


def at_least_one(root: Path = ROOT) -> list[Lesson]:
    """Return all lessons, by number; an error says where lessons are to be had if there are none."""
    if every := lessons(root):
        return every
    way = "An installed package has none: clone the repository, and run `uv run kit lab` in it."
    raise ValueError(f"There are no lessons in {root / 'notebooks'}. {way}")


def lesson(number: str, root: Path = ROOT) -> Lesson:
    """Return a lesson by its number, "04" or "4"; the error for an unknown one lists all."""
    by_number = {each.number: each for each in at_least_one(root)}
    if (padded := number.zfill(2)) not in by_number:
        raise ValueError(f"There is no lesson {number!r}. Lessons: {', '.join(by_number)}.")
    return by_number[padded]


def run(
    path: Path, environment: dict[str, str], on_cell: OnCell | None = None, *, go_on: bool = False
) -> NotebookNode:
    """Run a notebook from top to bottom in a fresh kernel and return it, outputs included.

    `on_cell` is told which cell begins; with `go_on`, a cell that fails ends nothing. On Ctrl-C the kernel is
    stopped first. `CellFailed`: a cell failed without the tag `raises-exception`, or the kernel died.
    """
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, DeadKernelError

    notebook = nbformat.read(path, as_version=4)
    code = [number for number, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    running, place = 0, f"{path.parent.name}/{path.name}, cell"

    def report(cell: NotebookNode, cell_index: int) -> None:
        nonlocal running
        if cell_index in code:
            running = code.index(cell_index) + 1
            if on_cell:
                on_cell(f"{place} {running} of {len(code)}")

    quiet, folder = ["--IPKernelApp.log_level=CRITICAL"], {"metadata": {"path": str(path.parent)}}
    options = {"timeout": None, "allow_errors": go_on, "record_timing": False, "on_cell_start": report}
    client = NotebookClient(notebook, extra_arguments=quiet, resources=folder, **options)
    try:
        return client.execute(env=os.environ | {"KIT_PROGRESS": "off"} | environment)
    except AssertionError:  # what nbclient ends with after its own SIGINT handler has stopped the kernel
        raise KeyboardInterrupt from None
    except (CellExecutionError, DeadKernelError) as error:
        died = "the kernel died; out of memory, or stopped?"
        why = died if isinstance(error, DeadKernelError) else f"{error.ename}: {error.evalue}"
        raise CellFailed(f"{place} [{running}] failed: {why}") from error


def problems(executed: NotebookNode) -> Iterator[str]:
    """Describe the cells of a run that lacked a recording, and those that failed without a tag for it."""
    for cell in executed.cells:
        for output in cell.get("outputs", []):
            shown = output.get("evalue") or output.get("text") or output.get("data", {}).get("text/plain", "")
            if missing := _MISSING.search(shown):
                yield f"cell [{cell.execution_count}] has no recording: {missing[1]}"
            elif output.output_type == "error" and "raises-exception" not in cell.metadata.get("tags", []):
                yield f"cell [{cell.execution_count}] fails: {output.ename}: {output.evalue}"


def save(notebook: NotebookNode, path: Path) -> None:
    """Write an executed notebook without what differs from machine to machine, whole or not at all.

    An output that holds a secret is refused. A made-up key may be printed if a cell's source holds it.
    """
    source = "\n".join(cell.source for cell in notebook.cells)
    for number, cell in enumerate(notebook.cells, 1):
        outputs = cell.get("outputs", [])
        refuse(json.dumps(outputs), f"{path.name}, the output of cell {number},", known=source)
        for output in outputs:
            if output.output_type == "error":
                output.traceback = [f"{output.ename}: {output.evalue}"]
            output.get("data", {}).pop(WIDGET, None)  # its id holds in one kernel only; text and HTML stay
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook.metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    write(notebook, path)


def write(notebook: NotebookNode, path: Path) -> None:
    """Write a notebook whole or not at all."""
    import nbformat

    unfinished = path.with_suffix(".tmp")
    nbformat.write(notebook, unfinished)
    os.replace(unfinished, path)
