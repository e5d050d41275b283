"""What each adapter would send for the same program and inputs, side by side. No model is asked.

    kit.prompts(program, {"note": "..."})
    kit.prompts(program, {"note": "..."}).diff("JSON", "BAML")

Sizes are characters. Tokens are counted by the model that reads them; `kit.prompt()` has those of a call.
"""

from __future__ import annotations

import html
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kit import tables
from kit.display.diffs import Diff, diff
from kit.display.prompts import Draft, from_history, texts, written

if TYPE_CHECKING:
    import dspy

_HEADINGS = ["adapter", "messages", "characters", "reply bound by"]
_COLUMNS = 3  # more adapters than this are chosen from a list instead of set side by side
_CELL = "vertical-align:top;text-align:left"


@dataclass(frozen=True)
class Prompts:
    """What several adapters would send for the same inputs; `prompts["JSON"]` is one of them."""

    drafts: dict[str, Draft]

    def __getitem__(self, adapter: str) -> Draft:
        if adapter not in self.drafts:
            raise KeyError(f"No adapter {adapter!r} here. There are: {', '.join(self.drafts)}.")
        return self.drafts[adapter]

    def __repr__(self) -> str:
        blocks = [f"=== {name} ===\n\n{written(texts(draft))}" for name, draft in self.drafts.items()]
        return "\n\n".join([tables.columns(_HEADINGS, self._rows()), *blocks])

    def _repr_html_(self) -> str:
        """Show what all send alike once, then each draft's own: side by side, or one at a time if many."""
        count, (first, *others) = len(self.drafts), [texts(draft).items() for draft in self.drafts.values()]
        common = dict(item for item in first if others and all(item in other for other in others))
        titled = ((f"{title} · the same in all {count}", text) for title, text in common.items())
        shared = "".join(tables.section(title, text, folded=True) for title, text in titled)
        own = {name: "".join(draft.sections(without=common)) for name, draft in self.drafts.items()}
        shown = self._side_by_side(own) if count <= _COLUMNS else self._one_at_a_time(own)
        return f"{tables.table(_HEADINGS, self._rows())}{shared}{shown}"

    def _side_by_side(self, own: dict[str, str]) -> str:
        heads = "".join(f'<th style="{_CELL}" align="left">{html.escape(name)}</th>' for name in own)
        cells = "".join(f'<td style="{_CELL}" valign="top">{sections}</td>' for sections in own.values())
        rows = f"<thead><tr>{heads}</tr></thead><tbody><tr>{cells}</tr></tbody>"
        return f'<table style="width:100%;table-layout:fixed">{rows}</table>'

    def _one_at_a_time(self, own: dict[str, str]) -> str:
        group = f"adapters-{zlib.crc32(repr(self).encode())}"
        return "".join(
            f'<details name="{group}"{"" if number else " open"}><summary><b>{html.escape(name)}</b> · '
            f"{self[name].characters:,} characters</summary>{sections}</details>"
            for number, (name, sections) in enumerate(own.items())
        )

    def diff(self, before: str, after: str) -> Diff:
        """Return what changes from one adapter's prompt to another's."""
        return diff(self[before], self[after], names=(before, after))

    def _rows(self) -> list[list[Any]]:
        drafts = self.drafts.items()
        return [[name, len(draft.messages), draft.characters, draft.bound_by] for name, draft in drafts]


def prompts(
    program: dspy.Module,
    inputs: dict[str, Any],
    adapters: dict[str, dspy.Adapter] | None = None,
    *,
    lm: dspy.BaseLM | None = None,
) -> Prompts:
    """Return what each adapter would send for these inputs. No model is asked.

    Args:
        program: A predictor or any other module; of several calls, its first is shown. `ValueError` if it
            calls no model, or if an adapter cannot write its signature.
        inputs: Its keyword arguments.
        adapters: Adapters by name; by default Chat, JSON, XML and BAML.
        lm: The model it would go to, which may or may not follow a schema; by default the configured one.
    """
    adapters = adapters or stock()
    return Prompts({name: draft(program, inputs, adapter, lm) for name, adapter in adapters.items()})


def draft(
    program: dspy.Module, inputs: dict[str, Any], adapter: dspy.Adapter, lm: dspy.BaseLM | None = None
) -> Draft:
    """Return what one adapter would send, as `prompts` does."""
    from kit.engines.rehearsal import first_call

    call = first_call(program, inputs, adapter, lm)
    shown = from_history(call | {"model": "", "usage": None, "outputs": [], "response": None})
    format_ = call["kwargs"].get("response_format")
    bound_by = "a schema" if shown.schema else "JSON syntax" if format_ else "nothing"
    return Draft(shown.messages, bound_by, shown.schema)


def stock() -> dict[str, dspy.Adapter]:
    """Return DSPy's own adapters by name, but for TwoStep, which needs a model of its own."""
    import dspy
    from dspy.adapters.baml_adapter import BAMLAdapter

    own = {"Chat": dspy.ChatAdapter, "JSON": dspy.JSONAdapter, "XML": dspy.XMLAdapter, "BAML": BAMLAdapter}
    return {name: adapter() for name, adapter in own.items()}
