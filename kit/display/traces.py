"""A trace as a tree: which module called which, down to models and tools, with tokens and seconds."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from math import fsum
from typing import TYPE_CHECKING, Any

from kit import tables

if TYPE_CHECKING:
    import pandas

_HEADINGS = ["span", "kind", "answered by", "tokens in", "tokens out", "seconds"]
_LONGEST = 2000
_LIST = "list-style:none;padding-left:1.2em;margin:0"
_NUMBERS = {"tokens in": ("in", 5), "tokens out": ("out", 4.5), "seconds": ("s", 4.5)}  # units, widths in em


@dataclass(frozen=True)
class RecordedSpan:
    """One span as it was recorded, before it has its place in a tree. Times are seconds since 1970."""

    id: str
    parent: str | None
    name: str
    start: float
    end: float
    attributes: dict[str, Any]
    error: str = ""


@dataclass(frozen=True)
class Span:
    """One step of a program: a call of a module, an adapter, a model or a tool.

    Tokens and seconds are sums over the model calls inside. `seconds` are those that models computed, or had
    computed when their replies were recorded; `clock_seconds` is what a clock on the wall showed.
    """

    name: str
    kind: str
    inputs: str
    outputs: str
    error: str
    answered_by: str
    input_tokens: int
    output_tokens: int
    seconds: float
    clock_seconds: float
    children: list[Span]

    @property
    def result(self) -> str:
        """Its error, or what it returned."""
        return self.error or self.outputs

    def walk(self, depth: int = 0) -> Iterator[tuple[int, Span]]:
        """Yield this span and all inside it, each with its depth."""
        yield depth, self
        for child in self.children:
            yield from child.walk(depth + 1)


@dataclass(frozen=True)
class Trace:
    """What programs did, as trees of spans."""

    roots: list[Span] = field(default_factory=list)

    def __repr__(self) -> str:
        whole = ((depth, span, _short(span.result)) for depth, span in self._walk())
        rows = (["  " * depth + span.name, *_facts(span), result] for depth, span, result in whole)
        return tables.columns([*_HEADINGS, "result"], rows)

    def _repr_html_(self) -> str:
        trees = f'<ul style="{_LIST};max-width:68em">{"".join(map(self._tree, self.roots))}</ul>'
        return f"<details open><summary><b>{html.escape(self._title())}</b></summary>{trees}</details>"

    def spans(self, kind: str | None = None) -> list[Span]:
        """Return all spans in the order in which they began, or those of one kind: LLM, TOOL, CHAIN."""
        return [span for _, span in self._walk() if kind in (None, span.kind)]

    def to_frame(self) -> pandas.DataFrame:
        """Return a DataFrame with a row for each span."""
        import pandas

        names = [name for name in Span.__dataclass_fields__ if name != "children"]
        rows = [[depth, *(getattr(span, name) for name in names)] for depth, span in self._walk()]
        return pandas.DataFrame(rows, columns=["depth", *names])

    def _walk(self) -> Iterator[tuple[int, Span]]:
        for root in self.roots:
            yield from root.walk()

    def _title(self) -> str:
        read = sum(root.input_tokens for root in self.roots)
        written = sum(root.output_tokens for root in self.roots)
        took = f"{read:,} tokens in, {written:,} out, {fsum(root.seconds for root in self.roots):.1f} s"
        return f"{len(self.spans())} spans, {len(self.spans('LLM'))} model calls, {took} of computing"

    def _tree(self, span: Span, adapter: Span | None = None) -> str:
        one_call = [child.kind for child in span.children] == ["LLM"]
        if one_call and span.name.endswith("Adapter") and not span.error:
            return self._tree(span.children[0], adapter=span)  # an adapter and its one call are one line
        shown = [("in", span.inputs), ("error" if span.error else "out", span.result)]
        if adapter:
            shown.append((f"what {adapter.name} made of it", adapter.result))
        texts = "".join(tables.section(title, text) for title, text in shown if text)
        inside = "".join(map(self._tree, span.children))
        below = f'<ul style="{_LIST}">{inside}</ul>' if inside else ""
        return f"<li><details><summary>{self._line(span, adapter)}</summary>{texts}</details>{below}</li>"

    def _line(self, span: Span, adapter: Span | None) -> str:
        """Return a line: numbers in columns at the right, then name, who answered, and the result."""
        facts = dict(zip(_HEADINGS, ["", *_facts(span)], strict=True))
        cells = [
            f'<span style="display:inline-block;width:{width}em;text-align:right">'
            f"{'' if facts[name] == '-' else f'{facts[name]} {unit}'}</span>"
            for name, (unit, width) in _NUMBERS.items()
        ]
        about = [span.answered_by, adapter.name if adapter else "", "tool" * (span.kind == "TOOL")]
        small = html.escape(" · ".join(filter(None, about)))
        result = html.escape(_short(span.result))
        if span.error:
            result = f'<span style="color:#d64545">error: {result}</span>'
        return (
            f'<span style="float:right;margin-left:1em">{" ".join(cells)}</span> '
            f"<b>{html.escape(span.name)}</b> <small>{small}</small> <code>{result}</code>"
        )


def tree(recorded: Iterable[RecordedSpan]) -> Trace:
    """Put spans in their places; one whose parent is not among them starts a tree of its own."""
    recorded = sorted(recorded, key=lambda span: (span.start, -span.end))
    known = {span.id for span in recorded}
    below: dict[str | None, list[RecordedSpan]] = {}
    for span in recorded:
        below.setdefault(span.parent if span.parent in known else None, []).append(span)
    return Trace([_span(span, below) for span in below.get(None, [])])


def _facts(span: Span) -> list[str]:
    counts = [f"{count:,}" if count else "-" for count in (span.input_tokens, span.output_tokens)]
    return [span.kind, span.answered_by, *counts, f"{span.seconds:.1f}" if span.seconds else "-"]


def _span(span: RecordedSpan, below: dict[str | None, list[RecordedSpan]]) -> Span:
    inside = below.get(span.id, [])
    if len(inside) == 1 and inside[0].name.startswith(f"{_label(span.name)}("):
        return _span(inside[0], below)  # Predict.forward around Predict(Signature).forward is one call
    children = [_span(child, below) for child in inside]
    attributes = span.attributes
    clock_seconds = span.end - span.start
    live = attributes.get("kit.answered_by") == "live"
    own_seconds = attributes.get("kit.seconds") or (clock_seconds if live else 0.0)  # hosted models note none
    own = [attributes.get(f"llm.token_count.{way}") or 0 for way in ("prompt", "completion")]
    kind = attributes.get("openinference.span.kind") or "CHAIN"
    model, said = attributes.get("llm.model_name"), attributes.get("llm.output_messages.0.message.content")
    return Span(
        name=f"{_label(span.name)} {model}" if kind == "LLM" and model else _label(span.name),
        kind=kind,
        inputs=_inputs(attributes)[:_LONGEST],
        outputs=(said or _written(_parsed(attributes.get("output.value", ""))))[:_LONGEST],
        error=span.error,
        answered_by=attributes.get("kit.answered_by", ""),
        input_tokens=own[0] + sum(child.input_tokens for child in children),
        output_tokens=own[1] + sum(child.output_tokens for child in children),
        seconds=fsum([own_seconds, *(child.seconds for child in children)]),
        clock_seconds=clock_seconds,
        children=children,
    )


def _label(name: str) -> str:
    """Return a span's name without its method: its kind says as much.

    >>> _label("ChainOfThought.forward"), _label("search.acall")
    ('ChainOfThought', 'search')
    """
    return re.sub(r"\.(a?forward|__call__|acall)$", "", name)


def _inputs(attributes: dict[str, Any]) -> str:
    messages = [name for name in attributes if name.startswith("llm.input_messages.")]
    if last := max((int(name.split(".")[2]) for name in messages), default=None):
        return str(attributes.get(f"llm.input_messages.{last}.message.content", ""))
    value = _parsed(attributes.get("input.value", ""))
    for layer in ("inputs", "kwargs"):  # of an adapter, of a tool
        if isinstance(value, dict) and isinstance(value.get(layer), dict):
            value = value[layer]
    return _written(value)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def _written(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}={json.dumps(item, ensure_ascii=False)}" for name, item in value.items())
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _short(text: str, longest: int = 40) -> str:
    text = " ".join(text.split())
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
