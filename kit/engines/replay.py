"""ReplayEngine: recorded replies first, a live engine on a miss.

    engine = ReplayEngine(LlamaEngine("qwen2.5-coder-0.5b"), Recordings(Path("data/replies")))

DSPy strips `rollout_id` before an engine sees the request, yet BestOfN or an optimizer asks the same question
under several ids. The `Rollouts` callback hands the id on, so that each rollout has a recording of its own.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import replace
from datetime import date
from typing import Any

import dspy
from dspy import lm15
from dspy.lm15 import Request, Response
from dspy.utils.callback import BaseCallback

from kit.engines import grammar, live
from kit.engines.events import gather
from kit.engines.keys import Rollout, key_of
from kit.engines.recordings import Recordings
from kit.redaction import hide

_CAPABILITIES = (
    *("supports_function_calling", "supports_reasoning", "supports_response_schema"),
    *("supported_params", "holds_bounds"),
)
_NOTES = ("seconds", "message_tokens", "schema")


class NoRecording(dspy.LMError):
    """The prompt has no recorded reply, and nothing may answer it live."""


_call: ContextVar[Rollout | None] = ContextVar("kit_call", default=None)


class Rollouts(BaseCallback):
    """Tell the replay engine which rollout a request belongs to: `dspy.LM(..., callbacks=[Rollouts()])`."""

    def on_lm_start(self, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:
        """Note the rollout id of the call that begins."""
        options = {**instance.kwargs, **inputs.get("kwargs", {})}
        _call.set(Rollout(options.get("rollout_id")))

    def on_lm_end(self, call_id: str, outputs: Any, exception: Exception | None = None) -> None:
        """Forget it."""
        _call.set(None)


class ReplayEngine:
    """Answer from recordings; on a miss ask the live engine and remember its reply.

    Args:
        live: Any engine of DSPy's contract, or None to answer from recordings alone.
        recordings: Where replies are looked up and kept.
        weights: Hash of the model's file, noted beside each new reply.

    Raises:
        NoRecording: On a miss, if `live` is None or KIT_LIVE is "never".
        NotConfirmed: Before many live calls of one Evaluate or optimizer, unless KIT_LIVE is "yes".
    """

    def __init__(self, live: Any, recordings: Recordings, *, weights: str = "") -> None:
        self.live, self.recordings, self.weights = live, recordings, weights
        for name in _CAPABILITIES:
            setattr(self, name, getattr(live, name, ()))

    def __repr__(self) -> str:
        return f"ReplayEngine({self.live!r}, {str(self.recordings.folder)!r})"

    def __deepcopy__(self, memo: dict) -> ReplayEngine:
        return self

    def complete(self, request: Request) -> Response:
        """Return the recorded reply, or a live one; threads that miss the same key ask the model once."""
        call = _call.get() or Rollout()
        key = self._key(request, call)
        if not (response := self._recorded(key, request)):
            with self._turn(key_of(request, call)):
                key = self._key(request, call)  # meanwhile another thread may have asked with other bounds
                if not (response := self._recorded(key, request)):
                    self._refuse_without_model(key, request)
                    with live.call(request) as answered:
                        answered.append(response := self.live.complete(_seeded(request, key, self)))
                    response = self._record(key, request, response)
        call.replies += 1
        return response

    def recorded(self, request: Request) -> Response | None:
        """Return the recorded reply, or None; no model is asked."""
        return self._recorded(self._key(request, _call.get()), request)

    def stream(self, request: Request) -> Iterator[Any]:
        """Yield a recorded reply word by word, or a live one as it comes.

        Two streams of one key that run at the same time are two replies; the first that ends is recorded.
        """
        call = _call.get() or Rollout()
        key = self._key(request, call)
        with self._turn(key_of(request, call)):
            response = self._recorded(key, request)
        if response:
            yield from _word_by_word(response)
        else:
            self._refuse_without_model(key, request)
            events = []
            with live.call(request) as answered:
                for event in self.live.stream(_seeded(request, key, self)):
                    events.append(event)
                    yield event
                answered.append(response := gather(events, request))
            self._record(key, request, response)
        call.replies += 1

    def close(self) -> None:
        """Do nothing: the live engine is borrowed."""

    def _key(self, request: Request, call: Rollout | None) -> str:
        """Return a request's key, or one apart if that is taken by a program with other bounds."""
        key = key_of(request, call)
        if self.holds_bounds and (taken := self.recordings.get(key)) and not grammar.fits(taken, request):
            return key_of(grammar.complete(request), Rollout(key))
        return key

    def _turn(self, key: str) -> contextlib.AbstractContextManager[None]:
        """Wait for threads that ask the same of an engine of one kind; room and guest may share a process."""
        return self.recordings.turn(f"{type(self.live).__name__} {key}")

    def _recorded(self, key: str, request: Request) -> Response | None:
        recording = self.recordings.get(key)
        return recording and _response(recording, request)

    def _refuse_without_model(self, key: str, request: Request) -> None:
        if self.live is not None and live.setting() != "never":
            return
        lacking, folder = "", self.recordings.folder
        if not self.recordings.fresh and not folder.is_dir():
            lacking = f"There are no recordings: no folder {folder}. Work in a clone of the project. "
        raise NoRecording(
            f"{lacking}No recorded reply for this prompt (key {key}), which asks: {hide(asks(request))!r}. "
            "The prompt was changed, or it was never recorded. To get a live answer, either fetch the model "
            "with `kit models pull small` (and unset KIT_LIVE), or set an API key and KIT_PROFILE, e.g. "
            "KIT_PROFILE=openai. To make recordings: `kit record NN`, with the lesson's number.",
            model=request.model,
        )

    def _record(self, key: str, request: Request, response: Response) -> Response:
        notes = response.provider_data or {}
        recording = {
            "key": key,
            "model": request.model,
            "weights": self.weights,
            "asks": asks(request),
            "reply": _reply(response),
            "finish": response.finish_reason,
            "usage": {name: getattr(response.usage, name) for name in ("input_tokens", "output_tokens")},
            "message_tokens": notes.get("message_tokens"),
            "seconds": notes.get("seconds"),
            "date": date.today().isoformat(),
        }
        recording |= {"schema": notes["schema"]} if "schema" in notes else {}
        return _response(self.recordings.add(recording), request, source="live")


def asks(request: Request) -> str:
    """Return the first words of the last message, for people who read a recording."""
    return " ".join((request.messages[-1].text or "").split())[:100]


def _reply(response: Response) -> str:
    texts = []
    for part in response.message.parts:
        if not isinstance(part, lm15.TextPart | lm15.DataPart):
            raise lm15.UnsupportedFeatureError(
                f"Recordings keep text alone, and this reply holds a part of type {part.type!r}. "
                "Use the engine without recordings."
            )
        texts.append(part.text if isinstance(part, lm15.TextPart) else json.dumps(part.value))
    return "".join(texts)


def _response(recording: dict, request: Request, source: str = "replayed") -> Response:
    return Response(
        id=None,
        model=request.model,
        message=lm15.Message.assistant([lm15.TextPart(recording["reply"])]),
        finish_reason=recording["finish"],
        usage=lm15.Usage(**recording["usage"]),
        provider_data={name: recording[name] for name in _NOTES if name in recording} | {"source": source},
    )


def _word_by_word(response: Response) -> Iterator[Any]:
    yield lm15.StreamStartEvent(model=response.model)
    for word in re.findall(r"\s*\S+|\s+", response.message.text):
        yield lm15.StreamDeltaEvent(lm15.TextDelta(word))
    yield lm15.StreamEndEvent(response.finish_reason, response.usage, response.provider_data)


def _seeded(request: Request, key: str, engine: ReplayEngine) -> Request:
    """Give a sampled request the seed that its key implies, so that a live run can be repeated."""
    config = request.config
    if not config.temperature or config.seed is not None or "seed" not in engine.supported_params:
        return request
    return replace(request, config=replace(config, seed=int(key[:7], 16)))
