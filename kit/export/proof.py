"""Proof: a staged project evaluated in a process of its own, which sees nothing of `kit`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_RUN = "import json, record; found = record.proof(); record.write(found); print(json.dumps(found))"


class NotProved(RuntimeError):
    """A project's own evaluation failed, so it was not written."""


@dataclass(frozen=True)
class Proof:
    """What a project printed about itself.

    `used` are the keys of the recordings that it asked for, `answer` is what its endpoint answers.
    """

    table: str
    used: list[str]
    model: str
    answer: Any
    input_tokens: int
    output_tokens: int


def prove(project: Path, package: str) -> Proof:
    """Run a project's evaluation and its endpoint's example on its recordings; both go into its README."""
    others = {name: value for name, value in os.environ.items() if not name.startswith(("MODEL", "RECORD"))}
    paths = os.pathsep.join([str(project), str(project / "src")])
    command, own = [sys.executable, "-c", _RUN], {"PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"}
    run = subprocess.run(command, cwd=project, env=others | own, capture_output=True, encoding="utf-8")
    if run.returncode:
        end = "\n".join(run.stderr.strip().splitlines()[-12:])
        raise NotProved(f"The evaluation of {package} failed, so nothing was written. It ended with:\n{end}")
    return Proof(**json.loads(run.stdout.splitlines()[-1]))
