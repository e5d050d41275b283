"""Helpers for learning and prototyping with DSPy: offline models, recordings, displays, exercises.

Everything is imported when first used, so that `import kit` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_WHERE = {
    "check": "kit.workshop.exercises",
    "diff": "kit.display.diffs",
    "export": "kit.export",
    "lm": "kit.engines.lms",
    "prompt": "kit.display.prompts",
    "prompts": "kit.display.comparisons",
    "run": "kit.evaluation.runs",
    "trace": "kit.tracing.trees",
    "trajectory": "kit.display.trajectories",
    "usage": "kit.calls",
}
__all__ = sorted(_WHERE)


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"kit has no {name!r}. It has: {', '.join(__all__)}.")
    module = import_module(_WHERE[name])
    return module if module.__name__ == f"{__name__}.{name}" else getattr(module, name)


def __dir__() -> list[str]:
    return __all__
