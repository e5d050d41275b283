"""Redaction: keys and tokens do not belong in what is shown, stored or sent."""

from __future__ import annotations

import os
import re

HIDDEN = "(hidden)"
_WORDS = (
    "api[_-]?key|authorization|credential|passwd|password|secret|access[_-]token|auth[_-]token|ad[_-]token"
)
_NAMED = re.compile(
    rf"""((?:{_WORDS})[\w-]{{0,20}}\\*["']?\s*[:=]\s*\\*["']?(?:bearer\s+)?)[^\s"'\\,}}]{{4,}}""",
    re.IGNORECASE,
)
_KNOWN = re.compile(
    r"\b(?:sk|pk|rk)-[\w-]{8,}|\bAIza[\w-]{20,}|\bgh[pousr]_\w{20,}|(?<=Bearer )[\w.~+/=-]{4,}"
)
_VARIABLE = re.compile(r"(_KEY|_TOKEN|_SECRET|_PASSWORD)$")


def hide(text: str) -> str:
    r"""Return text without keys: those set in the environment, those that look like one or are named so.

    >>> hide('{"api_key": "0123456789", "max_tokens": 100}')
    '{"api_key": "(hidden)", "max_tokens": 100}'
    >>> hide("Incorrect API key provided: sk-abcdefghijkl.")
    'Incorrect API key provided: (hidden).'
    """
    for value in _in_the_environment():
        text = text.replace(value, HIDDEN)
    return _KNOWN.sub(HIDDEN, _NAMED.sub(rf"\1{HIDDEN}", text))


def _in_the_environment() -> list[str]:
    named = [value for name, value in os.environ.items() if _VARIABLE.search(name)]
    return sorted((value for value in named if len(value) >= 8), key=len, reverse=True)
