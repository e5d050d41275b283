"""Reach: which modules of a package its program imports, so that only those travel."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path


def trim(package: Path, roots: list[str]) -> list[str]:
    """Delete the modules that no root imports, and take what they held out of each __init__.py.

    Returns the places of what was deleted.
    """
    kept = reached(package, roots)
    dropped = [path for path in sorted(package.rglob("*.py")) if path not in kept]
    for path in dropped:
        path.unlink()
    for path in kept:
        if path.name == "__init__.py":
            path.write_text(_without(path, set(dropped)), encoding="utf-8")
    return [path.relative_to(package).as_posix() for path in dropped]


def reached(package: Path, roots: list[str]) -> set[Path]:
    """Return the files that the roots import, and the roots; __init__.py leads only to what is named."""
    files, waiting = set(), [package / root for root in roots]
    while waiting:
        path = waiting.pop()
        if path in files:
            continue
        files.add(path)
        waiting += [path.with_name("__init__.py")] if path.parent != package.parent else []
        if path.name != "__init__.py":
            waiting += _imported(path, package)
    return {path for path in files if path.exists()}


def _imported(path: Path, package: Path) -> Iterator[Path]:
    """Yield the files that a module imports from its package."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            folder = _folder(node, path, package)
            for name in node.names if folder else ():
                yield from _behind(folder, name.name)
        elif isinstance(node, ast.Import):
            for name in node.names:
                if name.name.startswith(f"{package.name}."):
                    yield from _file(package.joinpath(*name.name.split(".")[1:]))


def _folder(node: ast.ImportFrom, path: Path, package: Path) -> Path | None:
    """Return where a `from ... import` looks, without the ending; None outside of the package."""
    parts = node.module.split(".") if node.module else []
    if node.level:
        return path.parents[node.level - 1].joinpath(*parts)
    return package.joinpath(*parts[1:]) if parts[:1] == [package.name] else None


def _behind(folder: Path, name: str) -> Iterator[Path]:
    """Yield the file of a module, or those behind a name that is imported from a package."""
    init = folder / "__init__.py"
    if folder.with_suffix(".py").exists():
        yield folder.with_suffix(".py")
    elif any(_file(folder / name)):
        yield from _whole(folder / name)
    elif init.exists():
        yield init
        for node in _exports(init):
            if any(alias.name == name for alias in node.names):
                yield from _behind(init.parent / (node.module or ""), name)


def _file(place: Path) -> Iterator[Path]:
    return (path for path in (place.with_suffix(".py"), place / "__init__.py") if path.exists())


def _whole(place: Path) -> Iterator[Path]:
    """Yield a module; of a package that is imported by name, everything that it exports."""
    for path in _file(place):
        yield path
        for node in _exports(path) if path.name == "__init__.py" else ():
            for alias in node.names:
                yield from _behind(path.parent / (node.module or ""), alias.name)


def _exports(init: Path) -> list[ast.ImportFrom]:
    tree = ast.parse(init.read_text(encoding="utf-8"))
    return [node for node in tree.body if isinstance(node, ast.ImportFrom) and node.level == 1]


def _without(init: Path, dropped: set[Path]) -> str:
    """Return an __init__.py without the names of modules that were dropped."""
    code = init.read_text(encoding="utf-8")
    gone = [node for node in _exports(init) if _target(init, node) in dropped]
    names = {alias.asname or alias.name for node in gone for alias in node.names}
    if not gone:
        return code
    lines = code.splitlines(keepends=True)
    for node in gone:
        lines[node.lineno - 1 : node.end_lineno] = [""] * (node.end_lineno - node.lineno + 1)
    for node in ast.parse(code).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__":
            listed = [name for name in ast.literal_eval(node.value) if name not in names]
            inside = "".join(f'    "{name}",\n' for name in listed)
            lines[node.lineno - 1 : node.end_lineno] = [f"__all__ = [\n{inside}]\n"]
    return "".join(lines)


def _target(init: Path, node: ast.ImportFrom) -> Path:
    return init.parent.joinpath(*(node.module or "").split(".")).with_suffix(".py")
