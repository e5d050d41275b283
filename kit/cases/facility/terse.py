"""Terse: an adapter for one short question, answered by labels and nothing around them."""

from __future__ import annotations

import re
from typing import Any, Literal, get_args, get_origin

import dspy
from dspy.utils.exceptions import AdapterParseError


class Terse(dspy.ChatAdapter):
    """Send instructions, labels and message; read the labels off the reply.

    A reply without any label costs a second call, through `dspy.JSONAdapter`, as ChatAdapter does it. Other
    signatures, with several outputs or one that is no choice, go to JSONAdapter at once.

    Args:
        max_tokens: Of a reply. A dozen labels need 40; leave it out for models that reason first.

    >>> loud = dspy.Signature("text -> loud: Literal['yes', 'no']")
    >>> for message in Terse().format(loud, [], {"text": "HELLO"}):
    ...     print(message["content"])
    Given the fields `text`, produce the fields `loud`.
    Reply with one of: yes, no
    text: HELLO
    loud:
    """

    def __init__(self, max_tokens: int | None = None) -> None:
        super().__init__()
        self.capped = {"max_tokens": max_tokens} if max_tokens else {}

    def __call__(
        self,
        lm: Any,
        lm_kwargs: dict[str, Any],
        signature: type[dspy.Signature],
        demos: list[dict[str, Any]],
        inputs: dict[str, Any],
    ) -> list[dict[str, Any]]:
        """Ask for labels; whatever else is asked for, JSONAdapter asks."""
        if not asks_for_labels(signature):
            return dspy.JSONAdapter()(lm, lm_kwargs, signature, demos, inputs)
        return super().__call__(lm, self.capped | lm_kwargs, signature, demos, inputs)

    async def acall(
        self,
        lm: Any,
        lm_kwargs: dict[str, Any],
        signature: type[dspy.Signature],
        demos: list[dict[str, Any]],
        inputs: dict[str, Any],
    ) -> list[dict[str, Any]]:
        """Ask likewise, and wait."""
        if not asks_for_labels(signature):
            return await dspy.JSONAdapter().acall(lm, lm_kwargs, signature, demos, inputs)
        return await super().acall(lm, self.capped | lm_kwargs, signature, demos, inputs)

    def format_system_message(self, signature: type[dspy.Signature]) -> str:
        """Write the instructions, and what the reply may be."""
        (field,) = signature.output_fields.values()
        several = get_origin(field.annotation) is list
        wanted = "Reply with those that apply of" if several else "Reply with one of"
        return f"{signature.instructions}\n{wanted}: {', '.join(_labels(field.annotation))}"

    def format_user_message_content(
        self, signature: type[dspy.Signature], inputs: dict[str, Any], *_: Any, **__: Any
    ) -> str:
        """Write a line for each input, and the name of what is asked for."""
        lines = [f"{name}: {inputs[name]}" for name in signature.input_fields if name in inputs]
        return "\n".join([*lines, *(f"{name}:" for name in signature.output_fields)])

    def format_assistant_message_content(
        self, signature: type[dspy.Signature], outputs: dict[str, Any], *_: Any, **__: Any
    ) -> str:
        """Write a demo's labels."""
        (value,) = (outputs[name] for name in signature.output_fields)
        return value if isinstance(value, str) else ", ".join(value)

    def parse(self, signature: type[dspy.Signature], completion: str) -> dict[str, Any]:
        """Return the labels in a reply: the first, or each once."""
        ((name, field),) = signature.output_fields.items()
        found = named(completion, _labels(field.annotation))
        if not found:
            raise AdapterParseError(type(self).__name__, signature, completion, "It names no label.")
        return {name: found if get_origin(field.annotation) is list else found[0]}


def asks_for_labels(signature: type[dspy.Signature]) -> bool:
    """Return whether a signature has one output, a choice of labels or a list of them."""
    kinds = [field.annotation for field in signature.output_fields.values()]
    inner = [get_args(kind)[0] if get_origin(kind) is list else kind for kind in kinds]
    return [get_origin(kind) for kind in inner] == [Literal]


def named(text: str, labels: list[str]) -> list[str]:
    """Return the labels that a text names, each once, as they come.

    >>> named("Deep cleaning, feedback, and feedback", ["cleaning", "deep_cleaning", "feedback"])
    ['deep_cleaning', 'feedback']
    """
    longest_first = sorted(labels, key=len, reverse=True)
    pattern = "|".join(label.replace("_", "[ _-]") for label in longest_first)
    words = re.findall(rf"\b(?:{pattern})\b", text.lower())
    return list(dict.fromkeys(re.sub("[ -]", "_", word) for word in words))


def _labels(annotation: Any) -> list[str]:
    """Return the choices of a Literal, or of a list of them."""
    inner = get_args(annotation)[0] if get_origin(annotation) is list else annotation
    return list(get_args(inner))
