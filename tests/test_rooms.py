"""Rooms: who may import whom in kit, read from the sources; nothing is run."""

import ast
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

KIT = Path(__file__).parents[1] / "kit"
TEMPLATES = {"skeleton"}  # they run in projects of their own
WORKSHOP = ("kit.workshop",)
ENGINES_MAY = {"kit.notices", "kit.private", "kit.project", "kit.redaction", "kit.engines"}


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(KIT.parent).with_suffix("").parts).removesuffix(".__init__")


MODULES = {
    name_of(path): path for path in KIT.rglob("*.py") if not TEMPLATES & set(path.relative_to(KIT).parts)
}


def imported(path: Path) -> set[str]:
    """Return the modules of kit that a file imports anywhere: at the top, in functions, for types."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = path.relative_to(KIT.parent).parts[: -node.level] if node.level else ()
            package = ".".join(filter(None, [*above, node.module]))
            names = {f"{package}.{name.name}" for name in node.names}
            found |= {name if name in MODULES else package for name in names}
    return found & set(MODULES)


@cache
def arrows() -> dict[str, set[str]]:
    """Return what each module of kit imports of kit."""
    return {name: imported(path) - {name} for name, path in MODULES.items()}


def test_no_module_leads_back_to_itself():
    """Imports have no circle, neither between modules nor between rooms: a reader can start at the bottom."""
    list(TopologicalSorter(arrows()).static_order())
    rooms: dict[str, set[str]] = {}
    for name, targets in arrows().items():
        if name != "kit":
            rooms.setdefault(room(name), set()).update(room(target) for target in targets)
    list(TopologicalSorter({name: targets - {name} for name, targets in rooms.items()}).static_order())


def room(name: str) -> str:
    return ".".join(name.split(".")[:2])


def test_the_library_knows_nothing_of_the_workshop():
    """What people reuse can be read, copied and run without the command line and the lessons."""
    below = set(MODULES) - {name for name in MODULES if name.startswith(WORKSHOP)}
    assert outside(below, within=below - {"kit"}) == {}  # nor does it go round by the names of kit itself


def test_engines_stand_on_little():
    """An engine knows how to hide secrets, and to ask; no display, no evaluation."""
    names = {name for name in MODULES if name.startswith("kit.engines")}
    assert outside(names, within={name for name in MODULES if room(name) in ENGINES_MAY}) == {}


def test_cases_know_nothing_of_kit():
    """A prototype is copied out of the repository and runs without it."""
    cases = {name for name in MODULES if name.startswith("kit.cases")}
    assert outside(cases, within=cases) == {}


def test_the_readers_of_files_know_nothing_else_of_kit():
    """They travel with an exported project, which has no `kit`."""
    readers = {name for name in MODULES if name.startswith("kit.documents")}
    assert outside(readers, within=readers) == {}


def outside(names: set[str], within: set[str]) -> dict[str, set[str]]:
    """Return which of these modules import what is not among the others."""
    return {name: over for name in names if (over := arrows()[name] - within)}


def test_a_class_name_stands_for_one_thing():
    """In the library and the workshop a class name is used once: a traceback or a table names one thing."""
    places: dict[str, list[str]] = {}
    for name, path in MODULES.items():
        if room(name) != "kit.cases":
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ClassDef):
                    places.setdefault(node.name, []).append(name)
    assert {kind: where for kind, where in places.items() if len(where) > 1} == {}
