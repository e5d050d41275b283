"""Is it better, and by how much. Imported when first used: kit.evaluation.preflight(...)."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_WHERE = {"preflight": "kit.evaluation.preflights"}
__all__ = sorted(_WHERE)


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"kit.evaluation has no {name!r}. It has: {', '.join(__all__)}, and modules.")
    return getattr(import_module(_WHERE[name]), name)


def __dir__() -> list[str]:
    return __all__
