"""MIPROv2's plan: the settings that it makes of yours, and its numbering of trials."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from typing import Any

import dspy

from kit.plans.steps import Given, Plan, Step, bootstraps
from kit.private import mipro_settings

_ZERO_SHOT_DEMOS = 3  # bootstrapped for the writer of instructions alone
_SUMMARY = 2  # calls to look at the first rows, and to sum up what was seen
_MOST_BATCHES = 9
_STOPS_AFTER = 5  # batches that add nothing


def plan(optimizer: dspy.MIPROv2, given: Given) -> Plan:
    """Return what MIPROv2 will run."""
    twin, options = _twin(optimizer, given.options), given.options
    try:
        trainset, (trials, valset, minibatch, instructions, demo_sets) = mipro_settings(
            twin, given.student, given.trainset, given.valset, options, zero_shot=_zero_shot(twin)
        )
    except ValueError as error:
        return Plan(faults=[str(error)])
    rows = len(valset)
    batch = options.get("minibatch_size", 35) if minibatch else rows
    if faults := list(_faults(twin, trials, batch, rows, instructions, demo_sets)):
        return Plan(faults=faults)
    tried = bootstraps(twin, _sizes(twin, demo_sets), len(trainset))
    written = _writing(len(given.student.predictors()), len(trainset), min(instructions, demo_sets), options)
    seed = Step("program given, all validation rows", "task", rows, rows)
    demos = max(twin.max_bootstrapped_demos, twin.max_labeled_demos)
    steps = [tried, written, seed, _exactly(f"trials, {batch} rows each", trials * batch, demos)]
    if minibatch:
        wholes = _whole_evaluations(trials, options.get("minibatch_full_eval_steps", 5))
        steps.append(_exactly("best trials, all validation rows", wholes * rows, demos))
    first = tried.low + rows + batch + (rows if minibatch else 0)
    return Plan(steps, first=first, first_writes=written.low)


def _twin(optimizer: dspy.MIPROv2, options: dict[str, Any]) -> dspy.MIPROv2:
    """Return a copy with the settings that `compile` would work with."""
    twin = copy.copy(optimizer)
    for name in ("max_bootstrapped_demos", "max_labeled_demos"):
        if options.get(name) is not None:
            setattr(twin, name, options[name])
    return twin


def _zero_shot(optimizer: dspy.MIPROv2) -> bool:
    return optimizer.max_bootstrapped_demos == optimizer.max_labeled_demos == 0


def _exactly(what: str, runs: int, demos: int) -> Step:
    return Step(what, "task", runs, runs, demos)


def _faults(
    optimizer: dspy.MIPROv2, trials: int | None, batch: int, rows: int, instructions: int, demo_sets: int
) -> Iterator[str]:
    if trials is None:
        yield "MIPROv2 with auto=None needs num_candidates, and compile(num_trials=...)."
    if batch > rows:
        yield f"A minibatch of {batch} rows does not fit the {rows} validation rows: set minibatch=False."
    if not _zero_shot(optimizer) and optimizer.max_bootstrapped_demos < 1 and demo_sets > 3:
        yield "MIPROv2 bootstraps sets of 1 demo or more: set max_bootstrapped_demos, or both kinds to 0."
    one_choice = instructions < 2 and (_zero_shot(optimizer) or demo_sets < 2)
    if trials is not None and (trials < 1 or one_choice):
        yield "There is nothing to try beyond the program given: raise num_candidates or num_trials to 2."


def _sizes(optimizer: dspy.MIPROv2, demo_sets: int) -> list[int]:
    """Return the least sizes of the demo sets that are bootstrapped: all but the second are drawn, from 1 up.

    Set 0 is empty, and set 1 holds labeled demos, if there are any.
    """
    most = _ZERO_SHOT_DEMOS if _zero_shot(optimizer) else optimizer.max_bootstrapped_demos
    first = 1 if optimizer.max_labeled_demos == 0 else 2
    return [most if number == 2 else 1 for number in range(first, demo_sets)]


def _writing(predictors: int, rows: int, instructions: int, options: dict[str, Any]) -> Step:
    """Count a summary of the data, batch by batch, and up to three calls for each instruction."""
    batches = min(_MOST_BATCHES, max(0, math.ceil(rows / options.get("view_data_batch_size", 10)) - 1))
    low, high = _SUMMARY + min(_STOPS_AFTER, batches), _SUMMARY + batches
    if not options.get("data_aware_proposer", True):
        low = high = 0
    each = 3 if options.get("program_aware_proposer", True) else 1
    written = predictors * instructions
    return Step("instructions written", "writer", low + written, high + written * each)


def _whole_evaluations(trials: int, every: int) -> int:
    """Count full evaluations among minibatches; each takes a number, as a trial does."""
    last = trials + trials // every + 1 + (trials % every != 0)
    number = count = 0
    for _ in range(trials):
        number += 1
        if (number + 1) % (every + 1) == 0 or number + 1 == last - 1:
            number, count = number + 1, count + 1
    return count
