"""A check says whether an exercise holds, and never stops the notebook."""

import logging

import pytest

import kit
from kit.workshop import exercises, progress


@pytest.fixture
def said(caplog):
    caplog.set_level(logging.INFO, "kit")
    return lambda: caplog.messages


def test_a_solved_exercise_passes(said):
    """When all asserts hold, the check says so."""
    with kit.check("1.1"):
        assert 1 + 1 == 2, "Arithmetic is off."
    assert said() == ["Exercise 1.1: passed."]


def test_the_first_failing_assert_is_told(said):
    """Its message is the whole answer, and the notebook goes on."""
    with kit.check("1.1"):
        raise AssertionError("Triage has no output field `urgency`.")
    assert said() == ["Exercise 1.1: not yet. Triage has no output field `urgency`."]


def test_an_assert_without_words_points_to_itself(said):
    """An author's bare assert still says where to look."""
    with kit.check("1.1"):
        raise AssertionError
    assert said() == [
        "Exercise 1.1: not yet. An assert of the check failed: read it, it says what must hold."
    ]


def test_an_untouched_stub_is_not_yet(said):
    """Using a name that the stub has not made is named, not raised."""
    with kit.check("2.3"):
        answer  # noqa: B018, F821
    assert said() == [
        "Exercise 2.3: not yet. NameError: name 'answer' is not defined. Run the cells above first: "
        "Run > Run All Above Selected Cell."
    ]


@pytest.fixture
def drawn(monkeypatch):
    """Return the markup of each verdict."""
    boxes = []
    monkeypatch.setattr(exercises, "show", lambda text, markup: boxes.append(markup))
    return boxes


def test_passed_and_not_yet_look_different(drawn):
    """A verdict has a mark, a colour and a word, and code in its reason is set as code."""
    with kit.check("1.1"):
        pass
    with kit.check("1.1"):
        raise AssertionError("No field `urgency` < 2.")
    assert "✓ Exercise 1.1: passed." in drawn[0]
    assert exercises._PASSED in drawn[0]
    assert "○ Exercise 1.1: not yet.</b> No field <code>urgency</code> &lt; 2." in drawn[1]
    assert exercises._OPEN in drawn[1]


def test_a_learner_sees_how_far_the_lesson_is(drawn, monkeypatch, tmp_path):
    """Beside the verdict stands how many of the lesson's exercises are passed."""
    monkeypatch.setenv("KIT_PROGRESS", str(tmp_path / "progress.jsonl"))
    monkeypatch.setattr(progress, "is_learner", lambda: True)
    monkeypatch.setattr(progress, "refresh", lambda: None)
    with kit.check("1.1"):
        pass
    assert "1 of 3 passed in this lesson" in drawn[0]


def test_with_live_replies_a_failed_check_says_what_it_expects(said, monkeypatch):
    """A right answer of another model is not called wrong."""
    monkeypatch.setenv("KIT_PROFILE", "openai")
    with kit.check("1.1"):
        raise AssertionError("The recorded model says 5 stars.")
    assert said() == [
        "Exercise 1.1: not yet. The recorded model says 5 stars. (The check expects the recorded replies; "
        "yours are live, from openai, and may be right too.)"
    ]


def test_ctrl_c_passes():
    """Interrupting a check interrupts it."""
    with pytest.raises(KeyboardInterrupt), kit.check("1.1"):
        raise KeyboardInterrupt
