"""Terse: an adapter for short questions, where DSPy's own would write more about form than content."""

from __future__ import annotations

from typing import Any

import dspy


class Terse(dspy.JSONAdapter):
    """Send instructions and fields, and nothing else; replies are JSON, as with `dspy.JSONAdapter`.

    >>> for message in Terse().format(dspy.Signature("rule, words -> corrected"), [], {"words": "teh"}):
    ...     print(message["content"])
    Given the fields `rule`, `words`, produce the fields `corrected`.
    Reply in JSON: {corrected: str}
    words: teh
    """

    def format_system_message(self, signature: type[dspy.Signature]) -> str:
        """Write the instructions, and which fields the reply has."""
        wanted = (f"{name}: {field.annotation.__name__}" for name, field in signature.output_fields.items())
        return f"{signature.instructions}\nReply in JSON: {{{', '.join(wanted)}}}"

    def format_user_message_content(
        self, signature: type[dspy.Signature], inputs: dict[str, Any], *_: Any, **__: Any
    ) -> str:
        """Write a line for each input, and no reminder of the form."""
        return "\n".join(f"{name}: {inputs[name]}" for name in signature.input_fields if name in inputs)
