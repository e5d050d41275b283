"""Open the workshop in JupyterLab: this environment's own, on loopback, behind a token, without telemetry."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from kit.processes import end, free_port, wait_for
from kit.project import ROOT

OURS = Path(__file__).with_name("jupyter")  # no news, no questions, tables that read; the user's settings win
LOOKS = OURS / "labextensions" / "kit-looks" / "static" / "looks.js"


@dataclass
class Lab:
    """A running JupyterLab."""

    process: subprocess.Popen
    url: str
    seconds: float

    def stop(self, patience_seconds: float = 10.0) -> None:
        """End JupyterLab and its kernels; a server that hangs while it ends is killed."""
        self.process.terminate()
        end(self.process, patience_seconds)


def start(page: Path, port: int = 8888, *, root: Path = ROOT, patience_seconds: float = 180.0) -> Lab:
    """Start JupyterLab in the background on the next free port, and wait until it answers.

    Raises:
        NotStarted: If JupyterLab does not come up; the message holds the end of its log.
        ValueError: If the page is not below `root`.
    """
    path = page.relative_to(root).as_posix()
    port = free_port(port)
    token = secrets.token_urlsafe(16)
    names = ("JUPYTER_CONFIG_PATH", "JUPYTER_PATH")
    paths = {name: os.pathsep.join(filter(None, [os.environ.get(name), str(OURS)])) for name in names}
    environment = os.environ | paths | {"JUPYTER_TOKEN": token}
    base = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(_command(port, root), cwd=root, env=environment, stdout=log, stderr=log)
        lab = Lab(process, f"{base}/lab/tree/{path}?token={token}", 0.0)
        try:
            status = f"{base}/api/status?token={token}"  # only ours knows the token
            lab.seconds = wait_for(process, status, log, patience_seconds, name="JupyterLab")
        except BaseException:  # Ctrl-C too
            lab.stop()
            raise
    return lab


def _command(port: int, root: Path) -> list[str]:
    options = ["--no-browser", f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    options += [f"--ServerApp.root_dir={root}", "--ServerApp.log_level=ERROR"]
    as_root = ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    return [sys.executable, "-m", "jupyterlab", *options, *as_root]
