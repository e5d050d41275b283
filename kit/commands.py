"""Commands around the lessons: take a case study or a signature of your own into a project."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

console = Console()

Force = Annotated[bool, typer.Option("--force", help="Overwrite files of the same names.")]


def export(
    case: Annotated[str | None, typer.Argument(help="A case from `kit export --list`.")] = None,
    dest: Annotated[Path | None, typer.Argument(help="The project's folder.")] = None,
    name: Annotated[str | None, typer.Option(help="The package's name; by default the case's.")] = None,
    force: Force = False,
    listed: Annotated[bool, typer.Option("--list", help="Show the cases, each with its score.")] = False,
) -> None:
    """Write a case study as a project of its own: it runs, is tested and is served without `kit`."""
    from kit import export as exports

    if listed:
        for one in exports.cases():
            console.print(f"[bold]{one.name}[/] · {escape(one.about)}", highlight=False, soft_wrap=True)
            console.print(f"    {escape(one.score)}", highlight=False, soft_wrap=True)
        return
    if case is None or dest is None:
        fail("Say which case and where: `kit export CASE DEST`. `kit export --list` shows the cases.")
    try:
        with console.status("Running its evaluation on recordings"):
            project = exports.case(case, dest, package=name, force=force)
    except (OSError, ValueError, exports.NotProved) as error:
        fail(error)
    console.print(escape(repr(project)), highlight=False, soft_wrap=True)
    console.print(f"Next: cd {project.folder} && uv run pytest", highlight=False, soft_wrap=True)


def new(
    name: Annotated[str, typer.Argument(help="The package's name, e.g. triage.")],
    signature: Annotated[
        str, typer.Argument(help="In short form: \"message -> urgency: Literal['low', 'high']\".")
    ],
    dest: Annotated[Path | None, typer.Argument(help="The project's folder; by default NAME.")] = None,
    force: Force = False,
) -> None:
    """Write an empty project around a signature: module, metric, three rows, tests and a notebook."""
    from kit import export as exports

    try:
        project = exports.new(name, signature, dest, force=force)
    except (OSError, ValueError) as error:
        fail(error)
    console.print(escape(repr(project)), highlight=False, soft_wrap=True)
    console.print(f"Next: cd {project.folder} && uv run pytest", highlight=False, soft_wrap=True)


def fail(reason: object) -> None:
    """End with exit code 1 and the reason."""
    console.print(f"[red]{escape(str(reason))}[/]", soft_wrap=True, highlight=False)
    raise typer.Exit(1)
