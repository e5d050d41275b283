"""Lessons on every provider: each model that a lesson makes can be made and asked; three run to their end.

`run.py` beside this file runs all lessons, solutions and exported projects, and prints a table.
"""

import ast
import json
import re
from pathlib import Path

import dspy
import pytest
from run import PROFILES, one
from standin import StandIn

import kit

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted([*ROOT.glob("notebooks/[0-9]*.ipynb"), *ROOT.glob("solutions/[0-9]*.ipynb")])
MAKES = re.compile(r"kit\.lm|dspy\.LM")  # other cells need not be parsed
WHOLE = ("00_start_here", "03_tools", "08_caching")  # plain calls, agents and tools, caches and servers


def calls(path):
    """Yield each `kit.lm(...)` and `dspy.LM(...)` of a notebook that is not to show an error, as code."""
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        fails = "raises-exception" in cell["metadata"].get("tags", [])
        if cell["cell_type"] != "code" or source.startswith("%") or fails or not MAKES.search(source):
            continue
        tree = compile(source, path.name, "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        tried = {inner for node in ast.walk(tree) if isinstance(node, ast.Try) for inner in ast.walk(node)}
        for node in ast.walk(tree):
            if node in tried:
                continue
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("kit.lm", "dspy.LM"):
                yield node


def options(call):
    """Return the options of a call that are literals; a role that a loop sets becomes each of the two."""
    literals = (word for word in call.keywords if isinstance(word.value, ast.Constant))
    return {word.arg: word.value.value for word in literals}


def roles(call):
    """Return the roles that a call of `kit.lm` can have."""
    (given,) = call.args or (ast.Constant("small"),)
    return [given.value] if isinstance(given, ast.Constant) else ["small", "large"]


ALL = [call for path in NOTEBOOKS for call in calls(path)]
OURS = {
    (role, *sorted(options(call).items())): (role, options(call))
    for call in ALL
    if ast.unparse(call.func) == "kit.lm"
    for role in roles(call)
}
PLAIN = {
    ast.unparse(call): call
    for call in ALL
    if ast.unparse(call.func) == "dspy.LM" and isinstance(call.args[0], ast.Constant)
}


@pytest.fixture(autouse=True)
def price_table(monkeypatch):
    monkeypatch.setenv("LITELLM_LOCAL_MODEL_COST_MAP", "True")


def test_the_lessons_models_are_found():
    """Lessons make models with temperatures, caps and caches of their own; all of them are tried."""
    assert len(OURS) > 8
    given = {name for _, options in OURS.values() for name in options}
    assert {"temperature", "max_tokens", "cache"} <= given
    assert PLAIN


@pytest.mark.parametrize("profile", PROFILES)
def test_every_model_of_a_lesson_can_be_made_and_asked(profile, monkeypatch):
    """No line of a lesson that makes a model fails under any profile, and no provider refuses its call."""
    with StandIn(profile) as standin:
        for name, value in standin.environment().items():
            monkeypatch.setenv(name, value)
        for role, given in OURS.values():
            if "profile" in given:  # a cell about the offline models says so itself
                continue
            lm = kit.lm(role, **given | {"cache": False, "num_retries": 0})
            lm("Say something.", max_tokens=120, temperature=0.7)
            lm.copy(temperature=1.0, rollout_id=1)("Say something.", max_tokens=40)
        assert standin.refused == []
        assert standin.answered > len(OURS)


@pytest.mark.parametrize("code", PLAIN)
def test_every_plain_model_of_a_lesson_can_be_made(code):
    """Lines that name a model themselves, instead of a role, are accepted by DSPy."""
    call = PLAIN[code]
    given = {name: value for name, value in options(call).items() if name not in ("engine", "async_engine")}
    assert dspy.LM(call.args[0].value, **given).model == call.args[0].value


@pytest.mark.parametrize("lesson", WHOLE)
@pytest.mark.parametrize("profile", PROFILES)
def test_a_whole_lesson_runs(profile, lesson):
    """Every cell of a lesson runs on every provider; the replies are others, and nothing fails."""
    found = one(f"notebooks/{lesson}.ipynb", profile)
    assert found["exceptions"] == []
    assert found["requests"] > 0


@pytest.mark.parametrize("profile", ["openai", "anthropic"])
def test_a_new_project_runs(profile):
    """What `kit new` writes is evaluated and served with a reasoning model in MODEL."""
    found = one("new", profile)
    assert (found["exceptions"], found["refused"]) == ([], [])
    assert found["requests"] >= 3
