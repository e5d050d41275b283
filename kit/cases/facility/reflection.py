"""Reflection: how a model that is no great writer turns feedback into an instruction, rule by rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dspy

from .guide import GUIDE, Guide


class RuleProposer:
    """Propose instructions for GEPA: the task, and a rule for each label that the feedback named.

    The model writes the rules, a field for each label, and code puts them together. Rules that an
    instruction holds already stay, unless the new feedback words them anew.

    Args:
        guide: Labels and their meanings, by field.
    """

    def __init__(self, guide: Guide = GUIDE) -> None:
        self.guide = guide

    def __call__(
        self,
        candidate: dict[str, str],
        reflective_dataset: Mapping[str, Sequence[Mapping[str, Any]]],
        components_to_update: list[str],
    ) -> dict[str, str]:
        """Return a new instruction for each predictor that is named."""
        seen = reflective_dataset
        return {name: rewrite(name, candidate[name], seen[name], self.guide) for name in components_to_update}


def rewrite(name: str, instruction: str, seen: Sequence[Mapping[str, Any]], guide: Guide = GUIDE) -> str:
    """Return an instruction with the rules that the feedback on some messages teaches."""
    feedback = "\n".join(example["Feedback"] for example in seen)
    labels = [label for label in guide[name] if f"Rule for {label}:" in feedback]
    if not labels:
        return instruction
    with dspy.context(adapter=Short()):
        found = dspy.Predict(rules_of(name, labels))(examples="\n\n".join(map(_told, seen)))
    task, *_ = instruction.splitlines()
    rules = _rules(instruction) | {label: found[label].strip() for label in labels}
    return "\n".join([task, *(f"- {label}: {rules[label]}" for label in guide[name] if label in rules)])


def rules_of(name: str, labels: list[str]) -> type[dspy.Signature]:
    """Return a signature that asks when each of the labels applies."""
    task = (
        f"Below are messages, the {name} that an assistant gave them, and feedback that quotes rules. "
        "Copy the rule for each label, word for word."
    )
    fields = {label: (str, dspy.OutputField(desc=f"the rule for {label}")) for label in labels}
    return dspy.Signature({"examples": (str, dspy.InputField())} | fields, task)


class Short(dspy.JSONAdapter):
    """Send instructions and fields, and no page about the form; a schema binds the reply."""

    def format_system_message(self, signature: type[dspy.Signature]) -> str:
        """Write the instructions, and which fields the reply has."""
        wanted = (
            f"{name}: {field.json_schema_extra['desc']}" for name, field in signature.output_fields.items()
        )
        return f"{signature.instructions}\nReply in JSON: {{{', '.join(wanted)}}}"

    def format_user_message_content(
        self, signature: type[dspy.Signature], inputs: dict[str, Any], *_: Any, **__: Any
    ) -> str:
        """Write the inputs as they are."""
        return "\n".join(str(inputs[name]) for name in signature.input_fields if name in inputs)


def _told(example: Mapping[str, Any]) -> str:
    """Return a message, what was answered, and the feedback."""
    (message,), (answer,) = example["Inputs"].values(), example["Generated Outputs"].values()
    return f"message: {message}\nanswered: {answer}\nfeedback: {example['Feedback']}"


def _rules(instruction: str) -> dict[str, str]:
    r"""Return the rules that an instruction holds.

    >>> _rules("Judge it.\n- high: it burns\n- low: it does not")
    {'high': 'it burns', 'low': 'it does not'}
    """
    lines = (line[2:].partition(": ") for line in instruction.splitlines() if line.startswith("- "))
    return {label: when for label, _, when in lines}
