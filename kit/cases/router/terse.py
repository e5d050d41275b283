"""Terse: an adapter for short questions; it sends the instruction and a line for each field."""

from __future__ import annotations

import json
from typing import Any, Literal, get_args, get_origin

import dspy


class Terse(dspy.JSONAdapter):
    """Write little around a question; replies are JSON, as with `dspy.JSONAdapter`.

    >>> for message in Terse().format(dspy.Signature("text -> ok: Literal['yes', 'no']"), [], {"text": "Hi"}):
    ...     print(message["content"])
    Given the fields `text`, produce the fields `ok`.
    Reply in JSON: {ok: "yes" | "no"}
    text: Hi
    """

    def format_system_message(self, signature: type[dspy.Signature]) -> str:
        """Write the instructions, and which fields the reply has."""
        wanted = (f"{name}: {_type(field.annotation)}" for name, field in signature.output_fields.items())
        return f"{signature.instructions}\nReply in JSON: {{{', '.join(wanted)}}}"

    def format_user_message_content(
        self, signature: type[dspy.Signature], inputs: dict[str, Any], *_: Any, **__: Any
    ) -> str:
        """Write a line for each input, and no reminder of the form."""
        return "\n".join(f"{name}: {inputs[name]}" for name in signature.input_fields if name in inputs)


def _type(annotation: Any) -> str:
    if get_origin(annotation) is Literal:
        return " | ".join(map(json.dumps, get_args(annotation)))
    return getattr(annotation, "__name__", str(annotation))
