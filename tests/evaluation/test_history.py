"""A run is kept as readable JSON without programs, keys or paths, and is refused where it is broken."""

import json
import pickle
from dataclasses import replace

import pytest

import kit
from kit.evaluation.runs import BadRun, Candidate, Run

SEED = Candidate(
    0, [], score=50.0, rows=4, calls=4, instructions={"self": "Sort it."}, scores=[1.0, 1.0, 0.0, 0.0]
)
FIRST = Candidate(
    1,
    [0],
    score=75.0,
    rows=4,
    calls=12,
    instructions={"self": "Sort it.\nLook twice."},
    demos={"self": [{"augmented": True, "text": "Parcel 1", "label": "odd"}]},
    scores=[1.0, 1.0, 1.0, 0.0],
    won=True,
)
RUN = Run(
    "GEPA",
    {"metric": "same_label", "seed": 0},
    {"task": "test/small"},
    {"train": 8, "validation": 4},
    [SEED, FIRST],
    calls=12,
    input_tokens=200,
    output_tokens=30,
    seconds=90.0,
    usd=0.0,
    dspy="3.4.1",
    date="2026-11-25",
)


@pytest.fixture
def saved(tmp_path):
    return RUN.save(tmp_path / "runs" / "16_gepa.json")


def test_a_run_comes_back_as_it_was(saved):
    """What is loaded equals what was saved, candidates and all."""
    assert kit.run(saved) == RUN
    assert kit.run(str(saved)).best == FIRST


def test_a_file_that_says_the_same_is_left_alone(saved):
    """Running a lesson on another day changes no file; another score does."""
    before = saved.read_bytes()
    replace(RUN, date="2027-01-01").save(saved)
    assert saved.read_bytes() == before
    replace(RUN, calls=13).save(saved)
    assert saved.read_bytes() != before


def test_the_winner_and_the_seed_are_at_hand():
    """The best is the one that the optimizer returned."""
    assert (RUN.seed.number, RUN.best.number, RUN.tokens) == (0, 1, 230)


def test_two_candidates_are_compared_by_their_texts():
    """Instructions and demos are read line by line; the mark that DSPy puts on a demo is left out."""
    changed = repr(RUN.diff())
    assert changed.startswith("candidate 0 → candidate 1")
    assert "+ Look twice." in changed
    assert "+ label: odd" in changed
    assert "augmented" not in changed
    assert repr(RUN.diff(1, 0)).startswith("candidate 1 → candidate 0")


@pytest.mark.parametrize("number", [2, -1])
def test_an_unknown_candidate_is_refused(number):
    """The error names the range."""
    with pytest.raises(IndexError, match="there are 0 to 1"):
        RUN.diff(number)


def test_a_missing_run_is_answered_with_those_there_are(saved):
    """A typo in the name costs no search."""
    with pytest.raises(FileNotFoundError, match=r"16_gepa\.json"):
        kit.run(saved.with_name("10_gpa.json"))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"kit_run": 1, "optimizer": "GE', "Invalid JSON"),
        (pickle.dumps({"kit_run": 1}), "Invalid JSON"),
        (b"[1, 2]", "should be an object"),
        (b'{"kit_run": 2}', "kit_run"),
        (b'{"kit_run": 1, "optimizer": "GEPA"}', "settings"),
    ],
)
def test_a_file_that_is_no_run_is_refused(tmp_path, content, said):
    """The error says what was found and how to get a good one; nothing in the file is run."""
    path = tmp_path / "16_gepa.json"
    path.write_bytes(content)
    with pytest.raises(BadRun, match=rf"(?s)16_gepa\.json.*Restore the file from git.*{said}"):
        kit.run(path)


def test_a_run_without_a_winner_is_refused(saved):
    """A file that was edited by hand is noticed."""
    content = json.loads(saved.read_bytes())
    content["candidates"][1]["won"] = False
    saved.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(BadRun, match="No candidate has won"):
        kit.run(saved)


def test_a_key_is_not_written(tmp_path, monkeypatch):
    """An instruction that holds the value of a key does not reach the disk."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-0123456789abcdef")
    leaky = replace(RUN, candidates=[replace(SEED, instructions={"self": "Use sk-0123456789abcdef."}), FIRST])
    with pytest.raises(ValueError, match="OPENAI_API_KEY"):
        leaky.save(tmp_path / "leaky.json")
    assert not (tmp_path / "leaky.json").exists()


def test_crashed_rows_are_not_saved_as_scores(tmp_path):
    """NaN is no JSON and no score; the error says whose it is."""
    crashed = replace(RUN, candidates=[SEED, replace(FIRST, scores=[1.0, float("nan")])])
    with pytest.raises(ValueError, match="candidate 1 has rows whose score is NaN"):
        crashed.save(tmp_path / "crashed.json")
