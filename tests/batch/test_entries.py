"""An entry's outcome holds the prediction, or why there is none, and what was spent on it."""

from concurrent.futures import ThreadPoolExecutor

import dspy
import pydantic
import pytest
from scripted import ScriptedEngine

from kit.batch.entries import Entry, forget_calls, key_of


class Person(pydantic.BaseModel):
    name: str


class Returning(dspy.Module):
    """Returns what it is given, or raises it."""

    def __init__(self, value):
        self.value = value

    def forward(self, text):
        if isinstance(self.value, BaseException):
            raise self.value
        return self.value


def outcome(program, text="x"):
    with ThreadPoolExecutor(1) as pool:
        entry = Entry(program, b"key")
        return entry.outcome(entry.submit(pool, {"text": text}))


def test_equal_inputs_have_equal_keys():
    """The order of fields does not matter; a number is not its text."""
    assert key_of({"a": 1, "b": 2}) == key_of({"b": 2, "a": 1})
    assert key_of({"a": 1}) != key_of({"a": "1"})
    assert key_of({"a": "x"}) != key_of({"b": "x"})


@pytest.mark.parametrize(
    "value", [{"a": 1}, dspy.Prediction(a=1), dspy.Example(a=1)], ids=lambda v: type(v).__name__
)
def test_predictions_and_dicts_are_answers(value):
    """Whatever has named fields will do."""
    assert outcome(Returning(value)).outputs == b'{"a":1}'


def test_typed_outputs_become_json():
    """Pydantic models, also nested, and sets are written as JSON can hold them."""
    value = dspy.Prediction(people=[Person(name="Ada")], tags={"a"})
    assert outcome(Returning(value)).outputs == b'{"people":[{"name":"Ada"}],"tags":["a"]}'


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("text", "The program returned a str; expected a dspy.Prediction or a dict."),
        (None, "The program returned a NoneType; expected a dspy.Prediction or a dict."),
        (
            dspy.Prediction(what=object()),
            "Output 'what' is a object, which JSON cannot hold (found a object). Return text",
        ),
    ],
    ids=["str", "None", "object"],
)
def test_what_cannot_be_a_row_is_a_failure(value, reason):
    """A program that returns something else fails, and the reason says what was found and expected."""
    failed = outcome(Returning(value))
    assert failed.error in ("TypeError", "NotStorable")
    assert failed.reason.startswith(reason)


def test_reasons_can_be_written_down():
    """Half a letter in a message, as models write it, does not keep the failure out of the table."""
    assert outcome(Returning(ValueError("\ud83d"))).reason == "?"


@pytest.mark.parametrize(
    "error", [ZeroDivisionError("by zero"), SystemExit("enough")], ids=lambda e: type(e).__name__
)
def test_a_crash_is_one_entrys_failure(error):
    """Whatever the program raises ends that entry alone."""
    failed = outcome(Returning(error))
    assert (failed.error, failed.reason, failed.is_fatal) == (type(error).__name__, str(error), False)


def test_long_reasons_are_cut():
    """A garbled reply of a megabyte does not fill the table of failures."""
    assert len(outcome(Returning(ValueError("x" * 10_000))).reason) == 2000


def test_spending_is_the_entrys_own():
    """Calls are charged to the entry that made them, also if no answer came of it."""
    lm = dspy.LM("test/scripted", engine=ScriptedEngine('{"answer": "A"}', "garbled"), cache=False)
    with dspy.context(lm=lm, adapter=dspy.JSONAdapter()):
        program = dspy.Predict("text -> answer")
        first, second = outcome(program), outcome(program)
    assert (first.error, len(first.spent.calls)) == ("", 1)
    assert second.error == "AdapterParseError"
    assert len(second.spent.calls) >= 1
    assert len(program.history) == len(first.spent.calls) + len(second.spent.calls)


def test_a_long_batch_leaves_short_histories(monkeypatch):
    """Of a batch's calls DSPy keeps the last thousand; those of the time before stay."""
    history = [f"before {number}" for number in range(5)] + list(range(3000))
    monkeypatch.setattr("kit.batch.entries.entries", lambda: history)
    forget_calls(earlier=5)
    assert history == [*(f"before {number}" for number in range(5)), *range(2000, 3000)]
    forget_calls(earlier=5)
    assert len(history) == 1005
