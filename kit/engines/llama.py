"""LlamaEngine: llama.cpp inside the process, behind DSPy's engine contract.

    lm = dspy.LM("offline/my-model", engine=LlamaEngine("models/my-model.gguf"))

The model is loaded at the first call. One model computes at a time in a process: threads queue, which on a
laptop is as fast as running side by side. A prompt that starts as the previous one did is not read twice.
Left out: images, a provider's own tool format, several replies at once.
"""

from __future__ import annotations

import json
import os
import queue
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from functools import cached_property
from pathlib import Path
from typing import Any

from dspy import lm15
from dspy.lm15 import InvalidRequestError, Request, Response, UnsupportedFeatureError

from kit.engines import fetch, grammar, runtime, weights
from kit.engines.events import gather

_FINISHED = object()


class LlamaEngine:
    """Answer DSPy's requests with a GGUF model in this process.

    Args:
        model: A name from models.toml (see `kit models list`) or a path to a .gguf file.
        context: Longest prompt plus reply, in tokens.
        threads: Threads that compute; by default the machine's cores, at most 4.
        reuse_prefix: Read the shared beginning of two successive prompts once.
        timeout: Longest time for one reply, in seconds, without loading the model; None means no limit.

    A request without a temperature is answered greedily (0.0), not at the model's own default.
    """

    supports_function_calling = False
    supports_reasoning = False
    supports_response_schema = True
    holds_bounds = True  # of output fields, which are in no request: see `kit.engines.grammar`
    supported_params = frozenset(
        {"max_tokens", "response_format", "seed", "stop", "temperature", "top_k", "top_p"}
    )

    def __init__(
        self,
        model: str,
        *,
        context: int = 8192,
        threads: int | None = None,
        reuse_prefix: bool = True,
        timeout: float | None = None,
    ) -> None:
        if timeout is not None and not 0 < timeout < threading.TIMEOUT_MAX:
            raise ValueError(f"timeout is {timeout!r}; expected a positive number of seconds, or None.")
        self.model, self.context, self.reuse_prefix, self.timeout = model, context, reuse_prefix, timeout
        self.threads = threads or min(4, os.cpu_count() or 1)

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
                raise FileNotFoundError(f"{path} is not a file. Name one, or one of {weights.names()}.")
            return runtime.load(str(path.resolve()), self.context, self.threads)
        except (OSError, RuntimeError) as error:
            raise lm15.ConfigurationError(str(error)) from error

    def complete(self, request: Request) -> Response:
        """Generate one whole reply, with the errors of `stream`."""
        return gather(self.stream(request), request)

    def stream(self, request: Request) -> Iterator[Any]:
        """Generate one reply, a token at a time; closing the iterator stops the model.

        Errors of `dspy.lm15` say what is wrong: with the file, the prompt, the time, or a feature that is not
        here, such as images. A reply that breaks what no grammar holds is an `UnsupportedFeatureError`.
        """
        _refuse_unknown_options(request)
        whole = grammar.complete(request)
        body = _body(whole) | {"cache_prompt": self.reuse_prefix}
        if self.runtime.process != os.getpid():
            raise lm15.ConfigurationError(
                "The model was loaded before this process was forked off, and its threads are in the parent. "
                'Start processes again: multiprocessing.get_context("spawn").'
            )
        for message in body["messages"]:
            message["content"] = self.runtime.without_control_tokens(message["content"])
        finish, schema, reply = "stop", grammar.schema_of(whole), ""
        yield lm15.StreamStartEvent(model=request.model)
        for chunk in self._chunks(body):
            for choice in chunk["choices"]:
                finish = choice.get("finish_reason") or finish
                if text := choice["delta"].get("content"):
                    reply += text
                    yield lm15.StreamDeltaEvent(lm15.TextDelta(text))
            if "usage" in chunk:
                if finish == "stop":
                    grammar.check(reply, schema)
                    grammar.check_words(reply)
                tokens = [self.runtime.count_tokens(message["content"]) for message in body["messages"]]
                notes = {"seconds": chunk["seconds"], "message_tokens": tokens}
                notes |= {} if whole is request else {"schema": schema}
                usage = chunk["usage"]
                cached = usage.get("prompt_tokens_details", {}).get("cached_tokens")
                counts = usage["prompt_tokens"], usage["completion_tokens"]
                yield lm15.StreamEndEvent(finish, lm15.Usage(*counts, cache_read_tokens=cached), notes)

    def close(self) -> None:
        """Do nothing: other engines of this process may share the loaded model."""

    def dump_state(self) -> dict[str, Any]:
        """Return the arguments that rebuild this engine; threads belong to the machine and stay out."""
        timeout = {} if self.timeout is None else {"timeout": self.timeout}
        return {"model": self.model, "context": self.context, "reuse_prefix": self.reuse_prefix} | timeout

    @classmethod
    def load_state(cls, state: dict[str, Any]) -> LlamaEngine:
        """Rebuild an engine from `dump_state`."""
        return cls(**state)

    def _chunks(self, body: dict) -> Iterator[dict]:
        """Yield chunks from a thread of their own, so that Ctrl-C reaches us and never llama.cpp."""
        chunks: queue.SimpleQueue = queue.SimpleQueue()
        abandoned = runtime.abandoned.get() or threading.Event()
        thread = ThreadPoolExecutor(1)  # waited for at exit: one killed in llama.cpp would abort the process
        generating = thread.submit(self.runtime.chat, body, chunks.put, abandoned)
        generating.add_done_callback(lambda done: chunks.put(_FINISHED))
        thread.shutdown(wait=False)
        ends = time.monotonic() + (threading.TIMEOUT_MAX / 2 if self.timeout is None else self.timeout)
        try:
            while (chunk := chunks.get(timeout=max(0.0, ends - time.monotonic()))) is not _FINISHED:
                if "error" in chunk:
                    raise _error(chunk["error"], self)
                yield chunk
            generating.result()
        except queue.Empty:
            raise lm15.TimeoutError(
                f"{self.model} did not finish its reply within timeout={self.timeout:g} seconds. "
                "Raise timeout, lower max_tokens, or shorten the prompt."
            ) from None
        except (RuntimeError, ValueError) as error:
            raise InvalidRequestError(f"llama.cpp refused the request: {error}") from error
        finally:
            abandoned.set()


def _refuse_unknown_options(request: Request) -> None:
    config, default, valid = request.config, lm15.Config(), LlamaEngine.supported_params
    names = [field.name for field in fields(default) if field.name not in {*valid, "extensions"}]
    unknown = [name for name in names if getattr(config, name) != getattr(default, name)]
    unknown += sorted(config.extensions or {})
    unknown += ["tools"] if request.tools else []
    if unknown:
        raise UnsupportedFeatureError(
            f"The offline models do not have {', '.join(unknown)}. Leave it out. They have: "
            f"{', '.join(sorted(valid))}."
        )


def _body(request: Request) -> dict[str, Any]:
    config = request.config
    temperature = config.temperature or 0.0
    bound = {"response_format": {"type": "json_object"}} if config.response_format else {}
    if schema := grammar.schema_of(request):
        bound = grammar.body_of(schema)
    body = {
        "messages": list(_messages(request)),
        "temperature": temperature,
        "top_k": config.top_k if temperature else 1,
        "top_p": config.top_p,
        "max_tokens": config.max_tokens,
        "seed": config.seed,
        "stop": list(config.stop) or None,
        **bound,
        "stream": True,
        "stream_options": {"include_usage": True},
        "return_progress": True,  # a chunk for each part of the prompt that was read: a moment to stop
    }
    return {name: value for name, value in body.items() if value is not None}


def _messages(request: Request) -> Iterator[dict[str, str]]:
    if (system := request.system) is not None:
        yield {"role": "system", "content": system if isinstance(system, str) else _text(system)}
    for message in request.messages:
        role = {"developer": "system", "tool": "user"}.get(message.role, message.role)
        yield {"role": role, "content": _text(message.parts)}


def _text(parts: tuple) -> str:
    return "".join(map(_words, parts))


def _words(part: Any) -> str:
    """Write a part as text; tool calls and their results too, for the models have no format of their own."""
    if isinstance(part, lm15.TextPart):
        return part.text
    if isinstance(part, lm15.ToolCallPart):
        return json.dumps({"name": part.name, "args": part.input}) + "\n"
    if isinstance(part, lm15.ToolResultPart):
        return f"Result of {part.name or part.id}: {_text(part.content)}\n"
    raise UnsupportedFeatureError(
        f"The offline models read text only, and this prompt holds a part of type {part.type!r}. "
        "Set KIT_PROFILE to a profile with a `vision` model (see `kit models list`)."
    )


def _error(error: dict, engine: LlamaEngine) -> InvalidRequestError:
    if error.get("type") == "exceed_context_size_error":
        return lm15.ContextLengthError(
            f"The prompt has {error['n_prompt_tokens']} tokens; {engine.model} was loaded with a context of "
            f"{engine.context}. Shorten the prompt, or ask for more: kit.lm(..., context=16384)."
        )
    return InvalidRequestError(f"llama.cpp refused the request: {error['message']}")
