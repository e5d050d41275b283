"""Projects: a case study's files, data and recordings, put together, proved, and then put in place."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from string import Template

from kit.engines.recordings import merge, read_quietly
from kit.export import files
from kit.export.catalogue import ROOT, Case, find

_RUN = "import json, record; found = record.proof(); record.write(found); print(json.dumps(found))"
_SAMPLE = """*A sample lies here: {what}. What follows is the datasheet of the whole set; what it names and
is not here, sums of the whole files included, stayed with the DSPy workshop kit.*

"""


class NotProved(RuntimeError):
    """A project's own evaluation failed, so it was not written."""


@dataclass(frozen=True)
class Project:
    """A project that was written, and what it showed when it was run."""

    folder: Path
    files: list[str]
    table: str

    def __repr__(self) -> str:
        return f"{self.folder} · {len(self.files)} files\n{self.table}".rstrip()


def case(
    name: str, to: str | Path, *, package: str | None = None, force: bool = False, root: Path = ROOT
) -> Project:
    """Write a case study as a project of its own; its evaluation is run first, on recordings.

    `name` is one of `cases()`, `to` the project's folder, `package` the name of the package in it; by default
    the one that the case declares, or the case's. With `force` files of the same names are overwritten.
    It raises `ValueError` if there is no such case, `BadProject` if a name is taken or a file is there, and
    `NotProved` if the evaluation fails, e.g. for want of a recording.
    """
    chosen, folder = find(name, root), Path(to).expanduser().absolute()
    package = files.check_name(package or chosen.package)
    with tempfile.TemporaryDirectory() as place:
        staged = Path(place)
        _gather(chosen, package, staged)
        files.check_inside(staged / "src" / package)
        files.check_place([*files.under(staged)], folder, force=force)
        table = _prove(package, staged)
        return Project(folder, files.put(staged, folder), table)


def _gather(chosen: Case, package: str, staged: Path) -> None:
    """Lay out everything that the program imports, with every recording that the case may need."""
    inside = staged / "src" / package
    inside.mkdir(parents=True)
    chosen.lay(inside)
    _bring_together(chosen, inside, package)
    if not (inside / "__init__.py").exists():
        (inside / "__init__.py").write_text(f'"""{chosen.declared["about"]}"""\n', encoding="utf-8")
    added = (chosen.place / name for name in ("task.py", "served.py", "state.json"))
    places = {"served.py": "modules/served.py"}
    extras = {f"src/prototype/{places.get(path.name, path.name)}": path for path in added if path.exists()}
    skeleton = files.every() | files.under(files.CASE)
    readme = {"README.md.in": skeleton.pop("README.md.in")}
    words = {
        "about": chosen.declared["about"],
        "name": package,
        "distribution": package.replace("_", "-"),
        "dependencies": "".join(f'  "{item}",\n' for item in chosen.declared["dependencies"]),
        "groups": "",
        "title": package.replace("_", " ").capitalize(),
        "serves": chosen.declared["serves"],
        "use": Template(chosen.declared.get("use", "")).safe_substitute(name=package),
    }
    files.write(skeleton | extras, staged, words)
    running = files.running({"serves": words["serves"], "example": "{}"})
    files.write(readme, staged, words | {"running": running, "files": _contents(inside)})
    _sample(chosen, inside / "data")
    replies = (chosen.root / "data" / "replies" / name for name in chosen.declared["replies"])
    merge({key: line for path in replies for key, line in read_quietly(path)}, _recordings(inside))
    shutil.copyfile(chosen.root / "LICENSE", staged / "LICENSE")


def _bring_together(chosen: Case, inside: Path, package: str) -> None:
    """Let the files of a composed case find the others where they now lie: beneath them, not beside them."""
    for path in inside.rglob("*.py"):
        code = path.read_text(encoding="utf-8")
        if path.parent == inside:
            code = re.sub(r"^from \.\.(?!\.)", "from .", code, flags=re.MULTILINE)
        for module in chosen.declared.get("leave_out", []) if path == inside / "__init__.py" else ():
            code = re.sub(rf'^(from \.{module} import|    "{module}",).*\n', "", code, flags=re.MULTILINE)
        path.write_text(code.replace("kit.documents", f"{package}.documents"), encoding="utf-8")


def _sample(chosen: Case, to: Path) -> None:
    """Copy the files that a case needs, and of its rows some splits; its datasheet says what is here."""
    data = chosen.declared["data"]
    folder = chosen.root / "data" / data["folder"]
    to.mkdir()
    for source, target in ((folder / name, to / name) for name in data["files"]):
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, target) if source.is_dir() else shutil.copyfile(source, target)
    if rows := data.get("rows"):
        lines = (folder / rows["file"]).read_text(encoding="utf-8").splitlines(keepends=True)
        kept = [line for line in lines if json.loads(line)["split"] in rows["split"]]
        (to / rows["file"]).write_text("".join(kept), encoding="utf-8")
    sheet = (folder / "README.md").read_text(encoding="utf-8")
    (to / "README.md").write_text(_SAMPLE.format(what=data["sample"]) + sheet, encoding="utf-8")


def _prove(package: str, staged: Path) -> str:
    """Run the evaluation in a process that sees nothing of `kit`, on recordings, and keep those that it used.

    Its table and what its endpoint answers go into the README; the table is returned.
    """
    others = {name: value for name, value in os.environ.items() if not name.startswith(("MODEL", "RECORD"))}
    paths = os.pathsep.join([str(staged), str(staged / "src")])
    command, own = [sys.executable, "-c", _RUN], {"PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"}
    run = subprocess.run(command, cwd=staged, env=others | own, capture_output=True, encoding="utf-8")
    if run.returncode:
        end = "\n".join(run.stderr.strip().splitlines()[-12:])
        raise NotProved(f"The evaluation of {package} failed, so nothing was written. It ended with:\n{end}")
    proof, recordings = json.loads(run.stdout.splitlines()[-1]), _recordings(staged / "src" / package)
    lines = dict(read_quietly(recordings))
    recordings.unlink()
    merge({key: line for key, line in lines.items() if key in proof["used"]}, recordings)
    return proof["table"]


def _contents(package: Path) -> str:
    """Return a line for each Python file: its place, and what its docstring says first."""
    sources = {place: path for place, path in files.under(package).items() if path.suffix == ".py"}
    code = {place: ast.parse(path.read_text(encoding="utf-8")) for place, path in sources.items()}
    docstrings = {place: ast.get_docstring(tree) for place, tree in code.items()}
    return "\n".join(f"| {place} | {text.splitlines()[0]} |" for place, text in docstrings.items() if text)


def _recordings(inside: Path) -> Path:
    path = inside / "recordings" / "replies.jsonl"
    path.parent.mkdir(exist_ok=True)
    return path
