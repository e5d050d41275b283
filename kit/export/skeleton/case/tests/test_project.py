"""The project keeps its promises offline: its score, its errors, its endpoint."""

from pathlib import Path

import dspy
import evaluate
import pytest
from prototype import replay, task
from prototype.model import lm
from prototype.modules import served


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let recordings answer, whatever the environment says."""
    monkeypatch.delenv("MODEL", raising=False)
    lm.cache_clear()


def test_the_score_is_the_one_in_the_readme() -> None:
    """The evaluation reproduces the README's table to the letter."""
    readme = Path(__file__).parents[1] / "README.md"
    assert evaluate.table() in readme.read_text(encoding="utf-8")


def test_a_prompt_without_a_recording_says_what_to_do() -> None:
    """A changed prompt is no riddle."""
    with pytest.raises(replay.NoRecording, match="set MODEL"), dspy.context(lm=lm()):
        dspy.Predict("never -> asked")(never="asked before")


def test_what_is_served_answers_the_example() -> None:
    """dspy-cli finds one module in `served`, and it answers in the types that it declares."""
    (module,) = (
        found
        for found in vars(served).values()
        if isinstance(found, type) and issubclass(found, dspy.Module) and found.__module__ == served.__name__
    )
    answer = module()(**task.EXAMPLE)
    assert isinstance(answer, module.forward.__annotations__["return"])
