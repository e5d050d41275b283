"""What each adapter would send for the same program and inputs, side by side. No model is asked.

    kit.prompts(program, {"note": "..."})
    kit.prompts(program, {"note": "..."}).diff("JSON", "BAML")

Sizes are characters. Tokens are counted by the model that reads them; `kit.prompt()` has those of a call.
"""

from __future__ import annotations

import html
import zlib
from dataclasses import dataclass
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any

from kit import tables
from kit.display.diffs import Diff, diff
from kit.display.prompts import Draft, from_history, texts, written

if TYPE_CHECKING:
    import dspy

_HEADINGS = ["adapter", "messages", "characters", "reply bound by"]
_COLUMNS = 3
"""More adapters than this are chosen from a list instead of set side by side."""
_WIDE = "width:100%;table-layout:fixed"
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
        sizes = tables.table(_HEADINGS, self._rows())
        return f"{sizes}{self._shared()}{self._columns() if len(self.drafts) <= _COLUMNS else self._picker()}"

    def _shared(self) -> str:
        """Return the texts that all adapters send alike, once and folded."""
        count = len(self.drafts)
        return "".join(
            tables.section(f"{title} · the same in all {count}", text, folded=True)
            for title, text in self._common().items()
        )

    def _columns(self) -> str:
        heads = "".join(f'<th style="{_CELL}" align="left">{html.escape(name)}</th>' for name in self.drafts)
        cells = "".join(f'<td style="{_CELL}" valign="top">{self._own(name)}</td>' for name in self.drafts)
        return (
            f'<table style="{_WIDE}"><thead><tr>{heads}</tr></thead><tbody><tr>{cells}</tr></tbody></table>'
        )

    def _picker(self) -> str:
        """Return a list of adapters of which one is open at a time."""
        group = f"adapters-{zlib.crc32(repr(self).encode())}"
        return "".join(
            f'<details name="{group}"{" open" if first else ""}><summary><b>{html.escape(name)}</b> · '
            f"{draft.characters:,} characters</summary>{self._own(name)}</details>"
            for first, (name, draft) in zip(chain([True], repeat(False)), self.drafts.items(), strict=False)
        )

    def _own(self, name: str) -> str:
        return "".join(self[name].sections(without=self._common()))

    def _common(self) -> dict[str, str]:
        if len(self.drafts) < 2:
            return {}
        first, *others = map(texts, self.drafts.values())
        return {
            title: text for title, text in first.items() if all(text == other.get(title) for other in others)
        }

    def diff(self, before: str, after: str) -> Diff:
        """Return what changes from one adapter's prompt to another's.

        Raises:
            KeyError: If there is no such adapter; the message names those there are.
        """
        return diff(self[before], self[after], names=(before, after))

    def _rows(self) -> list[list[Any]]:
        return [
            [name, len(draft.messages), draft.characters, draft.bound_by]
            for name, draft in self.drafts.items()
        ]


def prompts(
    program: dspy.Module,
    inputs: dict[str, Any],
    adapters: dict[str, dspy.Adapter] | None = None,
    *,
    lm: dspy.BaseLM | None = None,
) -> Prompts:
    """Return what each adapter would send for these inputs. No model is asked.

    Args:
        program: A predictor or any other module; of several calls, its first is shown.
        inputs: Its keyword arguments.
        adapters: Adapters by name; by default Chat, JSON, XML and BAML.
        lm: The model it would go to, which may or may not follow a schema; by default the configured one.

    Raises:
        ValueError: If the program calls no model, or an adapter cannot write the signature.
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

    return {
        "Chat": dspy.ChatAdapter(),
        "JSON": dspy.JSONAdapter(),
        "XML": dspy.XMLAdapter(),
        "BAML": BAMLAdapter(),
    }
