"""Server: an engine behind OpenAI's chat protocol, on loopback, where no provider can be reached.

    with Server(lm.engine, lm.model, key="sk-mine") as server:
        dspy.LM("openai/local", api_base=server.url, api_key="sk-mine")

Whatever the engine answers goes over HTTP as llama.cpp, vLLM or LM Studio would send it; recorded replies are
marked as such. What was asked and answered is kept, so that callers which count differently can be compared.
Left out: streams, tools, images.
"""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from typing import Any

import dspy
from dspy.lm15 import LM15Error, Request, Response, request_from_openai_chat

from kit.engines.listening import Handler, Listener, checked_key, error_object

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


class ChatHandler(Handler):
    """Speak OpenAI's protocol for a server that has a `key` and can `complete` a request."""

    def do_POST(self) -> None:  # noqa: N802
        """Answer one request; what the engine refuses comes back as OpenAI's error object."""
        if self.path != _PATH:
            return self.send_error(404, f"There is only {_PATH}.")
        return self.send(*_answer(self.server, self.body()))


def _answer(server: Any, body: bytes) -> tuple[int, dict[str, Any]]:
    try:
        response = server.complete(request_from_openai_chat(json.loads(body)))
    except (dspy.LMError, LM15Error, RecursionError, TypeError, ValueError) as error:
        return 400, error_object(400, str(error))
    except OSError as error:  # a reply that cannot be stored
        return 500, error_object(500, str(error))
    return 200, _completion(f"chatcmpl-{next(_COUNT)}", response)


def _completion(name: str, response: Response) -> dict[str, Any]:
    message = {"role": "assistant", "content": response.message.text}
    return {
        "id": name,
        "object": "chat.completion",
        "model": response.model,
        "choices": [{"index": 0, "message": message, "finish_reason": response.finish_reason}],
        **_usage(response),
        **(response.provider_data or {}),
    }


def _usage(response: Response) -> dict[str, Any]:
    """Return the tokens as OpenAI's object; nothing, where the engine did not count them."""
    tokens = response.usage and (response.usage.input_tokens, response.usage.output_tokens)
    if not tokens or None in tokens:
        return {}
    prompt, completion = tokens
    total = prompt + completion
    return {"usage": {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": total}}
