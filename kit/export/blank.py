"""Blank: an empty project around a signature of one's own."""

from __future__ import annotations

import json
import tempfile
from importlib import metadata
from pathlib import Path

from kit.export import fields, files, shorthand
from kit.export.projects import Project
from kit.export.shorthand import Fields


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
    package, read = files.check_name(name), shorthand.read(signature)
    folder = Path(to or name).expanduser().absolute()
    with tempfile.TemporaryDirectory() as place:
        staged = Path(place)
        skeleton = fields.every() | fields.under(fields.BLANK)
        fields.write(skeleton, staged, _fields(package, signature, read))
        files.check_inside(staged / "src" / package)
        columns = {field.name: field.values for field in (*read.inputs, *read.outputs)}
        rows = [{name: values[row] for name, values in columns.items()} for row in range(3)]
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (staged / "src" / package / "data" / "rows.jsonl").write_text(lines, encoding="utf-8")
        licence = metadata.distribution("dspy-workshop-kit").read_text("licenses/LICENSE")
        (staged / "LICENSE").write_text(licence, encoding="utf-8")
        files.check_place([*fields.under(staged)], folder, force=force)
        return Project(folder, files.put(staged, folder), "")


def _fields(name: str, signature: str, read: Fields) -> dict[str, str]:
    every, title = [*read.inputs, *read.outputs], name.replace("_", " ").capitalize()
    wants_literal = any("Literal[" in field.code for field in every)
    declared = dict.fromkeys((field.code for field in read.inputs), "Input")
    declared |= dict.fromkeys((field.code for field in read.outputs), "Output")
    serves = "".join(part.capitalize() for part in name.split("_"))
    example = json.dumps({field.name: field.values[0] for field in read.inputs})
    return {
        "name": name,
        "distribution": name.replace("_", "-"),
        "title": title,
        "about": f"{title}: a DSPy program.",
        "class_name": serves,
        "dependencies": "",
        "groups": '\nnotebook = ["jupyterlab>=4.4"]',
        "shorthand": " ".join(signature.split()),
        "in_json": json.dumps(" ".join(signature.split()))[1:-1],
        "instructions": read.instructions,
        "running": fields.running({"serves": serves, "example": example}),
        "imports": "\nfrom typing import Literal\n" if wants_literal else "",
        "fields": "\n".join(f"    {code} = dspy.{side}Field()" for code, side in declared.items()),
        "answers": "\n".join(f"    {field.code}" for field in read.outputs),
        "parameters": ", ".join(field.code for field in read.inputs),
        "arguments": ", ".join(f"{field.name}={field.name}" for field in read.inputs),
        "types": "\n".join(f"| {field.name} | {field.kind.replace('|', 'or')} |" for field in every),
    }
