"""What an entry of DSPy's history says beyond what DSPy itself makes of it."""

from __future__ import annotations

from typing import Any

from kit.engines.models import list_usd
from kit.private import history as entries


def notes(entry: dict[str, Any]) -> dict[str, Any]:
    """Return what our engines noted on a reply: source, seconds, message_tokens; {} for other engines."""
    return next(iter(_notes(entry)), {})


def seconds(entry: dict[str, Any]) -> float:
    """Return how long the models computed, over all replies of a call with n > 1; 0.0 if nobody noted it."""
    return sum(noted.get("seconds") or 0.0 for noted in _notes(entry))


def source(entry: dict[str, Any]) -> str:
    """Return who answered: "live", "replayed", "scripted" (DummyLM), or "cached" (DSPy notes no tokens)."""
    if entry["model"] == "dummy":
        return "scripted"
    return notes(entry).get("source", "live") if entry["usage"] else "cached"


def cost_usd(entry: dict[str, Any]) -> float:
    """Return what a call cost: DSPy's estimate, else by list prices; 0.0 if it was replayed or cached."""
    if source(entry) != "live":
        return 0.0
    if entry["cost"] is not None:
        return entry["cost"]
    usage = entry["usage"]
    return list_usd(entry["model"], usage.get("prompt_tokens"), usage.get("completion_tokens"))


def entry_of(outputs: Any) -> dict[str, Any] | None:
    """Return the entry of a call that just ended, by the very list of its outputs."""
    return next((entry for entry in reversed(entries()[-100:]) if entry["outputs"] is outputs), None)


def _notes(entry: dict[str, Any]) -> list[dict[str, Any]]:
    answered = entry["response"]
    responses = answered if isinstance(answered, (list, tuple)) else [answered]
    return [getattr(response, "provider_data", None) or {} for response in responses]
