"""Which model answers: `lm_for(MyEngine(), Recordings(folder))`, profiles and roles, the offline engine."""

from __future__ import annotations

from typing import Any


def __getattr__(name: str) -> Any:
    if name != "lm_for":  # imported when first used: `import kit` costs nothing
        raise AttributeError(f"kit.engines has no {name!r}. It has: lm_for, and modules.")
    from kit.engines.lms import lm_for

    return lm_for
