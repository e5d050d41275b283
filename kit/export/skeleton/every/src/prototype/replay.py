"""Replay: replies that a real model gave, so that tests and a first look need no key and no network.

A line of recordings/replies.jsonl holds a reply and the key of its question, a hash of the whole request.
Change a prompt, and it has no recording: then set MODEL. Left out: streams, async, tools.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any

import dspy
import orjson
from dspy.lm15 import Message, Request, Response, Usage

VERSION = 1
"""Which way of making keys this is: the one of the kit that the recordings come from."""


class NoRecording(dspy.LMError):
    """The prompt has no recorded reply."""


class ReplayEngine:
    """Answer requests from a file, as DSPy's engine contract wants it: `dspy.LM(name, engine=...)`."""

    supports_function_calling = False
    supports_reasoning = False
    supports_response_schema = True
    supported_params = frozenset(
        {"max_tokens", "response_format", "seed", "stop", "temperature", "top_k", "top_p"}
    )

    def __init__(self, file: Path) -> None:
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        self.recordings = {line["key"]: line for line in map(json.loads, lines)}

    def __deepcopy__(self, memo: dict) -> ReplayEngine:
        return self

    def complete(self, request: Request) -> Response:
        """Return the recorded reply.

        Raises:
            NoRecording: If the request differs from every recorded one.
        """
        key = key_of(request)
        if key not in self.recordings:
            raise NoRecording(
                f"No recorded reply for this prompt (key {key}): it was changed, or never recorded. To ask a "
                'model live, set MODEL, e.g. to "openai/gpt-5.6-luna", and its key.',
                model=request.model,
            )
        recording = self.recordings[key]
        return Response(
            id=None,
            model=request.model,
            message=Message.assistant(recording["reply"]),
            finish_reason=recording["finish"],
            usage=Usage(**recording["usage"]),
        )

    def close(self) -> None:
        """Do nothing: there is nothing to close."""


def key_of(request: Request) -> str:
    """Hash everything in a request that can change its reply."""
    whole = [plain(request), None, 0]
    whole = whole if VERSION == 1 else [VERSION, *whole]
    return hashlib.sha256(orjson.dumps(whole, option=orjson.OPT_SORT_KEYS)).hexdigest()[:20]


def plain(value: Any) -> Any:
    """Turn a request, or any part of it, into JSON's types; fields that are empty by default are left out."""
    if is_dataclass(value):
        kept = ((name, plain(getattr(value, name)), empty) for name, empty in _fields(type(value)))
        return {name: item for name, item, empty in kept if item or item != empty}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value


@cache
def _fields(kind: type) -> list[tuple[str, Any]]:
    """Return each field's name and its default value; `MISSING` if the field has none."""
    return [
        (field.name, plain(field.default if field.default_factory is MISSING else field.default_factory()))
        for field in fields(kind)
    ]
