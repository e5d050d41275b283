"""OTLP: the spans of a program, sent to any backend that takes OpenTelemetry's protocol over HTTP.

    OTEL_EXPORTER_OTLP_ENDPOINT=https://cloud.langfuse.com/api/public/otel
    OTEL_EXPORTER_OTLP_HEADERS=Authorization=Basic%20...

    with otlp.sending():
        program(question="...")

The two variables are OpenTelemetry's own; another backend is another address. In a project without the kit,
OpenTelemetry's exporter and OpenInference's instrumentor do the same, without tokens and without hiding keys.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter

from kit.tracing.trees import listening


@contextmanager
def sending(exporter: SpanExporter | None = None) -> Iterator[None]:
    """Send what DSPy does inside the `with`; when it ends, what was not yet sent is sent.

    Spans go from a thread of their own. A backend that is not there costs log lines of OpenTelemetry and, at
    the end, its time limit (OTEL_EXPORTER_OTLP_TIMEOUT, 10 seconds); the program does not notice. Without an
    exporter, spans go to OTEL_EXPORTER_OTLP_ENDPOINT. `AlreadyInstrumented` if other code instrumented DSPy.
    """
    batches = BatchSpanProcessor(exporter or OTLPSpanExporter())
    try:
        with listening(batches.on_end):
            yield
    finally:
        batches.shutdown()
