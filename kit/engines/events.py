"""Put a stream of text back together, as the model wrote it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dspy import lm15
from dspy.lm15 import Request, Response


def gather(events: Iterable[Any], request: Request) -> Response:
    """Return the response that a whole stream of events makes.

    DSPy's own `materialize_response` parses a reply whose schema lists its answers, and drops the text. We
    keep the text: the model said it, it can be streamed again, and DSPy's adapters parse it all the same.
    A stream that ends without token counts has unknown ones; one that broke off is an error.
    """
    events = list(events)
    deltas = [event.delta for event in events if isinstance(event, lm15.StreamDeltaEvent)]
    whole = bool(events) and isinstance(events[-1], lm15.StreamEndEvent)
    if not whole or not all(isinstance(delta, lm15.TextDelta) for delta in deltas):
        return lm15.materialize_response(iter(events), request)
    end = events[-1]
    return Response(
        id=None,
        model=request.model,
        message=lm15.Message.assistant([lm15.TextPart("".join(delta.text for delta in deltas))]),
        finish_reason=end.finish_reason,
        usage=end.usage or lm15.Usage(),
        provider_data=end.provider_data,
    )
