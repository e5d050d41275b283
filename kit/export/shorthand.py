"""Shorthand: a signature in DSPy's short form, read into fields that can be written as code.

>>> fields = read("message -> urgency: Literal['low', 'high']")
>>> print(fields.outputs[0].code, fields.outputs[0].values)
urgency: Literal["low", "high"] ['low', 'high', 'low']
"""

from __future__ import annotations

import json
import types
import warnings
from dataclasses import dataclass
from typing import Any, Literal, Union, get_args, get_origin

from kit.export.files import BadProject

PLAIN = {str: "str", int: "int", float: "float", bool: "bool", type(None): "None"}
TAKEN = frozenset({"dspy", "lm", "self"})


@dataclass(frozen=True)
class Field:
    """A field: its name, its type as code, and a value for each of three made-up rows."""

    name: str
    kind: str
    values: list[Any]

    @property
    def code(self) -> str:
        """The field as Python declares it."""
        return f"{self.name}: {self.kind}"


@dataclass(frozen=True)
class Fields:
    """What a signature takes and gives."""

    inputs: list[Field]
    outputs: list[Field]
    instructions: str


def read(shorthand: str) -> Fields:
    """Read a signature; `BadProject` if DSPy cannot, or a field, a name or a type will not do."""
    import dspy

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            signature = dspy.Signature(shorthand)
    except (RuntimeError, SyntaxError, TypeError, UserWarning, ValueError) as error:
        raise BadProject(f"{shorthand!r} is no signature: {_reason(error)} {_FORM}") from error
    inputs, outputs = map(_fields, (signature.input_fields, signature.output_fields))
    if not (inputs and outputs):
        raise BadProject(f"{shorthand!r} lacks fields on one side of the arrow. {_FORM}")
    for field in (*inputs, *outputs):
        if field.name in TAKEN:
            raise BadProject(f"A field cannot be called {field.name!r}: the project's code uses that name.")
    return Fields(inputs, outputs, signature.instructions)


def _fields(side: dict[str, Any]) -> list[Field]:
    return [
        Field(name, rendered(field.annotation), [made_up(field.annotation, name, row) for row in range(3)])
        for name, field in side.items()
    ]


_FORM = "Write it as \"message -> urgency: Literal['low', 'high']\", with names of fields and their types."


def rendered(annotation: Any) -> str:
    """Return a type as code; `BadProject` if no row can be made for it.

    >>> rendered(dict[str, list[int]] | None)
    'dict[str, list[int]] | None'
    """
    if annotation in PLAIN:
        return PLAIN[annotation]
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return f"Literal[{', '.join(_quoted(choice) for choice in arguments)}]"
    if origin in (list, dict):
        return f"{origin.__name__}[{', '.join(map(rendered, arguments))}]"
    if origin in (Union, types.UnionType):
        return " | ".join(map(rendered, arguments))
    raise BadProject(
        f"No row can be made up for the type {annotation}. Use str, int, float, bool, Literal, list[...], "
        "dict[...] or one of them | None, and put the type that you want into program.py afterwards."
    )


def made_up(annotation: Any, name: str, row: int) -> Any:
    """Return a value of a type for the first, second or third row."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return arguments[row % len(arguments)]
    if origin is list:
        return [made_up(arguments[0], name, row)]
    if origin is dict:
        return {"key": made_up(arguments[1], name, row)}
    if origin in (Union, types.UnionType):
        return made_up(arguments[0], name, row)
    text = f"{('first', 'second', 'third')[row]} {name.replace('_', ' ')}"
    return {str: text, int: row + 1, float: row + 0.5, bool: row != 1}.get(annotation)


def _quoted(choice: Any) -> str:
    return json.dumps(choice, ensure_ascii=False) if isinstance(choice, str) else repr(choice)


def _reason(error: Exception) -> str:
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    return text.splitlines()[0].rstrip(".") + "."
