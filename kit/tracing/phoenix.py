"""Phoenix, the trace viewer: its server started by one call, and spans sent to it.

    server = phoenix.launch()
    server.instrument()
    program(question="...")

uv keeps an environment for the server, whose packages (phoenix.txt) do not go with those of the notebooks. It
runs on loopback, with telemetry off. Its traces go when it stops; it stops with the kernel that started it.
"""

from __future__ import annotations

import atexit
import html
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import dspy
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from kit.engines.direct import reach_directly
from kit.notices import LogLine, notice
from kit.processes import NotStarted, answers, end, free_port, wait_for
from kit.redaction import without_secrets
from kit.tracing import trees

PATIENCE_SECONDS = 5.0
FOLDER = Path(__file__).parent
SETTINGS = {
    "PHOENIX_HOST": "127.0.0.1",
    "PHOENIX_ALLOW_EXTERNAL_RESOURCES": "false",  # no fonts, pixels or downloads from elsewhere
    "PHOENIX_TELEMETRY_ENABLED": "false",
    "PHOENIX_DISABLE_AGENT_ASSISTANT": "true",
    "PHOENIX_ENABLE_MCP_SERVER": "false",
}


class NoPhoenix(OSError):
    """Phoenix's environment is not here and cannot be made."""


@dataclass(eq=False)
class Phoenix:
    """A running Phoenix. `process` is None if it was found running; `stop()` then leaves it so."""

    url: str
    project: str
    process: subprocess.Popen | None = field(default=None, repr=False)
    sender: BatchSpanProcessor | None = field(default=None, repr=False)
    tokens: trees.Tokens = field(default_factory=trees.Tokens, repr=False)

    def __post_init__(self) -> None:
        atexit.register(self.stop)

    def _repr_html_(self) -> str:
        link = f'<a href="{self.url}" target="_blank">{self.url}</a>'
        return f"<b>Phoenix</b> · {link} · project {html.escape(self.project)} · telemetry off"

    def instrument(self) -> None:
        """Send the spans of all that DSPy does from now on to this Phoenix, from a thread of its own.

        If the server goes away, programs go on.

        Raises:
            AlreadyInstrumented: If other code instrumented DSPy.
        """
        if self.sender is None:
            reach_directly()
            headers = {"x-project-name": self.project}
            exporter = OTLPSpanExporter(f"{self.url}/v1/traces", headers=headers, timeout=PATIENCE_SECONDS)
            self.sender = BatchSpanProcessor(exporter, schedule_delay_millis=500)
            trees.listen(self.sender.on_end)
            dspy.configure(callbacks=[*dspy.settings.callbacks, self.tokens])

    def stop(self, patience_seconds: float = 10.0) -> None:
        """Send what is left and no more, and end the server if it was started here."""
        atexit.unregister(self.stop)
        if self.sender:
            trees.unlisten(self.sender.on_end)
            others = [callback for callback in dspy.settings.callbacks if callback is not self.tokens]
            dspy.configure(callbacks=others)
            self.sender.shutdown()
            self.sender = None
        if self.process:
            _end(self.process, patience_seconds)


def launch(port: int = 6006, project: str = "workshop") -> Phoenix | None:
    """Return a running Phoenix as `start` does, or None after a notice that says what is missing."""
    try:
        return start(port, project, tell=LogLine("").change)
    except (NoPhoenix, NotStarted) as missing:
        notice(f"{missing} All goes on without it.")
        return None


def start(
    port: int = 6006,
    project: str = "workshop",
    *,
    tell: Callable[[str], object] = lambda line: None,
    patience_seconds: float = 600,
) -> Phoenix:
    """Start Phoenix, or use the one that answers on this port; its environment is made if it is not here.

    Args:
        port: Where to listen. If another program listens there, the next free port is taken.
        project: The name under which Phoenix keeps the spans.
        tell: Called with each line on how far it is.
        patience_seconds: How long it may take.

    Raises:
        NoPhoenix: If there is no uv to make the environment.
        NotStarted: If the server does not come up; the message holds the end of its log.
    """
    if answers(f"http://127.0.0.1:{port}/healthz"):
        tell(f"Phoenix was running at http://127.0.0.1:{port}.")
        return Phoenix(f"http://127.0.0.1:{port}", project)
    chosen = free_port(port)
    url = f"http://127.0.0.1:{chosen}"
    with tempfile.TemporaryFile() as log:
        process = _serve(chosen, log)
        try:
            seconds = wait_for(process, f"{url}/healthz", log, patience_seconds, name="Phoenix", tell=tell)
        except BaseException:
            _end(process, patience_seconds=0)
            raise
    taken = "" if chosen == port else f", as port {port} is taken"
    tell(f"Phoenix answered after {seconds:.0f} s at {url}{taken}.")
    return Phoenix(url, project, process)


def command(*arguments: str) -> list[str]:
    """Return what runs the Python of Phoenix's environment; with KIT_LIVE=never it fetches no package.

    Raises:
        NoPhoenix: If there is no uv.
    """
    uv = os.environ.get("UV") or shutil.which("uv")
    if not uv:
        raise NoPhoenix("Phoenix needs uv, which makes an environment for it: https://docs.astral.sh/uv.")
    offline = ["--offline"] if os.environ.get("KIT_LIVE") == "never" else []
    alone = ["--no-config", "--no-project", "--isolated", f"--python={sys.executable}", *offline]
    return [uv, "run", *alone, f"--with-requirements={FOLDER / 'phoenix.txt'}", "python", "-I", *arguments]


def _serve(port: int, log: object) -> subprocess.Popen:
    """Begin a session of its own, out of reach of an interrupt that is meant for a cell.

    It gets no secret, and none of another Phoenix's settings.
    """
    apart = {"start_new_session": True}
    if os.name == "nt":
        apart = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    others = ("PHOENIX_", "OTEL_", "PYTHONPATH")
    plain = {
        name: value for name, value in without_secrets(os.environ).items() if not name.startswith(others)
    }
    settings = plain | SETTINGS | {"PHOENIX_PORT": str(port)}
    pipes = {"stdin": subprocess.PIPE, "stdout": log, "stderr": log}
    return subprocess.Popen(command(str(FOLDER / "phoenix_server.py")), env=settings, **pipes, **apart)


def _end(process: subprocess.Popen, patience_seconds: float) -> None:
    """Close the server's input, which ends it; one that hangs is killed."""
    process.stdin.close()
    end(process, patience_seconds)
