"""Which model answers: profiles and roles, the offline engine, recordings.

from kit.engines import lm_for

lm = lm_for(MyEngine(), Recordings(Path("replies")))
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_WHERE = {"lm_for": "kit.engines.lms"}
__all__ = sorted(_WHERE)


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"kit.engines has no {name!r}. It has: {', '.join(__all__)}, and modules.")
    return getattr(import_module(_WHERE[name]), name)
