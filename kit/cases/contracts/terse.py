"""Terse: an adapter for short questions, where DSPy's own would write more about form than content."""

from __future__ import annotations

from types import NoneType
from typing import Any, Literal, get_args, get_origin

import dspy
from pydantic import BaseModel


class Terse(dspy.JSONAdapter):
    """Send instructions and fields, and nothing else; replies are JSON, as with `dspy.JSONAdapter`.

    >>> signature = dspy.Signature("text -> term_months: int | None")
    >>> for message in Terse().format(signature, [], {"text": "for three years"}):
    ...     print(message["content"])
    Given the fields `text`, produce the fields `term_months`.
    Reply in JSON: {term_months: int or null}
    text: for three years
    """

    def format_system_message(self, signature: type[dspy.Signature]) -> str:
        """Write the instructions, and which fields the reply has."""
        wanted = (f"{name}: {shape(field.annotation)}" for name, field in signature.output_fields.items())
        return f"{signature.instructions}\nReply in JSON: {{{', '.join(wanted)}}}"

    def format_user_message_content(
        self, signature: type[dspy.Signature], inputs: dict[str, Any], *_: Any, **__: Any
    ) -> str:
        """Write a line for each input, and no reminder of the form."""
        return "\n".join(f"{name}: {inputs[name]}" for name in signature.input_fields if name in inputs)


def shape(annotation: Any) -> str:
    """Write a type as a person would.

    >>> shape(list[int]), shape(float | None), shape(Literal["loan", "lease"])
    ('[int]', 'float or null', '"loan" or "lease"')
    """
    if get_origin(annotation) is Literal:
        return " or ".join(f'"{choice}"' for choice in get_args(annotation))
    if get_origin(annotation) is list:
        return f"[{', '.join(map(shape, get_args(annotation)))}]"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        fields = (f"{name}: {shape(field.annotation)}" for name, field in annotation.model_fields.items())
        return f"{{{', '.join(fields)}}}"
    if get_args(annotation) and get_origin(annotation) is not dict:
        return " or ".join(map(shape, get_args(annotation)))
    return "null" if annotation is NoneType else getattr(annotation, "__name__", str(annotation))
