"""The `kit` command: open the workshop, make and check recordings, fetch models, look around."""

from __future__ import annotations

import contextlib
import os
import secrets
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from kit import project
from kit.engines import fetch, weights
from kit.engines import models as profiles
from kit.workshop import doctor as doctors
from kit.workshop import lessons as all_lessons
from kit.workshop.console import console, fail, failing, say

if TYPE_CHECKING:
    from kit.calls import Call

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode="markdown", help=__doc__)
models = typer.Typer(no_args_is_help=True)
app.add_typer(models, name="models", help="The models and their files: list, pull.")
app.callback()(project.read_env_file)
Deck = Annotated[str | None, typer.Argument(help="A lesson, or a run sheet's minutes; else all lessons.")]
Page = Annotated[str | None, typer.Argument(help="The lesson to open; by default the map.")]
Number = Annotated[str | None, typer.Argument(help="A lesson's number, e.g. 04.")]
Force = Annotated[bool, typer.Option("--force", help="Overwrite files of the same names.")]
Role = Annotated[str, typer.Argument(help="A role (small, large) or a name from `kit models list`.")]


@app.command()
def lab(lesson: Page = None) -> None:
    """Open the workshop in JupyterLab: a map of the lessons, with a tick for each exercise that is passed."""
    from kit.workshop import lab as labs
    from kit.workshop import progress

    with failing(OSError, ValueError):
        wanted, course = lesson and all_lessons.lesson(lesson).notebook, progress.write()
        running = labs.start(wanted or course)
    say(f"JupyterLab is ready after {running.seconds:.1f} s. Ctrl-C stops it.\n[bold]{running.url}[/]")
    webbrowser.open(running.url)
    try:
        running.process.wait()
    except KeyboardInterrupt:
        running.stop()


@app.command()
def record(
    lesson: Number = None,
    every: Annotated[bool, typer.Option("--all", help="Record every lesson.")] = False,
    fresh: Annotated[bool, typer.Option(help="Ask the models again for every reply.")] = False,
) -> None:
    """Run a lesson live and keep the replies: writes what is new, prunes what is stale, stores the outputs.

    An interrupted run goes on where it stopped: give the same command again.
    """
    from kit.workshop import recorder

    chosen, known = _chosen(lesson, every), (ValueError, recorder.Busy, all_lessons.CellFailed)
    if every or fresh:
        seconds = sum(call.seconds for target in chosen for call in recorder.recorded(target))
        console.print(f"The recordings at hand took the models {seconds / 60:.0f} minutes to make.")
    for target in chosen:
        ending = failing(*known, again=f"kit record {target.number}")
        with ending, console.status(target.notebook.stem) as status:
            done = recorder.record(target, fresh=fresh, on_cell=status.update)
        say(f"{done.path.name}: {done.new} new, {done.kept} kept, {done.pruned} pruned.")
        say(f"  new: {_sum(done.live)}\n  all: {_sum(done.calls)}")


@app.command()
def replay(lesson: Number = None) -> None:
    """Run a lesson, or all, on recordings alone, and say which cells would miss one or fail."""
    from kit.workshop import recorder

    problems = []
    for target in _chosen(lesson, every=lesson is None):
        with console.status(target.notebook.stem) as status:
            here = list(recorder.problems(target, status.update))
        say(f"{target.notebook.stem}: {f'{len(here)} problems' if here else 'replays whole'}")
        problems += here
    if problems:
        fail("\n".join([*problems, "Make what is missing with `kit record NN`."]))


@models.command("list")
def list_models() -> None:
    """Show every profile's models, with list prices per million tokens, and which files are here."""
    for profile in profiles.profiles():
        entries = profiles.table()["profiles"][profile]
        needs = f"reads {entries['api_base']['variable']}" if "api_base" in entries else "needs nothing"
        needs = f"needs {entries['key']}" if isinstance(entries.get("key"), str) else needs
        say(f"[bold]{profile}[/] · {needs}")
        for role, entry in ((role, entries[role]) for role in profiles.ROLES if role in entries):
            model = entry["model"]
            name = model if isinstance(model, str) else f"as {model['variable']} says"
            prices = (f"${entry[f'{way}put_usd']:.2f} {way}" for way in ("in", "out") if "input_usd" in entry)
            say(f"  {role:<7} {name:<34} {', '.join(prices)}")
    say("\n[bold]files of the offline models[/]")
    for name in weights.names():
        spec = weights.spec(name)
        say(f"  {name:<19} {spec.bytes / 1e6:>5,.0f} MB  {spec.licence}")
        try:
            say(f"    {weights.locate(name) or f'not here: kit models pull {name}'}")
        except OSError as error:
            say(f"    {escape(str(error))}")


@models.command()
def pull(role: Role = "small") -> None:
    """Fetch a model's file; an interrupted download goes on where it stopped."""
    with failing(OSError, ValueError, again=f"kit models pull {role}"):
        entry = profiles.table()["profiles"]["offline"].get(role)
        path = fetch.pull(entry["weights"] if isinstance(entry, dict) else role)
    say(f"{path} is here and verified.")


@app.command()
def doctor() -> None:
    """Check Python, packages, models, disk, recordings, keys (never shown) and profile."""
    colours, states = {"good": "green", "note": "yellow", "bad": "red"}, []
    for finding in doctors.findings():
        states.append(finding.state)
        mark = f"[{colours[finding.state]}]{finding.state}[/]"
        say(f"{mark}  [bold]{finding.what}[/]: {escape(finding.found)}")
        if finding.next_step:
            say(f"      -> {escape(finding.next_step)}")
    if "bad" in states:
        raise typer.Exit(1)


@app.command()
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
            say(f"{escape(repr(project))}\nNext: cd {project.folder} && uv run pytest")


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="The package's name, e.g. triage.")],
    signature: Annotated[str, typer.Argument(help="E.g. \"message -> urgency: Literal['low', 'high']\".")],
    dest: Annotated[Path | None, typer.Argument(help="The project's folder; by default NAME.")] = None,
    force: Force = False,
) -> None:
    """Write an empty project around a signature: module, metric, three rows, tests and a notebook."""
    from kit import export as exports

    with failing(OSError, ValueError):
        project = exports.new(name, signature, dest, force=force)
    say(f"{escape(repr(project))}\nNext: cd {project.folder} && uv run pytest")


@app.command()
def catch_up(lesson: Annotated[str, typer.Argument(help="The lesson to start with, e.g. 05.")]) -> None:
    """Fill in the exercises of all earlier lessons; what you have solved stays, and a copy is kept."""
    from kit.workshop import catch_up as catching

    with failing(OSError, ValueError):
        done = catching.fill_before(lesson)
    for caught in done:
        counts = f"{len(caught.filled)} filled in, {len(caught.kept)} kept"
        before = f"; before: {caught.backup}" if caught.backup else ""
        say(f"{caught.lesson.notebook.stem}: {counts}{before}")
    if any(caught.filled for caught in done):
        console.print("If one of them is open in JupyterLab: File > Reload Notebook from Disk.")


@app.command()
def progress() -> None:
    """Show which exercises you have passed; the checks note it on this machine, and nowhere else."""
    from kit.workshop import progress as noted

    for lesson in _chosen(None, every=True):
        exercises, name = noted.standing(lesson), lesson.notebook.stem.replace("_", " ")
        done = sum(exercise.state in ("passed", "caught up") for exercise in exercises)
        say(f"[bold]{name}[/] · {done} of {len(exercises)}")
        for exercise in exercises:
            tries = f", {exercise.tries} checks" if exercise.tries else ""
            say(f"  {exercise.number} {escape(exercise.title)}: {exercise.state}{tries}")
    place = noted.file()
    say(f"Noted in {place}. Delete it to begin again." if place else "Noted nowhere: KIT_PROGRESS is off.")


@app.command()
def room(
    address: Annotated[str, typer.Argument(help="This machine's address in the room, e.g. 192.168.1.20.")],
    port: Annotated[int, typer.Option(help="Where to listen.")] = 8700,
    token: Annotated[str | None, typer.Option(help="What participants send; by default a new one.")] = None,
) -> None:
    """Serve the offline models and the recordings to a room; participants set one variable."""
    from kit.workshop import room as rooms

    os.environ.pop("KIT_ROOM", None)  # this machine is the room
    try:
        served = rooms.Room(address, port, token or secrets.token_urlsafe(9))
    except (OSError, ValueError) as error:
        fail(getattr(error, "strerror", error))
    with served, console.status("") as status:
        console.print(f"Participants put this into .env:  [bold]{served.invitation}[/]", soft_wrap=True)
        console.print(f"Other clients: {served.address}/v1 with the token as key. Ctrl-C ends it.")
        with contextlib.suppress(KeyboardInterrupt):
            rooms.watch(served, status.update)
    say(rooms.summary(served.load))


@app.command()
def slides(lesson: Deck = None) -> None:
    """Make slides of a lesson, or of a whole workshop (`kit slides 70`), in slides/. They need no network.

    Arrows move, S opens the speaker's notes, D is dark, F fills the screen. Print them for a handout.
    """
    import nbformat

    from kit.workshop import slides as decks

    to = Path("slides")
    with failing(OSError, ValueError):
        sheet = decks.ROOT / "notebooks" / "notes" / f"{lesson}_minutes.md"
        if lesson and sheet.is_file():
            say(str(decks.write(decks.of_sheet(sheet), to, sheet.stem, sheet.parents[1])))
            return
        for path in (shown.notebook for shown in _chosen(lesson, every=lesson is None)):
            laid = decks.of_lesson(nbformat.read(path, as_version=4), decks.notes(path.stem))
            say(str(decks.write(laid, to, path.stem, path.parent)))


def _chosen(number: str | None, every: bool) -> list[all_lessons.Lesson]:
    with failing(ValueError):
        if every == bool(number):
            raise ValueError("Name one lesson, or say --all.")
        return all_lessons.at_least_one() if every else [all_lessons.lesson(number)]


def _sum(calls: list[Call]) -> str:
    read, wrote = sum(call.input_tokens for call in calls), sum(call.output_tokens for call in calls)
    seconds = sum(call.seconds for call in calls)
    return f"{len(calls)} calls, {read:,} tokens in, {wrote:,} out, {seconds:,.1f} s of computing"
