"""The `kit` command: open the workshop, make and check recordings, fetch models, look around."""

from __future__ import annotations

import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.status import Status

from kit import project
from kit.engines import fetch, weights
from kit.engines import models as profiles
from kit.workshop import commands
from kit.workshop import doctor as doctors
from kit.workshop import lessons as all_lessons
from kit.workshop.console import console, fail, failing, say

if TYPE_CHECKING:
    from kit.calls import Call

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode="markdown", help=__doc__)
models = typer.Typer(no_args_is_help=True)
app.add_typer(models, name="models", help="The models and their files: list, pull.")
app.command()(commands.export)
app.command()(commands.new)
app.command()(commands.catch_up)
app.command()(commands.progress)
app.command()(commands.slides)
app.command()(commands.room)
Number = Annotated[str | None, typer.Argument(help="A lesson's number, e.g. 04.")]
Role = Annotated[str, typer.Argument(help="A role (small, large) or a name from `kit models list`.")]


@app.callback()
def settings() -> None:
    """Read the project's .env file before any command."""
    project.read_env_file()


@app.command()
def lab(
    lesson: Annotated[str | None, typer.Argument(help="The lesson to open; by default the map.")] = None,
    port: Annotated[int, typer.Option(help="Where to listen; the next free port if it is taken.")] = 8888,
) -> None:
    """Open the workshop in JupyterLab: a map of the lessons, with a tick for each exercise that is passed."""
    from kit.workshop import course
    from kit.workshop import lab as labs

    with failing(OSError, ValueError):
        wanted = all_lessons.lesson(lesson).notebook if lesson else None
        page = course.write()
        running = labs.start(wanted or page, port)
    say(f"JupyterLab is ready after {running.seconds:.1f} s. Ctrl-C stops it.")
    say(f"[bold]{running.url}[/]")
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
            done = recorder.record(target, fresh=fresh, on_cell=_place(status))
        say(f"{done.path.name}: {done.new} new, {done.kept} kept, {done.pruned} pruned.")
        say(f"  new: {_sum(done.live)}\n  all: {_sum(done.calls)}")


@app.command()
def replay(lesson: Number = None) -> None:
    """Run a lesson, or all, on recordings alone, and say which cells would miss one or fail."""
    from kit.workshop import recorder

    problems = []
    for target in _chosen(lesson, every=lesson is None):
        with console.status(target.notebook.stem) as status:
            here = list(recorder.problems(target, _place(status)))
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


def _chosen(number: str | None, every: bool) -> list[all_lessons.Lesson]:
    with failing(ValueError):
        if every == bool(number):
            raise ValueError("Name one lesson, or say --all.")
        return all_lessons.at_least_one() if every else [all_lessons.lesson(number)]


def _place(status: Status) -> Callable[[Path, int, int], None]:
    """Return what shows which cell of which notebook runs."""

    def on_cell(notebook: Path, done: int, count: int) -> None:
        status.update(f"{notebook.parent.name}/{notebook.name}, cell {done} of {count}")

    return on_cell


def _sum(calls: list[Call]) -> str:
    read, wrote = sum(call.input_tokens for call in calls), sum(call.output_tokens for call in calls)
    seconds = sum(call.seconds for call in calls)
    return f"{len(calls)} calls, {read:,} tokens in, {wrote:,} out, {seconds:,.1f} s of computing"
