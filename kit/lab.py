"""Open the workshop in JupyterLab: this environment's own, on loopback, behind a token, without telemetry."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from kit.engines.models import ROOT


class NotStarted(RuntimeError):
    """JupyterLab ended before it answered, or never answered."""


@dataclass
class Lab:
    """A running JupyterLab."""

    process: subprocess.Popen
    url: str
    seconds: float


def free_port(wanted: int) -> int:
    """Return the wanted port, or the next of fifty that is free.

    Raises:
        NotStarted: If none of them is free.
    """
    for port in range(wanted, wanted + 50):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
    raise NotStarted(f"Ports {wanted} to {wanted + 49} are taken. Name another: kit lab --port 9999.")


def start(notebook: Path, port: int = 8888, *, patience_seconds: float = 60.0) -> Lab:
    """Start JupyterLab in the background and wait until it answers.

    Args:
        notebook: What to open; a file below the project's folder.
        port: Where to listen; the next free one is taken if it is in use.
        patience_seconds: How long to wait for the first answer.

    Raises:
        NotStarted: If JupyterLab does not come up; the message holds the end of its log.
    """
    began = time.monotonic()
    port = free_port(port)
    token = secrets.token_urlsafe(16)
    process = subprocess.Popen(
        _command(port), cwd=ROOT, env=os.environ | {"JUPYTER_TOKEN": token}, stderr=subprocess.PIPE, text=True
    )
    base = f"http://127.0.0.1:{port}"
    while not _answers(f"{base}/api?token={token}"):
        if process.poll() is not None or time.monotonic() - began > patience_seconds:
            process.kill()
            raise NotStarted(f"JupyterLab did not start. The end of its log:\n{_tail(process)}")
        time.sleep(0.1)
    path = notebook.relative_to(ROOT).as_posix()
    return Lab(process, f"{base}/lab/tree/{path}?token={token}", time.monotonic() - began)


def _command(port: int) -> list[str]:
    options = [
        "--no-browser",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        f"--ServerApp.root_dir={ROOT}",
        "--ServerApp.log_level=ERROR",
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]
    as_root = ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    return [sys.executable, "-m", "jupyterlab", *options, *as_root]


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2):
            return True
    except (urllib.error.URLError, OSError):
        return False


def _tail(process: subprocess.Popen) -> str:
    return "\n".join((process.stderr.read() if process.stderr else "").splitlines()[-5:])
