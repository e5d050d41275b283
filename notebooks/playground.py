"""A playground in the notebook: choose adapter and inputs, edit them, and see the prompt change.

    from playground import Playground

    Playground(program, {"a short note": {"note": "..."}, "a long one": {"note": "..."}})

"Send" asks the model. Where nothing can be chosen (GitHub, a printed page) the first choice is shown.
"""

from __future__ import annotations

import html
from typing import Any

import dspy
import ipywidgets as widgets

from kit import tables
from kit.calls import usage
from kit.display import comparisons
from kit.display.diffs import diff
from kit.display.prompts import Draft, from_history
from kit.engines.history import entries
from kit.redaction import hide

WIDGET = "application/vnd.jupyter.widget-view+json"
NOTHING = "nothing"
PANE = "line-height:1.4;max-height:40em;overflow:auto;border-bottom:1px solid rgba(128,128,128,.3)"


class Playground:
    """Menus over inputs and adapters, the inputs to edit, a button, the reply, and the prompt."""

    def __init__(
        self,
        program: dspy.Module,
        inputs: dict[str, dict[str, Any]],
        adapters: dict[str, dspy.Adapter] | None = None,
    ) -> None:
        self.program, self.examples, self.adapters = program, inputs, adapters or comparisons.stock()
        self.first = self.title(next(iter(self.adapters)), next(iter(inputs)))
        self.draft = self.drafted(next(iter(self.adapters)), next(iter(inputs.values())))
        self.adapter, self.chosen = menu("adapter", self.adapters), menu("inputs", inputs)
        self.against = menu("compare with", [NOTHING, *self.adapters])
        self.fields, self.prompt, self.reply = widgets.VBox(), widgets.HTML(), widgets.HTML()
        self.button = widgets.Button(description="Send", icon="paper-plane", button_style="primary")
        self.chosen.observe(self.fill, "value")
        for each in (self.adapter, self.against):
            each.observe(self.refresh, "value")
        self.button.on_click(self.send)
        row = widgets.HBox([self.adapter, self.chosen, self.against], layout={"flex_flow": "row wrap"})
        self.box = widgets.VBox([row, self.fields, self.button, self.reply, self.prompt])
        self.fill()

    def __repr__(self) -> str:
        return f"{self.first}: {self.draft!r}"

    def _repr_html_(self) -> str:
        about = f"{self.first}. Run this cell in Jupyter to choose another, and to send it."
        return f"<p><i>{html.escape(about)}</i></p>{self.draft._repr_html_()}"

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        """Add the widget; text and HTML stay those of the first choice, whatever the menus say."""
        return {WIDGET: self.box._repr_mimebundle_()[WIDGET]}

    def title(self, adapter: str, inputs: str) -> str:
        """Return what is chosen, in words."""
        return f"{adapter} · {type(self.program).__name__} · {inputs}"

    def drafted(self, adapter: str, inputs: dict[str, Any]) -> Draft:
        """Return what would be sent."""
        return comparisons.draft(self.program, inputs, self.adapters[adapter])

    @property
    def inputs(self) -> dict[str, Any]:
        """The chosen inputs, with each text as it was edited."""
        return self.examples[self.chosen.value] | {name: field.value for name, field in self.edited.items()}

    def fill(self, change: object = None) -> None:
        """Put the chosen inputs into fields; what is no text stays as it is."""
        texts = self.examples[self.chosen.value].items()
        self.edited = {name: field(value) for name, value in texts if isinstance(value, str)}
        for each in self.edited.values():
            each.observe(self.refresh, "value")
        rows = ((widgets.HTML(f"<b>{html.escape(name)}</b>"), each) for name, each in self.edited.items())
        self.fields.children = [widget for row in rows for widget in row]
        self.refresh()

    def refresh(self, change: object = None) -> None:
        """Show the prompt of what is chosen now, or how it differs from another adapter's."""
        try:
            draft = self.drafted(self.adapter.value, self.inputs)
            shown = f"<p><b>{html.escape(draft.title)}</b></p>{''.join(draft.sections(folded=('system',)))}"
            if (other := self.against.value) not in (NOTHING, self.adapter.value):
                names = (other, self.adapter.value)
                shown = diff(self.drafted(other, self.inputs), draft, names=names)._repr_html_()
        except Exception as error:  # noqa: BLE001 - a widget would swallow it
            shown = failure(error)
        self.prompt.value = readable(shown)

    def send(self, button: object) -> None:
        """Ask the model, and show every reply: there are two if DSPy could not read the first."""
        title, before = (
            self.title(self.adapter.value, self.chosen.value),
            {each["uuid"] for each in entries()},
        )
        self.button.disabled = True
        self.reply.value = f"<i>{html.escape(title)}: waiting for the reply ...</i>"
        try:
            with dspy.context(adapter=self.adapters[self.adapter.value]):
                outcome = tables.section("prediction", repr(self.program(**self.inputs)))
        except Exception as error:  # noqa: BLE001 - a widget would swallow it
            outcome = failure(error)
        calls = [each for each in entries() if each["uuid"] not in before]
        count = f"{len(calls)} repl{'y' if len(calls) == 1 else 'ies'}"
        replies = "".join(tables.section(facts(each), from_history(each).reply) for each in calls)
        self.reply.value = readable(f"<p><b>{html.escape(title)}</b>: {count}</p>{replies}{outcome}")
        self.button.disabled = False


def menu(name: str, options: Any) -> widgets.Dropdown:
    """Return a menu with its name."""
    layout, style = {"width": "auto", "margin": "2px 16px 2px 2px"}, {"description_width": "initial"}
    return widgets.Dropdown(description=name, options=list(options), layout=layout, style=style)


def field(text: str) -> widgets.Textarea:
    """Return a text that can be edited, as high as it is long."""
    rows = min(8, max(2, text.count("\n") + 1 + len(text) // 120))
    return widgets.Textarea(text, rows=rows, layout={"width": "98%"})


def readable(text: str) -> str:
    """Return HTML that scrolls where it is long."""
    return f'<div style="{PANE}">{text}</div>'


def failure(error: Exception) -> str:
    """Return an error as it stands where the result would."""
    return tables.section(f"error · {type(error).__name__}", hide(str(error)))


def facts(entry: dict[str, Any]) -> str:
    """Say who answered, and what it took."""
    (call,) = usage([entry]).calls
    told = ["reply", call.model, call.source]
    if call.source != "cached":
        told.append(f"{call.input_tokens:,} tokens in, {call.output_tokens:,} out, {call.seconds:.1f} s")
    return " · ".join(told)
