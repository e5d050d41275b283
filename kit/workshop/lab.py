"""Open the workshop in JupyterLab: this environment's own, on loopback, behind a token, without telemetry."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from kit.project import ROOT

OURS = Path(__file__).with_name("jupyter")  # no news, no questions, tables that read; the user's settings win
LOOKS = OURS / "labextensions" / "kit-looks" / "static" / "looks.js"


class NotStarted(OSError):
    """JupyterLab ended before it answered, never answered, or found no free port."""


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


def start(page: Path, port: int = 8888, *, root: Path = ROOT, patience_seconds: float = 180.0) -> Lab:
    """Start JupyterLab in the background on the next free port, and wait until it answers.

    The message of `NotStarted` holds the end of JupyterLab's log. The page must be below `root`.
    """
    path, port, token = page.relative_to(root).as_posix(), free_port(port), secrets.token_urlsafe(16)
    names, base = ("JUPYTER_CONFIG_PATH", "JUPYTER_PATH"), f"http://127.0.0.1:{port}"
    paths = {name: os.pathsep.join(filter(None, [os.environ.get(name), str(OURS)])) for name in names}
    environment = os.environ | paths | {"JUPYTER_TOKEN": token}
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(_command(port, root), cwd=root, env=environment, stdout=log, stderr=log)
        lab = Lab(process, f"{base}/lab/tree/{path}?token={token}", 0.0)
        try:
            status = f"{base}/api/status?token={token}"  # only ours knows the token
            lab.seconds = _wait_for(process, status, log, patience_seconds)
        except BaseException:  # Ctrl-C too
            lab.stop()
            raise
    return lab


def _command(port: int, root: Path) -> list[str]:
    options = ["--no-browser", f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    options += [f"--ServerApp.root_dir={root}", "--ServerApp.log_level=ERROR"]
    as_root = ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    return [sys.executable, "-m", "jupyterlab", *options, *as_root]


def free_port(first: int) -> int:
    """Return the first port, or the next of fifty that is free; `NotStarted` if none is."""
    for port in range(first, first + 50):
        with socket.socket() as asking, socket.socket() as place, contextlib.suppress(OSError):
            place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if asking.connect_ex(("127.0.0.1", port)) != 0:
                place.bind(("127.0.0.1", port))
                return port
    raise NotStarted(f"Ports {first} to {first + 49} are taken. End what listens there, then try again.")


def answers(url: str) -> bool:
    """Tell whether a page of this machine can be read; no proxy is asked."""
    import httpx

    try:
        return httpx.get(url, timeout=2, trust_env=False).is_success
    except httpx.HTTPError:
        return False


def _wait_for(process: subprocess.Popen, url: str, log: IO[bytes], patience_seconds: float) -> float:
    """Wait until the page answers, and return the seconds that it took."""
    began = time.monotonic()
    while not answers(url):
        if process.poll() is not None or time.monotonic() - began > patience_seconds:
            log.seek(0)
            last = log.read().decode(errors="replace").splitlines()[-8:]
            raise NotStarted("\n".join(["JupyterLab did not start. The end of its log:", *last]))
        time.sleep(0.1)
    return time.monotonic() - began
