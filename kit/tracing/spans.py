"""Spans to a Phoenix server and back; a server that goes away costs one notice and no call of a program."""

from __future__ import annotations

import time
import urllib.request
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import dspy
import httpx
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from kit.display.traces import RecordedSpan, Trace, tree
from kit.engines.direct import open_directly
from kit.notices import notice
from kit.tracing import trees

PATIENCE_SECONDS = 5.0


class Sender:
    """Send the spans of all that DSPy does from now on, from a thread of its own.

    Raises:
        AlreadyInstrumented: If other code instrumented DSPy.
    """

    def __init__(self, url: str, project: str) -> None:
        self.sent: set[str] = set()
        self._exporter = Exporter(url, project)
        self._batches = BatchSpanProcessor(self._exporter, schedule_delay_millis=500)
        self._tokens = trees.Tokens()
        trees.listen(self._send)
        dspy.configure(callbacks=[*dspy.settings.callbacks, self._tokens])

    def flush(self) -> bool:
        """Send what has ended so far; False if Phoenix is gone."""
        self._batches.force_flush()
        return not self._exporter.gone

    def close(self) -> None:
        """Send what is left, and no more."""
        trees.unlisten(self._send)
        dspy.configure(
            callbacks=[callback for callback in dspy.settings.callbacks if callback is not self._tokens]
        )
        self._batches.shutdown()

    def _send(self, span: ReadableSpan) -> None:
        self.sent.add(f"{span.context.span_id:016x}")
        self._batches.on_end(span)


class Exporter(SpanExporter):
    """Post spans; after the first failure say so once, and drop the rest."""

    def __init__(self, url: str, project: str) -> None:
        self._url = url
        self._headers = {"Content-Type": "application/x-protobuf", "x-project-name": project}
        self.gone = False

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


def read(url: str, project: str, ids: set[str], patience_seconds: float = 20.0) -> Trace:
    """Read spans back as soon as all have arrived; those that have not by then are left out, with a notice.

    Args:
        url: Phoenix's address.
        project: The project that holds them.
        ids: Of the spans, in hexadecimal digits.
        patience_seconds: How long to wait.
    """
    until = time.monotonic() + patience_seconds
    while not (arrived := _spans(url, project, ids)).keys() >= ids and time.monotonic() < until:
        time.sleep(0.2)
    if missing := len(ids - arrived.keys()):
        notice(f"{missing} of {len(ids)} spans have not arrived at Phoenix.")
    return tree(map(_recorded, arrived.values()))


def _spans(url: str, project: str, ids: set[str]) -> dict[str, dict[str, Any]]:
    from phoenix.client import Client

    with httpx.Client(base_url=url, trust_env=False) as http:
        try:
            spans = Client(http_client=http).spans.get_spans(project_identifier=project, limit=100_000)
        except httpx.HTTPError:  # the project begins with its first span; a server that is gone has none
            return {}
    return {span["context"]["span_id"]: span for span in spans if span["context"]["span_id"] in ids}


def _recorded(span: dict[str, Any]) -> RecordedSpan:
    failed = span["status_code"] == "ERROR"
    return RecordedSpan(
        id=span["context"]["span_id"],
        parent=span["parent_id"],
        name=span["name"],
        start=_seconds(span["start_time"]),
        end=_seconds(span["end_time"]),
        attributes=span["attributes"] | {"openinference.span.kind": span["span_kind"]},
        error=span["status_message"] if failed else "",
    )


def _seconds(time_stamp: str) -> float:
    return datetime.fromisoformat(time_stamp).timestamp()
