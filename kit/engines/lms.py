"""Which model answers: `dspy.configure(lm=kit.lm("small"))` has the `dspy.LM` of a role, over recordings."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

import dspy

from kit import project
from kit.engines import live, models, weights
from kit.engines.direct import reach_directly
from kit.engines.fitted import FittedLM
from kit.engines.hosted import RoomEngine
from kit.engines.llama import LlamaEngine
from kit.engines.recordings import Recordings
from kit.engines.replay import ReplayEngine, Rollouts
from kit.engines.threaded import ThreadedEngine
from kit.notices import notice


class ProjectEngine(ReplayEngine):
    """A ReplayEngine over this project's recordings, so that a saved program finds it again."""

    def dump_state(self) -> dict[str, Any]:
        """Return the live engine's state, if there is one; recordings stay with the project."""
        return {} if self.live is None else self.live.dump_state()

    @classmethod
    def load_state(cls, state: dict[str, Any]) -> ProjectEngine:
        """Rebuild the engine over the project's own recordings."""
        return offline_engine(**state) if state else cls(None, _recordings())


def lm(role: str = "small", *, profile: str | None = None, **options: Any) -> dspy.LM:
    """Build the `dspy.LM` that plays a role; the same line works offline and with any provider.

    Args:
        role: "small", "large" or "vision".
        profile: A profile's name; by default the one in force.
        options: Passed on to `dspy.LM`, e.g. temperature=1.0, max_tokens=200, cache=True. `timeout` is the
            longest time for a reply, in seconds. Offline, `context` is the most tokens of a prompt and its
            reply. An option that a model refuses is left out of every call, and a notice says so once.

    Raises:
        ValueError: If role, profile or KIT_LIVE is unknown; the message lists the valid ones.
        MissingKey: If the profile's key is not set, or empty.
    """
    project.read_env_file()
    live.setting()
    reach_directly()  # Ollama and other servers on this machine
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")  # DSPy's own price table, not the network
    chosen = models.model(role, profile)
    names = ["context", "threads", "reuse_prefix", *(["timeout"] if chosen.weights else [])]
    engine_options = {name: options.pop(name) for name in names if name in options}
    if chosen.weights:
        if "max_completion_tokens" in options:
            raise ValueError("The offline models do not have max_completion_tokens. Use max_tokens.")
        engine = offline_engine(chosen.weights, **engine_options)
        options = {"temperature": 0.0, "max_tokens": 1000} | options
        return lm_for(engine, model=chosen.model, **options)
    options = models.client(chosen.profile) | options
    if chosen.refuses:
        plain = FittedLM(chosen.model, refuses=chosen.refuses, say=notice, **options)
    else:
        plain = dspy.LM(chosen.model, **options)
    plain.callbacks.append(live.Hosted())
    return plain


def lm_for(
    engine: Any, recordings: Recordings | None = None, *, model: str = "custom/model", **options: Any
) -> dspy.LM:
    """Build a `dspy.LM` over an engine of your own: any with DSPy's `complete(Request) -> Response`.

    Replies are looked up and kept in `recordings`; without it, the engine answers each call. `model` is the
    name that the history, usage and recordings show; the other options go to `dspy.LM`.
    """
    engine = engine if recordings is None else ReplayEngine(engine, recordings)
    ours = {"cache": False, "num_retries": 0, "callbacks": [Rollouts()]}
    engines = {"engine": engine, "async_engine": ThreadedEngine(engine)}
    return dspy.LM(model, **engines | ours | options)


def offline_engine(model: str, **options: Any) -> ProjectEngine:
    """Return the engine of an offline model: recordings first, then llama.cpp in this process.

    With KIT_ROOM set, a workshop's room answers instead of llama.cpp (see `kit room`).
    """
    room = os.environ.get("KIT_ROOM")
    answering = RoomEngine(model, room, options.get("timeout")) if room else LlamaEngine(model, **options)
    return ProjectEngine(answering, _recordings(), weights=weights.spec(model).sha256[:16])


@cache
def _recordings() -> Recordings:
    record_to, fresh = os.environ.get("KIT_RECORD"), bool(os.environ.get("KIT_FRESH"))
    return Recordings(models.REPLIES, Path(record_to) if record_to else None, fresh=fresh)
