"""Proof: a staged project evaluated in a process of its own, which sees nothing of `kit`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_RUN = """
import importlib, json, sys
import dspy
package = importlib.import_module(sys.argv[1])
model, replay, task, served = (
    importlib.import_module(f"{sys.argv[1]}.{name}") for name in ("model", "replay", "task", "modules.served")
)
used, key_of = set(), replay.key_of

def noted(request):
    used.add(key_of(request))
    return key_of(request)

replay.key_of = noted
import evaluate
table = evaluate.table()
answer = getattr(served, sys.argv[2])()(**task.EXAMPLE)
print(json.dumps({
    "table": table,
    "used": sorted(used),
    "model": task.RECORDED_MODEL,
    "example": task.EXAMPLE,
    "answer": answer.model_dump(mode="json"),
}))
"""


class NotProved(RuntimeError):
    """A project's own evaluation failed, so it was not written."""


@dataclass(frozen=True)
class Proof:
    """What a project printed about itself.

    Attributes:
        table: The score table.
        used: Keys of the recordings that it asked for.
        model: Whose replies they are.
        example, answer: What its endpoint is asked in the README, and what it answers.
    """

    table: str
    used: list[str]
    model: str
    example: dict[str, Any]
    answer: Any


def prove(project: Path, package: str, serves: str) -> Proof:
    """Run a project's evaluation and its endpoint's example on its recordings.

    Raises:
        NotProved: If one fails; the message ends as the error did.
    """
    settings = {
        "PYTHONPATH": os.pathsep.join([str(project), str(project / "src")]),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MODEL")}
    run = subprocess.run(
        [sys.executable, "-c", _RUN, package, serves],
        cwd=project,
        env=environment | settings,
        capture_output=True,
        encoding="utf-8",
    )
    if run.returncode:
        end = "\n".join(run.stderr.strip().splitlines()[-12:])
        raise NotProved(f"The evaluation of {package} failed, so nothing was written. It ended with:\n{end}")
    return Proof(**json.loads(run.stdout.splitlines()[-1]))
