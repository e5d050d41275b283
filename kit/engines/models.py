"""Which model answers: a profile (offline, openai, ...) maps roles (small, large, vision) to models.

    dspy.configure(lm=kit.lm("small"))

The profile comes from KIT_PROFILE, in the environment or in the project's .env file; default is `offline`.
"""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dotenv import load_dotenv

from kit.engines import weights
from kit.engines.direct import reach_directly
from kit.engines.recordings import Recordings

if TYPE_CHECKING:
    import dspy


def _root() -> Path:
    """Return the project's folder: the clone that holds this file, else the one around the working directory.

    In an installation that is not editable this file lies in site-packages, where nothing of a project is.
    """
    here, now = Path(__file__).resolve().parents[2], Path.cwd()
    clones = (folder for folder in (here, now, *now.parents) if (folder / "data" / "replies").is_dir())
    return next(clones, here if (here / "pyproject.toml").exists() else now)


ROOT = _root()
REPLIES = ROOT / "data" / "replies"
ROLES = ("large", "small", "vision")


class MissingKey(ValueError):
    """A profile needs a key, or an address, that is not set."""


@dataclass(frozen=True)
class Model:
    """One model as models.toml names it. Prices are list prices in US dollars per million tokens.

    `refuses` names the kinds of options that are not for this model (see `kit.engines.fitted`).
    """

    profile: str
    role: str
    model: str
    weights: str | None = None
    input_usd: float = 0.0
    output_usd: float = 0.0
    refuses: tuple[str, ...] = field(default=(), repr=False)


@cache
def table() -> dict[str, Any]:
    """Return models.toml."""
    return tomllib.loads(Path(__file__).with_name("models.toml").read_text(encoding="utf-8"))


def profiles() -> list[str]:
    """Return the names of all profiles."""
    return sorted(table()["profiles"])


def current_profile() -> str:
    """Return the profile in force, after reading the project's .env file.

    Raises:
        ValueError: If KIT_PROFILE names no profile.
    """
    read_env_file()
    name = os.environ.get("KIT_PROFILE") or "offline"
    if name not in profiles():
        raise ValueError(f"KIT_PROFILE is {name!r}. Valid profiles: {', '.join(profiles())}.")
    return name


def read_env_file() -> None:
    """Read the project's .env file; what the environment already holds wins."""
    load_dotenv(ROOT / ".env")


def model(role: str, profile: str | None = None) -> Model:
    """Look up the model that plays a role.

    Args:
        role: "small", "large" or "vision".
        profile: A profile's name; by default the one in force.

    Raises:
        ValueError: If there is no such profile, or no such role in it.

    >>> model("small", "offline").model
    'offline/qwen2.5-coder-0.5b'
    """
    profile = profile or current_profile()
    if profile not in profiles():
        raise ValueError(f"Unknown profile {profile!r}. Valid profiles: {', '.join(profiles())}.")
    entries = table()["profiles"][profile]
    known = [name for name in ROLES if name in entries]
    if role not in known:
        raise ValueError(f"Profile {profile!r} has no role {role!r}. Its roles: {', '.join(known)}.")
    entry = dict(entries[role])
    name = entry.pop("model")
    refuses = tuple(entry.pop("refuses", ()))
    name = name if isinstance(name, str) else _setting(name, profile)
    return Model(profile, role, name, refuses=refuses, **entry)


def lm(role: str = "small", *, profile: str | None = None, **options: Any) -> dspy.LM:
    """Build the `dspy.LM` that plays a role; the same line works offline and with any provider.

    Args:
        role: "small", "large" or "vision".
        profile: A profile's name; by default the one in force.
        options: Passed on to `dspy.LM`, e.g. temperature=1.0, max_tokens=200, cache=True. Offline,
            `context` sets the longest prompt plus reply in tokens; providers set their own. `timeout` is
            the longest time for a reply in seconds. What a model
            does not take is left out of every call, and a notice says so once.

    Raises:
        ValueError: If role, profile or KIT_LIVE is unknown; the message lists the valid ones.
        MissingKey: If the profile's key is not set, or empty.
    """
    from kit.engines import live

    read_env_file()
    live.setting()
    reach_directly()  # Ollama and other servers on this machine
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")  # DSPy's own price table, not the network
    chosen = model(role, profile)
    engine_options = _engine_options(options, chosen)
    if chosen.weights:
        if "max_completion_tokens" in options:
            raise ValueError("The offline models do not have max_completion_tokens. Use max_tokens.")
        engine = offline_engine(chosen.weights, **engine_options)
        return _behind(engine, chosen, {"temperature": 0.0, "max_tokens": 1000} | options)
    plain = _lm(chosen, _client(chosen.profile) | options)
    if _records(chosen.profile):
        return _recorded(plain, chosen, options)
    plain.callbacks.append(live.Hosted())
    return plain


def offline_engine(name: str, **options: Any) -> Any:
    """Return the engine of an offline model: recordings first, then llama.cpp in this process.

    With KIT_ROOM set, a workshop's room answers in the place of llama.cpp (see `kit room`).

    Args:
        name: A name from the weights table.
        options: Passed on to `LlamaEngine`.
    """
    from kit.engines.hosted import RoomEngine
    from kit.engines.llama import LlamaEngine
    from kit.engines.replay import ReplayEngine

    room = os.environ.get("KIT_ROOM")
    live = RoomEngine(name, room, options.get("timeout")) if room else LlamaEngine(name, **options)
    return ReplayEngine(live, _recordings("offline"), weights=weights.spec(name).sha256[:16])


def hosted_engine(model: str, profile: str | None = None) -> Any:
    """Return the engine of a hosted model: recordings first, then the provider.

    Args:
        model: The model, as `dspy.LM` names it.
        profile: The profile whose key, address and recordings are used; without one, the provider's own
            variables, and no recordings.

    Raises:
        ValueError: If there is no such profile.
        MissingKey: If the profile's key is not set.
    """
    if profile is not None and profile not in profiles():
        raise ValueError(f"Unknown profile {profile!r}. Valid profiles: {', '.join(profiles())}.")
    chosen = Model(profile or "", "", model, refuses=_refuses(model))
    return _over_recordings(_lm(chosen, _client(profile) if profile else {}), profile)


def recorded_engine() -> Any:
    """Return an engine that answers from the offline profile's recordings alone."""
    from kit.engines.replay import ReplayEngine

    return ReplayEngine(None, _recordings("offline"))


def replies_folder(profile: str) -> Path:
    """Return the folder that holds a profile's recordings."""
    return REPLIES if profile == "offline" else REPLIES / profile


def list_price(name: str, profile: str | None = None) -> tuple[float, float]:
    """Return what a model costs in US dollars per million tokens, in and out; 0.0 where no price is listed.

    Args:
        name: A model as models.toml names it.
        profile: Price it as this profile's model of the same role, e.g. an offline model as a hosted one.

    Raises:
        ValueError: If there is no such profile.

    >>> list_price("openai/gpt-5.6-luna")
    (0.2, 1.2)
    >>> list_price("offline/qwen2.5-coder-0.5b"), list_price("offline/qwen2.5-coder-0.5b", "openai")
    ((0.0, 0.0), (0.2, 1.2))
    """
    if profile and profile not in profiles():
        raise ValueError(f"Unknown profile {profile!r}. Valid profiles: {', '.join(profiles())}.")
    for entries in table()["profiles"].values():
        for role in ROLES:
            if (entry := entries.get(role, {})).get("model") == name:
                entry = table()["profiles"][profile].get(role, {}) if profile else entry
                return entry.get("input_usd", 0.0), entry.get("output_usd", 0.0)
    return 0.0, 0.0


def missing_key(profile: str) -> str | None:
    """Say what a profile lacks, with the next step; None if it lacks nothing."""
    try:
        _client(profile)
    except MissingKey as missing:
        return str(missing)
    return None


def _lm(chosen: Model, options: dict[str, Any]) -> dspy.LM:
    import dspy

    if not chosen.refuses:
        return dspy.LM(chosen.model, **options)
    from kit.engines.fitted import FittedLM
    from kit.notices import notice

    return FittedLM(chosen.model, refuses=chosen.refuses, say=notice, **options)


def _behind(engine: Any, chosen: Model, options: dict[str, Any]) -> dspy.LM:
    from kit.engines.replay import Rollouts
    from kit.engines.threaded import ThreadedEngine

    options = {"cache": False, "num_retries": 0, "callbacks": [Rollouts()]} | options
    return _lm(chosen, {"engine": engine, "async_engine": ThreadedEngine(engine)} | options)


def _recorded(plain: dspy.LM, chosen: Model, options: dict[str, Any]) -> dspy.LM:
    return _behind(_over_recordings(plain, chosen.profile), chosen, options)


def _over_recordings(plain: dspy.LM, profile: str | None) -> Any:
    from kit.engines.hosted import HostedEngine
    from kit.engines.replay import ReplayEngine

    known = _recordings(profile) if profile else Recordings(REPLIES / "none")
    return ReplayEngine(HostedEngine(plain, profile), known, capabilities=plain)


def _refuses(name: str) -> tuple[str, ...]:
    """Return what models.toml says that a model refuses, whatever its profile and role."""
    entries = (entry for profile in table()["profiles"].values() for entry in profile.values())
    found = (entry for entry in entries if isinstance(entry, dict) and entry.get("model") == name)
    return tuple(next((entry["refuses"] for entry in found if "refuses" in entry), ()))


def _records(profile: str) -> bool:
    return bool(os.environ.get("KIT_RECORD")) or replies_folder(profile).is_dir()


@cache
def _recordings(profile: str) -> Recordings:
    record_to = os.environ.get("KIT_RECORD")
    fresh = bool(os.environ.get("KIT_FRESH"))
    return Recordings(replies_folder(profile), Path(record_to) if record_to else None, fresh=fresh)


def _engine_options(options: dict[str, Any], chosen: Model) -> dict[str, Any]:
    """Take out what the offline engine is built with; `timeout` is `dspy.LM`'s own with a provider."""
    names = ["context", "threads", "reuse_prefix", *(["timeout"] if chosen.weights else [])]
    return {name: options.pop(name) for name in names if name in options}


def _client(profile: str) -> dict[str, str]:
    """Return what `dspy.LM` needs to reach a profile's provider."""
    entries = table()["profiles"][profile]
    client = {}
    if "key" in entries:
        client["api_key"] = _setting(entries["key"], profile)
    if "api_base" in entries:
        client["api_base"] = _setting(entries["api_base"], profile)
    elif gateway := os.environ.get("KIT_GATEWAY", "").strip():
        client["api_base"] = gateway
    return client


def _setting(setting: str | dict[str, str], profile: str) -> str:
    """Read a variable, named by a string, or by a table that may hold a default and the value's ending."""
    setting = {"variable": setting} if isinstance(setting, str) else setting
    name = setting["variable"]
    read_env_file()
    if value := os.environ.get(name, "").strip() or setting.get("default"):
        ending = setting.get("ending", "")
        return value if value.endswith(ending) else value.rstrip("/") + ending
    state = "is set but empty" if name in os.environ else "is not set"
    raise MissingKey(
        f"{name} {state}, and profile {profile!r} needs it. Put it into .env (copy .env.example) or the "
        "environment. To go on with no key, unset KIT_PROFILE: the offline profile is the default."
    )
