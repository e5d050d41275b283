"""HostedEngine: any `dspy.LM` as an engine, so that replies of hosted models can be recorded too."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import dspy
from dspy.lm15 import Request, Response, response_to_events


class HostedEngine:
    """Ask the given LM; its own cache, history, stream and callbacks stay out of the way."""

    def __init__(self, lm: dspy.LM) -> None:
        self.lm = lm

    def complete(self, request: Request) -> Response:
        """Return the provider's reply, with the seconds that it took."""
        started = time.perf_counter()
        with dspy.context(disable_history=True, usage_tracker=None, send_stream=None, callbacks=[]):
            response = self.lm(request, cache=False)
        return replace(response, provider_data={"seconds": round(time.perf_counter() - started, 2)})

    def stream(self, request: Request) -> Iterator[Any]:
        """Yield the whole reply as events; it is not streamed from the provider."""
        return response_to_events(self.complete(request))
