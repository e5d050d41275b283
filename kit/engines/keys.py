"""Keys: which recording answers a request. A key is a hash of all that can change a reply.

The key is made from the public types of `dspy.lm15` alone. A field is left out while it is empty, so a new
optional field in a later DSPy changes no key.
"""

from __future__ import annotations

import hashlib
from dataclasses import MISSING, dataclass, fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any

import orjson
from dspy.lm15 import Request

VERSION = 1  # raise it when the same request gets another key; from 2 on, it is part of what is hashed


@dataclass
class Rollout:
    """What DSPy asks for beside the request: which rollout, and how many replies it has had."""

    rollout_id: Any = None
    replies: int = 0


def key_of(request: Request, call: Rollout | None = None) -> str:
    """Hash the whole request, the rollout id, and which of n replies it is."""
    call = call or Rollout()
    whole = [plain(request), call.rollout_id, call.replies]
    whole = whole if VERSION == 1 else [VERSION, *whole]
    return hashlib.sha256(orjson.dumps(whole, option=orjson.OPT_SORT_KEYS)).hexdigest()[:20]


def plain(value: Any) -> Any:
    """Turn a request, or any part of it, into JSON's types; fields that are empty by default are left out.

    >>> from dspy.lm15 import Message
    >>> plain(Message.user("Sky?"))
    {'role': 'user', 'parts': [{'text': 'Sky?', 'type': 'text'}]}
    """
    if is_dataclass(value):
        kept = ((name, plain(getattr(value, name)), empty) for name, empty in _fields(type(value)))
        return {name: item for name, item, empty in kept if item or item != empty}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value


@cache
def _fields(kind: type) -> list[tuple[str, Any]]:
    """Return each field's name and its default value; `MISSING` if the field has none."""
    return [
        (field.name, plain(field.default if field.default_factory is MISSING else field.default_factory()))
        for field in fields(kind)
    ]
