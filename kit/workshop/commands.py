"""Commands around the lessons: projects to take home, and what helps in a room."""

from __future__ import annotations

import contextlib
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from kit.workshop.console import console, fail, failing, say

if TYPE_CHECKING:
    from kit.export import Project

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

    with failing(OSError, ValueError, exports.NotProved):
        if listed:
            for known in exports.cases():
                say(f"[bold]{known.name}[/] · {escape(known.declared['about'])}\n    {escape(known.score)}")
        elif case is None or dest is None:
            fail("Say which case and where: `kit export CASE DEST`. `kit export --list` shows the cases.")
        else:
            with console.status("Running its evaluation on recordings"):
                project = exports.case(case, dest, package=name, force=force)
            _say_written(project)


def _say_written(project: Project) -> None:
    say(escape(repr(project)))
    say(f"Next: cd {project.folder} && uv run pytest")


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

    with failing(OSError, ValueError):
        _say_written(exports.new(name, signature, dest, force=force))


def catch_up(
    lesson: Annotated[str, typer.Argument(help="The lesson to start with, e.g. 05.")],
    force: Annotated[bool, typer.Option("--force", help="Replace also what you have written.")] = False,
) -> None:
    """Fill in the exercises of all earlier lessons; what you have solved stays, and a copy is kept."""
    from kit.workshop import catch_up as catching

    with failing(OSError, ValueError):
        done = catching.fill_before(lesson, force=force)
    for caught in done:
        counts = f"{len(caught.filled)} filled in, {len(caught.kept)} kept"
        before = f"; before: {caught.backup}" if caught.backup else ""
        say(f"{caught.lesson.notebook.stem}: {counts}{before}")
    if any(caught.filled for caught in done):
        console.print("If one of them is open in JupyterLab: File > Reload Notebook from Disk.")


def progress(
    forget: Annotated[bool, typer.Option("--forget", help="Remove what was noted.")] = False,
) -> None:
    """Show which exercises you have passed; the checks note it on this machine, and nowhere else."""
    from kit.workshop import lessons
    from kit.workshop import progress as noted

    if forget:
        noted.forget()
    with failing(ValueError):
        every = lessons.at_least_one()
    for lesson in every:
        exercises = noted.standing(lesson)
        done = sum(exercise.state in ("passed", "caught up") for exercise in exercises)
        name = lesson.notebook.stem.replace("_", " ")
        say(f"[bold]{name}[/] · {done} of {len(exercises)}")
        for exercise in exercises:
            tries = f", {exercise.tries} checks" if exercise.tries else ""
            say(f"  {exercise.number} {escape(exercise.title)}: {exercise.state}{tries}")
    say(f"Noted in {noted.file() or 'no file: KIT_PROGRESS is off'}.")


def room(
    address: Annotated[str, typer.Argument(help="This machine's address in the room, e.g. 192.168.1.20.")],
    port: Annotated[int, typer.Option(help="Where to listen.")] = 8700,
    token: Annotated[str | None, typer.Option(help="What participants send; by default a new one.")] = None,
) -> None:
    """Serve the offline models and the recordings to a room; participants set one variable."""
    import os

    from kit.workshop import room as rooms

    os.environ.pop("KIT_ROOM", None)  # this machine is the room
    try:
        served = rooms.Room(address, port, token or secrets.token_urlsafe(9))
    except OSError as error:
        fail(error.strerror)
    except ValueError as error:
        fail(error)
    with served, console.status("") as status:
        console.print(f"Participants put this into .env:  [bold]{served.invitation}[/]", soft_wrap=True)
        console.print(f"Other clients: {served.address}/v1 with the token as key. Ctrl-C ends it.")
        with contextlib.suppress(KeyboardInterrupt):
            rooms.watch(served, status.update)
    say(rooms.summary(served.load))


def slides(
    lesson: Annotated[
        str | None,
        typer.Argument(help="A lesson's number, or the minutes of a run sheet; by default all lessons."),
    ] = None,
    to: Annotated[Path, typer.Option(help="The folder for the pages.")] = Path("slides"),
) -> None:
    """Make slides of a lesson, or of a whole workshop (`kit slides 70`). They need no network.

    Arrows move, S opens the speaker's notes, D is dark, F fills the screen. Print them for a handout.
    """
    import nbformat

    from kit.workshop import lessons
    from kit.workshop import slides as pages

    with failing(OSError, ValueError):
        sheet = pages.ROOT / "notebooks" / "notes" / f"{lesson}_minutes.md"
        if lesson and sheet.is_file():
            page = pages.write(pages.of_sheet(sheet), to, sheet.stem, sheet.parents[1])
            say(str(page))
            return
        for shown in lessons.at_least_one() if lesson is None else [lessons.lesson(lesson)]:
            name = shown.notebook.stem
            laid = pages.of_lesson(nbformat.read(shown.notebook, as_version=4), pages.notes(name))
            page = pages.write(laid, to, name, shown.notebook.parent)
            say(str(page))
