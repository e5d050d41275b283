"""Profiles and roles lead to the model, the key and the price that models.toml names."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import dspy
import pytest
from dspy.clients.model_metadata import model_info, rate
from scripted import ScriptedEngine

from kit import project
from kit.engines import lms, models, weights
from kit.engines.llama import LlamaEngine
from kit.engines.models import MissingKey
from kit.engines.recordings import Recordings
from kit.engines.replay import ReplayEngine

KEY = "sk-test-0123456789"
PRICED = [
    models.Model(profile, role, **entry)
    for profile in models.profiles()
    for role in models.ROLES
    if "input_usd" in (entry := models.table()["profiles"][profile].get(role, {}))
]


@pytest.mark.parametrize("where", ["clone", "clone/notebooks", "elsewhere"])
def test_an_installed_package_finds_the_clone_around_it(tmp_path, where):
    """Copied into site-packages, the kit finds the project, and its settings, where it is used."""
    (tmp_path / "clone" / "data" / "replies").mkdir(parents=True)
    for folder in ("clone/notebooks", "elsewhere"):
        (tmp_path / folder).mkdir()
    for name in ("clone", "elsewhere"):
        (tmp_path / name / ".env").write_text(f"KIT_PROFILE={name}\n", encoding="utf-8")
    installed = tmp_path / "site-packages"
    shutil.copytree(Path(project.__file__).parent, installed / "kit")
    code = "import os; from kit import project; project.read_env_file()"
    code += "; print(project.__file__, project.ROOT, os.environ['KIT_PROFILE'], sep='\\n')"
    command = [sys.executable, "-c", code]
    surroundings = os.environ | {"PYTHONPATH": str(installed)}
    run = subprocess.run(
        command, cwd=tmp_path / where, env=surroundings, capture_output=True, encoding="utf-8", check=True
    )
    name = where.partition("/")[0]
    assert run.stdout.split("\n")[:3] == [
        str(installed / "kit" / "project.py"),
        str(tmp_path / name),
        name,
    ]


def test_the_default_is_offline():
    """With nothing set, the model needs no key and no network."""
    lm = lms.lm()
    assert models.current_profile() == "offline"
    assert lm.model == "offline/qwen2.5-coder-0.5b"
    assert isinstance(lm.engine, ReplayEngine)
    assert isinstance(lm.engine.live, LlamaEngine)


def test_offline_models_have_weights():
    """Each offline role names weights that can be fetched, and whose hash is noted beside each recording."""
    for role in ("small", "large"):
        found = models.model(role, "offline")
        assert lms.lm(role).engine.weights == weights.spec(found.weights).sha256[:16]


def test_every_profile_has_both_sizes():
    """A lesson that asks for the small or the large model runs with every profile."""
    for profile in models.profiles():
        entries = models.table()["profiles"][profile]
        assert entries["about"]
        assert {"small", "large"} <= set(entries)


@pytest.mark.parametrize("priced", PRICED, ids=lambda model: f"{model.profile}-{model.role}")
def test_prices_are_dspys(priced):
    """List prices are those that DSPy itself computes with."""
    provider, name = priced.model.split("/", 1)
    info = model_info(provider, name) or model_info(*name.split("/", 1))
    assert priced.input_usd == pytest.approx(1e6 * rate(info, "input_cost_per_token"))
    assert priced.output_usd == pytest.approx(1e6 * rate(info, "output_cost_per_token"))


def test_unknown_roles_are_answered_with_the_known():
    """A typo in a role lists the roles of the profile; offline there is no vision model."""
    with pytest.raises(ValueError, match=r"'offline' has no role 'vision'. Its roles: large, small\."):
        lms.lm("vision")
    with pytest.raises(ValueError, match=r"no role 'about'. Its roles: large, small, vision\."):
        lms.lm("about", profile="openai")


def test_unknown_profiles_are_answered_with_the_known(monkeypatch):
    """A typo in a profile lists the profiles, whether it was passed or set."""
    with pytest.raises(
        ValueError, match=r"'opnai'\. Valid profiles: anthropic, google, local-server, offline"
    ):
        lms.lm(profile="opnai")
    monkeypatch.setenv("KIT_PROFILE", "opnai")
    with pytest.raises(ValueError, match=r"KIT_PROFILE is 'opnai'\. Valid profiles: anthropic"):
        lms.lm()


@pytest.mark.parametrize(
    ("value", "state"), [(None, "is not set"), ("", "set but empty"), (" ", "set but empty")]
)
def test_a_missing_key_names_the_variable(monkeypatch, value, state):
    """Unset and empty keys are told apart, with the variable's name and the way on without a key."""
    if value is not None:
        monkeypatch.setenv("OPENAI_API_KEY", value)
    with pytest.raises(MissingKey, match=rf"OPENAI_API_KEY .*{state}.*unset KIT_PROFILE") as missing:
        lms.lm(profile="openai")
    assert models.missing_key("openai") == str(missing.value)
    assert models.missing_key("offline") is None


def test_keys_are_passed_but_not_kept(monkeypatch):
    """The provider gets the key; neither saved state nor history holds it."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    lm = lms.lm(profile="openai")
    assert lm.kwargs["api_key"] == KEY
    assert KEY not in str(lm.dump_state())
    lm._engine_spec = ScriptedEngine("Blue.")
    lm.kwargs.pop("api_key")
    lm("Sky?", cache=False)
    assert KEY not in str(lm.history)


def test_options_reach_the_lm():
    """Whatever dspy.LM takes can be said in the same line, and wins over the kit's own choice."""
    lm = lms.lm("small", temperature=0.7, max_tokens=7, cache=True, num_retries=2)
    assert (lm.kwargs["temperature"], lm.kwargs["max_tokens"], lm.cache, lm.num_retries) == (0.7, 7, True, 2)
    assert lms.lm("small").kwargs == {"temperature": 0.0, "max_tokens": 1000}


def test_context_is_for_the_offline_engine_only(monkeypatch):
    """A line with `context` runs with every profile: a provider, which sets its own, is not sent it."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    assert lms.lm(context=16_384).engine.live.context == 16_384
    assert "context" not in lms.lm(profile="openai", context=16_384).kwargs


def test_settings_come_from_the_env_file():
    """Profile and key can stand in .env; an explicit profile finds its key there too."""
    (project.ROOT / ".env").write_text(
        f"KIT_PROFILE=anthropic\nOPENAI_API_KEY={KEY}\nANTHROPIC_API_KEY={KEY}\n", encoding="utf-8"
    )
    assert lms.lm(profile="openai").kwargs["api_key"] == KEY
    assert lms.lm().model == "anthropic/claude-haiku-4-5"


def test_the_environment_wins_over_the_env_file(monkeypatch):
    """What was exported for one run is not overridden by the file."""
    (project.ROOT / ".env").write_text("KIT_PROFILE=anthropic\n", encoding="utf-8")
    monkeypatch.setenv("KIT_PROFILE", "offline")
    assert models.current_profile() == "offline"


def test_lms_share_one_set_of_recordings():
    """The files are read once in a kernel, however many models a lesson builds."""
    assert lms.lm("small").engine.recordings is lms.lm("large").engine.recordings


def test_hosted_models_are_not_recorded(monkeypatch):
    """DSPy's own cache keeps a provider's replies."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("KIT_RECORD", str(project.ROOT / "01.jsonl.part"))
    assert lms.lm(profile="openai").engine == "auto"


def test_kit_fresh_forgets_the_committed_replies(monkeypatch):
    """`kit record --fresh` sets KIT_FRESH, and the kernel's recordings then begin empty."""
    monkeypatch.setenv("KIT_FRESH", "1")
    assert lms.lm().engine.recordings.fresh
    assert isinstance(lms.lm().engine.recordings, Recordings)


def test_no_price_table_is_fetched():
    """Building a model tells DSPy to use the price table that it carries."""
    os.environ.pop("LITELLM_LOCAL_MODEL_COST_MAP", None)
    assert isinstance(lms.lm(), dspy.LM)
    assert os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] == "True"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "http://localhost:11434/v1"),
        ("http://gpu:11434", "http://gpu:11434/v1"),
        ("http://gpu:11434/", "http://gpu:11434/v1"),
        ("http://gpu:11434/v1", "http://gpu:11434/v1"),
    ],
)
def test_ollamas_address_ends_in_v1(monkeypatch, value, expected):
    """DSPy 3.4 speaks to Ollama's OpenAI-compatible API, which lies under /v1 of the usual address."""
    if value:
        monkeypatch.setenv("OLLAMA_API_BASE", value)
    assert lms.lm(profile="ollama").kwargs["api_base"] == expected


def test_a_gateway_stands_before_every_provider(monkeypatch):
    """KIT_GATEWAY is where a hosted profile's calls go; servers of one's own keep their addresses."""
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    monkeypatch.setenv("KIT_GATEWAY", "https://llm.example.org/v1")
    assert lms.lm(profile="anthropic").kwargs["api_base"] == "https://llm.example.org/v1"
    assert lms.lm(profile="ollama").kwargs["api_base"] == "http://localhost:11434/v1"
