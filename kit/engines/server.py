"""Server: an engine behind OpenAI's chat protocol, on loopback, where no provider can be reached.

    with Server(lm.engine, lm.model, key="sk-mine") as server:
        dspy.LM("openai/local", api_base=server.url, api_key="sk-mine")

Whatever the engine answers goes over HTTP as llama.cpp, vLLM or LM Studio would send it, without tools or
images; recorded replies are marked. What was asked and answered is kept, to compare how callers count.
"""

from __future__ import annotations

import contextlib
import itertools
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import dspy
from dspy.lm15 import LM15Error, Request, Response, StreamDeltaEvent, StreamEndEvent, request_from_openai_chat

from kit.engines.events import gather
from kit.engines.listening import SENDS_WITHIN, Handler, Listener, checked_key, error_object

_PATH = "/v1/chat/completions"
_COUNT = itertools.count(1)


class Server(Listener):
    """Answer POST /v1/chat/completions until the `with` ends.

    Args:
        engine: Any engine of DSPy's contract, e.g. `kit.lm("small").engine`.
        model: The model's name, as the engine is to see it.
        key: What callers must send as their API key; `ValueError` if no header can hold it.

    `answered` has the (request, response) of each call that the engine answered, in order.
    """

    def __init__(self, engine: Any, model: str, key: str) -> None:
        self.engine, self.model, self.key = engine, model, checked_key(key)
        super().__init__(ChatHandler)
        self.answered: list[tuple[Request, Response]] = []

    @property
    def url(self) -> str:
        """The address that goes into `api_base`."""
        return f"{self.address}/v1"

    def complete(self, request: Request) -> Response:
        """Ask the engine, and keep what it was asked and answered."""
        request = replace(request, model=self.model)
        response = self.engine.complete(request)
        self.answered.append((request, response))
        return response

    def stream(self, request: Request) -> Iterator[Any]:
        """Yield what the engine says as it comes, and keep what it was asked and answered."""
        request, events = replace(request, model=self.model), []
        for event in self.engine.stream(request):
            events.append(event)
            yield event
        self.answered.append((request, gather(events, request)))


class ChatHandler(Handler):
    """Speak OpenAI's protocol for a server with a `key` that can `complete` or also `stream` a request."""

    def do_POST(self) -> None:  # noqa: N802
        """Answer one request; what the engine refuses comes back as OpenAI's error object."""
        if self.path != _PATH:
            return self.send_error(404, f"There is only {_PATH}.")
        status, reply = _answer(self.server, self.body())
        return self.send_parts(reply) if isinstance(reply, Iterator) else self.send(status, reply)

    def send_parts(self, parts: Iterator[dict[str, Any]]) -> None:
        """Send each part as a server-sent event as it comes; a caller that has gone gets no more."""
        self.connection.settimeout(SENDS_WITHIN)
        with contextlib.suppress(OSError), contextlib.closing(parts):
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Connection", "close")
            self.end_headers()
            for part in parts:
                self.wfile.write(b"data: " + json.dumps(part).encode() + b"\n\n")
            self.wfile.write(b"data: [DONE]\n\n")


def _answer(server: Any, body: bytes) -> tuple[int, dict[str, Any] | Iterator[dict[str, Any]]]:
    try:
        asked = json.loads(body)
        request = request_from_openai_chat(asked)
        if asked.get("stream") and hasattr(server, "stream"):
            events = server.stream(request)
            return 200, _parts(itertools.chain([next(events)], events))  # an early refusal has its status
        response = server.complete(request)
    except (dspy.LMError, LM15Error, RecursionError, TypeError, ValueError, OSError) as error:
        status = 500 if isinstance(error, OSError) else 400  # a reply that cannot be stored
        return status, error_object(status, str(error))
    message = {"role": "assistant", "content": response.message.text}
    choice = {"index": 0, "message": message, "finish_reason": response.finish_reason}
    head = {"id": f"chatcmpl-{next(_COUNT)}", "object": "chat.completion", "model": response.model}
    return 200, {**head, "choices": [choice], **_usage(response), **(response.provider_data or {})}


def _parts(events: Iterator[Any]) -> Iterator[dict[str, Any]]:
    """Yield OpenAI's chunks: the text as it comes, then why it ended and what it took."""
    name = f"chatcmpl-{next(_COUNT)}"
    for event in events:
        delta, finish, usage = {}, None, {}
        if event.type == "end":
            finish, usage = event.finish_reason, _usage(event) | (event.provider_data or {})
        elif isinstance(event, StreamDeltaEvent) and event.delta.type == "text":
            delta = {"content": event.delta.text}
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        yield {"id": name, "object": "chat.completion.chunk", "choices": [choice], **usage}


def _usage(response: Response | StreamEndEvent) -> dict[str, Any]:
    """Return the tokens as OpenAI's object; nothing, where the engine did not count them."""
    tokens = response.usage and (response.usage.input_tokens, response.usage.output_tokens)
    if not tokens or None in tokens:
        return {}
    counts = {"prompt_tokens": tokens[0], "completion_tokens": tokens[1], "total_tokens": sum(tokens)}
    return {"usage": counts}
