"""Replay: replies that a real model gave, so that tests and a first look need no key and no network.

A line of recordings/replies.jsonl holds a reply and the key of its question, a hash of the whole request.
Change a prompt, and it has no recording: then set MODEL. Left out: streams, async, tools.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import dspy
import orjson
from dspy._vendor.lm15.serde import request_to_dict
from dspy.lm15 import Message, Request, Response, Usage


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
    whole = [request_to_dict(request), None, 0]
    return hashlib.sha256(orjson.dumps(whole, option=orjson.OPT_SORT_KEYS)).hexdigest()[:20]
