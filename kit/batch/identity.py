"""Identity: what makes two runs the same run, so that one may go on where the other stopped.

It holds the program's prompts, demos and code, the model and its parameters, the adapter, the inputs and the
content of the table; keys, addresses, timeouts and retries may change. Of the code it counts the program's
classes, and the functions and constants of their package that their methods name.
"""

from __future__ import annotations

import copy
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import dspy
import orjson
from pydantic.errors import PydanticInvalidForJsonSchema

_FILE = "run.json"
_SIMPLE = (bool, float, int, str)
_PLAIN = (*_SIMPLE, bytes, dict, frozenset, list, re.Pattern, set, tuple)
_CONNECTION = re.compile(r"key|secret|token$|base|url|header|timeout|retries|organization", re.IGNORECASE)
ANSWERS = frozenset({"program", "model", "inputs"})  # what an answer depends on


class OtherRun(ValueError):
    """The folder holds finished partitions of another run."""


def identity_of(program: dspy.Module, inputs: dict[str, str], source: str, **layout: Any) -> dict[str, Any]:
    """Describe a run."""
    models: list[Any] = []
    for lm in (dspy.settings.lm, *(part.lm for part in program.predictors())):
        options = lm and sorted(item for item in lm.kwargs.items() if not _CONNECTION.search(item[0]))
        models.append([lm.model, lm.model_type, options] if lm else [])
    asked = _hash([_module(part, name) for name, part in program.named_sub_modules()])
    model = _hash([*models, type(dspy.settings.adapter).__name__])
    return {"program": asked, "model": model, "inputs": inputs, "source": source, **layout}


def recorded(folder: Path) -> dict[str, Any]:
    """Return the identity that is written down in a folder; {} if none is."""
    path = folder / _FILE
    try:
        return orjson.loads(path.read_bytes()) if path.exists() else {}
    except orjson.JSONDecodeError as error:
        way = "Take another folder; or delete it, if the run is the same."
        raise OtherRun(f"{path} is damaged ({error}). {way}") from error


def record(folder: Path, identity: dict[str, Any]) -> None:
    """Write an identity down."""
    torn = folder / f".{_FILE}.tmp"
    torn.write_bytes(orjson.dumps(identity, option=orjson.OPT_INDENT_2))
    torn.replace(folder / _FILE)


def differences(now: dict[str, Any], before: dict[str, Any]) -> list[str]:
    """Name what differs."""
    return [name for name in now if now[name] != before.get(name)]


def _hash(value: Any) -> str:
    return hashlib.sha256(repr(value).encode("utf-8", "backslashreplace")).hexdigest()


def _module(module: Any, name: str) -> list[Any]:
    kind = type(module)
    described: list[Any] = [name, f"{kind.__module__}.{kind.__qualname__}"]
    if isinstance(module, dspy.Predict):
        bare = copy.copy(module)
        bare.lm, bare.traces, bare.train = None, [], []
        try:
            schema: Any = module.signature.model_json_schema()
        except PydanticInvalidForJsonSchema:
            schema = [str(field.annotation) for field in module.signature.fields.values()]
        return [*described, bare.dump_state(), module.config, schema]
    if _package(kind) == "dspy":
        return described
    values = [(key, value) for key, value in sorted(vars(module).items()) if type(value) in _SIMPLE]
    seen: set[FunctionType] = set()
    own = (cls for cls in kind.__mro__ if _package(cls) == _package(kind))
    return [*described, values, *(part for cls in own for part in _class(cls, seen))]


def _class(cls: type, seen: set[FunctionType]) -> Iterator[Any]:
    for name, value in vars(cls).items():
        function = getattr(value, "__func__", value)
        if isinstance(function, FunctionType):
            yield [name, *_function(function, seen)]
        elif type(value) in _PLAIN and not name.startswith("__"):
            yield [name, _constant(value)]


def _function(function: FunctionType, seen: set[FunctionType]) -> Iterator[Any]:
    if function in seen:
        return
    seen.add(function)
    for code in _codes(function.__code__):
        yield [code.co_code.hex(), code.co_names, [_constant(value) for value in code.co_consts]]
        for name in code.co_names:
            named = function.__globals__.get(name)
            if isinstance(named, FunctionType) and _package(named) == _package(function):
                yield from _function(named, seen)
            elif type(named) in _PLAIN:
                yield [name, _constant(named)]


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for value in code.co_consts:
        if isinstance(value, CodeType):
            yield from _codes(value)


def _constant(value: Any) -> str:
    """Return the same text in every process: no addresses, and sets in order, also within other values."""
    if isinstance(value, CodeType):
        return value.co_name
    if isinstance(value, set | frozenset):
        return repr(sorted(map(_constant, value)))
    if isinstance(value, dict):
        return repr([(_constant(key), _constant(held)) for key, held in value.items()])
    if isinstance(value, list | tuple):
        return repr([*map(_constant, value)])
    return repr(value)


def _package(thing: Any) -> str:
    return thing.__module__.partition(".")[0]
