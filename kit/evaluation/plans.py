"""Plans: what an optimizer will run, step by step, read from its settings. No model is asked.

Counts are what DSPy 3.4 does, checked by running it; where it depends on what the model answers, they are a
range. Left out: what an adapter asks again after a reply that it cannot parse.
"""

from __future__ import annotations

import copy
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import singledispatch
from typing import Any

import dspy
from dspy.teleprompt import SIMBA
from dspy.teleprompt.gepa.gepa import AUTO_RUN_SETTINGS


@dataclass(frozen=True)
class Step:
    """Part of a run: between `low` and `high` runs of the program, or calls of the model that writes.

    `who` answers: "task", "teacher", or "writer" (prompt model, reflection model). `demos` is how many a
    predictor's prompt may hold.
    """

    what: str
    who: str
    low: int
    high: int
    demos: int = 0


@dataclass(frozen=True)
class Plan:
    """All steps of a run, why not to start it, what to know, and what it takes to find one new candidate.

    `first` is how many runs of the program go by, and `first_writes` how many calls of the writing model,
    until the first candidate beyond the given program has its score.
    """

    steps: list[Step] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    first: int = 0
    first_writes: int = 0
    notes: list[str] = field(default_factory=list)

    def problems(self, calls: int | None = None, calls_each: int = 1) -> list[str]:
        """Say why the run should not start, given a cap on calls, and the calls that one run of it makes."""
        need = self.first * calls_each + self.first_writes
        if self.faults or calls is None or need <= calls:
            return self.faults
        return [
            f"The cap of {calls:,} calls is too small for one candidate beyond the program given: that takes "
            f"{need:,}. Raise the cap, or give a smaller validation set."
        ]


def plan(
    optimizer: Any, student: dspy.Module, trainset: list, valset: list | None = None, **options: Any
) -> Plan:
    """Return what `optimizer.compile` would run with the same arguments.

    Raises:
        TypeError: If it is an optimizer that we cannot plan.
    """
    if not trainset:
        return Plan(faults=["The trainset is empty: check the file that it was read from, and its filter."])
    return _plan(optimizer, student, list(trainset), list(valset) if valset else None, options)


@singledispatch
def _plan(optimizer: Any, student: dspy.Module, trainset: list, valset: list | None, options: dict) -> Plan:
    known = sorted(kind.__name__ for kind in _plan.registry if kind is not object)
    raise TypeError(f"There is no plan for {type(optimizer).__name__}. There is one for: {', '.join(known)}.")


@_plan.register
def _(optimizer: dspy.LabeledFewShot, *_: Any) -> Plan:
    return Plan()


@_plan.register
def _(optimizer: dspy.BootstrapFewShot, student: dspy.Module, trainset: list, *_: Any) -> Plan:
    return Plan([_bootstraps(optimizer, [optimizer.max_bootstrapped_demos], len(trainset))])


@_plan.register
def _(
    optimizer: dspy.BootstrapFewShotWithRandomSearch,
    student: dspy.Module,
    trainset: list,
    valset: list | None,
    options: dict,
) -> Plan:
    seeds = set(range(-3, optimizer.num_candidate_sets)) & set(options.get("restrict") or range(-3, 10_000))
    most = optimizer.max_num_samples
    sizes = [most if seed == -1 else random.Random(seed).randint(1, most) for seed in seeds if seed > -2]
    rows, demos = len(valset or trainset), max(optimizer.max_labeled_demos, most)
    least = rows if optimizer.stop_at_score is not None else rows * len(seeds)
    scored = Step("candidates, all validation rows", "task", least, rows * len(seeds), demos)
    return Plan([_bootstraps(optimizer, sizes, len(trainset)), scored], first=min(2, len(seeds)) * rows)


@_plan.register
def _(
    optimizer: dspy.MIPROv2, student: dspy.Module, trainset: list, valset: list | None, options: dict
) -> Plan:
    twin = copy.copy(optimizer)
    twin.max_bootstrapped_demos = _either(options.get("max_bootstrapped_demos"), twin.max_bootstrapped_demos)
    twin.max_labeled_demos = _either(options.get("max_labeled_demos"), twin.max_labeled_demos)
    zero_shot = twin.max_bootstrapped_demos == twin.max_labeled_demos == 0
    twin._set_random_seeds(options.get("seed") or twin.seed)
    try:
        trainset, valset = twin._set_and_validate_datasets(trainset, valset)
        trials, valset, minibatch, instructions, demo_sets = twin._set_hyperparams_from_run_mode(
            student,
            options.get("num_trials"),
            options.get("minibatch", True),
            zero_shot,
            valset,
            twin.num_candidates,
            twin.num_candidates,
        )
    except ValueError as error:
        return Plan(faults=[str(error)])
    batch = options.get("minibatch_size", 35) if minibatch else len(valset)
    if faults := list(_mipro_faults(twin, trials, batch, len(valset), instructions, demo_sets)):
        return Plan(faults=faults)
    rows, demos = len(valset), max(twin.max_bootstrapped_demos, twin.max_labeled_demos)
    wholes = _whole_evaluations(trials, options.get("minibatch_full_eval_steps", 5)) if minibatch else 0
    bootstraps = _bootstraps(twin, _mipro_sizes(twin, len(trainset), demo_sets), len(trainset))
    writes = _mipro_writes(len(student.predictors()), len(trainset), min(instructions, demo_sets), options)
    seed = Step("program given, all validation rows", "task", rows, rows)
    tried = Step(f"trials, {batch} rows each", "task", trials * batch, trials * batch, demos)
    whole = Step("best trials, all validation rows", "task", wholes * rows, wholes * rows, demos)
    return Plan(
        [bootstraps, writes, seed, tried, *([whole] if minibatch else [])],
        first=bootstraps.low + rows + batch + (rows if minibatch else 0),
        first_writes=writes.low,
    )


@_plan.register
def _(optimizer: dspy.GEPA, student: dspy.Module, trainset: list, valset: list | None, options: dict) -> Plan:
    rows, batch = len(valset or trainset), optimizer.reflection_minibatch_size
    budget = _gepa_budget(optimizer, student, len(trainset), len(valset or []), rows)
    if budget <= rows:
        return Plan(
            faults=[
                f"GEPA's budget of {budget:,} metric calls is gone once the program given has been scored on "
                f"{rows:,} validation rows. Give more than {rows:,}: an accepted candidate takes "
                f"{2 * batch + rows:,} beyond that."
            ]
        )
    left, proposal = budget - rows, 2 * batch + rows
    writes = len(student.predictors()) if optimizer.component_selector == "all" else 1
    return Plan(
        [
            Step("program given, all validation rows", "task", rows, rows),
            Step("minibatches and accepted candidates", "task", left, left + proposal - 1),
            Step("instructions written", "writer", 0, writes * math.ceil(left / (2 * batch))),
        ],
        first=rows + proposal,
        first_writes=writes,
        notes=[
            "GEPA finishes what is under way when its budget ends, and skips minibatches without a mistake."
        ],
    )


@_plan.register
def _(optimizer: SIMBA, student: dspy.Module, trainset: list, *_: Any) -> Plan:
    size, steps, count = optimizer.bsize, optimizer.max_steps, optimizer.num_candidates
    if len(trainset) < size:
        return Plan(
            faults=[f"SIMBA takes {size} rows a step, and the trainset has {len(trainset)}: set bsize."]
        )
    tried = min(count + 1, size)
    finalists = len({round(i * steps / count) for i in range(count + 1)})
    return Plan(
        [
            Step("programs sampled", "task", steps * size * count, steps * size * count, optimizer.max_demos),
            Step("rules written", "writer", 0, steps * size),
            Step(
                "candidates, the same rows",
                "task",
                steps * size * tried,
                steps * size * tried,
                optimizer.max_demos,
            ),
            Step(
                "finalists, all training rows",
                "task",
                len(trainset),
                finalists * len(trainset),
                optimizer.max_demos,
            ),
        ],
        first=size * count + size,
    )


def _bootstraps(optimizer: Any, sizes: list[int], rows: int) -> Step:
    """Count tries: a set is full after as many as it holds if each is right, or has tried all rows."""
    rounds = getattr(optimizer, "max_rounds", 1)
    low = sum(min(size, rows) for size in sizes)
    high = sum(rows * rounds for size in sizes if size)
    return Step("demos tried on training rows", "teacher", low, high, optimizer.max_labeled_demos)


def _mipro_faults(
    optimizer: dspy.MIPROv2, trials: int | None, batch: int, rows: int, instructions: int, demo_sets: int
) -> Iterator[str]:
    if trials is None:
        yield "MIPROv2 with auto=None needs num_candidates, and compile(num_trials=...)."
    if batch > rows:
        yield f"A minibatch of {batch} rows does not fit the {rows} validation rows: set minibatch=False."
    zero_shot = optimizer.max_bootstrapped_demos == optimizer.max_labeled_demos == 0
    if not zero_shot and optimizer.max_bootstrapped_demos < 1 and demo_sets > 3:
        yield "MIPROv2 bootstraps sets of 1 demo or more: set max_bootstrapped_demos, or both kinds to 0."
    if trials is not None and (trials < 1 or (instructions < 2 and (zero_shot or demo_sets < 2))):
        yield "There is nothing to try beyond the program given: raise num_candidates or num_trials to 2."


def _mipro_sizes(optimizer: dspy.MIPROv2, rows: int, demo_sets: int) -> list[int]:
    """Draw the sizes of the demo sets as `create_n_fewshot_demo_sets` will, from the same random numbers."""
    zero_shot = optimizer.max_bootstrapped_demos == optimizer.max_labeled_demos == 0
    most = 3 if zero_shot else optimizer.max_bootstrapped_demos
    sizes = []
    for number in range(1, demo_sets):  # set 0 is empty; set 1 holds labeled demos, if there are any
        if number == 2:
            sizes.append(most)
        elif number > 2 or optimizer.max_labeled_demos == 0:
            optimizer.rng.shuffle(list(range(rows)))
            sizes.append(optimizer.rng.randint(1, most))
    return sizes


def _mipro_writes(predictors: int, rows: int, instructions: int, options: dict) -> Step:
    """Count a summary of the data, batch by batch, and up to three calls for each instruction."""
    batch = options.get("view_data_batch_size", 10)
    batches = min(9, max(0, math.ceil(rows / batch) - 1))
    summary = (2 + min(5, batches), 2 + batches) if options.get("data_aware_proposer", True) else (0, 0)
    each = 3 if options.get("program_aware_proposer", True) else 1
    written = predictors * instructions
    return Step("instructions written", "writer", summary[0] + written, summary[1] + written * each)


def _whole_evaluations(trials: int, every: int) -> int:
    """Count MIPROv2's full evaluations among its minibatches, as its own loop numbers them."""
    last = trials + trials // every + 1 + (trials % every != 0)
    number = count = 0
    for _ in range(trials):
        number += 1
        if (number + 1) % (every + 1) == 0 or number + 1 == last - 1:
            number, count = number + 1, count + 1
    return count


def _gepa_budget(optimizer: dspy.GEPA, student: dspy.Module, train: int, validation: int, rows: int) -> int:
    if optimizer.auto is not None:
        count = AUTO_RUN_SETTINGS[optimizer.auto]["n"]
        return optimizer.auto_budget(max(len(student.predictors()), 1), count, rows)
    if optimizer.max_full_evals is not None:
        return optimizer.max_full_evals * (train + validation)
    return optimizer.max_metric_calls


def _either(value: Any, default: Any) -> Any:
    return default if value is None else value
