"""Recorder: run lessons live to make their recordings, and check that none would miss one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson
from filelock import FileLock, Timeout

from kit.calls import Call, Usage
from kit.engines import models, recordings, weights
from kit.workshop import lessons
from kit.workshop.lessons import Lesson, OnCell


@dataclass(frozen=True)
class Recorded:
    """What `record` did to one lesson's file."""

    path: Path
    kept: int
    new: int
    pruned: int
    calls: list[Call]
    live: list[Call]


class Busy(RuntimeError):
    """Another process is recording the same lesson."""


def replies_of(lesson: Lesson) -> Path:
    """Return the file that holds a lesson's recordings."""
    return models.REPLIES / f"{lesson.number}.jsonl"


def record(lesson: Lesson, *, fresh: bool = False, on_cell: OnCell | None = None) -> Recorded:
    """Run a lesson and its solutions, live where a reply is missing, and keep exactly what they used.

    New replies are on disk as soon as they are given: after an interruption, call it again and it goes on. At
    the end the notebooks are run once more, on recordings alone, and their outputs are stored. `fresh` asks
    the models again for every reply. Raises `Busy` if another process records this lesson, and `CellFailed`.
    """
    path = replies_of(lesson)
    unfinished = path.with_suffix(".jsonl.part")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(path.with_suffix(".lock"), timeout=0):
            environment = {"KIT_PROFILE": "offline", "KIT_RECORD": str(unfinished), "KIT_LIVE": "yes"}
            before = {} if fresh else dict(recordings.read_quietly(path))
            _run(lesson, environment | ({"KIT_FRESH": "1"} if fresh else {}), on_cell)
            lines = dict(recordings.read(unfinished))
            live = used((line for key, line in lines.items() if key not in before), lesson)
            counts = recordings.merge(lines, path)
            unfinished.unlink(missing_ok=True)
            _run(lesson, {"KIT_PROFILE": "offline", "KIT_LIVE": "never"}, on_cell, keep=True)
    except Timeout:
        how = "is being recorded by another process; wait for it, or stop it."
        raise Busy(f"Lesson {lesson.number} {how}") from None
    return Recorded(path, **counts, calls=used(lines.values(), lesson), live=live)


def used(lines: Iterable[bytes], lesson: Lesson) -> list[Call]:
    """Return the calls that recorded lines tell of."""
    calls = []
    for made in map(orjson.loads, lines):
        tokens = (made["usage"][name] or 0 for name in ("input_tokens", "output_tokens"))
        seconds = made["seconds"] or 0.0
        calls.append(Call(made["model"], "recorded", *tokens, seconds, 0.0, lesson.notebook.stem))
    return calls


def recorded(lesson: Lesson) -> list[Call]:
    """Return what a lesson's recordings took: about what a fresh run on a like machine will take."""
    return used((line for _, line in recordings.read_quietly(replies_of(lesson))), lesson)


def usage() -> Usage:
    """Return what the recordings of each lesson took to make, as `kit.usage` shows it."""
    return Usage([call for lesson in lessons.lessons() for call in recorded(lesson)], by="lesson")


def problems(lesson: Lesson, on_cell: OnCell | None = None) -> Iterator[str]:
    """Run a lesson on recordings alone and describe each cell that would go live, or that fails.

    Lines that are not JSON, or that were made with weights that models.toml no longer names, count as well.
    """
    for notebook in lesson.notebooks:
        executed = lessons.run(notebook, {"KIT_LIVE": "never"}, on_cell, go_on=True)
        yield from (f"{notebook.parent.name}/{notebook.name}, {said}" for said in lessons.problems(executed))
    yield from file_problems(replies_of(lesson))


def file_problems(path: Path) -> Iterator[str]:
    """Describe what is wrong with one file of recordings."""
    known = {weights.spec(name).sha256[:16] for name in weights.names()} | {""}
    good = dict(recordings.read_quietly(path))
    count = len([line for line in path.read_bytes().splitlines() if line.strip()]) if path.exists() else 0
    if count != len(good):
        yield f"{path.name} has {count} lines, of which {len(good)} are recordings with a key of their own."
    for key, line in good.items():
        if orjson.loads(line)["weights"] not in known:
            yield f"{path.name}: key {key} was recorded with weights that models.toml does not name."


def _run(lesson: Lesson, environment: dict[str, str], on_cell: OnCell | None, *, keep: bool = False) -> None:
    for notebook in lesson.notebooks:
        executed = lessons.run(notebook, environment, on_cell)
        if keep:
            lessons.save(executed, notebook)
