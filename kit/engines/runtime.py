"""One llama.cpp model in memory: load it once, let one caller compute at a time, count tokens."""

from __future__ import annotations

import json
import os
import secrets
import threading
import time
from collections.abc import Callable
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path
from typing import Any

import httpx

from kit.notices import notice

BATCH = 512  # tokens of a prompt that are read at once; between two batches a call can be stopped
abandoned: ContextVar[threading.Event | None] = ContextVar("kit_abandoned", default=None)
"""Set by a caller that has given up, such as a cancelled task: the model then stops at the next token."""
_LOADING = threading.Lock()
_COMPUTING = threading.Lock()
_LOADED: dict[tuple, Runtime] = {}


def load(path: str, context: int, threads: int) -> Runtime:
    """Return the model at `path`, loading it only if this process has not yet done so."""
    with _LOADING:
        key = (path, context, threads)
        if key not in _LOADED:
            notice(f"Loading the model {Path(path).name} into memory; later calls find it there.")
            _LOADED[key] = Runtime(path, context, threads)
        return _LOADED[key]


class Runtime:
    """A loaded model. llama.cpp's own HTTP server comes with it, on loopback, behind a random key."""

    def __init__(self, path: str, context: int, threads: int) -> None:
        self.process = os.getpid()
        key = secrets.token_hex(16)
        self._server = _server(path, context, threads, key)
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self._client = httpx.Client(headers=headers, timeout=60, trust_env=False)  # past every proxy
        self.count_tokens = lru_cache(maxsize=4096)(lambda text: len(self._tokenize(text)))
        self.without_control_tokens = lru_cache(maxsize=4096)(self._without_control_tokens)

    def chat(self, body: dict, receive: Callable[[dict], Any], abandoned: threading.Event) -> None:
        """Generate one reply in this thread, as soon as the model is free, until `abandoned` is set.

        `receive` gets each chunk; `seconds` in it counts from when the model was free.
        """
        while not _COMPUTING.acquire(timeout=0.1):
            if abandoned.is_set():
                return
        try:
            started = time.perf_counter()

            def forward(chunk: dict) -> bool:
                receive(chunk | {"seconds": round(time.perf_counter() - started, 2)})
                return abandoned.is_set()

            if not abandoned.is_set():
                self._server.handle_chat_completions(body, forward)
        finally:
            _COMPUTING.release()

    def _without_control_tokens(self, text: str) -> str:
        """Break up what the model's vocabulary takes for a control token, "<|im_end|>" to "< |im_end|>"."""
        while marks := self._control_tokens(text):
            for mark in marks:
                text = text.replace(mark, f"{mark[0]} {mark[1:]}")
        return text

    def _control_tokens(self, text: str) -> set[str]:
        """Return the tokens whose text means something else when it is read as plain text."""
        plain = {token["id"] for token in self._tokenize(text, parse_special=False)}
        others = {token["id"]: token["piece"] for token in self._tokenize(text) if token["id"] not in plain}
        return {
            piece
            for number, piece in others.items()
            if isinstance(piece, str)
            and len(piece) > 1
            and self._ids(piece, parse_special=False) != [number] == self._ids(piece)
        }

    def _ids(self, text: str, parse_special: bool = True) -> list[int]:
        return [token["id"] for token in self._tokenize(text, parse_special)]

    def _tokenize(self, text: str, parse_special: bool = True) -> list[dict[str, Any]]:
        body = {"content": text, "parse_special": parse_special, "with_pieces": True}
        reply = self._client.post(f"{self._server.listening_address}/tokenize", content=json.dumps(body))
        return reply.raise_for_status().json()["tokens"]


def _server(path: str, context: int, threads: int, key: str) -> Any:
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before the import: spinning threads cost up to 20x
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = path
    params.n_ctx = context
    params.n_parallel = 1
    params.n_batch = BATCH
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
    params.cache_ram_mib = 0
    params.verbosity = -1
    params.ui = params.endpoint_slots = False
    params.api_keys = [key]
    try:
        return xllamacpp.Server(params)
    except RuntimeError as error:
        raise RuntimeError(
            f"llama.cpp cannot load {path}: it is damaged, no GGUF model, or too big for the memory. Fetch "
            "it again, or lower the context."
        ) from error
