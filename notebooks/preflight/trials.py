"""Trials: a function called once, with what it returned or raised, where, and what it asked of models."""

from __future__ import annotations

import linecache
import os
import sysconfig
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dspy
from dspy.utils.callback import BaseCallback

import kit
from kit.calls import Usage, usage
from kit.engines.history import entries
from kit.redaction import hide

_LIBRARIES = tuple(
    str(Path(place).resolve()) + os.sep
    for place in (
        *map(sysconfig.get_path, ("stdlib", "purelib", "platlib")),
        Path(kit.__file__).parent,
        Path(__file__).parent,
    )
)


class Watch(BaseCallback):
    """Note which predictors ran, which adapters wrote prompts for them, and which calls went out."""

    def __init__(self) -> None:
        self.ran: list[dspy.Predict] = []
        self.adapters: list[dspy.Adapter] = []
        self.requests: list[tuple[Any, dict[str, Any]]] = []

    def on_module_start(self, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:
        """Note a predictor."""
        if isinstance(instance, dspy.Predict):
            self.ran.append(instance)

    def on_adapter_format_start(self, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:
        """Note an adapter."""
        self.adapters.append(instance)

    def on_lm_start(self, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:
        """Note a call: its model, and its settings."""
        self.requests.append((instance, {**instance.kwargs, **inputs.get("kwargs", {})}))

    @property
    def fallbacks(self) -> list[str]:
        """Names of the adapters whose reply could not be read, so that JSONAdapter asked again."""
        pairs = zip(self.adapters, self.adapters[1:], strict=False)
        return [
            type(first).__name__
            for first, then in pairs
            if isinstance(first, dspy.ChatAdapter)
            and isinstance(then, dspy.JSONAdapter)
            and not isinstance(first, dspy.JSONAdapter)
            and len(self.adapters) > len(self.ran)
        ]


@dataclass(frozen=True)
class Trial:
    """One call of a function: what it returned, or the error it raised, and the calls of models it made."""

    returned: Any = None
    error: Exception | None = None
    watch: Watch = field(default_factory=Watch)
    usage: Usage = field(default_factory=lambda: Usage([]))

    @property
    def failure(self) -> str:
        """Say what was raised, and in which line of whose code."""
        said = hide(" ".join(str(self.error).split()))[:300]
        place = _place(self.error)
        return f"{type(self.error).__name__}: {said}" + (f" ({place})" if place else "")


def run(function: Callable[..., Any], *arguments: Any, **named: Any) -> Trial:
    """Call a function, and return what came of it, whatever that is."""
    watch, before = Watch(), {entry["uuid"] for entry in entries()}
    returned, raised = None, None
    with dspy.context(callbacks=[*dspy.settings.callbacks, watch]):
        try:
            returned = function(*arguments, **named)
        except Exception as error:  # noqa: BLE001 - the trial returns it
            raised = error
    new = [entry for entry in entries() if entry["uuid"] not in before]
    return Trial(returned, raised, watch, usage(new))


def _place(error: Exception) -> str:
    """Name the last line of the caller's own code; DSPy's and Python's are of no help.

    >>> print(run(lambda: {}["urgncy"]).failure)
    KeyError: 'urgncy' (in <lambda>)
    """
    frame = next(_own_frames(error), None)
    if frame is None:
        return ""
    path = Path(frame.filename)
    inside = path.suffix == ".py" and "ipykernel" not in frame.filename
    line = (linecache.getline(frame.filename, frame.lineno or 0)).strip()
    where = f"{path.name}, line {frame.lineno}, in {frame.name}" if inside else f"in {frame.name}"
    return f"{where}: {line}" if line and "doctest" not in frame.filename else where


def _own_frames(error: Exception) -> Iterator[traceback.FrameSummary]:
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if not str(Path(frame.filename).resolve()).startswith(_LIBRARIES):
            yield frame
