"""The command line says what it does, and fails with the next step."""

import pytest
import typer
from typer.testing import CliRunner

from kit.engines import models, weights
from kit.workshop.cli import app


def commands(group, path=()):
    for name, command in group.commands.items():
        yield (*path, name), command
        yield from commands(command, (*path, name)) if hasattr(command, "commands") else ()


COMMANDS = list(commands(typer.main.get_command(app)))


def run(*arguments):
    result = CliRunner().invoke(app, arguments, env={"COLUMNS": "200"})
    return result.exit_code, " ".join(result.output.split())


@pytest.fixture(autouse=True)
def bare_machine(tmp_path, monkeypatch):
    monkeypatch.delenv("KIT_MODELS", raising=False)
    monkeypatch.setattr(weights, "folder", lambda: tmp_path / "models")


@pytest.mark.parametrize(("path", "command"), COMMANDS, ids=[" ".join(path) for path, _ in COMMANDS])
def test_every_command_explains_itself(path, command):
    """`--help` works for each command and says what it does."""
    code, text = run(*path, "--help")
    assert code == 0
    assert " ".join(command.help.split()[:4]) in text


def test_the_commands_are_the_documented_ones():
    """What lessons and messages tell people to type exists."""
    known = {" ".join(path) for path, _ in COMMANDS}
    models = {"models list", "models pull"}
    assert models | {"lab", "record", "replay", "doctor"} <= known


@pytest.mark.parametrize("command", ["record", "lab"])
def test_an_unknown_lesson_lists_the_lessons(command):
    """A wrong number is answered with the right ones."""
    code, text = run(command, "99")
    assert code == 1
    assert "There is no lesson '99'. Lessons: 00, " in text


def test_recording_wants_a_lesson_or_all():
    """Nothing is recorded by accident."""
    assert run("record") == run("record", "00", "--all") == (1, "Name one lesson, or say --all.")


def test_models_are_listed_with_price_and_need():
    """The list names each profile's models, their price, what it needs, and where weights are."""
    code, text = run("models", "list")
    assert code == 0
    assert "openai · needs OPENAI_API_KEY" in text
    assert "small openai/gpt-5.6-luna $0.20 in, $1.20 out" in " ".join(text.split())
    assert "LOCAL_SERVER_URL" in text
    assert "not here: kit models pull smollm2-135m" in text


def test_a_tampered_file_fails_with_the_next_step(tmp_path, monkeypatch):
    """Verification of a wrong file names the fault and what to do."""
    (tmp_path / weights.spec("smollm2-135m").file).write_bytes(b"tampered")
    monkeypatch.setenv("KIT_MODELS", str(tmp_path))
    code, text = run("models", "pull", "smollm2-135m")
    assert code == 1
    assert "8 bytes, expected 98,362,432" in text
    assert "replace it, or unset KIT_MODELS" in text


def test_an_unknown_model_lists_the_models():
    """A typo is answered with the names."""
    code, text = run("models", "pull", "smal")
    assert code == 1
    assert "Unknown weights 'smal'. Valid names: qwen2.5-coder-0.5b" in text


def test_the_doctor_fails_on_a_bad_profile(monkeypatch):
    """A typo in KIT_PROFILE ends with exit code 1 and the valid names; no key is shown on the way."""
    monkeypatch.setenv("KIT_PROFILE", "opnai")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-0123456789")
    code, text = run("doctor")
    assert code == 1
    assert "KIT_PROFILE is 'opnai'. Valid profiles: anthropic" in text
    assert "set (not shown)" in text
    assert "sk-secret" not in text


def test_a_healthy_machine_passes():
    """With recordings at hand and nothing else, the doctor is content."""
    models.REPLIES.mkdir(parents=True)
    (models.REPLIES / "00.jsonl").write_bytes(b'{"key":"00000000000000000001","reply":""}\n')
    assert run("doctor")[0] == 0
