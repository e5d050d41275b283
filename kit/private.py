"""Private parts of other packages that the kit uses: an upgrade may change them without a warning.

Each has a test in `tests/test_private.py` whose name says what broke; `.ci/newest` runs those tests on the
newest DSPy. Other parts are used where they are needed: attachments' finder of files and reader of plain
text, in `kit.documents.pages` and `texts`, which travel with exported projects; OpenInference's instrumentor,
repaired in `kit.tracing.trees`; callbacks on the classes Evaluate and Teleprompter, and a wrapped
`Parallel.forward`, in `kit.engines.live`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import dspy

TOOL_FAILED = "Execution error in "
"""With these words ReAct begins the observation of a tool that raised."""


def history() -> list[dict[str, Any]]:
    """Return DSPy's list of the calls of this kernel, oldest first; it keeps the last 10,000."""
    from dspy.clients.base_lm import GLOBAL_HISTORY

    return GLOBAL_HISTORY


def is_cached(lm: dspy.BaseLM, inputs: dict[str, Any], *, asynchronous: bool) -> bool:
    """Tell whether DSPy's cache holds the reply to a call, of which `on_lm_start` is given the `inputs`."""
    import dspy
    from dspy.clients.execution import IGNORED_CACHE_KEYS, prepare

    try:
        call = prepare(lm, inputs["prompt"], inputs["messages"], inputs["kwargs"], asynchronous=asynchronous)
    except (TypeError, ValueError):  # the call itself is about to raise it
        return False
    return call.cache and dspy.cache.get(call.key(lm, asynchronous), IGNORED_CACHE_KEYS) is not None
