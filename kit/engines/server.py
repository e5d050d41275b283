"""Server: an engine behind OpenAI's chat protocol, on loopback, where no provider can be reached.

    with Server(lm.engine, lm.model, key="sk-mine") as server:
        dspy.LM("openai/local", api_base=server.url, api_key="sk-mine")

Whatever the engine answers goes over HTTP as llama.cpp, vLLM or LM Studio would send it; recorded replies are
marked as such. What was asked and answered is kept, so that callers which count differently can be compared.
Left out: streams, tools, images.
"""

from __future__ import annotations

import contextlib
import hmac
import itertools
import json
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from typing import Any

import dspy
from dspy.lm15 import LM15Error, Request, Response, request_from_openai_chat

from kit.engines.listening import Listener
from kit.redaction import hide

LONGEST = 4_000_000
"""The longest request that is read, in bytes."""
_PATH = "/v1/chat/completions"
_COUNT = itertools.count(1)


class Server(Listener):
    """Answer POST /v1/chat/completions until the `with` ends.

    Args:
        engine: Any engine of DSPy's contract, e.g. `kit.lm("small").engine`.
        model: The model's name, as the engine is to see it.
        key: What callers must send as their API key.

    Attributes:
        answered: (request, response) of each call that the engine answered, in order.
    """

    def __init__(self, engine: Any, model: str, key: str) -> None:
        super().__init__(Handler)
        self.engine, self.model, self.key = engine, model, key
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


class Handler(BaseHTTPRequestHandler):
    """Speak OpenAI's protocol for a server that has a `key` and can `complete` a request."""

    def do_POST(self) -> None:
        """Answer one request; what the engine refuses comes back as OpenAI's error object."""
        length = int(self.headers.get("Content-Length", 0))
        if length > LONGEST:
            return self._send(413, _error(f"{length:,} bytes; at most {LONGEST:,}.", "invalid_request_error"))
        body = self.rfile.read(length)
        if not self._knows_key():
            return self._send(401, _error("Wrong or missing API key.", "authentication_error"))
        if self.path != _PATH:
            return self._send(404, _error(f"There is only {_PATH}.", "not_found_error"))
        return self._send(*_answer(self.server, body))

    def _knows_key(self) -> bool:
        sent = self.headers.get("Authorization", "")
        return hmac.compare_digest(sent.encode(), f"Bearer {self.server.key}".encode())

    def log_message(self, *args: object) -> None:
        """Say nothing: a notebook shows replies, not a server's log."""

    def _send(self, status: int, reply: dict[str, Any]) -> None:
        content = json.dumps(reply).encode()
        with contextlib.suppress(ConnectionError):  # a caller that has gone wants no answer
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)


def _answer(server: Any, body: bytes) -> tuple[int, dict[str, Any]]:
    try:
        response = server.complete(request_from_openai_chat(json.loads(body)))
    except (dspy.LMError, LM15Error, TypeError, ValueError) as error:
        return 400, _error(hide(str(error)), "invalid_request_error")
    return 200, _completion(f"chatcmpl-{next(_COUNT)}", response)


def _completion(name: str, response: Response) -> dict[str, Any]:
    usage = response.usage
    message = {"role": "assistant", "content": response.message.text}
    return {
        "id": name,
        "object": "chat.completion",
        "model": response.model,
        "choices": [{"index": 0, "message": message, "finish_reason": response.finish_reason}],
        "usage": {
            "prompt_tokens": usage.input_tokens,
            "completion_tokens": usage.output_tokens,
            "total_tokens": usage.input_tokens + usage.output_tokens,
        },
        **(response.provider_data or {}),
    }


def _error(message: str, kind: str) -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "code": None}}
