"""A playground in the notebook: choose adapter, program and model, edit the inputs, see the prompt change.

    kit.playground(program, {"a short note": {"note": "..."}, "a long one": {"note": "..."}})

"Send" asks the model. Where nothing can be chosen (GitHub, a printed page) the first choice is shown.
"""

from __future__ import annotations

import html
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from threading import Event, Lock, Thread
from types import TracebackType
from typing import TYPE_CHECKING, Any

from kit import tables
from kit.calls import usage
from kit.display import comparisons
from kit.display.diffs import diff
from kit.display.prompts import Draft, from_history
from kit.engines.history import entries
from kit.redaction import hide

if TYPE_CHECKING:
    import dspy
    import ipywidgets

_WIDGET = "application/vnd.jupyter.widget-view+json"
_NOTHING = "nothing"
_PANE = "line-height:1.4;max-height:40em;overflow:auto;border-bottom:1px solid rgba(128,128,128,.3)"


@dataclass(frozen=True)
class Choice:
    """What the menus say."""

    adapter: str
    program: str
    inputs: str
    model: str | None = None

    def __str__(self) -> str:
        return " · ".join(filter(None, [self.adapter, self.program, self.inputs, self.model]))


@dataclass
class Playground:
    """Programs, inputs, adapters and models by name; shown as menus in a running notebook."""

    programs: dict[str, dspy.Module]
    inputs: dict[str, dict[str, Any]]
    adapters: dict[str, dspy.Adapter]
    models: dict[str, dspy.LM]

    def __repr__(self) -> str:
        return f"{self.first}: {self.draft(self.first)!r}"

    def _repr_html_(self) -> str:
        about = f"{self.first}. Run this cell in Jupyter to choose another, and to send it."
        return f"<p><i>{html.escape(about)}</i></p>{self.draft(self.first)._repr_html_()}"

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        """Add the widget; text and HTML stay those of the first choice, whatever the menus say."""
        return {_WIDGET: self.view.box._repr_mimebundle_()[_WIDGET]}

    @property
    def first(self) -> Choice:
        """The first of each menu."""
        return Choice(*(next(iter(named), None) for named in self._menus().values()))

    @cached_property
    def view(self) -> View:
        """The widgets, made when they are first shown."""
        return View(self)

    def draft(
        self, choice: Choice, adapter: str | None = None, inputs: dict[str, Any] | None = None
    ) -> Draft:
        """Return what would be sent, by the choice's inputs or by others."""
        given = self.inputs[choice.inputs] if inputs is None else inputs
        return comparisons.draft(
            self.programs[choice.program],
            given,
            self.adapters[adapter or choice.adapter],
            self.models.get(choice.model),
        )

    def send(self, choice: Choice, inputs: dict[str, Any] | None = None) -> dspy.Prediction:
        """Ask the model, with the choice's inputs or with others."""
        import dspy

        lm = self.models.get(choice.model) or dspy.settings.lm
        with dspy.context(lm=lm, adapter=self.adapters[choice.adapter]):
            return self.programs[choice.program](**(self.inputs[choice.inputs] if inputs is None else inputs))

    def _menus(self) -> dict[str, Mapping[str, Any]]:
        return {
            "adapter": self.adapters,
            "program": self.programs,
            "inputs": self.inputs,
            "model": self.models,
        }


class View:
    """The widgets of a playground: menus, the inputs to edit, a button, the reply, and the prompt."""

    def __init__(self, playground: Playground) -> None:
        import ipywidgets

        self.playground = playground
        self.menus = {
            name: _menu(name, list(named)) for name, named in playground._menus().items() if len(named) > 1
        }
        self.against = _menu("compare with", [_NOTHING, *playground.adapters])
        self._writing = Lock()
        self.fields, self.edited = ipywidgets.VBox(), {}
        self.prompt, self.reply = ipywidgets.HTML(), ipywidgets.HTML()
        self.button = ipywidgets.Button(description="Send", icon="paper-plane", button_style="primary")
        for name, menu in self.menus.items():
            menu.observe(self._fill if name == "inputs" else self._refresh, "value")
        self.against.observe(self._refresh, "value")
        self.button.on_click(self._send)
        row = ipywidgets.HBox(
            [*self.menus.values(), self.against], layout=ipywidgets.Layout(flex_flow="row wrap")
        )
        self.box = ipywidgets.VBox([row, self.fields, self.button, self.reply, self.prompt])
        self._fill()

    @property
    def choice(self) -> Choice:
        """What is chosen now."""
        chosen = {name: menu.value for name, menu in self.menus.items()}
        return Choice(**vars(self.playground.first) | chosen)

    @property
    def inputs(self) -> dict[str, Any]:
        """The chosen inputs, with each text as it was edited."""
        texts = {name: field.value for name, field in self.edited.items()}
        return self.playground.inputs[self.choice.inputs] | texts

    def _fill(self, change: object = None) -> None:
        """Put the chosen inputs into fields; what is no text stays as it is."""
        import ipywidgets

        chosen = self.playground.inputs[self.choice.inputs]
        self.edited = {name: _field(value) for name, value in chosen.items() if isinstance(value, str)}
        for field in self.edited.values():
            field.observe(self._refresh, "value")
        rows = [
            (ipywidgets.HTML(f"<b>{html.escape(name)}</b>"), field) for name, field in self.edited.items()
        ]
        self.fields.children = [widget for row in rows for widget in row]
        self._refresh()

    def _refresh(self, change: object = None) -> None:
        with _Attempt() as attempt:
            draft = self.playground.draft(self.choice, inputs=self.inputs)
            shown = f"<p><b>{html.escape(draft.title)}</b></p>{''.join(draft.sections(folded=('system',)))}"
            if (other := self.against.value) not in (_NOTHING, self.choice.adapter):
                before = self.playground.draft(self.choice, other, self.inputs)
                shown = diff(before, draft, names=(other, self.choice.adapter))._repr_html_()
        self.prompt.value = _readable(_failure(attempt.error) or shown)

    def _send(self, button: object) -> None:
        """Ask in a thread, so that the menus still work while a model computes."""
        choice, done = self.choice, Event()
        self.button.disabled = True
        self.reply.value = f"<i>{html.escape(str(choice))}: waiting for the reply ...</i>"
        Thread(target=self._count, args=[choice, done], daemon=True).start()
        Thread(target=self._answer, args=[choice, self.inputs, done], daemon=True).start()

    def _count(self, choice: Choice, done: Event) -> None:
        """Show the seconds until the reply is here."""
        started = time.monotonic()
        while not done.wait(1):
            seconds = time.monotonic() - started
            with self._writing:
                if not done.is_set():
                    waiting = f"{choice}: waiting for the reply, {seconds:.0f} s ..."
                    self.reply.value = f"<i>{html.escape(waiting)}</i>"

    def _answer(self, choice: Choice, inputs: dict[str, Any], done: Event) -> None:
        before = {entry["uuid"] for entry in entries()}  # DSPy drops the oldest, so places say nothing
        try:
            with _Attempt() as attempt:
                prediction = tables.section("prediction", repr(self.playground.send(choice, inputs)))
            outcome = _failure(attempt.error) or prediction
            new = [entry for entry in entries() if entry["uuid"] not in before]
            with self._writing:
                done.set()
                self.reply.value = _readable(_said(choice, new) + outcome)
        finally:
            done.set()
            self.button.disabled = False


class _Attempt(AbstractContextManager):
    """Keep an error, to show it where the result would stand: a traceback has no place in a widget."""

    error: Exception | None = None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self.error = error if isinstance(error, Exception) else None
        return self.error is not None


def playground(
    programs: dspy.Module | dict[str, dspy.Module],
    inputs: dict[str, dict[str, Any]],
    *,
    adapters: dict[str, dspy.Adapter] | None = None,
    models: dict[str, dspy.LM] | None = None,
) -> Playground:
    """Return menus over programs, inputs, adapters and models, with the prompt that each choice makes.

    Args:
        programs: A program, or several by name.
        inputs: Keyword arguments by name; every program must take them.
        adapters: Adapters by name; by default Chat, JSON, XML and BAML.
        models: Models by name; by default the configured one answers.

    Raises:
        ValueError: If there is no program or there are no inputs.
    """
    if not isinstance(programs, dict):
        programs = {type(programs).__name__: programs}
    if not programs or not inputs:
        raise ValueError("A playground needs at least one program and one named set of inputs.")
    return Playground(programs, inputs, adapters or comparisons.stock(), models or {})


def _menu(name: str, options: list[str]) -> ipywidgets.Dropdown:
    import ipywidgets

    layout = ipywidgets.Layout(width="auto", margin="2px 16px 2px 2px")
    style = {"description_width": "initial"}
    return ipywidgets.Dropdown(description=name, options=options, layout=layout, style=style)


def _field(text: str) -> ipywidgets.Textarea:
    import ipywidgets

    rows = min(8, max(2, text.count("\n") + 1 + len(text) // 120))
    return ipywidgets.Textarea(text, rows=rows, layout=ipywidgets.Layout(width="98%"))


def _readable(text: str) -> str:
    return f'<div style="{_PANE}">{text}</div>'


def _failure(error: Exception | None) -> str:
    return "" if error is None else tables.section(f"error · {type(error).__name__}", hide(str(error)))


def _said(choice: Choice, calls: list[dict[str, Any]]) -> str:
    count = f"{len(calls)} repl{'y' if len(calls) == 1 else 'ies'}"
    replies = (tables.section(_facts(entry), from_history(entry).reply) for entry in calls)
    return f"<p><b>{html.escape(str(choice))}</b>: {count}</p>{''.join(replies)}"


def _facts(entry: dict[str, Any]) -> str:
    (call,) = usage([entry]).calls
    facts = ["reply", call.model, call.source]
    if call.source != "cached":
        facts.append(f"{call.input_tokens:,} tokens in, {call.output_tokens:,} out, {call.seconds:.1f} s")
    return " · ".join(facts)
