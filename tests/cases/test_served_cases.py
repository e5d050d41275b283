"""What is served gives the answers that the lesson's program gave: the same entry point, row by row."""

import importlib
import importlib.util
import json
import shutil
import sys
import types

import dspy
import pytest

import kit
from kit import project
from kit.cases import facility, time_entries
from kit.cases.terse import Terse
from kit.engines import models

CASES = project.ROOT / "kit" / "cases"
PROJECTS = project.ROOT / "kit" / "export" / "skeleton" / "cases"
DATA = project.ROOT / "data"


@pytest.fixture
def served(tmp_path, monkeypatch):
    """Return a function that loads a case's served.py and task.py as an export lays them out."""

    def load(name, lm, files):
        folders = (CASES / name, PROJECTS / name)
        for folder in folders:
            shutil.copytree(
                folder, tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__")
            )
        shutil.copy(CASES / "terse.py", tmp_path)
        (tmp_path / "data").mkdir()
        for file in files:
            shutil.copy(DATA / name / file, tmp_path / "data")
        spec = importlib.util.spec_from_file_location("prototype", tmp_path / "__init__.py")
        package = importlib.util.module_from_spec(spec)
        package.__path__ = [str(tmp_path)]
        model = types.ModuleType("prototype.model")
        model.lm = lambda: lm
        monkeypatch.setitem(sys.modules, "prototype", package)
        monkeypatch.setitem(sys.modules, "prototype.model", model)
        spec.loader.exec_module(package)
        return importlib.import_module("prototype.served"), importlib.import_module("prototype.task")

    yield load
    for name in [name for name in sys.modules if name.split(".")[0] == "prototype"]:
        sys.modules.pop(name)


def _rows(name, split="test"):
    lines = (DATA / name).read_text(encoding="utf-8").splitlines()
    return [row for row in map(json.loads, lines) if row["split"] == split]


def test_time_entries(served):
    """The service corrects and flags the test rows as lesson 21 does."""
    served_module, _ = served("time_entries", None, ["entries.jsonl", "people.csv", "words.txt"])
    house = time_entries.House.read(DATA / "time_entries")
    house = house.learn(row["gold"] for row in _rows("time_entries/entries.jsonl", "train"))
    program = time_entries.TimeEntries(time_entries.Guide.read("house.toml"), house)
    corrector = served_module.Corrector()
    for row in _rows("time_entries/entries.jsonl")[::5]:
        inputs = {"narrative": row["narrative"], "client": row["client"]}
        answer, found = corrector(**inputs), program(**inputs)
        assert (answer.corrected, answer.review) == (found.corrected, found.review)


def test_facility(served, monkeypatch):
    """The service labels the test messages as lesson 22's winner with rules and second opinion does."""
    monkeypatch.setenv("KIT_LIVE", "never")
    monkeypatch.setattr(models, "REPLIES", DATA / "replies")
    lm = kit.lm("large")
    served_module, task = served("facility", lm, ["messages.jsonl"])
    winner = facility.Consistent()
    winner.load(PROJECTS / "facility" / "state.json")
    desk = served_module.Desk()
    with dspy.context(lm=kit.lm("large", max_tokens=task.LONGEST_REPLY), adapter=Terse(bare=True)):
        for row in _rows("facility/messages.jsonl")[::3]:
            answer, found = desk(message=row["message"]), winner(message=row["message"])
            assert (answer.urgency, answer.sentiment) == (found.urgency, found.sentiment)
            assert answer.categories == found.categories
