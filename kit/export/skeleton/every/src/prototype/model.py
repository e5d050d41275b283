"""Model: which one answers. MODEL names any that DSPy knows; without it, recordings answer."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import dspy

from . import task
from .replay import ReplayEngine

RECORDINGS = Path(__file__).parents[2] / "recordings" / "replies.jsonl"


@cache
def lm() -> dspy.LM:
    """Return the model: MODEL (and MODEL_API_BASE, for a server of your own), or the recordings."""
    settings = {"temperature": 0.0, "max_tokens": 1000}
    if name := os.environ.get("MODEL"):
        return dspy.LM(name, api_base=os.environ.get("MODEL_API_BASE"), **settings)
    engine = ReplayEngine(RECORDINGS)
    return dspy.LM(task.RECORDED_MODEL, engine=engine, cache=False, num_retries=0, **settings)
