"""Answers stay on disk, and the bill with them."""

import pytest

from kit.batch.answers import Answers
from kit.batch.entries import EntryOutcome
from kit.calls import Call, Usage

CALLS = Usage([Call("openai/a", "live", 100, 10, 1.0, 0.25), Call("openai/b", "cached", 0, 0, 0.0, 0.0)])
GOOD = EntryOutcome(b"good", b'{"answer":"x"}', spent=CALLS)
BAD = EntryOutcome(b"bad", error="LMServerError", reason="Down.", spent=CALLS)


@pytest.fixture
def answers(tmp_path):
    answers = Answers(tmp_path / "answers.sqlite")
    answers.add([GOOD, BAD])
    yield answers
    answers.close()


def test_what_was_added_is_found(answers):
    """Answers and failures come back as they were; unknown keys do not."""
    found = answers.get([b"good", b"bad", b"unknown"])
    assert set(found) == {b"good", b"bad"}
    assert found[b"good"].outputs == GOOD.outputs
    assert (found[b"bad"].error, found[b"bad"].reason) == ("LMServerError", "Down.")


def test_thousands_of_keys_can_be_asked_for(answers):
    """SQLite takes a limited number of values in one query."""
    answers.add([EntryOutcome(b"%d" % number, b"{}") for number in range(1200)])
    assert len(answers.get([b"%d" % number for number in range(2000)])) == 1200


def test_another_process_finds_them_too(answers, tmp_path):
    """Nothing waits in memory: a second reader sees all, as a resumed run does."""
    other = Answers(tmp_path / "answers.sqlite")
    assert set(other.get([b"good"])) == {b"good"}
    other.close()


def test_failures_can_be_asked_again(answers):
    """A failure of an earlier sitting is no answer, and an entry counts once however often it is asked."""
    answers.forget_failures()
    assert set(answers.get([b"good", b"bad"])) == {b"good"}
    answers.add([EntryOutcome(b"bad", b"{}")])
    assert answers.get([b"bad"])[b"bad"].outputs == b"{}"
    assert answers.count() == 2


def test_the_bill_adds_up(answers):
    """Failed entries cost too, cached calls are told apart, and clearing answers does not refund them."""
    answers.clear()
    spent = answers.spent()
    assert answers.count() == 0
    assert spent["model"].tolist() == ["openai/a", "openai/b"]
    assert spent["answered by"].tolist() == ["live", "cached"]
    assert spent["calls"].tolist() == [2, 2]
    assert spent["tokens in"].tolist() == [200, 0]
    assert spent["dollars"].tolist() == [0.5, 0.0]


def test_a_hopeless_outcome_is_no_answer(answers):
    """An entry that met a wrong key is asked again once the key is right."""
    answers.add([EntryOutcome(b"other", error="LMAuthError", is_fatal=True)])
    assert answers.get([b"other"]) == {}
