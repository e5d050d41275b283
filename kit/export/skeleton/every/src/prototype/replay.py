"""Replay: replies that a real model gave, so that tests and a first look need no key and no network.

A line of recordings/replies.jsonl holds a reply and the key of its question, a hash of the whole request.
Change a prompt, and it has no recording: set MODEL to ask live, or run record.py, which keeps the replies.
Left out: streams, async, tools.
"""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import dspy
from dspy.lm15 import Message, Request, Response, Usage

from .keys import key_of


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
        self.file, self.used = file, set()
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
        recording = self.recordings.get(key) or self.missing(key, request)
        self.used.add(key)
        return Response(
            id=None,
            model=request.model,
            message=Message.assistant(recording["reply"]),
            finish_reason=recording["finish"],
            usage=Usage(**recording["usage"]),
        )

    def missing(self, key: str, request: Request) -> dict[str, Any]:
        """Refuse: a changed prompt has no recording."""
        raise NoRecording(
            f"No recorded reply for this prompt (key {key}): it was changed, or never recorded. To ask a "
            'model live, set MODEL, e.g. to "openai/gpt-5.6-luna", and its key. To keep its replies, run '
            "record.py.",
            model=request.model,
        )

    def model(self, usual: str) -> str:
        """Return the name of the model that was recorded: the usual one, unless it gave no reply."""
        names = [line.get("model", usual) for line in self.recordings.values()]
        return usual if usual in names or not names else names[0]

    def close(self) -> None:
        """Do nothing: there is nothing to close."""


class RecordingEngine(ReplayEngine):
    """Answer from the file; what it lacks is asked live, and written there at once."""

    def __init__(self, file: Path, live: dspy.LM) -> None:
        super().__init__(file)
        self.live, self.turn = live, threading.Lock()

    def missing(self, key: str, request: Request) -> dict[str, Any]:
        """Ask, and write the reply down: whatever stops the run, nothing is paid twice."""
        with dspy.context(disable_history=True, callbacks=[]):
            response = self.live(request, cache=False)
        counts = {name: getattr(response.usage, name) for name in ("input_tokens", "output_tokens")}
        reply = {"reply": reply_of(response), "finish": response.finish_reason, "usage": counts}
        recording = {"key": key, "model": request.model, **reply}
        with self.turn:
            self.recordings[key] = recording
            self.file.parent.mkdir(exist_ok=True)
            with self.file.open("a", encoding="utf-8") as file:
                file.write(json.dumps(recording, ensure_ascii=False) + "\n")
        return recording

    def keep(self) -> None:
        """Drop the replies that nobody asked for in this run."""
        self.recordings = {key: line for key, line in self.recordings.items() if key in self.used}
        lines = (json.dumps(line, ensure_ascii=False) + "\n" for line in self.recordings.values())
        self.file.write_text("".join(lines), encoding="utf-8")


def reply_of(response: Response) -> str:
    """Return a reply's text; a model that answers in data answers in JSON."""
    if response.message.text is not None:
        return response.message.text
    return json.dumps([part.value for part in response.message.parts if hasattr(part, "value")][-1])
