"""Blank: an empty project around a signature of one's own, which DSPy's short form describes."""

from __future__ import annotations

import json
import tempfile
import types
import warnings
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

from kit.export import files
from kit.export.files import BadProject
from kit.export.projects import Project

_PLAIN = {str: "str", int: "int", float: "float", bool: "bool", type(None): "None"}
_TAKEN = frozenset({"dspy", "lm", "self"})
_FORM = "Write it as \"message -> urgency: Literal['low', 'high']\", with names of fields and their types."


@dataclass(frozen=True)
class Field:
    """A field: its name, its type as code, and a value for each of three made-up rows."""

    name: str
    kind: str
    values: list[Any]


def new(name: str, signature: str, to: str | Path | None = None, *, force: bool = False) -> Project:
    """Write an empty project: signature, module, metric, three rows, tests, and a notebook to explore it.

    `name` is the package's, `signature` in DSPy's short form: "message -> urgency: Literal['low', 'high']".
    `to` is the project's folder, by default one of that name, here. With `force`, files of the same names are
    overwritten. `BadProject` is raised if name or signature will not do, or a file is there already.
    """
    package, (inputs, outputs, instructions) = files.check_name(name), read(signature)
    folder, words = Path(to or name).expanduser().absolute(), _words(package, inputs, outputs)
    shorthand = " ".join(signature.split())
    words |= {"shorthand": shorthand, "in_json": json.dumps(shorthand)[1:-1], "instructions": instructions}
    with tempfile.TemporaryDirectory() as place:
        staged = Path(place)
        files.write(files.every() | files.under(files.BLANK), staged, words)
        files.check_inside(staged / "src" / package)
        rows = [{field.name: field.values[row] for field in (*inputs, *outputs)} for row in range(3)]
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (staged / "src" / package / "data" / "rows.jsonl").write_text(lines, encoding="utf-8")
        licence = metadata.distribution("dspy-workshop-kit").read_text("licenses/LICENSE")
        (staged / "LICENSE").write_text(licence, encoding="utf-8")
        files.check_place([*files.under(staged)], folder, force=force)
        return Project(folder, files.put(staged, folder), "")


def _words(name: str, inputs: list[Field], outputs: list[Field]) -> dict[str, str]:
    every, title = [*inputs, *outputs], name.replace("_", " ").capitalize()
    given, made = ([f"{field.name}: {field.kind}" for field in side] for side in (inputs, outputs))
    declared = dict.fromkeys(given, "Input") | dict.fromkeys(made, "Output")
    serves = "".join(part.capitalize() for part in name.split("_"))
    example = json.dumps({field.name: field.values[0] for field in inputs})
    return {
        "name": name,
        "distribution": name.replace("_", "-"),
        "title": title,
        "about": f"{title}: a DSPy program.",
        "class_name": serves,
        "dependencies": "",
        "groups": '\nnotebook = ["jupyterlab>=4.4"]',
        "running": files.running({"serves": serves, "example": example}),
        "imports": "\nfrom typing import Literal\n" if "Literal[" in "".join(declared) else "",
        "fields": "\n".join(f"    {code} = dspy.{side}Field()" for code, side in declared.items()),
        "answers": "\n".join(f"    {code}" for code in made),
        "parameters": ", ".join(given),
        "arguments": ", ".join(f"{field.name}={field.name}" for field in inputs),
        "types": "\n".join(f"| {field.name} | {field.kind.replace('|', 'or')} |" for field in every),
    }


def read(shorthand: str) -> tuple[list[Field], list[Field], str]:
    """Return a signature's inputs, outputs and instructions; `BadProject` if a project cannot use it."""
    import dspy

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            signature = dspy.Signature(shorthand)
    except (RuntimeError, SyntaxError, TypeError, UserWarning, ValueError) as error:
        reason = (error.msg if isinstance(error, SyntaxError) else str(error)).splitlines()[0].rstrip(".")
        raise BadProject(f"{shorthand!r} is no signature: {reason}. {_FORM}") from error
    inputs, outputs = (
        [Field(name, rendered(one.annotation), made_up(one.annotation, name)) for name, one in side.items()]
        for side in (signature.input_fields, signature.output_fields)
    )
    if not (inputs and outputs):
        raise BadProject(f"{shorthand!r} lacks fields on one side of the arrow. {_FORM}")
    if taken := [field.name for field in (*inputs, *outputs) if field.name in _TAKEN]:
        raise BadProject(f"A field cannot be called {taken[0]!r}: the project's code uses that name.")
    return inputs, outputs, signature.instructions


def rendered(annotation: Any) -> str:
    """Return a type as code; `BadProject` if no row can be made for it.

    >>> rendered(dict[str, list[int]] | None)
    'dict[str, list[int]] | None'
    """
    if annotation in _PLAIN:
        return _PLAIN[annotation]
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        quoted = [json.dumps(one, ensure_ascii=False) if type(one) is str else repr(one) for one in arguments]
        return f"Literal[{', '.join(quoted)}]"
    if origin in (list, dict):
        return f"{origin.__name__}[{', '.join(map(rendered, arguments))}]"
    if origin in (Union, types.UnionType):
        return " | ".join(map(rendered, arguments))
    ways = "Use str, int, float, bool, Literal, list[...], dict[...] or one of them | None"
    later = "and put the type that you want into program.py afterwards"
    raise BadProject(f"No row can be made up for the type {annotation}. {ways}, {later}.")


def made_up(annotation: Any, name: str) -> list[Any]:
    """Return a value of a type for each of three rows."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return [arguments[row % len(arguments)] for row in range(3)]
    if origin is list:
        return [[value] for value in made_up(arguments[0], name)]
    if origin is dict:
        return [{"key": value} for value in made_up(arguments[1], name)]
    if origin in (Union, types.UnionType):
        return made_up(arguments[0], name)
    texts = [f"{place} {name.replace('_', ' ')}" for place in ("first", "second", "third")]
    values = {str: texts, int: [1, 2, 3], float: [0.5, 1.5, 2.5], bool: [True, False, True]}
    return values.get(annotation, [None] * 3)
