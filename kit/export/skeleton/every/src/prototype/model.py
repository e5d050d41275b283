"""Model: which one answers. MODEL names any that DSPy knows; without it, recordings answer."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import dspy

from . import task
from .fitted import FittedLM, refusals
from .replay import ReplayEngine

RECORDINGS = Path(__file__).parents[2] / "recordings" / "replies.jsonl"
SETTINGS = {"temperature": 0.0, "max_tokens": 1000}


@cache
def lm() -> dspy.LM:
    """Return the model: MODEL (and MODEL_API_BASE, for a server of your own), or the recordings.

    Options that MODEL refuses, here or in a call, are left out, and the log says so once.
    """
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")  # DSPy's own price table, not the network
    if name := os.environ.get("MODEL"):
        address = os.environ.get("MODEL_API_BASE")
        return FittedLM(name, refuses=refusals(name), api_base=address, **SETTINGS)
    engine = ReplayEngine(RECORDINGS)
    return dspy.LM(task.RECORDED_MODEL, engine=engine, cache=False, num_retries=0, **SETTINGS)
