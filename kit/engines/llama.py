"""LlamaEngine: llama.cpp inside the process, behind DSPy's engine contract.

    lm = dspy.LM("offline/my-model", engine=LlamaEngine("models/my-model.gguf"))

The model is loaded at the first call. One model computes at a time in a process: threads queue, which on a
laptop is as fast as running side by side. A prompt that starts as the previous one did is not read twice.
Left out: images, a provider's own tool format, several replies at once.
"""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from dspy.lm15 import (
    ConfigurationError,
    ContextLengthError,
    InvalidRequestError,
    Request,
    Response,
    StreamDeltaEvent,
    StreamEndEvent,
    StreamStartEvent,
    TextDelta,
    TextPart,
    UnsupportedFeatureError,
    Usage,
)

from kit.engines import fetch, runtime, weights
from kit.engines.events import gather

_FINISHED = object()


class LlamaEngine:
    """Answer DSPy's requests with a GGUF model in this process.

    Args:
        model: A name from models.toml (see `kit models list`) or a path to a .gguf file.
        context: Longest prompt plus reply, in tokens.
        threads: Threads that compute; by default the machine's cores, at most 4.
        reuse_prefix: Read the shared beginning of two successive prompts once.

    Source:
        The contract is `dspy.clients.engines.base.Engine`. A request without a temperature is answered
        greedily (0.0), not at the model's own default.
    """

    supports_function_calling = False
    supports_reasoning = False
    supports_response_schema = True
    supported_params = frozenset(
        {"max_tokens", "response_format", "seed", "stop", "temperature", "top_k", "top_p"}
    )

    def __init__(
        self, model: str, *, context: int = 8192, threads: int | None = None, reuse_prefix: bool = True
    ) -> None:
        self.model = model
        self.context = context
        self.threads = threads or min(4, os.cpu_count() or 1)
        self.reuse_prefix = reuse_prefix

    def __repr__(self) -> str:
        return f"LlamaEngine({self.model!r}, context={self.context})"

    def __deepcopy__(self, memo: dict) -> LlamaEngine:
        return self

    def __getstate__(self) -> dict[str, Any]:
        """Leave the loaded model out: another process, such as a Dask worker, loads its own."""
        return {name: value for name, value in vars(self).items() if name != "runtime"}

    @cached_property
    def runtime(self) -> runtime.Runtime:
        """The loaded model, shared by every engine of this process that names the same file."""
        try:
            path = fetch.pull(self.model) if self.model in weights.names() else Path(self.model)
            if not path.is_file():
                raise FileNotFoundError(
                    f"{path} is not a file. Name a .gguf file or one of {weights.names()}."
                )
            return runtime.load(str(path.resolve()), self.context, self.threads)
        except (OSError, RuntimeError) as error:
            raise ConfigurationError(str(error)) from error

    def complete(self, request: Request) -> Response:
        """Generate one whole reply."""
        return gather(self.stream(request), request)

    def stream(self, request: Request) -> Iterator[Any]:
        """Generate one reply, a token at a time; closing the iterator stops the model.

        Raises:
            ConfigurationError: If the model's file is missing, truncated or was tampered with.
            ContextLengthError: If the prompt is longer than `context`.
            InvalidRequestError: If llama.cpp cannot turn the JSON schema into a grammar.
            UnsupportedFeatureError: If the request holds an image, audio or a document.
        """
        body = _body(request) | {"cache_prompt": self.reuse_prefix}
        finish = "stop"
        yield StreamStartEvent(model=request.model)
        for chunk in self._chunks(body):
            for choice in chunk["choices"]:
                finish = choice["finish_reason"] or finish
                if text := choice["delta"].get("content"):
                    yield StreamDeltaEvent(TextDelta(text))
            if "usage" in chunk:
                yield StreamEndEvent(finish, _usage(chunk["usage"]), self._notes(body, chunk))

    def close(self) -> None:
        """Do nothing: other engines of this process may share the loaded model."""

    def dump_state(self) -> dict[str, Any]:
        """Return the arguments that rebuild this engine; threads belong to the machine and stay out."""
        return {"model": self.model, "context": self.context, "reuse_prefix": self.reuse_prefix}

    @classmethod
    def load_state(cls, state: dict[str, Any]) -> LlamaEngine:
        """Rebuild an engine from `dump_state`."""
        return cls(**state)

    def _chunks(self, body: dict) -> Iterator[dict]:
        """Yield chunks from a thread of their own, so that Ctrl-C reaches us and never llama.cpp."""
        chunks: queue.SimpleQueue = queue.SimpleQueue()
        abandoned = threading.Event()
        loaded = self.runtime

        def generate() -> None:
            try:
                loaded.chat(body, chunks.put, abandoned)
            except (RuntimeError, ValueError) as error:
                chunks.put(InvalidRequestError(f"llama.cpp refused the request: {error}"))
            chunks.put(_FINISHED)

        threading.Thread(target=generate).start()  # a daemon, killed in llama.cpp, would abort the process
        try:
            while (chunk := chunks.get()) is not _FINISHED:
                if isinstance(chunk, InvalidRequestError):
                    raise chunk
                if "error" in chunk:
                    raise _error(chunk["error"], self)
                yield chunk
        finally:
            abandoned.set()

    def _notes(self, body: dict, chunk: dict) -> dict[str, Any]:
        tokens = [self.runtime.count_tokens(message["content"]) for message in body["messages"]]
        return {"seconds": chunk["seconds"], "message_tokens": tokens}


def _body(request: Request) -> dict[str, Any]:
    config = request.config
    temperature = config.temperature or 0.0
    body = {
        "messages": list(_messages(request)),
        "temperature": temperature,
        "top_k": config.top_k if temperature else 1,
        "top_p": config.top_p,
        "max_tokens": config.max_tokens,
        "seed": config.seed,
        "stop": list(config.stop) or None,
        "response_format": config.response_format and _response_format(config.response_format),
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    return {name: value for name, value in body.items() if value is not None}


def _messages(request: Request) -> Iterator[dict[str, str]]:
    if request.system is not None:
        system = request.system
        yield {"role": "system", "content": system if isinstance(system, str) else _text(system)}
    for message in request.messages:
        role = "system" if message.role == "developer" else message.role
        yield {"role": role, "content": _text(message.parts)}


def _text(parts: tuple) -> str:
    for part in parts:
        if not isinstance(part, TextPart):
            raise UnsupportedFeatureError(
                f"The offline models read text only, and this prompt holds a part of type {part.type!r}. "
                "Set KIT_PROFILE to a profile with a `vision` model (see `kit models list`)."
            )
    return "".join(part.text for part in parts)


def _response_format(requested: dict) -> dict[str, Any]:
    if requested.get("type") != "json_schema":
        return {"type": "json_object"}
    schema = requested.get("json_schema", requested)["schema"]
    return {"type": "json_schema", "json_schema": {"name": "reply", "schema": schema, "strict": True}}


def _usage(usage: dict) -> Usage:
    cached = usage.get("prompt_tokens_details", {}).get("cached_tokens")
    return Usage(usage["prompt_tokens"], usage["completion_tokens"], cache_read_tokens=cached)


def _error(error: dict, engine: LlamaEngine) -> InvalidRequestError:
    if error.get("type") == "exceed_context_size_error":
        return ContextLengthError(
            f"The prompt has {error['n_prompt_tokens']} tokens; {engine.model} was loaded with a context of "
            f"{engine.context}. Shorten the prompt, or ask for more: kit.lm(..., context=16384)."
        )
    return InvalidRequestError(f"llama.cpp refused the request: {error['message']}")
