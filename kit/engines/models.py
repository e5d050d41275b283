"""Models: a profile (offline, openai, ...) maps roles (small, large, vision) to models, keys and prices.

The profile comes from KIT_PROFILE, in the environment or in the project's .env file; default is `offline`.
"""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from kit import project

REPLIES = project.ROOT / "data" / "replies"
ROLES = ("large", "small", "vision")


class MissingKey(ValueError):
    """A profile needs a key, or an address, that is not set."""


@dataclass(frozen=True)
class Model:
    """One model as models.toml names it. Prices are list prices in US dollars per million tokens."""

    profile: str
    role: str
    model: str
    weights: str | None = None
    input_usd: float = 0.0
    output_usd: float = 0.0
    refuses: tuple[str, ...] = field(default=(), repr=False)  # kinds of options: see kit.engines.fitted


@cache
def table() -> dict[str, Any]:
    """Return models.toml."""
    return tomllib.loads(Path(__file__).with_name("models.toml").read_text(encoding="utf-8"))


def profiles() -> list[str]:
    """Return the names of all profiles."""
    return sorted(table()["profiles"])


def entries_of(profile: str) -> dict[str, Any]:
    """Return what models.toml says about a profile; an unknown one is refused with the valid names."""
    if profile not in profiles():
        raise ValueError(f"Unknown profile {profile!r}. Valid profiles: {', '.join(profiles())}.")
    return table()["profiles"][profile]


def current_profile() -> str:
    """Return the profile in force, after reading the project's .env file; an unknown one is an error."""
    project.read_env_file()
    name = os.environ.get("KIT_PROFILE") or "offline"
    if name not in profiles():
        raise ValueError(f"KIT_PROFILE is {name!r}. Valid profiles: {', '.join(profiles())}.")
    return name


def model(role: str, profile: str | None = None) -> Model:
    """Look up the model that plays a role: "small", "large" or "vision", by default in the profile in force.

    >>> model("small", "offline").model
    'offline/qwen2.5-coder-0.5b'
    """
    profile = profile or current_profile()
    entries = entries_of(profile)
    known = [name for name in ROLES if name in entries]
    if role not in known:
        raise ValueError(f"Profile {profile!r} has no role {role!r}. Its roles: {', '.join(known)}.")
    entry = {"refuses": (), **entries[role]}
    name, refuses = entry.pop("model"), tuple(entry.pop("refuses"))
    name = name if isinstance(name, str) else _setting(name, profile)
    return Model(profile, role, name, refuses=refuses, **entry)


def list_price(name: str, profile: str | None = None) -> tuple[float, float]:
    """Return a model's list price in US dollars per million tokens, in and out; 0.0 where none is listed.

    With a profile, it is priced as that profile's model of the same role; `ValueError` if there is no such.

    >>> list_price("openai/gpt-5.6-luna")
    (0.2, 1.2)
    >>> list_price("offline/qwen2.5-coder-0.5b"), list_price("offline/qwen2.5-coder-0.5b", "openai")
    ((0.0, 0.0), (0.2, 1.2))
    """
    priced = entries_of(profile) if profile else None
    for entries in table()["profiles"].values():
        for role in ROLES:
            if (entry := entries.get(role, {})).get("model") == name:
                entry = entry if priced is None else priced.get(role, {})
                return entry.get("input_usd", 0.0), entry.get("output_usd", 0.0)
    return 0.0, 0.0


def list_usd(name: str, read: float | None, wrote: float | None, profile: str | None = None) -> float:
    """Return what tokens read and written cost by list prices, in US dollars.

    >>> list_usd("openai/gpt-5.6-luna", 1_000_000, 1_000_000)
    1.4
    """
    input_usd, output_usd = list_price(name, profile)
    return ((read or 0) * input_usd + (wrote or 0) * output_usd) / 1e6


def missing_key(profile: str) -> str | None:
    """Say what a profile lacks, with the next step; None if it lacks nothing."""
    try:
        client(profile)
    except MissingKey as missing:
        return str(missing)
    return None


def client(profile: str) -> dict[str, str]:
    """Return what `dspy.LM` needs to reach a profile's provider."""
    entries = entries_of(profile)
    needed = {}
    if "key" in entries:
        needed["api_key"] = _setting(entries["key"], profile)
    if "api_base" in entries:
        needed["api_base"] = _setting(entries["api_base"], profile)
    elif gateway := os.environ.get("KIT_GATEWAY", "").strip():
        needed["api_base"] = gateway
    return needed


def _setting(setting: str | dict[str, str], profile: str) -> str:
    """Read a variable, named by a string, or by a table that may hold a default and the value's ending."""
    setting = {"variable": setting} if isinstance(setting, str) else setting
    name = setting["variable"]
    project.read_env_file()
    if value := os.environ.get(name, "").strip() or setting.get("default"):
        ending = setting.get("ending", "")
        return value if value.endswith(ending) else value.rstrip("/") + ending
    state = "is set but empty" if name in os.environ else "is not set"
    raise MissingKey(
        f"{name} {state}, and profile {profile!r} needs it. Put it into .env (copy .env.example) or the "
        "environment. To go on with no key, unset KIT_PROFILE: the offline profile is the default."
    )
