"""Collector: the smallest backend for spans, in this process. It takes OTLP over HTTP and keeps it in memory.

    with Collector() as collector:
        os.environ |= collector.settings
        with otlp.sending():
            program(question="...")
    collector.trace()

Real backends answer to the same two settings: an address, and a key in a header.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from kit.display.traces import RecordedSpan, Trace, tree
from kit.engines.listening import Handler, Listener, Refusal


class Taker(Handler):
    """Take batches of spans from callers with the key."""

    server: Collector

    def do_POST(self) -> None:  # noqa: N802 - http.server looks for this name
        """Keep the spans of one batch."""
        if self.path != "/v1/traces":
            raise Refusal(404, "Spans go to /v1/traces.")
        try:
            batch = ExportTraceServiceRequest.FromString(self.body())
        except DecodeError:
            raise Refusal(400, "The body is no ExportTraceServiceRequest in protobuf.") from None
        self.server.taken.extend(_spans(batch))
        self.send(200, {})


class Collector(Listener):
    """Take spans until the `with` ends, on loopback, from those who have the key."""

    def __init__(self) -> None:
        self.key = secrets.token_urlsafe(9)
        self.taken: list[Span] = []
        super().__init__(Taker)

    @property
    def settings(self) -> dict[str, str]:
        """The two variables that send a program's spans here."""
        return {
            "OTEL_EXPORTER_OTLP_ENDPOINT": self.address,
            "OTEL_EXPORTER_OTLP_HEADERS": f"Authorization={quote(f'Bearer {self.key}')}",
        }

    def trace(self) -> Trace:
        """Return what has arrived, as `kit.trace` shows it."""
        return tree(map(_recorded, self.taken))


def _spans(batch: ExportTraceServiceRequest) -> Iterable[Span]:
    for resource in batch.resource_spans:
        for scope in resource.scope_spans:
            yield from scope.spans


def _recorded(span: Span) -> RecordedSpan:
    return RecordedSpan(
        id=span.span_id.hex(),
        parent=span.parent_span_id.hex() or None,
        name=span.name,
        start=span.start_time_unix_nano / 1e9,
        end=span.end_time_unix_nano / 1e9,
        attributes={pair.key: _value(pair.value) for pair in span.attributes},
        error=span.status.message if span.status.code == Status.STATUS_CODE_ERROR else "",
    )


def _value(value: AnyValue) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_value(item) for item in value.array_value.values]
    return getattr(value, kind) if kind else None
