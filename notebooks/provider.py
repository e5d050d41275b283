"""A provider that fails on demand: an OpenAI-compatible server on this machine.

    with Provider(kit.lm("small", profile="offline")) as provider:
        lm = dspy.LM("openai/local", api_base=provider.url, api_key=provider.key)
        provider.fails("rate limit", "server error")    # the next two requests fail, the third is answered

The statuses, codes and messages are those that OpenAI documents (https://platform.openai.com/docs/guides/error-codes).
"""

import json
import time
from typing import Any

import dspy

from kit.engines.server import ChatHandler, Server

FAULTS = {
    "wrong key": (401, "invalid_api_key", "Incorrect API key provided."),
    "no credit": (
        429,
        "insufficient_quota",
        "You exceeded your current quota, please check your plan and billing.",
    ),
    "rate limit": (429, "rate_limit_exceeded", "Rate limit reached for requests. Please try again in 1s."),
    "too long": (400, "context_length_exceeded", "This model's maximum context length is 128000 tokens."),
    "unknown model": (404, "model_not_found", "The model does not exist or you do not have access to it."),
    "temperature": (
        400,
        "unsupported_value",
        "Unsupported value: 'temperature' does not support 0 with this model. "
        "Only the default (1) value is supported.",
    ),
    "server error": (500, "server_error", "The server had an error while processing your request."),
    "overloaded": (503, "overloaded", "The engine is currently overloaded, please try again later."),
}

_THINKING = ("reasoning_effort", "thinking")


class Provider(Server):
    """Answer as an engine does, after the faults that were asked for.

    Args:
        lm: Whose engine answers.
        seconds: How long each answer takes at least.

    Attributes:
        statuses: The HTTP status of each request so far, in order; 0 for a connection that was cut.
        thoughts: What to send beside each answer, as a model does that thinks first; empty for none.
    """

    thoughts = ""

    def __init__(self, lm: dspy.LM, seconds: float = 0.0) -> None:
        super().__init__(lm.engine, lm.model, "sk-workshop")
        self.RequestHandlerClass = _Handler
        self.seconds = seconds
        self.statuses: list[int] = []
        self.faults: list[str] = []

    def fails(self, *faults: str) -> None:
        """Forget what was asked before, and let the next requests fail: keys of FAULTS, "cut" or "slow"."""
        self.faults, self.statuses = list(faults), []


class _Handler(ChatHandler):
    def do_POST(self) -> None:  # noqa: N802
        fault = self.server.faults.pop(0) if self.server.faults else ""
        time.sleep(5.0 if fault == "slow" else self.server.seconds)
        if fault == "cut":
            self.server.statuses.append(0)
            return self.connection.close()
        if fault in FAULTS:
            status, code, message = FAULTS[fault]
            self.body()
            return self.send(
                status, {"error": {"message": message, "type": code, "code": code, "param": None}}
            )
        return super().do_POST()

    def body(self) -> bytes:
        """Take out how much the model is to think: the one behind this server does not."""
        asked = super().body()
        if not self.server.thoughts:
            return asked
        return json.dumps(
            {name: value for name, value in json.loads(asked).items() if name not in _THINKING}
        ).encode()

    def send(self, status: int, reply: dict[str, Any]) -> None:
        self.server.statuses.append(status)
        if self.server.thoughts and status == 200:
            reply["choices"][0]["message"]["reasoning_content"] = self.server.thoughts
        super().send(status, reply)

    def end_headers(self) -> None:
        if self.server.statuses[-1:] == [429]:
            self.send_header("Retry-After", "1")
        super().end_headers()
