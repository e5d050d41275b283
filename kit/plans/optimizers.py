"""Plans: what an optimizer will run, step by step, read from its settings. No model is asked.

Counts are what DSPy 3.4 does, checked by running it; where it depends on what the model answers, they are a
range. Left out: what an adapter asks again after a reply that it cannot parse.
"""

from __future__ import annotations

import math
import random
from functools import singledispatch
from typing import Any

import dspy
from dspy.teleprompt import COPRO, SIMBA, InferRules

from kit.plans import mipro
from kit.plans.steps import Given, Plan, Step, bootstraps
from kit.private import gepa_budget


def plan(
    optimizer: Any, student: dspy.Module, trainset: list, valset: list | None = None, **options: Any
) -> Plan:
    """Return what `optimizer.compile` would run with the same arguments; `TypeError` if that is not known."""
    if not can_plan(optimizer):
        known = ", ".join(sorted(kind.__name__ for kind in _plan.registry if kind is not object))
        raise TypeError(f"There is no plan for {type(optimizer).__name__}. There is one for: {known}.")
    if not trainset:
        return Plan(faults=["The trainset is empty: check the file that it was read from, and its filter."])
    return _plan(optimizer, Given(student, list(trainset), list(valset) if valset else None, options))


def most_calls(
    optimizer: Any, student: dspy.Module, trainset: list, valset: list | None = None, **options: Any
) -> int:
    """Return how many calls of models `optimizer.compile` makes at most; 0 if it will not start."""
    each = max(1, len(student.predictors()))
    steps = plan(optimizer, student, trainset, valset, **options).steps
    return sum(step.high * (1 if step.who == "writer" else each) for step in steps)


def can_plan(optimizer: Any) -> bool:
    """Tell whether there is a plan for this kind of optimizer."""
    return _plan.dispatch(type(optimizer)) is not _plan.dispatch(object)


@singledispatch
def _plan(optimizer: Any, given: Given) -> Plan:
    raise NotImplementedError(type(optimizer).__name__)


_plan.register(dspy.MIPROv2, mipro.plan)


@_plan.register
def _(optimizer: dspy.LabeledFewShot, given: Given) -> Plan:
    return Plan()


@_plan.register
def _(optimizer: dspy.BootstrapFewShot, given: Given) -> Plan:
    return Plan([bootstraps(optimizer, [optimizer.max_bootstrapped_demos], len(given.trainset))])


@_plan.register
def _(optimizer: dspy.BootstrapFewShotWithRandomSearch, given: Given) -> Plan:
    seeds = range(-3, optimizer.num_candidate_sets)
    seeds = [seed for seed in seeds if seed in (given.options.get("restrict") or seeds)]
    most = optimizer.max_num_samples
    if most < 1 and seeds[-1] >= 0:
        return Plan(faults=["Random search bootstraps sets of 1 demo or more: set max_bootstrapped_demos."])
    sizes = [most if seed == -1 else random.Random(seed).randint(1, most) for seed in seeds if seed > -2]  # noqa: S311 - as DSPy draws them
    least = 1 if optimizer.stop_at_score is not None else len(seeds)
    scored = Step(
        "candidates, all validation rows",
        "task",
        least * given.rows,
        len(seeds) * given.rows,
        max(optimizer.max_labeled_demos, most),
    )
    tried = bootstraps(optimizer, sizes, len(given.trainset))
    return Plan([tried, scored], first=min(2, len(seeds)) * given.rows)


@_plan.register
def _(optimizer: InferRules, given: Given) -> Plan:
    train = given.trainset if given.valset else given.trainset[: len(given.trainset) // 2]
    rows, tries = len(given.valset or given.trainset[len(train) :]), optimizer.num_candidates
    written = tries * len(given.student.predictors())
    demos = optimizer.max_bootstrapped_demos
    return Plan(
        [
            bootstraps(optimizer, [demos], len(train)),
            Step("rules written", "writer", written, written),
            Step("candidates, all validation rows", "task", tries * rows, tries * rows, demos),
        ],
        first=rows,
        first_writes=len(given.student.predictors()),
    )


@_plan.register
def _(optimizer: COPRO, given: Given) -> Plan:
    predictors, breadth, depth = len(given.student.predictors()), optimizer.breadth, optimizer.depth
    rounds = range(1, depth + 1)
    tried = breadth * depth if predictors == 1 else sum(breadth * number for number in rounds) * predictors
    written = predictors * (breadth * depth - 1)
    return Plan(
        [
            Step("instructions written", "writer", written, written),
            Step("instructions, all training rows", "task", 0, tried * len(given.trainset)),
        ],
        first=len(given.trainset),
        first_writes=predictors * (breadth - 1),
    )


@_plan.register
def _(optimizer: dspy.GEPA, given: Given) -> Plan:
    rows, batch, budget = given.rows, optimizer.reflection_minibatch_size, _gepa_budget(optimizer, given)
    left, proposal = budget - rows, 2 * batch + rows
    if left <= 0:
        fault = (
            f"GEPA's budget of {budget:,} metric calls is gone once the program given has been scored on "
            f"{rows:,} validation rows. Give more: an accepted candidate takes {proposal:,} beyond that."
        )
        return Plan(faults=[fault])
    each = len(given.student.predictors()) if optimizer.component_selector == "all" else 1
    return Plan(
        [
            Step("program given, all validation rows", "task", rows, rows),
            Step("minibatches and accepted candidates", "task", left, left + proposal - 1),
            Step("instructions written", "writer", 0, each * math.ceil(left / (2 * batch))),
        ],
        first=rows + proposal,
        first_writes=each,
        notes=[
            "GEPA finishes what is under way when its budget ends, and skips minibatches without a mistake."
        ],
    )


@_plan.register
def _(optimizer: SIMBA, given: Given) -> Plan:
    size, steps, count = optimizer.bsize, optimizer.max_steps, optimizer.num_candidates
    train, demos = len(given.trainset), optimizer.max_demos
    if train < size:
        return Plan(faults=[f"SIMBA takes {size} rows a step, and the trainset has {train}: set bsize."])
    sampled, tried = steps * size * count, steps * size * min(count + 1, size)
    finalists = len({round(place * steps / count) for place in range(count + 1)})
    return Plan(
        [
            Step("programs sampled", "task", sampled, sampled, demos),
            Step("rules written", "writer", 0, steps * size),
            Step("candidates, the same rows", "task", tried, tried, demos),
            Step("finalists, all training rows", "task", train, finalists * train, demos),
        ],
        first=size * count + size,
    )


def _gepa_budget(optimizer: dspy.GEPA, given: Given) -> int:
    if optimizer.auto is not None:
        predictors = max(len(given.student.predictors()), 1)
        return gepa_budget(optimizer, predictors, given.rows)
    if optimizer.max_full_evals is not None:
        return optimizer.max_full_evals * (len(given.trainset) + len(given.valset or []))
    return optimizer.max_metric_calls
