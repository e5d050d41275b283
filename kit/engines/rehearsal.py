"""Rehearsal: run a program up to its first call of a model, and keep what it would have sent.

entry = first_call(program, {"question": "Sky?"}, dspy.ChatAdapter())
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any, NoReturn

import dspy
from dspy.lm15 import Request
from dspy.utils.callback import BaseCallback


class NotSent(dspy.LMError):
    """A rehearsed call got as far as the model, and was stopped there."""


class CapturingEngine(BaseCallback):
    """An engine that answers nothing; as a callback of its LM, it keeps what each call would send.

    Adapters ask it what `lm` can do; without one it can follow a schema, as the offline models can. `see` is
    called with each request.
    """

    def __init__(self, lm: dspy.BaseLM | None = None, see: Callable[[Request], Any] | None = None) -> None:
        self.see = see
        self.supports_function_calling = bool(lm and lm.supports_function_calling)
        self.supports_reasoning = bool(lm and lm.supports_reasoning)
        self.supports_response_schema = bool(lm is None or lm.supports_response_schema)
        self.supported_params = frozenset(lm.supported_params if lm else ["response_format", "temperature"])
        self.calls: list[dict[str, Any]] = []

    def __deepcopy__(self, memo: dict) -> CapturingEngine:
        return self

    def on_lm_start(self, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:
        """Keep the messages and options of a call."""
        self.calls.append({name: inputs.get(name) for name in ("prompt", "messages", "kwargs")})

    def complete(self, request: Request) -> NoReturn:
        """Stop the call."""
        if self.see:
            self.see(request)
        raise NotSent("This call is a rehearsal: no model was asked.")


def first_call(
    program: dspy.Module, inputs: dict[str, Any], adapter: dspy.Adapter, lm: dspy.BaseLM | None = None
) -> dict[str, Any]:
    """Return what a program would send first: prompt, messages and kwargs, as in an entry of `lm.history`.

    A copy of the program is run, and nothing is noted in any history. What `forward` does before the first
    call is done; a model that `forward` itself names in `dspy.context` is asked. The abilities of `lm` count,
    by default those of the configured model. `ValueError` if the program ends without calling a model.
    """
    capturing = CapturingEngine(lm or dspy.settings.lm)
    stand_in = dspy.LM("rehearsal/model", engine=capturing, callbacks=[capturing], cache=False, num_retries=0)
    program = program.deepcopy()
    for _, predictor in program.named_sub_modules(dspy.Predict):
        predictor.lm = stand_in
    quiet = {"disable_history": True, "usage_tracker": None, "send_stream": None, "callbacks": []}
    with dspy.context(lm=stand_in, adapter=adapter, **quiet), contextlib.suppress(NotSent):
        program(**inputs)
    if not capturing.calls:
        raise ValueError(f"{type(program).__name__} ended without calling a model on {inputs!r}.")
    return capturing.calls[0]
