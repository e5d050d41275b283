"""What one row through program and metric shows: what is wrong, in plain words."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from math import fsum
from typing import Any

import dspy

from kit.calls import Call
from kit.engines.models import entries_of, list_usd
from kit.engines.replay import ReplayEngine
from preflight import metric_checks, rows, trials
from preflight.findings import Finding, bad, good, note
from preflight.trials import Trial

_ORDER = ("bad", "note", "good")


@dataclass(frozen=True)
class Preflight:
    """What one row showed. `ok` is True if nothing is wrong; notes are to be known and do not count.

    Shown with what is wrong first: the finding, what a run would show of it, and what to do.
    """

    findings: list[Finding]
    takes: str = ""
    good: list[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(
            self, "good", [finding.what for finding in self.findings if finding.state == "good"]
        )

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self._of("bad")

    def __repr__(self) -> str:
        told = [_in_words(finding) for state in _ORDER[:2] for finding in self._of(state)]
        return "\n".join(filter(None, [self._verdict, *told, self._rest, self.takes]))

    def _repr_html_(self) -> str:
        told = [_in_html(finding) for state in _ORDER[:2] for finding in self._of(state)]
        ends = [f"<p>{html.escape(text)}</p>" for text in (self._rest, self.takes) if text]
        return f"<p><b>{html.escape(self._verdict)}</b></p>{''.join([*told, *ends])}"

    @property
    def _verdict(self) -> str:
        wrong, notes = (len(self._of(state)) for state in _ORDER[:2])
        known = f" {notes} to know." if notes else ""
        return (f"Do not start: {wrong} to fix." if wrong else "Ready.") + known

    @property
    def _rest(self) -> str:
        return f"good: {', '.join(dict.fromkeys(self.good))}" if self.good else ""

    def _of(self, state: str) -> list[Finding]:
        return [finding for finding in self.findings if finding.state == state]


def preflight(
    program: dspy.Module,
    devset: Sequence[dspy.Example],
    metric: Callable[..., Any],
    *,
    trainset: Sequence[dspy.Example] | None = None,
    gold: Callable[[dspy.Example], dspy.Prediction] | None = None,
    prices: str | None = None,
) -> Preflight:
    """Run the first row that has inputs, and say what is wrong, or to be known, before the rest is run.

    The program is run once. The metric is called up to six times: for the program's answer, the row's gold,
    another row's gold, an empty answer, one padded with words, and a copy of the input.

    Args:
        program: What is to be evaluated or optimized.
        devset: The rows that it is to be scored on.
        metric: Called as metric(example, prediction).
        trainset: Rows that an optimizer will learn from: none may stand in the devset.
        gold: Makes an answer of a row's labels, where they are not named like the program's outputs.
        prices: A profile whose prices for the same role stand in for those of the models that answer.

    Raises:
        TypeError: If program or metric cannot be called, or a row is no `dspy.Example`.
        ValueError: If there are no rows, or `prices` is no profile.

    >>> row = dspy.Example(text="Great!", stars=5)
    >>> found = preflight(dspy.Predict("text -> stars: int"), [row], lambda row, said: said.stars == 5)
    >>> found.ok, found.findings[0].next_step
    (False, 'devset = [row.with_inputs("text") for row in devset]')
    """
    _refuse(program, devset, metric, prices)
    findings = [*rows.inputs(program, devset), rows.count(devset), *rows.shared(program, devset, trainset)]
    findings += _models(program)
    row = next((row for row in devset if rows.inputs_of(row)), None)
    if row is None or any(finding.what == "model" for finding in findings):
        return Preflight(findings)
    trial = trials.run(program, **row.inputs())
    findings += [*_answer(program, trial), *_predictors(program, trial), *_calls(trial)]
    if trial.error or trial.returned is None:
        return Preflight(findings)
    judged, probes = metric_checks.of_metric(metric, devset, row, trial.returned, gold)
    calls = [*trial.usage.calls, *probes["own"].trial.usage.calls]
    return Preflight([*findings, *judged], _takes(calls, len(devset), prices))


def _refuse(program: Any, devset: Any, metric: Any, prices: str | None) -> None:
    if not isinstance(program, dspy.Module):
        raise TypeError(f"A program is a dspy.Module, e.g. dspy.Predict; found {type(program).__name__}.")
    if not callable(metric):
        raise TypeError(f"A metric is called as metric(example, prediction); found {metric!r}.")
    if not devset:
        raise ValueError("There are no rows: check the file that they were read from, and its filter.")
    if strange := next((row for row in devset if not isinstance(row, dspy.Example)), None):
        raise TypeError(
            f"A row is a dspy.Example; found {type(strange).__name__}: dspy.Example(row).with_inputs(...)."
        )
    if prices:
        entries_of(prices)


def _models(program: dspy.Module) -> Iterator[Finding]:
    inside = [predictor for _, predictor in program.named_sub_modules(dspy.Predict)]
    if dspy.settings.lm is None and any(predictor.lm is None for predictor in inside):
        yield bad(
            "model",
            "No model is configured.",
            'dspy.configure(lm=kit.lm("small")), or any other dspy.LM.',
            "'No LM is loaded' in each row, and so 0.0.",
        )


def _answer(program: dspy.Module, trial: Trial) -> Iterator[Finding]:
    if not (hasattr(type(program), "forward") or "forward" in vars(program)):
        yield bad(
            "program",
            "It has aforward alone, so it can only be awaited: await program.acall(...).",
            "Add a forward for Evaluate and optimizers. In a notebook dspy.syncify does not help.",
            "An AttributeError in each row, and so 0.0.",
        )
    elif trial.error:
        yield bad(
            "program",
            f"It raises {trial.failure}",
            "Mend that; then run one row by hand: program(**devset[0].inputs()).",
            "0.0 for each such row, and only a log line.",
        )
    elif not isinstance(trial.returned, dspy.Prediction):
        yield (bad if trial.returned is None else note)(
            "program",
            f"It returns {type(trial.returned).__name__}, not a dspy.Prediction.",
            "End forward with return dspy.Prediction(...).",
            "Metrics that read prediction.field fail, and count 0.0.",
        )
    else:
        yield good("program", f"answers with {', '.join(trial.returned.keys())}")


def _predictors(program: dspy.Module, trial: Trial) -> Iterator[Finding]:
    """Yield predictors that an optimizer will not reach, and those that have a model of their own."""
    named = dict(program.named_predictors())
    inside = {predictor.stage: name for name, predictor in program.named_sub_modules(dspy.Predict)}
    reached = {predictor.stage for predictor in named.values()}
    frozen = [name.removeprefix("self.") for stage, name in inside.items() if stage not in reached]
    hidden = [predictor.signature for predictor in trial.watch.ran if predictor.stage not in inside]
    pinned = {name: predictor.lm.model for name, predictor in named.items() if predictor.lm is not None}
    if hidden:
        shorthands = "; ".join(dict.fromkeys(map(_shorthand, hidden)))
        yield note(
            "predictors",
            f"{len(hidden)} ran that the program does not hold as an attribute: {shorthands}.",
            "Make them in __init__: self.name = dspy.Predict(...).",
            "An optimizer does not see them, save does not keep them, set_lm does not reach them.",
        )
    if frozen:
        yield note(
            "predictors",
            f"Frozen: {', '.join(frozen)}, inside of a module that was compiled before.",
            "To optimize it again: module._compiled = False.",
            "An optimizer passes it by.",
        )
    if pinned:
        which = ", ".join(f"{name} on {model}" for name, model in pinned.items())
        yield note(
            "predictors",
            f"Pinned: {which}.",
            "Unpin with set_lm(None) if that is not meant.",
            "dspy.configure and dspy.context do not change its model.",
        )
    if not hidden and not frozen and not pinned:
        yield good("predictors", ", ".join(named) or "none")


def _calls(trial: Trial) -> Iterator[Finding]:
    if adapters := trial.watch.fallbacks:
        yield note(
            "second calls",
            f"{len(trial.watch.requests)} calls where {len(trial.watch.ran)} predictor ran: the reply to "
            f"{', '.join(dict.fromkeys(adapters))} could not be read, and JSONAdapter asked again.",
            "Try dspy.JSONAdapter(), or ChatAdapter(use_json_adapter_fallback=False) to see the error.",
            "Twice the bill, and kit.prompt() and inspect_history show the second prompt last.",
        )
    settings = trial.watch.requests
    if any(
        options.get("rollout_id") is not None and options.get("temperature") == 0 for _, options in settings
    ):
        yield note(
            "rollouts",
            "A rollout_id at temperature 0: the model has one thing to say, however often it is asked.",
            "Give the model a temperature above 0.",
            "The same reply again, and paid for again.",
        )
    if any(not lm.cache and not isinstance(getattr(lm, "engine", None), ReplayEngine) for lm, _ in settings):
        yield note(
            "cache",
            "The model's cache is off.",
            "dspy.LM(..., cache=True), unless each run must be a fresh one.",
            "Every repetition of a run is paid for again.",
        )


def _takes(calls: list[Call], count: int, prices: str | None) -> str:
    """Say what the whole devset takes, by what one row took."""
    if not calls:
        return "No model was asked for this row."
    said = f"{len(calls)} call{'s' * (len(calls) != 1)} for one row, so {len(calls) * count:,} for {count:,}"
    if all(call.source == "cached" for call in calls):
        return f"{said}; this row came out of DSPy's cache, so tokens are not known."
    read = count * sum(call.input_tokens for call in calls)
    wrote = count * sum(call.output_tokens for call in calls)
    minutes = count * fsum(call.seconds for call in calls) / 60
    usd = count * fsum(list_usd(call.model, call.input_tokens, call.output_tokens, prices) for call in calls)
    told = f"{said}: about {read:,} tokens in, {wrote:,} out"
    return told + (f", {minutes:.1f} minutes" if minutes else "") + (f", ${usd:.4f}" if usd else "") + "."


def _shorthand(signature: type[dspy.Signature]) -> str:
    return f"{', '.join(signature.input_fields)} -> {', '.join(signature.output_fields)}"


def _in_words(finding: Finding) -> str:
    symptom = f"\n      a run shows: {finding.symptom}" if finding.symptom else ""
    step = f"\n      -> {finding.next_step}" if finding.next_step else ""
    return f"{finding.state:<4}  {finding.what}: {finding.found}{symptom}{step}"


def _in_html(finding: Finding) -> str:
    what, text, symptom, step = map(
        html.escape, (finding.what, finding.found, finding.symptom, finding.next_step)
    )
    lines = [
        f"<b>{finding.state} · {what}:</b> {text}",
        f"<i>a run shows:</i> {symptom}" if symptom else "",
        f"→ {step}" if step else "",
    ]
    return f"<p>{'<br>'.join(filter(None, lines))}</p>"
