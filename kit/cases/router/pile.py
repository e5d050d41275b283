"""Pile: a folder of anything, routed file by file; nothing stops it, nothing is lost, nothing is paid twice.

pile = Pile(router, to="results.jsonl")
rows = pile(folder="inbox").rows
frame(rows)
"""

from __future__ import annotations

import hashlib
import inspect
import json
import re
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dspy

from .folder import Found, found
from .program import Router, one_line_error
from .rows import Results, Row

if TYPE_CHECKING:
    import pandas

SHOWN = ["file", "kind", "by", "confidence", "facts", "models", "tokens", "seconds", "usd", "error"]


class Pile(dspy.Module):
    """Route every file under a folder.

    Args:
        router: What routes one file.
        to: Where the rows are kept. A run that was cut off goes on from there; so does one over more files.
        prices: US dollars per million tokens, in and out, by the model's name.

    The prediction holds `rows`, one for each file in the order of the names.
    """

    def __init__(
        self, router: Router, to: str | Path, prices: dict[str, tuple[float, float]] | None = None
    ) -> None:
        super().__init__()
        self.router, self.to, self.prices = router, Path(to), prices or {}

    def forward(self, folder: str | Path) -> dspy.Prediction:
        """Route what has no row yet.

        Raises:
            NotADirectoryError: If there is no such folder.
        """
        folder = Path(folder)
        if not folder.is_dir():
            raise NotADirectoryError(f"There is no folder {folder}. Check the path.")
        results = Results(self.to, mark(self.router))
        with tempfile.TemporaryDirectory() as unpacked:
            rows = [self._row(file, results) for file in found(folder, Path(unpacked))]
        return dspy.Prediction(rows=rows)

    def _row(self, file: Found, results: Results) -> Row:
        if known := results.known.get(file.digest + file.format):
            return known if known.file == file.name else _copy(known, file)
        whose = {"digest": file.digest, "format": file.format, "program": results.program}
        row = self._routed(file).model_copy(update=whose)
        results.add(row)
        return row

    def _routed(self, file: Found) -> Row:
        last, began = _last(self.router), time.perf_counter()
        try:
            said = dict(self.router(file=file))
        except dspy.LMError as error:
            said = {"kind": "unknown", "by": "nobody", "error": one_line_error(error, file), "again": True}
        spent = self._spent(list(_since(self.router, last)), time.perf_counter() - began)
        return Row(file=file.name, **said, **spent)

    def _spent(self, calls: list[dict[str, Any]], clock_seconds: float) -> dict[str, Any]:
        tokens = [(call["model"], *_tokens(call)) for call in calls]
        noted = [seconds for call in calls if (seconds := _seconds(call)) is not None]
        usd = sum(
            (read * self.prices[name][0] + wrote * self.prices[name][1]) / 1e6
            for name, read, wrote in tokens
            if name in self.prices
        )
        return {
            "models": sorted({name.rpartition("/")[2] for name, *_ in tokens}),
            "calls": len(calls),
            "input_tokens": sum(read for _, read, _ in tokens),
            "output_tokens": sum(wrote for *_, wrote in tokens),
            "seconds": round(sum(noted) if noted else clock_seconds if calls else 0.0, 3),
            "usd": usd,
        }


def mark(router: Router) -> str:
    """Return a mark of a program: other instructions, demos, models, words or code give another one.

    The code of a rule, a voter or a processor is that of the whole folder that it stands in, or in a notebook
    its own lines: if you mend a rule, files are routed again.
    """
    models = {name: str(getattr(one.lm, "model", "")) for name, one in router.named_predictors()}
    state = {
        name: [
            *(one.signature.instructions, str(one.signature.fields), one.config),
            [demo.toDict() for demo in one.demos],
        ]
        for name, one in router.named_predictors()
    }
    parts = {**router.voters, **{f"for {kind}": one for kind, one in router.processors.items()}}
    words = {
        name: [getattr(one, "titles", None), getattr(one, "least", None), getattr(counts, "seen", None)]
        for name, one in parts.items()
        for counts in [getattr(one, "counts", None)]
    }
    code = sorted({code_of(part) for part in (router, *router.rules, *parts.values())})
    settings = [router.kinds, router.sure]
    whole = json.dumps([state, models, words, code, settings], sort_keys=True, default=str)
    return hashlib.sha256(whole.encode()).hexdigest()[:12]


def code_of(part: Any) -> str:
    """Return the code behind a function or a module of DSPy, and the texts and patterns that it names."""
    thing = part if inspect.isroutine(part) else type(part)
    module = inspect.getmodule(thing)
    try:
        file = Path(inspect.getfile(thing))
        if getattr(module, "__package__", ""):
            return "".join(one.read_text(encoding="utf-8") for one in sorted(file.parent.glob("*.py")))
        return inspect.getsource(thing) + _named(thing)
    except (OSError, TypeError):
        code = getattr(thing, "__code__", None)
        return repr((code.co_code, code.co_consts) if code else thing) + _named(thing)


def _named(thing: Any) -> str:
    """Return the values of a function's own globals that can be written down."""
    code, around = getattr(thing, "__code__", None), getattr(thing, "__globals__", {})
    values = [(name, around[name]) for name in (code.co_names if code else ()) if name in around]
    return repr(
        [one for one in values if isinstance(one[1], str | int | float | tuple | frozenset | re.Pattern)]
    )


def frame(rows: Sequence[Row]) -> pandas.DataFrame:
    """Return the pile's table: a row a file; failures stand in it with their reason."""
    import pandas

    records = [row.model_dump() | {"tokens": row.input_tokens + row.output_tokens} for row in rows]
    return pandas.DataFrame(records, columns=[*SHOWN, "doubts", "votes", "calls", "same_as", "opening"])


def _copy(row: Row, file: Found) -> Row:
    """Return the row of a file whose content another one has: the same answer, and no cost."""
    free = {"calls": 0, "input_tokens": 0, "output_tokens": 0, "seconds": 0.0, "usd": 0.0, "models": []}
    return row.model_copy(update=free | {"file": file.name, "same_as": row.file})


def _last(router: Router) -> Any:
    return router.history[-1]["uuid"] if router.history else None


def _since(router: Router, last: Any) -> Iterator[dict[str, Any]]:
    """Yield the calls after one, latest first; DSPy keeps the last 10,000 only, so places do not tell."""
    for entry in reversed(router.history):
        if entry["uuid"] == last:
            return
        yield entry


def _tokens(call: dict[str, Any]) -> tuple[int, int]:
    usage = call["usage"] or {}
    return usage.get("prompt_tokens") or 0, usage.get("completion_tokens") or 0


def _seconds(call: dict[str, Any]) -> float | None:
    """Return the seconds that an engine says it computed, or None."""
    noted = getattr(call["response"], "provider_data", None) or {}
    return noted.get("seconds")
