"""What an agent did: each step as thought, tool, arguments and observation.

    kit.trajectory(agent(question="Who speaks Portuguese?"))

Reads the predictions of `dspy.ReAct` and `dspy.ReActV2`. Left out: RLM, whose steps are code.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kit.display.prompts import written
from kit.private import TOOL_FAILED
from kit.tables import section

if TYPE_CHECKING:
    import dspy

_TRACEBACK = "Traceback (most recent call last):\n"
_BOOKKEEPING = {"history", "termination_reason", "trajectory"}


@dataclass(frozen=True)
class AgentStep:
    """One round of an agent. `failed` is true if the tool raised an error."""

    thought: str
    tool: str
    arguments: dict[str, Any]
    observation: str
    failed: bool = False

    @property
    def call(self) -> str:
        """The call as Python would write it.

        >>> AgentStep("Look.", "read", {"name": "Wim Dekkers"}, "Wim Dekkers has been ...").call
        "read(name='Wim Dekkers')"
        """
        return f"{self.tool}({', '.join(f'{name}={value!r}' for name, value in self.arguments.items())})"


@dataclass(frozen=True)
class Trajectory:
    """An agent's steps and the outputs that it ended with."""

    steps: list[AgentStep]
    outputs: dict[str, Any]

    def __repr__(self) -> str:
        return f"{self._title()}\n\n{written(dict(self._blocks()))}"

    def _repr_html_(self) -> str:
        blocks = "".join(section(title, text) for title, text in self._blocks())
        return f"<p><b>{html.escape(self._title())}</b></p>{blocks}"

    def _title(self) -> str:
        failed = sum(step.failed for step in self.steps)
        count = f"{len(self.steps)} step{'s' * (len(self.steps) != 1)}"
        return f"{count}, {failed} failed" if failed else count

    def _blocks(self) -> Iterator[tuple[str, str]]:
        for number, step in enumerate(self.steps, 1):
            title = f"step {number} · {shortened(step.call)}{' · FAILED' * step.failed}"
            seen = _error(step.observation) if step.failed else shortened(step.observation)
            yield title, f"thought: {shortened(step.thought)}\nobservation: {seen}"
        yield "outputs", "\n".join(f"{name}: {shortened(str(value))}" for name, value in self.outputs.items())


def trajectory(prediction: dspy.Prediction) -> Trajectory:
    """Return the steps behind a prediction of `dspy.ReAct` or `dspy.ReActV2`, ready to be shown.

    `ValueError` if the prediction holds no steps of an agent; the message names what it holds.
    """
    fields = prediction.toDict()
    if isinstance(fields.get("trajectory"), dict):
        steps = list(_react(fields["trajectory"]))
    elif "history" in fields and "termination_reason" in fields:
        steps = list(_react_v2(prediction.history.messages))
    else:
        raise ValueError(
            f"This prediction holds {', '.join(fields) or 'nothing'}, and no agent's steps. "
            "Pass what dspy.ReAct or dspy.ReActV2 returned."
        )
    return Trajectory(steps, {name: value for name, value in fields.items() if name not in _BOOKKEEPING})


def shortened(text: str, longest: int = 600) -> str:
    """Return a text whole if it is short, else its beginning and its length.

    >>> shortened("a" * 1_000_000, longest=3)
    'aaa ... [1,000,000 characters in all]'
    """
    return text if len(text) <= longest else f"{text[:longest]} ... [{len(text):,} characters in all]"


def _react(steps: dict[str, Any]) -> Iterator[AgentStep]:
    """Read keys such as `tool_name_0`; the oldest are missing if a long trajectory was cut."""
    for number in (name.removeprefix("tool_name_") for name in steps if name.startswith("tool_name_")):
        seen = str(steps[f"observation_{number}"])
        thought, tool, given = (steps[f"{part}_{number}"] for part in ("thought", "tool_name", "tool_args"))
        yield AgentStep(thought, tool, given, seen, seen.startswith(TOOL_FAILED))


def _react_v2(turns: list[dict[str, Any]]) -> Iterator[AgentStep]:
    """Read a history whose turns may each hold several tool calls."""
    for turn in (turn for turn in turns if "tool_calls" in turn):
        made, thought = turn["tool_calls"], str(turn.get("next_thought", ""))
        for call, result in zip(made.tool_calls, made.tool_call_results.tool_call_results, strict=True):
            yield AgentStep(thought, call.name, call.args, str(result.value), result.is_error)


def _error(observation: str) -> str:
    """Return a failure without its tracebacks, whose file paths differ from machine to machine."""
    head, mark, _ = observation.partition(_TRACEBACK)
    if not mark:
        return shortened(observation)
    message = re.split(r"\n(?=\S)", observation.rpartition(_TRACEBACK)[2], maxsplit=1)[-1]
    return shortened(f"{head.strip()} {message}") + "\n[the prompt held the traceback too]"
