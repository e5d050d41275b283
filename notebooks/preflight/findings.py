"""Findings: what a preflight looked at, and what to do next."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One thing looked at. `state` is "good", "note" (works, but know it) or "bad".

    `symptom` is what you would see of it in a run, where that is known.
    """

    what: str
    state: str
    found: str
    next_step: str = ""
    symptom: str = ""


def good(what: str, found: str) -> Finding:
    """Return a finding that is as it should be."""
    return Finding(what, "good", found)


def note(what: str, found: str, next_step: str = "", symptom: str = "") -> Finding:
    """Return a finding to know of."""
    return Finding(what, "note", found, next_step, symptom)


def bad(what: str, found: str, next_step: str, symptom: str = "") -> Finding:
    """Return a finding to mend before a run."""
    return Finding(what, "bad", found, next_step, symptom)
