"""Run every lesson, solution and exported project under every hosted profile, against the stand-ins.

    uv run python tests/providers/run.py                           # all of it
    uv run python tests/providers/run.py --profile openai --lesson 07 --lesson 23
    uv run python tests/providers/run.py --table                   # the table of what has been run so far

Each notebook runs to its end in a process of its own, without network; a cell that raises where it should
not is an exception. With --kernel it also gets a Jupyter kernel of its own, as a learner has it: that takes
three times as long. Results are kept in results.jsonl (--results), so that a run that was stopped goes on;
what OCR read in a picture is kept in the folder `pictures` beside it.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
OFFLINE = HERE.parent / "offline"
sys.path[:0] = [str(HERE), str(ROOT)]

import forked  # noqa: E402 - it lies beside this script

PATIENCE_SECONDS = 1200
RUN = "STAND_IN_RUN"
KINDS = {"lessons": "notebooks/", "solutions": "solutions/", "projects": ("export:", "new")}
PROFILES = ("openai", "anthropic", "google", "openrouter", "ollama", "local-server")


def main() -> None:
    """Run what the options name, and print the table."""
    options = _options()
    known = _read(options.results)
    if not options.table:
        with tempfile.TemporaryDirectory() as cache:
            os.environ["DSPY_CACHEDIR"] = cache  # read while dspy is imported
            forked.imports()
            forked.read_pictures_once(options.results.parent / "pictures")
            _run(known, options)
    print(table(known))
    for (target, profile), found in known.items():
        for text in found["exceptions"]:
            print(f"{target} · {profile}: {text}")


def one(target: str, profile: str, *, kernel: bool = True) -> dict[str, Any]:
    """Run one target under one profile and return what happened: exceptions, refusals, requests, seconds.

    Args:
        target: A notebook's place under the project's root, or "export:CASE", or "new".
        profile: Whose stand-in answers.
        kernel: Whether a notebook gets a kernel of its own, as Jupyter starts it.
    """
    from standin import StandIn

    started = time.monotonic()
    with StandIn(profile) as standin, tempfile.TemporaryDirectory() as place:
        environment = standin.environment() | {
            "DSPY_CACHEDIR": place,
            "KIT_LIVE": "yes",
            "KIT_PROGRESS": "off",
            "PYTHONDONTWRITEBYTECODE": "",  # compiling the libraries takes longer than most lessons
            "PYTHONPATH": os.pathsep.join([str(OFFLINE), str(ROOT)]),
        }
        run = _notebook if target.endswith(".ipynb") else _project
        exceptions = run(target, environment, Path(place), kernel)
        refused = sorted({message[:200] for _, message, _ in standin.refused})
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return {
            "exceptions": exceptions,
            "refused": refused,
            "requests": standin.answered,
            "seconds": round(time.monotonic() - started),
            "processor_seconds": round(sum(each.ru_utime + each.ru_stime for each in used)),
        }


def table(known: dict[tuple[str, str], dict[str, Any]]) -> str:
    """Return how often each target raised under each profile, how many were run, and the sum."""
    profiles = [profile for profile in PROFILES if any(name == profile for _, name in known)]
    rows = [["", *profiles]]
    for target in sorted({name for name, _ in known}):
        found = [known.get((target, profile)) for profile in profiles]
        rows.append([target, *("" if cell is None else _cell(cell) for cell in found)])
    for kind, start in KINDS.items():
        run = [sum(name.startswith(start) for name, by in known if by == profile) for profile in profiles]
        rows.append([f"{kind} run", *map(str, run)])
    totals = [[len(f["exceptions"]) for (_, p), f in known.items() if p == profile] for profile in profiles]
    rows.append(["exceptions", *(str(sum(total)) for total in totals)])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def _run(known: dict[tuple[str, str], dict[str, Any]], options: argparse.Namespace) -> None:
    """Run what has no result yet; keep each result as it comes."""
    for target in _targets(options):
        for profile in options.profile or PROFILES:
            if options.again or (target, profile) not in known:
                known[target, profile] = _apart(target, profile, options.kernel)
                _keep(target, profile, known[target, profile], options.results)
                print(target, profile, _cell(known[target, profile]), flush=True)


def _cell(found: dict[str, Any]) -> str:
    return str(len(found["exceptions"]))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--profile", action="append", choices=PROFILES)
    parser.add_argument(
        "--lesson", action="append", help="a lesson's number; by default all, and the projects"
    )
    parser.add_argument("--projects", action="store_true", help="the exported projects alone")
    parser.add_argument("--again", action="store_true", help="also what has a result already")
    parser.add_argument("--table", action="store_true", help="run nothing")
    parser.add_argument("--kernel", action="store_true", help="a Jupyter kernel for each notebook: slower")
    parser.add_argument("--results", type=Path, default=Path("results.jsonl"))
    return parser.parse_args()


def _targets(options: argparse.Namespace) -> list[str]:
    from kit.export import catalogue
    from kit.workshop import lessons

    wanted = [lessons.lesson(number) for number in options.lesson or []] or lessons.lessons()
    notebooks = [path.relative_to(ROOT).as_posix() for lesson in wanted for path in lesson.notebooks]
    projects = [*(f"export:{case.name}" for case in catalogue.cases()), "new"]
    if options.projects:
        return projects
    return notebooks if options.lesson else [*notebooks, *projects]


def _apart(target: str, profile: str, kernel: bool) -> dict[str, Any]:
    """Run one target in a process of its own, and end all that it started: kernels, a lesson's servers."""
    with tempfile.TemporaryDirectory() as place:
        log, result = Path(place) / "log", Path(place) / "result.json"
        os.environ[RUN] = uuid.uuid4().hex
        child = forked.in_child(lambda: one(target, profile, kernel=kernel), result, log)
        ended = _wait(child, time.monotonic() + PATIENCE_SECONDS)
        _end_all(os.environ.pop(RUN))
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
        cells = [line for line in lines if ": cell [" in line]
        if ended and result.exists():
            return json.loads(result.read_text(encoding="utf-8")) | {"cells": cells}
    where = cells[-1] if cells else "before the first cell"
    lost = f"no end within {PATIENCE_SECONDS} s" if not ended else "it died: " + "\n".join(lines)[-600:]
    found = f"{lost}; the last cell began at {where}"
    return {"exceptions": [found], "refused": [], "requests": 0, "seconds": PATIENCE_SECONDS, "cells": cells}


def _wait(child: int, until: float) -> bool:
    """Wait for a child; return whether it ended in time."""
    while not (ended := os.waitpid(child, os.WNOHANG)[0]) and time.monotonic() < until:
        time.sleep(0.2)
    if not ended:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    return bool(ended)


def _end_all(run_id: str) -> None:
    """Kill the processes that inherited a run's id; a kernel and its servers have groups of their own."""
    import psutil

    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get(RUN) == run_id:
                process.kill()


def _notebook(target: str, environment: dict[str, str], place: Path, kernel: bool) -> list[str]:
    """Run a notebook on a copy of the lessons and their data: some lessons keep what they found."""
    from kit.workshop import lessons

    for folder in ("notebooks", "solutions", "data"):
        shutil.copytree(ROOT / folder, place / folder)
    (place / "kit").symlink_to(ROOT / "kit")
    if not kernel:
        return forked.cells(place / target, environment)
    started = time.monotonic()

    def follow(cell: str) -> None:
        print(f"{time.monotonic() - started:.0f} s: {cell}", file=sys.stderr, flush=True)

    executed = lessons.run(place / target, environment, follow, go_on=True)
    return list(lessons.problems(executed))


def _project(target: str, environment: dict[str, str], place: Path, _kernel: bool) -> list[str]:
    """Write a project, as a user would, and ask its evaluation and its endpoint with MODEL set."""
    from kit import export
    from kit.engines import models

    os.environ |= {"KIT_PROFILE": "offline"}
    if target == "new":
        said = "message -> urgency: Literal['low', 'high'], why: list[str]"
        folder = export.new("triage", said, place / "out").folder
    else:
        folder = export.case(target.partition(":")[2], place / "out").folder
    [package] = [path.name for path in (folder / "src").iterdir()]
    served = f"from {package}.modules import served; from {package} import task"
    os.environ |= environment
    profile = environment["KIT_PROFILE"]
    client = models.client(profile)
    keys = {"GEMINI_API_KEY", "OPENAI_API_KEY", "ANTHROPIC_API_KEY", "OPENROUTER_API_KEY"}
    settings = {name: client["api_key"] for name in keys if "api_key" in client}
    settings |= {"MODEL": models.model("large", profile).model, "MODEL_API_BASE": client["api_base"]}
    ask = (
        f"import dspy; {served}; modules = [m for m in vars(served).values() if isinstance(m, type) and "
        "issubclass(m, dspy.Module) and m.__module__ == served.__name__]; "
        "given = getattr(task, 'EXAMPLE', None) or task.rows()[0].inputs(); print(modules[0]()(**given))"
    )
    path = os.pathsep.join([str(folder / "src"), str(folder), str(OFFLINE)])
    failed = []
    for what, command in {"evaluation": ["evaluate.py"], "endpoint": ["-c", ask]}.items():
        run = subprocess.run(
            [sys.executable, *command],
            cwd=folder,
            env={**os.environ, **settings, "PYTHONPATH": path},
            capture_output=True,
            text=True,
        )
        if run.returncode:
            failed.append(f"{what}: {run.stderr.strip()[-600:]}")
    return failed


def _read(path: Path) -> dict[tuple[str, str], dict[str, Any]]:
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return {(line.pop("target"), line.pop("profile")): line for line in map(json.loads, lines)}


def _keep(target: str, profile: str, found: dict[str, Any], path: Path) -> None:
    """Append a result, so that several runs can keep theirs in one file; of two, the later one counts."""
    with path.open("a", encoding="utf-8") as results:
        results.write(json.dumps({"target": target, "profile": profile, **found}) + "\n")


if __name__ == "__main__":
    main()
