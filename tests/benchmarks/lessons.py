"""How long nbval takes over lessons and their solutions, on recordings alone.

Target: under 180 s for lessons 00 to 02. Further arguments go to pytest.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from kit import tables
from kit.project import ROOT
from kit.workshop import lessons


def run(notebooks: list[Path], further: list[str]) -> tuple[list[list[object]], float]:
    """Run nbval once over all notebooks; return a row for each, and the seconds in all."""
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder) / "results.xml"
        options = ["--quiet", "-p", "no:cacheprovider", f"--junitxml={results}", *further]
        command = [sys.executable, "-m", "pytest", *map(str, notebooks), *options]
        started = time.perf_counter()
        subprocess.run(command, cwd=ROOT, env=os.environ | {"KIT_LIVE": "never"})
        elapsed = time.perf_counter() - started
        return [row(path, ElementTree.parse(results)) for path in notebooks], elapsed


def row(path: Path, results: ElementTree.ElementTree) -> list[object]:
    name = f"{path.parent.name}.{path.stem}"
    cells = [case for case in results.iter("testcase") if case.get("classname", "").startswith(name)]
    failed = sum(case.find("failure") is not None or case.find("error") is not None for case in cells)
    seconds = sum(float(case.get("time", 0)) for case in cells)
    return [path.relative_to(ROOT).as_posix(), len(cells), failed, f"{seconds:.1f}"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("numbers", nargs="*", metavar="NN", help="lessons, e.g. 00 01 02 (default: all)")
    options, further = parser.parse_known_args()
    chosen = [lessons.lesson(number) for number in options.numbers] or lessons.lessons()
    notebooks = [path for lesson in chosen for path in lesson.notebooks]
    if not notebooks:
        raise SystemExit("There are no lessons yet.")
    rows, elapsed = run(notebooks, further)
    print(tables.columns(["notebook", "cells", "failed", "seconds"], rows))
    print(f"in all, with pytest's own start: {elapsed:.1f} s for {len(notebooks)} notebooks")


if __name__ == "__main__":
    main()
