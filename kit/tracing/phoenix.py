"""Phoenix, the trace viewer: its server started by one call, and spans sent to it.

    server = phoenix.launch()
    server.instrument()
    program(question="...")

The server runs in an environment of its own (`kit.tracing.environments`), on loopback, with telemetry off.
Its traces go when it stops; it stops with the kernel that started it. If it goes away, programs go on.
"""

from __future__ import annotations

import atexit
import html
import os
import subprocess
import tempfile
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO

import dspy
from filelock import FileLock
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from kit.engines.direct import open_directly
from kit.notices import LogLine, notice
from kit.processes import NotStarted, answers, end, free_port, wait_for
from kit.redaction import without_secrets
from kit.tracing import environments, trees
from kit.tracing.environments import NoPhoenix, Tell

PATIENCE_SECONDS = 5.0
SERVER = Path(__file__).with_name("phoenix_server.py")
SETTINGS = {
    "PHOENIX_HOST": "127.0.0.1",
    "PHOENIX_ALLOW_EXTERNAL_RESOURCES": "false",  # no fonts, pixels or downloads from elsewhere
    "PHOENIX_TELEMETRY_ENABLED": "false",
    "PHOENIX_DISABLE_AGENT_ASSISTANT": "true",
    "PHOENIX_ENABLE_MCP_SERVER": "false",
}


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

    def __enter__(self) -> Phoenix:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self.stop()

    def _repr_html_(self) -> str:
        link = f'<a href="{self.url}" target="_blank">{self.url}</a>'
        return f"<b>Phoenix</b> · {link} · project {html.escape(self.project)} · telemetry off"

    def instrument(self) -> None:
        """Send the spans of all that DSPy does from now on to this Phoenix, from a thread of its own.

        Raises:
            AlreadyInstrumented: If other code instrumented DSPy.
        """
        if self.sender is None:
            self.sender = BatchSpanProcessor(Exporter(self.url, self.project), schedule_delay_millis=500)
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


class Exporter(SpanExporter):
    """Post spans to Phoenix; after the first failure say so once, and drop the rest."""

    def __init__(self, url: str, project: str) -> None:
        self._url, self.gone = url, False
        self._headers = {"Content-Type": "application/x-protobuf", "x-project-name": project}

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Post one batch."""
        if self.gone:
            return SpanExportResult.FAILURE
        body = encode_spans(spans).SerializeToString()
        request = urllib.request.Request(f"{self._url}/v1/traces", body, self._headers)  # noqa: S310 - a local Phoenix
        try:
            open_directly(request, timeout=PATIENCE_SECONDS).close()
        except OSError as error:
            self.gone = True
            notice(f"Phoenix at {self._url} takes no more spans ({error}). The program goes on without it.")
            return SpanExportResult.FAILURE
        return SpanExportResult.SUCCESS


def launch(port: int = 6006, project: str = "workshop") -> Phoenix | None:
    """Return a running Phoenix, or None after a notice that says what is missing and how to get it.

    The environment is made if it is not here, unless KIT_LIVE is "never": then nothing is fetched.

    Args:
        port: Where to listen. A Phoenix that the kit started there is used; if anyone else listens, the next
            free port is taken.
        project: The name under which Phoenix keeps the spans.
    """
    line = LogLine("")
    try:
        if os.environ.get("KIT_LIVE") == "never" and not environments.locate():
            raise NoPhoenix("Phoenix is not installed: `kit phoenix install` makes its environment.")
        return start(port, project, tell=line.change)
    except (NoPhoenix, NotStarted) as missing:
        notice(f"{missing} All goes on without it.")
        return None


def start(
    port: int = 6006,
    project: str = "workshop",
    *,
    tell: Tell = environments.say_nothing,
    patience_seconds: float = 180,
) -> Phoenix:
    """Start Phoenix as `launch` does, or find the one that the kit started on this port.

    Raises:
        NoPhoenix: If its environment is not here and cannot be made.
        NotStarted: If the server does not come up; the message holds the end of its log.
    """
    mark = _mark(port)
    mark.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{mark}.lock"):  # two kernels may ask at the same moment: the second finds the first's
        if mark.exists() and answers(_health(port)):
            tell(f"Phoenix was running at {_url(port)}.")
            return Phoenix(_url(port), project)
        python = environments.install(lambda line: tell(f"Making Phoenix's environment: {line}"))
        chosen = free_port(port)
        process, seconds = _serve(python, chosen, tell, patience_seconds)
    taken = "" if chosen == port else f", as port {port} is taken"
    tell(f"Phoenix answered after {seconds:.0f} s at {_url(chosen)}{taken}.")
    return Phoenix(_url(chosen), project, process)


def _serve(python: Path, port: int, tell: Tell, patience_seconds: float) -> tuple[subprocess.Popen, float]:
    """Return a server that answers, and the seconds until it did; an interrupt ends it too."""
    with tempfile.TemporaryFile() as log:
        process = _process(python, port, log)
        try:
            seconds = wait_for(process, _health(port), log, patience_seconds, name="Phoenix", tell=tell)
        except BaseException:
            _end(process, patience_seconds=0)
            raise
    return process, seconds


def _process(python: Path, port: int, log: IO[bytes]) -> subprocess.Popen:
    """Begin a session of its own, out of reach of an interrupt that is meant for a cell."""
    windows = os.name == "nt"
    apart = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP} if windows else {"start_new_session": True}
    command = [str(python), "-I", str(SERVER), str(_mark(port))]
    return subprocess.Popen(
        command, env=_surroundings(port), stdin=subprocess.PIPE, stdout=log, stderr=log, **apart
    )


def _end(process: subprocess.Popen, patience_seconds: float) -> None:
    """Close the server's input, which ends it; one that hangs is killed."""
    process.stdin.close()
    end(process, patience_seconds)


def _surroundings(port: int) -> dict[str, str]:
    """Leave out others' Phoenix settings, and every secret."""
    plain = {
        name: value
        for name, value in without_secrets(os.environ).items()
        if not name.startswith(("PHOENIX_", "OTEL_"))
    }
    return plain | SETTINGS | {"PHOENIX_PORT": str(port)}


def _mark(port: int) -> Path:
    return environments.folder().parent / f"running-{port}"


def _url(port: int) -> str:
    return f"http://127.0.0.1:{port}"


def _health(port: int) -> str:
    return f"{_url(port)}/healthz"
