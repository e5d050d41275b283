"""Tracing: every call of a module, adapter, model and tool as a span, and the spans as a tree; no server.

    with kit.trace() as trace:
        program(question="...")
    trace

OpenInference's DSPyInstrumentor makes the spans. What it does not know, our callback adds to the span of the
model call: tokens, the seconds that the model computed, and who answered (live, replayed or cached).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import dspy
from dspy.utils.callback import BaseCallback
from openinference.instrumentation.dspy import DSPyInstrumentor
from opentelemetry.sdk.trace import Event, ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.trace import Status, get_current_span
from wrapt import apply_patch, resolve_path

from kit.calls import usage
from kit.display.traces import RecordedSpan, Trace, tree
from kit.engines.history import entry_of
from kit.redaction import hide

_SAME = ("context", "parent", "resource", "links", "kind", "start_time", "end_time", "instrumentation_scope")


class AlreadyInstrumented(RuntimeError):
    """Other code instrumented DSPy before us."""


@contextmanager
def trace() -> Iterator[Trace]:
    """Collect what DSPy does inside the `with`; the trace is whole when it ends, by an error too.

    Everything in this process is seen. Calls that dspy.Parallel makes start trees of their own. A tool that
    raises inside ReAct puts its traceback into the next prompt, and while tracing, that has one frame more.
    `AlreadyInstrumented` if other code instrumented DSPy.
    """
    seen: list[ReadableSpan] = []
    whole = Trace()
    with listening(seen.append):
        try:
            yield whole
        finally:
            whole.roots.extend(tree(map(_recorded, seen)).roots)


@contextmanager
def listening(listener: Callable[[ReadableSpan], Any]) -> Iterator[None]:
    """Hand each span that ends to a listener, without any key that was in it.

    DSPy is instrumented only while there is a listener; `AlreadyInstrumented` if other code did it.
    """
    if not _LISTENERS.all:
        if DSPyInstrumentor().is_instrumented_by_opentelemetry:
            raise AlreadyInstrumented(
                "Other code has instrumented DSPy. Restart the kernel and leave out DSPyInstrumentor() and "
                "register(auto_instrument=True): the kit instruments DSPy by itself."
            )
        provider = TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(_LISTENERS)
        Instrumentor().instrument(tracer_provider=provider)
    _LISTENERS.all.append(listener)
    try:
        with dspy.context(callbacks=[*dspy.settings.callbacks, Tokens()]):
            yield
    finally:
        _LISTENERS.all.remove(listener)
        if not _LISTENERS.all:
            Instrumentor().uninstrument()


class Instrumentor(DSPyInstrumentor):
    """OpenInference's instrumentor, repaired in two places (0.1.48).

    It fails if anyone subclassed dspy.Predict; and as it leaves, it takes DSPy's own callbacks along.
    """

    _instance = None

    def _wrap_object(self, module: str, name: str, *args: Any, **kwargs: Any) -> None:
        if hasattr(import_module(module), name.partition(".")[0]):
            super()._wrap_object(module, name, *args, **kwargs)

    def _uninstrument(self, **kwargs: Any) -> None:
        for module, name in reversed(self._originals):
            parent, attribute, wrapper = resolve_path(import_module(module), name)
            apply_patch(parent, attribute, wrapper.__wrapped__)
        self._originals.clear()


class Tokens(BaseCallback):
    """Note tokens, seconds and who answered on the span of each model call."""

    def on_lm_end(self, call_id: str, outputs: Any, exception: Exception | None = None) -> None:
        """Copy what DSPy's history holds about the call that ends."""
        if made := entry_of(outputs):
            (call,) = usage([made]).calls
            counts = {"prompt": call.input_tokens, "completion": call.output_tokens}
            counts["total"] = sum(counts.values())
            noted = {f"llm.token_count.{name}": count for name, count in counts.items()}
            noted |= {"kit.answered_by": call.source, "kit.seconds": call.seconds}
            get_current_span().set_attributes(noted)


class _Listeners(SpanProcessor):
    """Pass on a copy of each span that ends, in which every text is free of keys."""

    def __init__(self) -> None:
        self.all: list[Callable[[ReadableSpan], Any]] = []

    def on_end(self, span: ReadableSpan) -> None:
        attributes, said = _clean(span.attributes), span.status.description
        events = [Event(event.name, _clean(event.attributes), event.timestamp) for event in span.events]
        status = Status(span.status.status_code, said and hide(said))
        same = {name: getattr(span, name) for name in _SAME}
        clean = ReadableSpan(span.name, attributes=attributes, events=events, status=status, **same)
        for listener in list(self.all):
            listener(clean)


_LISTENERS = _Listeners()


def _clean(attributes: Any) -> dict[str, Any]:
    return {name: hide(value) if isinstance(value, str) else value for name, value in attributes.items()}


def _recorded(span: ReadableSpan) -> RecordedSpan:
    number, above = (f"{each.span_id:016x}" if each else None for each in (span.context, span.parent))
    begin, end = span.start_time / 1e9, span.end_time / 1e9
    error = "" if span.status.is_ok else span.status.description or ""
    return RecordedSpan(number, above, span.name, begin, end, dict(span.attributes), error)
