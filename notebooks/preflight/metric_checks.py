"""Metric checks: whether a metric scores answers of known worth as it should."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import dspy
from scores import BadScore, score_of

from preflight import trials
from preflight.findings import Finding, bad, good, note
from preflight.rows import has_inputs
from preflight.trials import Trial

PADDING = " There is more to say about this, and it could be said at greater length, as here."
_EMPTY = {str: "", list: [], dict: {}, set: set(), tuple: ()}
Gold = Callable[[dspy.Example], dspy.Prediction]


@dataclass(frozen=True)
class Probe:
    """An answer, what the metric returned for it, and the score, or why it is not a score."""

    answer: dspy.Prediction
    trial: Trial
    score: float | None = None
    fault: str = ""


def of_metric(
    metric: Callable, devset: Sequence[dspy.Example], row: dspy.Example, answer: Any, gold: Gold | None
) -> tuple[list[Finding], dict[str, Probe]]:
    """Return what is wrong with a metric, and its probes, first the program's own answer."""
    probes = {"own": _probe(metric, row, answer)}
    own = probes["own"]
    if own.fault or own.trial.error:
        return [_unusable(own)], probes
    findings = list(_form(metric, own))
    if not isinstance(answer, dspy.Prediction):
        return findings, probes
    answers = _known(devset, row, answer, gold)
    probes |= {name: _probe(metric, row, known) for name, known in answers.items()}
    scored = {name: probe for name, probe in probes.items() if probe.score is not None}
    if "gold" not in probes:
        findings.append(_no_gold(row, answer))
    elif unlabelled := _unlabelled(scored, answer, row, gold):
        findings.append(_gold_unread(unlabelled))
        scored = {name: probe for name, probe in scored.items() if "gold" not in name}
    return [*findings, *_judged(scored)] or [good("metric", f"gives this answer {own.score:g}")], probes


def _probe(metric: Callable, row: dspy.Example, answer: Any) -> Probe:
    trial = trials.run(metric, row, answer)
    if trial.error:
        return Probe(answer, trial)
    try:
        return Probe(answer, trial, score_of(trial.returned, _name(metric), row))
    except BadScore as error:
        return Probe(answer, trial, fault=str(error))


def _unusable(own: Probe) -> Finding:
    if own.trial.error:
        return bad(
            "metric",
            f"It raises {own.trial.failure}",
            "Mend that line; try the metric on one row by hand before you evaluate.",
            "0.0 for each such row, and only a log line: it looks like a model that is always wrong.",
        )
    returned = own.trial.returned
    symptom = (
        "A sum that is NaN, or more than 100 %."
        if isinstance(returned, int | float)
        else "TypeError in the sum at the end, when all calls are paid for; it names neither metric nor row."
    )
    return bad("metric", own.fault, "Return a number from 0 to 1 in every case.", symptom)


def _form(metric: Callable, own: Probe) -> Iterator[Finding]:
    """Yield what optimizers will not like about how a metric is called, and what it returns."""
    function = metric if inspect.isroutine(metric) else type(metric).__call__
    try:
        inspect.signature(metric).bind(None, None, None)
    except TypeError:
        yield note(
            "metric",
            "It takes two arguments. Evaluate passes two; optimizers pass a third, the trace.",
            "def metric(example, prediction, trace=None): ...",
            "TypeError as soon as an optimizer scores its first row.",
        )
    if _promises_a_float(function) and isinstance(own.trial.returned, bool):
        yield note(
            "metric",
            f"It promises a float and returns {own.trial.returned!r}, a bool.",
            "Return float(...), or the partial credit that the annotation speaks of.",
        )


def _promises_a_float(function: Callable) -> bool:
    """Read the annotation without evaluating it: names in it may be unknown here."""
    try:
        return function.__annotations__.get("return") in (float, "float")
    except (AttributeError, NameError):  # from Python 3.14 on, to look is to evaluate
        return False


def _known(
    devset: Sequence[dspy.Example], row: dspy.Example, answer: dspy.Prediction, gold: Gold | None
) -> dict[str, dspy.Prediction]:
    """Return answers whose worth is known: gold, another row's, nothing, padding, a copy of the input."""
    fields = answer.toDict()
    texts = [value for value in row.inputs().toDict().values() if type(value) is str]
    right = _gold(row, fields, gold)
    empty = {name: _EMPTY.get(type(value)) for name, value in fields.items()}
    padded = {name: value + PADDING if type(value) is str else value for name, value in fields.items()}
    copied = {name: "\n".join(texts) if type(value) is str else value for name, value in fields.items()}
    known = {"gold": right, "empty": empty}
    if padded != fields:  # there is a text among the outputs
        known |= {"padded": padded, "copied": copied if texts else None}
    if right is not None:
        others = (_gold(other, fields, gold) for other in devset if has_inputs(other))
        known["another row's gold"] = next((other for other in others if other not in (None, right)), None)
        if right == empty:
            del known["empty"]
    return {name: dspy.Prediction(**values) for name, values in known.items() if values is not None}


def _gold(row: dspy.Example, fields: dict[str, Any], gold: Gold | None) -> dict[str, Any] | None:
    """Return the row's gold as an answer with the program's fields; None if they have no name in common.

    A field without a label keeps what the program said.
    """
    shared = {name: value for name, value in _labels(row, gold).items() if name in fields}
    return {**fields, **shared} if shared else None


def _labels(row: dspy.Example, gold: Gold | None) -> dict[str, Any]:
    return dict(gold(row)) if gold else dict(row.labels())


def _unlabelled(
    probes: dict[str, Probe], answer: dspy.Prediction, row: dspy.Example, gold: Gold | None
) -> list[str]:
    """Return the fields without a label, if the score does not change with those that have one."""
    missing = [name for name in answer.toDict() if name not in _labels(row, gold)]
    scores = [probes[name].score for name in ("gold", "another row's gold") if name in probes]
    return missing if len(scores) == 2 and scores[0] == scores[1] else []


def _gold_unread(fields: list[str]) -> Finding:
    return note(
        "metric",
        f"It does not read the fields that have a label; there is no gold for {', '.join(fields)}.",
        "Label what it scores, or say it: gold=lambda row: dspy.Prediction(...).",
        "Nobody knows which score a right answer would get.",
    )


def _no_gold(row: dspy.Example, answer: dspy.Prediction) -> Finding:
    labels, fields = sorted(row.labels().keys()), sorted(answer.keys())
    return note(
        "metric",
        f"Whether it gives gold full marks is not known: a row's labels are {labels}, the answer's {fields}.",
        "Say how gold looks as an answer: gold=lambda row: dspy.Prediction(...).",
    )


def _judged(probes: dict[str, Probe]) -> Iterator[Finding]:
    scores = {name: probe.score for name, probe in probes.items()}
    wrong = {name: scores[name] for name in ("another row's gold", "empty") if name in scores}
    listed = ", ".join(f"{name} {score:g}" for name, score in scores.items())
    if wrong and len(scores) > 2 and len(set(scores.values())) == 1:
        yield bad(
            "metric",
            f"It gives every answer the same: {listed}.",
            "Look at which fields it compares.",
            "One score for all programs; an optimizer has nothing to go by.",
        )
        return
    if "gold" in scores and scores["gold"] < 1:
        make = bad if scores["gold"] == 0 else note
        yield make(
            "metric",
            f"It gives the gold answer itself {round(scores['gold'], 2):g} of 1.",
            "Compare types and spelling of both sides: print the two values.",
            "A ceiling below 100 % that no program can pass.",
        )
    for name, score in wrong.items():
        if score == 1:
            yield (bad if name == "empty" else note)(
                "metric",
                f"It gives full marks to {'an empty answer' if name == 'empty' else name}.",
                "Let nothing be worth 0: no field filled, no credit."
                if name == "empty"
                else "Read both: if they do not mean the same, it lets wrong answers pass.",
                "A score that rises when the program says less.",
            )
    for name, what in (("padded", "Words without content"), ("copied", "A copy of the input")):
        if scores.get(name, 0) > scores["own"]:
            yield note(
                "metric",
                f"{what} would raise its score, from {scores['own']:.2f} to {scores[name]:.2f}.",
                "Count what is too much as well, or limit the length by code.",
                "Answers that grow with every round of an optimizer.",
            )
    yield from _as_filter(probes)


def _as_filter(probes: dict[str, Probe]) -> Iterator[Finding]:
    """Yield a note if a wrong answer counts as right where Python asks for a bool, as bootstrapping does."""
    for name in ("another row's gold", "empty"):
        probe = probes.get(name)
        if probe and probe.score < 1 and probe.trial.returned and not probe.trial.watch.requests:
            yield note(
                "metric",
                f"It returns {_short(probe.trial.returned)} for {name}, and for Python that is true.",
                "Return score >= threshold where trace is not None, or give it a metric_threshold.",
                "Wrong answers as demos: BootstrapFewShot keeps what is true.",
            )
            return


def _short(value: Any) -> str:
    if isinstance(value, dspy.Prediction):
        return f"a Prediction with score {value.score:g}"
    return f"{value:.2g}"


def _name(metric: Callable) -> str:
    return getattr(metric, "__name__", type(metric).__name__)
