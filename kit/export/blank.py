"""Blank: an empty project around a signature of one's own."""

from __future__ import annotations

import json
import tempfile
from importlib import metadata
from pathlib import Path

from kit.export import fields, files, shorthand
from kit.export.projects import Project
from kit.export.shorthand import Field, Fields

_TOP = files.top_level(
    place.removeprefix("src/prototype/")
    for place in fields.every() | fields.under(fields.BLANK)
    if place.startswith("src/prototype/")
)


def new(name: str, signature: str, to: str | Path | None = None, *, force: bool = False) -> Project:
    """Write an empty project: signature, module, metric, three rows, tests, and a notebook to explore it.

    Args:
        name: The package's name.
        signature: In DSPy's short form, e.g. "message -> urgency: Literal['low', 'high']".
        to: The project's folder; by default one of that name, here.
        force: Overwrite files of the same names.

    Raises:
        BadProject: If name or signature will not do, or a file is there already.
    """
    package, read = files.check_name(name, _TOP), shorthand.read(signature)
    folder = Path(to or name).expanduser().absolute()
    with tempfile.TemporaryDirectory() as place:
        staged = Path(place)
        skeleton = fields.every() | fields.under(fields.BLANK)
        fields.write(skeleton, staged, _fields(package, signature, read))
        _write_rows(read, staged / "src" / package / "data" / "rows.jsonl")
        (staged / "LICENSE").write_text(_licence(), encoding="utf-8")
        files.check_place(files.listed(staged), folder, force=force)
        return Project(folder, files.put(staged, folder), "")


def _licence() -> str:
    return metadata.distribution("dspy-workshop-kit").read_text("licenses/LICENSE")


def _fields(name: str, signature: str, read: Fields) -> dict[str, str]:
    every = [*read.inputs, *read.outputs]
    declared = dict.fromkeys((field.code for field in read.inputs), "Input")
    declared |= dict.fromkeys((field.code for field in read.outputs), "Output")
    serves = "".join(part.capitalize() for part in name.split("_"))
    example = json.dumps({field.name: field.values[0] for field in read.inputs})
    return {
        "name": name,
        "distribution": name.replace("_", "-"),
        "title": _title(name),
        "about": f"{_title(name)}: a DSPy program.",
        "class_name": serves,
        "dependencies": "",
        "groups": '\nnotebook = ["jupyterlab>=4.4"]',
        "shorthand": " ".join(signature.split()),
        "in_json": json.dumps(" ".join(signature.split()))[1:-1],
        "instructions": read.instructions,
        "running": fields.running({"serves": serves, "example": example}),
        "imports": _imports(every),
        "fields": "\n".join(f"    {code} = dspy.{side}Field()" for code, side in declared.items()),
        "answers": "\n".join(f"    {field.code}" for field in read.outputs),
        "parameters": ", ".join(field.code for field in read.inputs),
        "arguments": ", ".join(f"{field.name}={field.name}" for field in read.inputs),
        "types": "\n".join(f"| {field.name} | {_cell(field)} |" for field in every),
    }


def _imports(every: list[Field]) -> str:
    wants_literal = any("Literal[" in field.code for field in every)
    return "\nfrom typing import Literal\n" if wants_literal else ""


def _cell(field: Field) -> str:
    return shorthand.rendered(field.annotation).replace("|", "or")


def _title(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _write_rows(read: Fields, to: Path) -> None:
    columns = {field.name: field.values for field in (*read.inputs, *read.outputs)}
    rows = [{name: values[row] for name, values in columns.items()} for row in range(3)]
    to.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
