"""Foresight: what an Evaluate, optimizer, Parallel or batch will ask, by its rows, program and arguments."""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import dspy
from dspy.lm15 import Request

from kit.engines.history import entries, seconds
from kit.engines.models import list_usd
from kit.engines.rehearsal import CapturingEngine, NotSent


@dataclass(frozen=True)
class Errand:
    """What is about to run: `extent` says what it is, and its most calls, if that can be told.

    `pairs` are programs with a row each, where the rows are known.
    """

    extent: Callable[[], tuple[str, int | None]]
    pairs: Sequence[tuple[Any, Any]] = ()


def enough_missing(errand: Errand, enough: int) -> bool:
    """Tell whether more than so many rows lack a recorded reply; yes, where it cannot be told for nothing."""
    count = _missing(errand.pairs, enough) if errand.pairs else None
    return count is None or count > enough


def is_recorded(program: dspy.Module, inputs: dict[str, Any]) -> bool:
    """Tell whether a row's reply is recorded; for a program of more than one call the answer is no."""
    return _missing([(program, inputs)], 0) == 0


def forecast(model: str, characters: int, calls: int) -> str:
    """Say how long calls take, by earlier seconds, and cost, by list prices for replies of 200 tokens.

    >>> forecast("openai/gpt-5.6-luna", 4_000, 100)
    ', about $0.04'
    """
    paces = [pace for entry in entries()[-50:] if entry["model"] == model and (pace := seconds(entry))]
    usd = calls * list_usd(model, characters / 4, 200)  # four characters a token
    time = f", about {duration(calls * sum(paces) / len(paces))}" if paces else ""
    return time + (f", about ${usd:.2f}" if usd >= 0.005 else ", less than a cent" if usd else "")


def length(prompt: Any, messages: list[dict[str, Any]] | None) -> int:
    """Return how many characters a call sends; a picture counts as 4,000.

    >>> parts = [{"type": "text", "text": "Sky?"}, {"type": "image_url"}]
    >>> length("Sky?", None), length(None, [{"content": parts}])
    (4, 4004)
    """
    if isinstance(prompt, Request):
        return len(str(prompt.system or "")) + sum(len(message.text or "") for message in prompt.messages)
    contents = [message.get("content") or "" for message in messages or [{"content": prompt}]]
    parts = [part for content in contents for part in (content if isinstance(content, list) else [content])]
    return sum(len(part if isinstance(part, str) else part.get("text", " " * 4_000)) for part in parts)


def duration(seconds: float) -> str:
    """Say a time in the unit that suits it.

    >>> duration(75), duration(600), duration(9000)
    ('75 seconds', '10 minutes', '2.5 hours')
    """
    if seconds < 90:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 5400 else f"{seconds / 3600:.1f} hours"


def calls_of(program: Any) -> int:
    """Return how many calls a row is taken to need: one for each predictor of the program."""
    return max(1, len(program.predictors())) if hasattr(program, "predictors") else 1


def most_calls(optimizer: Any, given: dict[str, Any]) -> int | None:
    """Bound an optimizer's calls, roughly, by its public settings; None where these do not say."""
    rows = len(given.get("trainset") or ())
    validated = len(given.get("valset") or ()) or rows
    if isinstance(optimizer, dspy.GEPA) and optimizer.max_metric_calls:
        proposals = optimizer.max_metric_calls // (2 * optimizer.reflection_minibatch_size) + 1
        runs = optimizer.max_metric_calls + validated + proposals  # it finishes the candidate under way
    elif isinstance(optimizer, dspy.BootstrapRS):
        runs = (optimizer.num_candidate_sets + 3) * (rows + validated)
    elif type(optimizer) is dspy.BootstrapFewShot:  # others build on it
        runs = optimizer.max_rounds * rows
    else:
        return None
    return runs * calls_of(given.get("student"))


def _missing(pairs: Sequence[tuple[Any, Any]], enough: int) -> int | None:
    """Count rows without a recorded reply, up to the first beyond `enough`; None if a run is not one call."""
    lacking: list[bool] = []
    look_ups = {id(program): _look_up_of(program, lacking) for program, _ in pairs}
    if None in look_ups.values():
        return None

    def look_up() -> None:
        quiet = {"disable_history": True, "usage_tracker": None, "send_stream": None, "trace": None}
        with dspy.context(callbacks=[], **quiet):
            for program, row in pairs:
                try:
                    look_ups[id(program)](**(row.inputs() if isinstance(row, dspy.Example) else row))
                except NotSent:
                    pass
                except Exception:  # noqa: BLE001 - the run itself will raise it, where people expect it
                    lacking.append(True)
                if sum(lacking) > enough:
                    return

    contextvars.copy_context().run(look_up)
    return sum(lacking)


def _look_up_of(program: Any, lacking: list[bool]) -> dspy.Module | None:
    """Return a copy of a program that looks up its one call; None if it may be another kind of program."""
    if type(program) not in (dspy.Predict, dspy.ChainOfThought):
        return None
    lm = program.predictors()[0].lm or dspy.settings.lm
    if not hasattr(getattr(lm, "engine", None), "recorded"):
        return None
    engine = CapturingEngine(lm, lambda request: lacking.append(lm.engine.recorded(request) is None))
    program = program.deepcopy()
    own = {"cache": False, "num_retries": 0, "callbacks": lm.callbacks, "model_type": lm.model_type}
    program.set_lm(dspy.LM(lm.model, engine=engine, **own, **lm.kwargs))
    return program
