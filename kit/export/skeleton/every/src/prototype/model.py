"""Model: which one answers. MODEL names any that DSPy knows; without it, recordings answer."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import dspy

from . import task
from .fitted import FittedLM, refusals
from .replay import RecordingEngine, ReplayEngine

RECORDINGS = Path(__file__).with_name("recordings") / "replies.jsonl"
SETTINGS = {"temperature": 0.0, "max_tokens": 1000}


@cache
def lm() -> dspy.LM:
    """Return the model: MODEL (and MODEL_API_BASE, for a server of your own), or the recordings.

    Options that MODEL refuses, here or in a call, are left out, and the log says so once. While record.py
    runs (RECORD is set), the replies of MODEL are kept in the recordings.
    """
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")  # DSPy's own price table, not the network
    name = os.environ.get("MODEL")
    if not name:
        engine = ReplayEngine(RECORDINGS)
        return _replaying(engine.model(task.RECORDED_MODEL), engine)
    live = FittedLM(name, refuses=refusals(name), api_base=os.environ.get("MODEL_API_BASE"), **SETTINGS)
    return _replaying(name, RecordingEngine(RECORDINGS, live)) if os.environ.get("RECORD") else live


def _replaying(name: str, engine: ReplayEngine) -> dspy.LM:
    """Return a model behind recordings; the same options make the same keys."""
    return FittedLM(name, refuses=refusals(name), engine=engine, cache=False, num_retries=0, **SETTINGS)
