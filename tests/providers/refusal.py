"""Refusals: how a stand-in says no, and the checks that several providers share."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from typing import Any

NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
IMAGES = ("image/png", "image/jpeg", "image/gif", "image/webp")
THOUGHTS = 200  # tokens that a reasoning model of a stand-in thinks before it answers


class Refused(Exception):
    """A request that the provider would refuse."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        kind: str = "",
        param: str = "",
        code: str = "",
        headers: Any = None,
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.kind, self.param, self.code = status, message, kind, param, code
        self.headers = headers or {}


def unknown(body: dict[str, Any], known: Iterable[str]) -> list[str]:
    """Return the names of a request that a provider does not know."""
    return sorted(set(body) - set(known))


def is_image(mime: str, data: str) -> bool:
    """Return whether this is a picture of a kind that all providers take."""
    try:
        return mime in IMAGES and len(base64.b64decode(data, validate=True)) > 8
    except binascii.Error:
        return False


def nodes(schema: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """Yield each subschema with its place."""
    if not isinstance(schema, dict):
        return
    yield path, schema
    for key in ("properties", "$defs", "definitions"):
        for name, inner in (schema.get(key) or {}).items():
            yield from nodes(inner, (*path, key, name))
    for key in ("items", "additionalProperties", "not"):
        yield from nodes(schema.get(key), (*path, key))
    for key in ("anyOf", "oneOf", "allOf"):
        for number, inner in enumerate(schema.get(key) or []):
            yield from nodes(inner, (*path, key, str(number)))


def count(text: str) -> int:
    """Return about how many tokens a text has."""
    return max(1, len(text) // 4)
