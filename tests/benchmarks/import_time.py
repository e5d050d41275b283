"""What `import kit` adds to the start of Python, in fresh processes. Target: under 0.1 s."""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time

from kit import tables

PROGRAMS = {"nothing": "pass", "kit": "import kit", "kit, dspy": "import kit, dspy"}


def seconds(program: str) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", program], check=True)
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7, help="processes of each kind (default: %(default)s)")
    runs = parser.parse_args().runs
    for program in PROGRAMS.values():
        seconds(program)  # the first run reads from the disk
    rounds = [{name: seconds(program) for name, program in PROGRAMS.items()} for _ in range(runs)]
    medians = {name: statistics.median(times[name] for times in rounds) for name in PROGRAMS}
    rows = [
        [name, runs, f"{medians[name]:.3f}", f"{medians[name] - medians['nothing']:.3f}"] for name in PROGRAMS
    ]
    print(tables.columns(["import", "n", "median s", "added s"], rows))
    ratio = medians["kit"] / medians["nothing"]
    print(f"ratio kit / nothing: {ratio:.2f} (target: kit adds less than 0.1 s)")


if __name__ == "__main__":
    main()
