"""Open the workshop in JupyterLab: this environment's own, on loopback, behind a token, without telemetry."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from kit.project import ROOT

_LOOPBACK = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # never by way of HTTP_PROXY


OUR_DEFAULTS = Path(__file__).with_name("jupyter")  # no news, no questions; the user's own settings win


class LabNotStarted(RuntimeError):
    """JupyterLab ended before it answered, or never answered."""


@dataclass
class Lab:
    """A running JupyterLab."""

    process: subprocess.Popen
    url: str
    seconds: float

    def stop(self, patience_seconds: float = 10.0) -> None:
        """End JupyterLab and its kernels; a server that hangs while it ends is killed."""
        self.process.terminate()
        try:
            self.process.wait(patience_seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def free_port(wanted: int) -> int:
    """Return the wanted port, or the next of fifty that is free.

    Raises:
        LabNotStarted: If none of them is free.
    """
    for port in range(wanted, wanted + 50):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
    raise LabNotStarted(f"Ports {wanted} to {wanted + 49} are taken. Name another: kit lab --port 9999.")


def start(notebook: Path, port: int = 8888, *, root: Path = ROOT, patience_seconds: float = 60.0) -> Lab:
    """Start JupyterLab in the background and wait until it answers.

    Args:
        notebook: What to open; a file below `root`.
        port: Where to listen; the next free one is taken if it is in use.
        root: The folder that JupyterLab shows; by default the project's.
        patience_seconds: How long to wait for the first answer.

    Raises:
        LabNotStarted: If JupyterLab does not come up; the message holds the end of its log.
        ValueError: If the notebook is elsewhere.
    """
    began = time.monotonic()
    path = notebook.relative_to(root).as_posix()
    port = free_port(port)
    token = secrets.token_urlsafe(16)
    config = os.pathsep.join(filter(None, [os.environ.get("JUPYTER_CONFIG_PATH"), str(OUR_DEFAULTS)]))
    environment = os.environ | {"JUPYTER_TOKEN": token, "JUPYTER_CONFIG_PATH": config}
    base = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(_command(port, root), cwd=root, env=environment, stdout=log, stderr=log)
        lab = Lab(process, f"{base}/lab/tree/{path}?token={token}", 0.0)
        try:
            while not _answers(f"{base}/api/status?token={token}"):  # only ours knows the token
                if process.poll() is not None or time.monotonic() - began > patience_seconds:
                    raise LabNotStarted(f"JupyterLab did not start. The end of its log:\n{_tail(log)}")
                time.sleep(0.1)
        except BaseException:  # Ctrl-C too
            lab.stop()
            raise
    lab.seconds = time.monotonic() - began
    return lab


def _command(port: int, root: Path) -> list[str]:
    options = [
        "--no-browser",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        f"--ServerApp.root_dir={root}",
        "--ServerApp.log_level=ERROR",
    ]
    as_root = ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    return [sys.executable, "-m", "jupyterlab", *options, *as_root]


def _answers(url: str) -> bool:
    try:
        with _LOOPBACK.open(url, timeout=2):
            return True
    except (urllib.error.URLError, OSError):
        return False


def _tail(log: IO[bytes]) -> str:
    log.seek(0)
    return "\n".join(log.read().decode(errors="replace").splitlines()[-5:])
