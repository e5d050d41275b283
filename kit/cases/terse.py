r"""Terse: an adapter for short prompts: instructions, fields, and the form of the reply in one line.

    with dspy.context(adapter=Terse()):
        dspy.Predict("rule, words -> corrected")(rule="Write words in full.", words="dep.")

| type of an output | what the prompt says |
|---|---|
| `str`, `int`, `float`, `bool`, `date` | `str`, `int`, `float`, `bool`, `date` |
| `int \| None`, `Optional[int]` | `int or null` |
| `Literal["P1", "Refund request"]`, an Enum | `"P1" or "Refund request"` |
| `Literal[1, 2]` | `1 or 2` |
| `list[int]`, `set[int]`, `tuple[int, ...]` | `[int]` |
| `dict[str, float]` | `{str: float}` |
| a Pydantic model, also inside the others | `{name: str, sums: [float]}` |
| a description or a constraint | a line `- name: description` |

`Terse(bare=True)` asks for a choice, or a list of choices, as bare words: no JSON around one label.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from enum import Enum
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin

import dspy
from dspy.adapters.utils import format_field_value
from dspy.utils.exceptions import AdapterParseError
from pydantic import BaseModel


class Terse(dspy.JSONAdapter):
    """Send instructions and fields, and no page about the form; a schema binds the reply where a model can.

    Args:
        bare: Whether to ask for one choice, or one list of choices, without JSON. A reply that names no
            label, or several where one is wanted, costs a second call, in JSON.

    >>> signature = dspy.Signature("text -> term_months: int | None")
    >>> for message in Terse().format(signature, [], {"text": "for three years"}):
    ...     print(message["content"])
    Given the fields `text`, produce the fields `term_months`.
    Reply in JSON: {term_months: int or null}
    text: for three years
    >>> urgency = dspy.Signature("text -> urgency: Literal['P1', 'P2']")
    >>> for message in Terse(bare=True).format(urgency, [], {}):
    ...     print(message["content"])
    Given the fields `text`, produce the fields `urgency`.
    Reply with one of: P1, P2
    urgency:
    """

    def __init__(self, bare: bool = False) -> None:
        super().__init__()
        self.bare = bare

    def __call__(
        self,
        lm: Any,
        lm_kwargs: dict[str, Any],
        signature: type[dspy.Signature],
        demos: list[dict[str, Any]],
        inputs: dict[str, Any],
    ) -> list[dict[str, Any]]:
        """Ask; a bare reply that cannot be read is asked for again in JSON."""
        if not self._wants_labels(signature):
            return super().__call__(lm, lm_kwargs, signature, demos, inputs)
        try:
            return dspy.Adapter.__call__(self, lm, lm_kwargs, signature, demos, inputs)
        except AdapterParseError:
            return Terse()(lm, lm_kwargs, signature, demos, inputs)

    async def acall(
        self,
        lm: Any,
        lm_kwargs: dict[str, Any],
        signature: type[dspy.Signature],
        demos: list[dict[str, Any]],
        inputs: dict[str, Any],
    ) -> list[dict[str, Any]]:
        """Do the same as a call, and wait."""
        if not self._wants_labels(signature):
            return await super().acall(lm, lm_kwargs, signature, demos, inputs)
        try:
            return await dspy.Adapter.acall(self, lm, lm_kwargs, signature, demos, inputs)
        except AdapterParseError:
            return await Terse().acall(lm, lm_kwargs, signature, demos, inputs)

    def format_system_message(self, signature: type[dspy.Signature]) -> str:
        """Write the instructions, the form of the reply, and a line for each field that is described."""
        fields = signature.output_fields
        if self._wants_labels(signature):
            (field,) = fields.values()
            several = get_origin(field.annotation) is list
            form = "Reply with those that apply of" if several else "Reply with one of"
            form += ": " + ", ".join(map(str, choices(field.annotation)))
        else:
            inside = ", ".join(f"{name}: {shape(field.annotation)}" for name, field in fields.items())
            form = f"Reply in JSON: {{{inside}}}"
        return "\n".join([signature.instructions, form, *descriptions(signature.fields)])

    def format_user_message_content(
        self, signature: type[dspy.Signature], inputs: dict[str, Any], *_: Any, **__: Any
    ) -> str:
        """Write a line for each input; if labels are wanted, also the name of what is asked for."""
        fields = {name: field for name, field in signature.input_fields.items() if name in inputs}
        lines = [f"{name}: {format_field_value(field, inputs[name])}" for name, field in fields.items()]
        if self._wants_labels(signature):
            lines += [f"{name}:" for name in signature.output_fields]
        return "\n".join(lines)

    def format_assistant_message_content(
        self, signature: type[dspy.Signature], outputs: dict[str, Any], *rest: Any, **options: Any
    ) -> str:
        """Write a demo's answer in the form of a reply."""
        if not self._wants_labels(signature):
            return super().format_assistant_message_content(signature, outputs, *rest, **options)
        (value,) = (outputs[name] for name in signature.output_fields)
        return ", ".join(map(str, value)) if isinstance(value, list) else str(value)

    def parse(self, signature: type[dspy.Signature], completion: str) -> dict[str, Any]:
        """Read a reply; one that names no label, or two where one is wanted, is an error."""
        if not self._wants_labels(signature):
            return super().parse(signature, completion)
        ((name, field),) = signature.output_fields.items()
        found, several = named(completion, choices(field.annotation)), get_origin(field.annotation) is list
        if not found or (len(found) > 1 and not several):
            said = "It names no label." if not found else f"It names {len(found)} labels; one is wanted."
            raise AdapterParseError(type(self).__name__, signature, completion, said)
        return {name: found if several else found[0]}

    def _wants_labels(self, signature: type[dspy.Signature]) -> bool:
        kinds = [field.annotation for field in signature.output_fields.values()]
        return self.bare and len(kinds) == 1 and bool(choices(kinds[0]))


def shape(annotation: Any) -> str:
    """Write a type as a person would.

    >>> shape(list[int]), shape(float | None), shape(Literal["P1", 2]), shape(dict[str, float])
    ('[int]', 'float or null', '"P1" or 2', '{str: float}')
    """
    kind, inside = get_origin(annotation), get_args(annotation)
    if labels := _members(annotation):
        return " or ".join(json.dumps(label, ensure_ascii=False) for label in labels)
    if kind is Annotated:
        return shape(inside[0])
    if kind is dict:
        return f"{{{shape(inside[0])}: {shape(inside[1])}}}"
    if kind in (list, set, frozenset, tuple):
        return f"[{', '.join(shape(one) for one in inside if one is not Ellipsis)}]"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        fields = (f"{name}: {shape(field.annotation)}" for name, field in annotation.model_fields.items())
        return f"{{{', '.join(fields)}}}"
    if inside:
        return " or ".join(map(shape, inside))
    return "null" if annotation is NoneType else getattr(annotation, "__name__", str(annotation))


def descriptions(fields: dict[str, Any], inside: str = "") -> Iterator[str]:
    """Yield a line for each field that has a description or a constraint, those of nested models included.

    >>> list(descriptions({"issued_by": dspy.OutputField(desc="who wants to be paid")}))
    ['- issued_by: who wants to be paid']
    """
    for name, field in fields.items():
        extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
        told = [extra.get("desc") or field.description, extra.get("constraints")]
        if words := "; ".join(str(one) for one in told if one and one != f"${{{name}}}"):
            yield f"- {inside}{name}: {words}"
        for model in _models(field.annotation):
            yield from descriptions(model.model_fields, f"{inside}{name}.")


def choices(annotation: Any) -> list[Any]:
    """Return the labels of a Literal or an Enum, or of a list of them; else nothing.

    >>> choices(list[Literal["P1", "Refund request"]]), choices(str)
    (['P1', 'Refund request'], [])
    """
    return _members(get_args(annotation)[0] if get_origin(annotation) is list else annotation)


def named(text: str, labels: list[Any]) -> list[Any]:
    """Return the labels that a text names, each once, in its order; case, "_" and "-" may differ.

    A label behind "not" is no answer.

    >>> named("Deep cleaning, feedback, and feedback", ["cleaning", "deep_cleaning", "feedback"])
    ['deep_cleaning', 'feedback']
    >>> named("not P1 but p2", ["P1", "P2"]), named("2", [1, 2])
    (['P2'], [2])
    """
    ordered = sorted(labels, key=lambda label: len(str(label)), reverse=True)
    pattern = "|".join(re.sub(r"_|\\-|\\ ", "[ _-]", re.escape(str(label))) for label in ordered)
    exact = {str(label): label for label in labels}
    folded = {_folded(label): label for label in labels}
    spans = re.finditer(rf"(?<!\w)(not |no )?({pattern})(?!\w)", text, flags=re.IGNORECASE)
    found = [exact.get(span[2], folded[_folded(span[2])]) for span in spans if not span[1]]
    return list(dict.fromkeys(found))


def _folded(label: Any) -> str:
    return re.sub("[ _-]", " ", str(label).casefold())


def _members(annotation: Any) -> list[Any]:
    if get_origin(annotation) is Literal:
        return list(get_args(annotation))
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return [member.value for member in annotation]
    return []


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inside in get_args(annotation):
        yield from _models(inside)
