"""Lists: the closed lists of evidence.toml, as sets of words."""

from __future__ import annotations

import tomllib
from pathlib import Path

LISTS: dict[str, frozenset[str]] = {
    name: frozenset(words.split())
    for name, words in tomllib.loads(
        Path(__file__).with_name("evidence.toml").read_text(encoding="utf-8")
    ).items()
}
"""The lists, by name."""
