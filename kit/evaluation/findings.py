"""Findings of a preflight, each a reason to wait, or to know something, before money is spent."""

from __future__ import annotations

import html
from dataclasses import dataclass, field

from kit.findings import Finding

_ORDER = ("bad", "note", "good")


@dataclass(frozen=True)
class Preflight:
    """What one row showed. `ok` is True if nothing is wrong; notes are to be known and do not count.

    Shown with what is wrong first: the finding, what a run would show of it, and what to do.
    """

    findings: list[Finding]
    takes: str = ""
    good: list[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "good", [one.what for one in self.findings if one.state == "good"])

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self._of("bad")

    def __repr__(self) -> str:
        told = [_in_words(one) for state in _ORDER[:2] for one in self._of(state)]
        return "\n".join(filter(None, [self._verdict, *told, self._rest, self.takes]))

    def _repr_html_(self) -> str:
        told = [_in_html(one) for state in _ORDER[:2] for one in self._of(state)]
        ends = [f"<p>{html.escape(text)}</p>" for text in (self._rest, self.takes) if text]
        return f"<p><b>{html.escape(self._verdict)}</b></p>{''.join([*told, *ends])}"

    @property
    def _verdict(self) -> str:
        wrong, notes = (len(self._of(state)) for state in _ORDER[:2])
        known = f" {notes} to know." if notes else ""
        return (f"Do not start: {wrong} to mend." if wrong else "Ready.") + known

    @property
    def _rest(self) -> str:
        return f"good: {', '.join(dict.fromkeys(self.good))}" if self.good else ""

    def _of(self, state: str) -> list[Finding]:
        return [one for one in self.findings if one.state == state]


def good(what: str, found: str) -> Finding:
    """Return a finding that is as it should be."""
    return Finding(what, "good", found)


def note(what: str, found: str, next_step: str = "", symptom: str = "") -> Finding:
    """Return a finding to know of."""
    return Finding(what, "note", found, next_step, symptom)


def bad(what: str, found: str, next_step: str, symptom: str = "") -> Finding:
    """Return a finding to mend before a run."""
    return Finding(what, "bad", found, next_step, symptom)


def _in_words(one: Finding) -> str:
    symptom = f"\n      a run shows: {one.symptom}" if one.symptom else ""
    step = f"\n      -> {one.next_step}" if one.next_step else ""
    return f"{one.state:<4}  {one.what}: {one.found}{symptom}{step}"


def _in_html(one: Finding) -> str:
    what, found, symptom, step = map(html.escape, (one.what, one.found, one.symptom, one.next_step))
    lines = [
        f"<b>{one.state} · {what}:</b> {found}",
        f"<i>a run shows:</i> {symptom}" if symptom else "",
        f"→ {step}" if step else "",
    ]
    return f"<p>{'<br>'.join(filter(None, lines))}</p>"
