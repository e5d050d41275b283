"""RoomEngine: the offline models of a workshop's room (see kit.workshop.room), asked over its network."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import unquote, urlsplit

import dspy
from dspy.lm15 import Request, Response, response_to_events

from kit.engines.direct import reach_directly
from kit.engines.grammar import check_words, complete
from kit.engines.llama import LlamaEngine


class RoomEngine:
    """Ask, for at most `timeout` seconds, a model that a room serves; `room`: "http://TOKEN@ADDRESS:PORT"."""

    supports_function_calling = LlamaEngine.supports_function_calling
    supports_reasoning = LlamaEngine.supports_reasoning
    supports_response_schema = LlamaEngine.supports_response_schema
    holds_bounds = True
    supported_params = LlamaEngine.supported_params

    def __init__(self, model: str, room: str, timeout: float | None = None) -> None:
        self.model, parts = model, urlsplit(room)
        if not (parts.scheme and parts.username and parts.hostname and parts.port):
            raise ValueError(
                "KIT_ROOM does not read http://TOKEN@ADDRESS:PORT, as `kit room` prints it. Correct it, or "
                "unset it to answer on this machine."
            )
        address = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/v1"
        self._host = parts.hostname
        limit = {} if timeout is None else {"timeout": timeout}
        self.lm = dspy.LM(f"openai/{model}", api_base=address, api_key=unquote(parts.username), **limit)

    def __repr__(self) -> str:
        return f"RoomEngine({self.model!r})"

    def complete(self, request: Request) -> Response:
        """Return the room's reply, with the seconds that it took; no proxy is asked."""
        reach_directly(self._host)
        request, started = replace(complete(request), model=self.lm.model), time.perf_counter()
        with dspy.context(disable_history=True, usage_tracker=None, send_stream=None, callbacks=[]):
            response = self.lm(request, cache=False)
        if response.finish_reason == "stop":
            check_words(response.message.text or "")
        return replace(response, provider_data={"seconds": round(time.perf_counter() - started, 2)})

    def stream(self, request: Request) -> Iterator[Any]:
        """Yield the whole reply as events."""
        return response_to_events(self.complete(request))

    def dump_state(self) -> dict[str, Any]:
        """Return what rebuilds the engine on any machine; where the room is stays out."""
        return {"model": self.model}
