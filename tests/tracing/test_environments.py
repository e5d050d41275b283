"""Phoenix's environment: made once, whole or not at all, with a reason when it cannot be made."""

import re
import sys
import threading
from pathlib import Path

import pytest

from kit.tracing import environments


@pytest.fixture(autouse=True)
def nothing_here(tmp_path, monkeypatch):
    """A machine where Phoenix was never installed."""
    monkeypatch.setattr(environments, "folder", lambda: tmp_path / "phoenix" / "python3.11-pins")


def installer(monkeypatch, script):
    """Install by a script that finds the place as its argument."""
    monkeypatch.setattr(
        environments,
        "_commands",
        lambda place: [[sys.executable, "-c", script, str(environments._python(place))]],
    )


MAKE = "import pathlib, sys; p = pathlib.Path(sys.argv[1]); p.parent.mkdir(parents=True); p.touch(); print(1)"


def test_every_package_is_pinned():
    """The server that CI tests is the one that people get; no line names a host."""
    lines = environments.REQUIREMENTS.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.startswith("arize-phoenix==")]
    assert all(re.match(r"[\w.-]+==[\w.]+( ; .+)?$", line) for line in lines)


def test_it_is_made_once(monkeypatch):
    """The first call makes it and hears the installer; the second finds it."""
    installer(monkeypatch, MAKE)
    heard = []
    assert environments.locate() is None
    made = environments.install(heard.append)
    assert heard == ["1"]
    assert environments.install(heard.append) == made == environments.locate()
    assert heard == ["1"]


def test_two_at_once_make_one(monkeypatch):
    """Two kernels may ask at the same moment: the second waits for the first."""
    installer(monkeypatch, f"import time; time.sleep(0.5); {MAKE}")
    heard = []
    both = [threading.Thread(target=environments.install, args=(heard.append,)) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert heard == ["1"]


def test_without_a_network_there_is_a_reason_and_a_way_on(monkeypatch):
    """The installer's own words, the command, and the other way."""
    installer(monkeypatch, "raise SystemExit('error: Could not connect')")
    with pytest.raises(environments.NoPhoenix) as failure:
        environments.install()
    assert "error: Could not connect" in str(failure.value)
    assert "kit phoenix install" in str(failure.value)
    assert "KIT_PHOENIX" in str(failure.value)


def test_what_was_interrupted_is_not_taken_for_whole(monkeypatch):
    """Half an environment is no environment; the next run goes on in the same place."""
    installer(monkeypatch, f"{MAKE}; sys.exit('Ctrl-C')")
    with pytest.raises(environments.NoPhoenix, match="Ctrl-C"):
        environments.install()
    assert environments.locate() is None
    installer(monkeypatch, "import pathlib, sys; print(pathlib.Path(sys.argv[1]).exists())")
    heard = []
    environments.install(heard.append)
    assert heard == ["True"]


def test_uv_is_used_where_there_is_one(monkeypatch, tmp_path):
    """uv takes seconds, pip minutes; without uv, Python's own tools do."""
    monkeypatch.setenv("UV", "/somewhere/uv")
    assert [command[0] for command in environments._commands(tmp_path)] == ["/somewhere/uv"] * 2
    monkeypatch.delenv("UV")
    monkeypatch.setattr(environments.shutil, "which", lambda name: None)
    venv, pip = environments._commands(tmp_path)
    assert venv[1:3] == ["-m", "venv"]
    assert Path(pip[0]).is_relative_to(tmp_path)
    assert pip[1:3] == ["-m", "pip"]


def test_an_environment_of_yours_is_used(monkeypatch):
    """KIT_PHOENIX names one that is there."""
    monkeypatch.setenv("KIT_PHOENIX", sys.prefix)
    assert environments.install() == environments._python(Path(sys.prefix))


def test_a_wrong_folder_is_refused(monkeypatch, tmp_path):
    """A typo in KIT_PHOENIX is not answered by installing another."""
    monkeypatch.setenv("KIT_PHOENIX", str(tmp_path))
    with pytest.raises(environments.NoPhoenix, match="which is no Python environment"):
        environments.install()
