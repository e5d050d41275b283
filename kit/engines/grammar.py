"""Grammar: what holds the reply of an offline model to its JSON schema, and a check of the rest.

DSPy's schema leaves out what a signature says beyond types: the bounds of an output field (`ge=1`), the open
keys of a dictionary inside a model, and tool calls. `complete` puts them back, from the signature of the
program that asks.

llama.cpp's own grammars drop most patterns and all bounds of decimal numbers. Its server only logs
"JSON schema conversion was incomplete". Schemas that have these go to llguidance, which holds nearly all of
them; the rest is checked in the reply. So are bounds that no schema sends: they are words of the prompt.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Any

import dspy
from dspy.lm15 import Request, UnsupportedFeatureError

from kit.engines.fitted import BOUNDS

_BOUNDS = (*BOUNDS, "pattern", "minProperties", "maxProperties")
_LLAMA_HOLDS = ("minLength", "maxLength", "minItems", "maxItems")
_NO_GRAMMAR = re.compile(r"\(\?(?:[=!#]|<[=!]|P=)|\\[bBAZ1-9]")  # look-around, \b, references to groups


def schema_of(request: Request) -> dict[str, Any] | None:
    """Return the JSON schema that a request has, or None."""
    requested = request.config.response_format or {}
    if requested.get("type") != "json_schema":
        return None
    return requested.get("json_schema", requested)["schema"]


def complete(request: Request) -> Request:
    """Put back into a request's schema what the signature of the asking program says beyond it."""
    schema, signature = schema_of(request), _signature()
    named = (schema or {}).get("properties", {}).keys()
    if not schema or not signature or not named <= signature.output_fields.keys():
        return request
    whole = copy.deepcopy(schema)
    _merge(whole, _own_model(signature, list(whole["properties"])).model_json_schema())
    for name, field in signature.output_fields.items():
        if field.annotation is dspy.ToolCalls and name not in whole["properties"]:
            calls = {"anyOf": [_call_of(tool) for tool in _tools()] or [_call({"type": "string"})]}
            whole["properties"][name] = _closed(tool_calls={"type": "array", "items": calls})
            whole["required"] = [*whole.get("required", []), name]
    if whole == schema:
        return request
    format_ = {"type": "json_schema", "schema": whole}
    return replace(request, config=replace(request.config, response_format=format_))


def body_of(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the part of a request to llama.cpp that holds the reply to a schema."""
    if not _needs_llguidance(schema):
        form = {"name": "reply", "schema": schema, "strict": True}
        return {"response_format": {"type": "json_schema", "json_schema": form}}
    held = copy.deepcopy(schema)
    for node in _nodes(held):
        if _NO_GRAMMAR.search(node.get("pattern", "")):
            del node["pattern"]
    held["x-guidance"] = {"lenient": True, "whitespace_pattern": r"( |\n{1,2}[ \t]{0,20})?"}
    return {"grammar": f"%llguidance {{}}\nstart: %json {json.dumps(held)}"}


def check(reply: str, schema: dict[str, Any] | None) -> None:
    """Check a finished reply against what the grammar may not hold; an error says where it breaks it."""
    if not schema or not _needs_llguidance(schema):
        return
    from jsonschema import Draft202012Validator

    try:
        problem = next(Draft202012Validator(schema).iter_errors(json.loads(reply)), None)
    except json.JSONDecodeError:
        raise UnsupportedFeatureError(
            f"The offline engine has no grammar for this schema, and the reply is not JSON: {reply[:100]!r}. "
            "Use simpler types, or a hosted model."
        ) from None
    if problem:
        where = ".".join(map(str, problem.absolute_path)) or "the reply"
        raise UnsupportedFeatureError(
            f"The reply breaks its schema at {where}: {problem.message}. The offline engine's grammar does "
            f"not hold this `{problem.validator}`; loosen it, or check it in your program and ask again."
        )


def fits(recording: dict[str, Any], request: Request) -> bool:
    """Tell whether a recorded reply is one to this request, with the bounds of the program that asks.

    Bounds are in no request: DSPy leaves them out of its schema, and patterns out of the prompt, too.
    """
    noted, reply = recording.get("schema"), recording["reply"]
    if noted is None and not _bounded():
        return True
    whole = complete(request)
    schema = None if whole is request else schema_of(whole)
    if noted is not None or recording["finish"] != "stop":
        return noted in (None, schema)
    try:
        check(reply, schema)
        check_words(reply)
    except UnsupportedFeatureError:
        return False
    return True


def check_words(reply: str) -> None:
    """Check a finished reply against the bounds of the asking signature's output fields.

    A reply that the adapter cannot read is left to the adapter; the error says which value is out of bounds.
    """
    adapter = dspy.settings.adapter or dspy.ChatAdapter()
    if not (bounded := _bounded()):
        return
    import pydantic

    try:
        with dspy.context(callbacks=[]):
            values = adapter.parse(_signature(), reply)
    except (dspy.AdapterParseError, ValueError):
        return
    try:
        _own_model(_signature(), bounded).model_validate({name: values[name] for name in bounded})
    except pydantic.ValidationError as broken:
        first = broken.errors()[0]
        raise UnsupportedFeatureError(
            f"The reply breaks the bounds of {first['loc'][0]!r}: {first['msg']}, found {first['input']!r}. "
            f"With {type(adapter).__name__} no grammar holds this bound. "
            "Use dspy.JSONAdapter or a Literal, or check it in your program and ask again."
        ) from None


def _signature() -> Any:
    caller = (dspy.settings.caller_modules or [None])[-1]
    return getattr(caller, "signature", None)


def _bounded() -> list[str]:
    """Return the output fields of the asking program that have bounds."""
    fields = getattr(_signature(), "output_fields", {})
    known = ("annotated_types", "pydantic")
    return [
        name
        for name, field in fields.items()
        if any(type(item).__module__.startswith(known) for item in field.metadata)
    ]


def _tools() -> list[dspy.Tool]:
    """Return the tools of the agent that asks; none are known of a program that is no agent."""
    held = (getattr(module, "tools", None) for module in reversed(dspy.settings.caller_modules or []))
    tools = next((tools for tools in held if isinstance(tools, dict) and tools), {})
    return [tool for tool in tools.values() if isinstance(tool, dspy.Tool)]


def _call_of(tool: dspy.Tool) -> dict[str, Any]:
    """Return the schema of a call of a tool: its name, and arguments of the types that it takes."""
    args = tool.args or {}
    if "$ref" in json.dumps(args) or (tool.has_kwargs and (not args or "kwargs" in args)):
        return _call({"const": tool.name})
    held = _closed(**args) | {"required": [name for name, value in args.items() if "default" not in value]}
    return _call({"const": tool.name}, held)


def _call(name: dict[str, Any], args: dict[str, Any] | None = None) -> dict[str, Any]:
    return _closed(name=name, args=args or {"type": "object"})


def _closed(**properties: Any) -> dict[str, Any]:
    fields = {"properties": properties, "required": [*properties], "additionalProperties": False}
    return {"type": "object", **fields}


def _own_model(signature: Any, names: list[str]) -> Any:
    import pydantic

    outputs = ((name, signature.output_fields[name]) for name in names)
    types = {name: (Annotated[(field.annotation, *field.metadata, None)], ...) for name, field in outputs}
    config = pydantic.ConfigDict(regex_engine="python-re")  # takes every pattern
    return pydantic.create_model("Outputs", __config__=config, **types)


def _merge(schema: dict[str, Any], own: dict[str, Any]) -> None:
    """Add bounds and open keys to a schema, from the same type's schema as Pydantic writes it."""
    schema |= {name: own[name] for name in _BOUNDS if name in own and name not in schema}
    if schema.get("type") == "object" and not schema.get("properties") and own.get("additionalProperties"):
        schema["additionalProperties"] = own["additionalProperties"]
    for place in ("properties", "$defs"):
        for name, node in schema.get(place, {}).items():
            _merge(node, own.get(place, {}).get(name, {}))
    if isinstance(schema.get("items"), dict):
        _merge(schema["items"], own.get("items", {}))
    for place in ("anyOf", "oneOf", "allOf", "prefixItems"):
        if len(schema.get(place, [])) == len(own.get(place, [])):
            for node, other in zip(schema.get(place, []), own.get(place, []), strict=True):
                _merge(node, other)


def _needs_llguidance(schema: dict[str, Any]) -> bool:
    return any(name in node for node in _nodes(schema) for name in _BOUNDS if name not in _LLAMA_HOLDS)


def _nodes(schema: Any) -> Iterator[dict[str, Any]]:
    """Yield every schema within a schema; not what it names as data, nor the names of properties."""
    if isinstance(schema, list):
        for item in schema:
            yield from _nodes(item)
    elif isinstance(schema, dict):
        yield schema
        for name, value in schema.items():
            if name in ("properties", "$defs", "patternProperties"):
                yield from _nodes(list(value.values()))
            elif name not in ("const", "default", "enum", "examples"):
                yield from _nodes(value)
