"""Recordings: replies that real models gave, kept as readable JSONL, a file per lesson.

A line holds key, model, weights, asks, reply, finish, usage, message_tokens, seconds and date. The key is a
hash of everything that can change the reply. One key has one reply, in every file that holds it.
"""

from __future__ import annotations

import contextlib
import os
import re
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import orjson
from filelock import FileLock

from kit.redaction import refuse

_KEY = re.compile(rb'^\{"key":"([0-9a-f]{20})",')
_TURN = threading.Lock()
_KEYS: WeakValueDictionary[tuple[int, str], Any] = WeakValueDictionary()


class BadRecording(UserWarning):
    """A line under data/replies cannot be used; the lesson goes on without it."""


class Recordings:
    """Recorded replies by key, read from a folder when the first one is asked for.

    Args:
        folder: Holds the .jsonl files; it may be missing.
        record_to: File to append replies to, in the order of their first use; None keeps new ones in memory.
        fresh: Know only the replies in `record_to`.
    """

    def __init__(self, folder: Path, record_to: Path | None = None, *, fresh: bool = False) -> None:
        self.folder, self.record_to, self.fresh = folder, record_to, fresh
        self._lines: dict[str, bytes] | None = None
        self._kept: set[str] = set()
        self._also: list[Path] = []

    def __getstate__(self) -> dict[str, Any]:
        """Leave the replies out: another process, such as a Dask worker, reads the files itself."""
        return vars(self) | {"_lines": None, "_kept": set()}

    def get(self, key: str) -> dict[str, Any] | None:
        """Return the recorded line for a key, or None."""
        if not (line := self._index().get(key)):
            return None
        self._keep(key, line)
        return orjson.loads(line)

    @contextlib.contextmanager
    def turn(self, key: str) -> Iterator[None]:
        """Within the block, no other thread is in a block for the same key."""
        with _TURN:
            lock = _KEYS.setdefault((id(self), key), threading.Lock())
        with lock:
            yield

    def add(self, recording: dict[str, Any]) -> dict[str, Any]:
        """Remember a new reply, on disk if there is a file to record to; return what is recorded for its key.

        The first reply for a key stays. `HoldsSecret` and `OSError` say why a line is not written; after an
        `OSError` the reply is kept in memory, and written when it is next used.
        """
        line = orjson.dumps(recording)
        refuse(line, "This recording")
        index = self._index()
        with _TURN:
            line = index.setdefault(recording["key"], line)
        self._keep(recording["key"], line)
        for path in self._also:
            append(path, line)
        return orjson.loads(line)

    @contextlib.contextmanager
    def kept_in(self, path: Path) -> Iterator[None]:
        """Within the block, know one more file's replies, and add new ones; with `record_to`, only there."""
        for key, line in () if self.fresh else read(path):
            self._index().setdefault(key, line)
        before = self._also
        self._also = [*dict.fromkeys([*before, path])] if self.record_to is None else before
        try:
            yield
        finally:
            self._also = before

    def _index(self) -> dict[str, bytes]:
        with _TURN:
            if self._lines is None:
                lines: dict[str, bytes] = {}
                files = [] if self.fresh else sorted(self.folder.glob("*.jsonl"))
                for problem in conflicts(files, lines):
                    warnings.warn(BadRecording(problem), stacklevel=2)
                for key, line in read(self.record_to) if self.record_to else ():
                    lines.setdefault(key, line)
                    self._kept.add(key)
                self._lines = lines
            return self._lines

    def _keep(self, key: str, line: bytes) -> None:
        with _TURN:
            if self.record_to is None or key in self._kept:
                return
            try:
                append(self.record_to, line)
            except OSError as error:
                raise OSError(
                    error.errno,
                    f"{error.strerror}: a reply could not be added to {self.record_to}. It is kept in "
                    "memory: make room there, then run the cell again.",
                ) from error
            self._kept.add(key)


def read(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield (key, line) for each good line of a file; warn of the others. A missing file has no lines."""
    if not path.exists():
        return
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        if key := _key(line):
            yield key, line
        elif line.strip():
            warnings.warn(
                BadRecording(
                    f"{path.name}, line {number} is not a recording: {line[:40]!r}... It is skipped; "
                    f"restore the file from git, or remake the line with `kit record {path.stem[:2]}`."
                ),
                stacklevel=2,
            )


def _key(line: bytes) -> str | None:
    with contextlib.suppress(orjson.JSONDecodeError):
        orjson.loads(line)
        return (match := _KEY.match(line)) and match[1].decode()
    return None


def conflicts(paths: list[Path], lines: dict[str, bytes]) -> Iterator[str]:
    """Read files into `lines`, the first line for a key wins, and describe each key with two replies."""
    sources: dict[str, Path] = {}
    for path in paths:
        for key, line in read(path):
            kept = lines.setdefault(key, line)
            other = sources.setdefault(key, path)
            if kept != line and orjson.loads(kept)["reply"] != orjson.loads(line)["reply"]:
                yield (
                    f"Key {key} has one reply in {other.name} and another in {path.name}. The first is used; "
                    "delete one of the two lines."
                )


def read_quietly(path: Path) -> list[tuple[str, bytes]]:
    """Return what `read` yields, without its warnings."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", BadRecording)
        return list(read(path))


def append(path: Path, line: bytes) -> None:
    """Add one line to a file, whole or not at all visible to readers; two processes take turns."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{path}.lock"), path.open("a+b") as file:
        file.seek(0, os.SEEK_END)
        if end := file.tell():
            file.seek(end - 1)
            torn = file.read(1) != b"\n"
            line = b"\n" + line if torn else line
        file.write(line + b"\n")


def merge(lines: dict[str, bytes], path: Path) -> dict[str, int]:
    """Make a file hold exactly these lines, the new ones last; count what was kept, new and pruned."""
    before = dict(read_quietly(path))
    kept = {key: line for key, line in before.items() if key in lines}
    new = {key: line for key, line in lines.items() if key not in before}
    finished = path.with_suffix(".tmp")
    finished.write_bytes(b"".join(lines[key] + b"\n" for key in [*kept, *new]))
    os.replace(finished, path)
    return {"kept": len(kept), "new": len(new), "pruned": len(before) - len(kept)}
