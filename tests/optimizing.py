"""A task that optimizers can win at, and a model that answers by rule, the same in every process."""

from __future__ import annotations

import json
import logging
import re
import zlib
from pathlib import Path

import dspy
from scripted import ScriptedEngine

from kit.engines.recordings import Recordings
from kit.engines.replay import ReplayEngine, Rollouts

ROWS = [
    dspy.Example(text=f"Parcel {n}", label="even" if n % 2 == 0 else "odd").with_inputs("text")
    for n in range(60)
]
TRAIN, VAL = ROWS[:12], ROWS[20:30]


class Sort(dspy.Signature):
    """Sort it."""

    text: str = dspy.InputField()
    label: str = dspy.OutputField()


class RuledEngine(ScriptedEngine):
    """Sort more parcels right the more rules the instruction holds; write instructions with more rules."""

    def __init__(self, log=None):
        super().__init__("")
        self.log = log

    def complete(self, request):
        text = str(request)
        self.replies = [json.dumps({name: _value(name, text) for name in _asked(request)})]
        if self.log:
            with open(self.log, "a", encoding="utf-8") as file:
                file.write(f"{zlib.crc32(text.encode())}\n")
        return super().complete(request)


def _asked(request):
    return request.config.response_format["schema"]["properties"]


def _value(name, text):
    if name != "label":
        return f"Sort it. {'Rule. ' * (zlib.crc32(text.encode()) % 4)}({zlib.crc32(text.encode()) % 97})"
    number = int(re.findall(r"Parcel (\d+)", text)[-1])
    known = text.count("Rule.") + 2 * text.count("Parcel") // 3
    return ["even", "odd"][number % 2] if number % 5 <= known else "unknown"


def lm_of(engine, name="test/small", **options):
    options = {"cache": False, "num_retries": 0, "callbacks": [Rollouts()], "temperature": 0.0} | options
    return dspy.LM(name, engine=engine, **options)


def configure(engine=None, **options):
    """Set up DSPy on a ruled engine and return its LM."""
    logging.getLogger("dspy").setLevel(logging.ERROR)
    lm = lm_of(engine or RuledEngine(), **options)
    dspy.configure(lm=lm, adapter=dspy.JSONAdapter())
    return lm


def replayed(folder, log=None):
    """Return a ruled engine behind recordings."""
    return ReplayEngine(RuledEngine(log), Recordings(Path(folder)))


def same_label(gold, pred, trace=None, pred_name=None, pred_trace=None):
    return float(gold.label == pred.label)


def bootstrap(**options):
    return dspy.BootstrapFewShot(
        metric=same_label, **{"max_bootstrapped_demos": 3, "max_labeled_demos": 4} | options
    )


def random_search(**options):
    return dspy.BootstrapRS(
        metric=same_label,
        **{"num_candidate_programs": 2, "max_bootstrapped_demos": 3, "max_labeled_demos": 3, "num_threads": 1}
        | options,
    )


def mipro(**options):
    return dspy.MIPROv2(metric=same_label, **{"auto": None, "num_candidates": 4, "num_threads": 1} | options)


def gepa(**options):
    given = {"max_metric_calls": 70, "num_threads": 1, "track_stats": True} | options
    writer = lm_of(dspy.settings.lm.engine, "test/large", cache=dspy.settings.lm.cache)
    return dspy.GEPA(metric=same_label, reflection_lm=writer, **given)
