"""Rooms: who may import whom in kit, read from the sources; nothing is run."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

KIT = Path(__file__).parents[1] / "kit"
TEMPLATES = {"projects", "skeleton"}  # they run in projects of their own
WORKSHOP = ("kit.workshop", "kit.__main__")
ENGINES_MAY = {"kit.notices", "kit.plans", "kit.project", "kit.redaction", "kit.engines"}


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
            base = [*path.relative_to(KIT.parent).parts[: -node.level], node.module][not node.level :]
            package = ".".join(filter(None, base)) if node.level else node.module
            names = {f"{package}.{name.name}" for name in node.names}
            found |= {name if name in MODULES else package for name in names}
    return found & set(MODULES)


ARROWS = {name: imported(path) - {name} for name, path in MODULES.items()}


def test_no_module_leads_back_to_itself():
    """Imports have no circle, neither between modules nor between rooms: a reader can start at the bottom."""
    list(TopologicalSorter(ARROWS).static_order())
    rooms: dict[str, set[str]] = {}
    for name, targets in ARROWS.items():
        if name not in ("kit", "kit.__main__"):
            rooms.setdefault(room(name), set()).update(room(target) for target in targets)
    list(TopologicalSorter({name: targets - {name} for name, targets in rooms.items()}).static_order())


def room(name: str) -> str:
    return ".".join(name.split(".")[:2])


def test_the_library_knows_nothing_of_the_workshop():
    """What people reuse can be read, copied and run without the command line and the lessons."""
    below = [name for name in MODULES if not name.startswith(WORKSHOP)]
    assert {
        name: up for name in below if (up := {one for one in ARROWS[name] if one.startswith(WORKSHOP)})
    } == {}


def test_engines_stand_on_little():
    """An engine knows how to hide secrets, to ask and to plan; no display, no evaluation."""
    over = {target for name in MODULES if name.startswith("kit.engines") for target in ARROWS[name]}
    assert {room(target) for target in over} <= ENGINES_MAY


def test_cases_know_nothing_of_kit():
    """A prototype is copied out of the repository and runs without it."""
    cases = [name for name in MODULES if name.startswith("kit.cases")]
    assert {
        name: out for name in cases if (out := {one for one in ARROWS[name] if room(one) != "kit.cases"})
    } == {}
