"""Two runs are the same run if nothing differs that could change an answer."""

import subprocess
import sys
from pathlib import Path
from typing import Literal

import dspy
import pytest

from kit.batch.identity import differences, identity_of, record, recorded

LIMIT = 5
WORDS = {"a", "b", "c"}
KINDS = {"short": {"d", "e", "f"}, "other": ({"g", "h", "i"},)}


def clean(text):
    return text if text in KINDS["short"] else text[:LIMIT]


class Program(dspy.Module):
    """Two parts, a rule, and constants around them."""

    sizes = (1, 2)

    def __init__(self, threshold=0.5):
        self.threshold = threshold
        self.first = dspy.Predict("text -> label")
        self.second = dspy.ChainOfThought("text -> answer")

    def forward(self, text):
        return self.second(text=clean(text)) if text in WORDS else self.first(text=text)

    @staticmethod
    def rule(text):
        return text + "."


def identity(program=None, lm=None, inputs=("text",), source="abc", adapter=None, **layout):
    with dspy.context(lm=lm or dspy.LM("openai/gpt-4.1-mini"), adapter=adapter or dspy.JSONAdapter()):
        return identity_of(program or Program(), {name: name for name in inputs}, source, **layout)


def changed(**options):
    return differences(identity(**options), identity())


def test_the_same_is_the_same():
    """Building a program anew changes nothing."""
    assert changed() == []


def test_it_is_the_same_in_another_process():
    """Neither addresses nor the order of sets enter, or no run could be resumed."""
    code = "import test_identity; print(test_identity.identity()['program'])"
    here = Path(__file__)
    run = [
        subprocess.run(
            [sys.executable, "-c", code], cwd=here.parent, capture_output=True, text=True, check=True
        )
        for _ in range(2)
    ]
    assert run[0].stdout == run[1].stdout


def with_demo(program):
    program.first.demos = [dspy.Example(text="x", label="y")]


def with_instructions(program):
    program.first.signature = program.first.signature.with_instructions("Be brief.")


def with_config(program):
    program.first.config["temperature"] = 1.0


def with_another_type(program):
    program.first.signature = program.first.signature.with_updated_fields("label", type_=Literal["a", "b"])


def with_another_threshold(program):
    program.threshold = 0.7


@pytest.mark.parametrize(
    "change", [with_demo, with_instructions, with_config, with_another_type, with_another_threshold]
)
def test_a_changed_program_is_another(change):
    """Demos, instructions, options, types and the module's own numbers count."""
    program = Program()
    change(program)
    assert changed(program=program) == ["program"]


@pytest.mark.parametrize(
    "change", [("LIMIT", 6), ("WORDS", {"a", "b"}), ("clean", lambda text: text.strip())], ids=lambda c: c[0]
)
def test_code_around_the_calls_counts(change, monkeypatch):
    """A rule that a method uses changes answers as much as a prompt does."""
    before = identity()
    monkeypatch.setitem(globals(), *change)
    assert differences(identity(), before) == ["program"]


def test_methods_and_class_constants_count(monkeypatch):
    """So do those of the class itself."""
    before = identity()
    monkeypatch.setattr(Program, "sizes", (1, 3))
    between = identity()
    assert differences(between, before) == ["program"]
    monkeypatch.setattr(Program, "rule", staticmethod(lambda text: text))
    assert differences(identity(), between) == ["program"]


def test_another_model_is_another_run():
    """The model, its parameters, the adapter, and a model pinned to one part count."""
    assert changed(lm=dspy.LM("openai/gpt-4.1")) == ["model"]
    assert changed(lm=dspy.LM("openai/gpt-4.1-mini", temperature=0.7)) == ["model"]
    assert changed(adapter=dspy.XMLAdapter()) == ["model"]
    program = Program()
    program.first.lm = dspy.LM("openai/gpt-4.1")
    assert changed(program=program) == ["model"]


def test_a_connection_may_change():
    """One resumes with another key, address, patience or number of retries."""
    connection = {"api_key": "sk-other", "api_base": "http://127.0.0.1:1/v1", "timeout": 5, "num_retries": 9}
    assert changed(lm=dspy.LM("openai/gpt-4.1-mini", **connection)) == []


def test_inputs_and_table_count():
    """Another column, or another content, is another run."""
    assert changed(inputs=["text", "more"]) == ["inputs"]
    assert changed(source="abd") == ["source"]


def test_no_key_is_written_down(tmp_path):
    """The folder holds hashes; whoever reads it learns no secret."""
    assert recorded(tmp_path) == {}
    described = identity(lm=dspy.LM("openai/gpt-4.1-mini", api_key="sk-secret"), prefix="x_")
    record(tmp_path, described)
    assert recorded(tmp_path) == described
    assert "sk-secret" not in (tmp_path / "run.json").read_text(encoding="utf-8")
