"""A card says what a score means, and says the same after a journey as a file."""

from dataclasses import replace

import dspy
from card import Card

from kit.evaluation.intervals import interval

CARD = Card(
    task="urgency of a help-desk ticket",
    data="tickets.jsonl, test",
    data_sha256="55b0cfa9e470" + 52 * "0",
    metric="same urgency",
    scores={"triage": interval([1, 1, 1, 0])},
    model="offline/qwen2.5-coder-1.5b",
    adapter="JSONAdapter",
    per_call={"tokens in": 700.0, "seconds": 4.25},
)


def test_it_survives_a_file():
    """Intervals come back as intervals."""
    assert Card.from_json(CARD.to_json()) == CARD


def test_it_reads_as_a_table():
    """Score, n, data and cost stand in lines that a person reads."""
    lines = {line.partition("  ")[0]: line.partition("  ")[2].strip() for line in repr(CARD).splitlines()}
    assert lines["score, triage"] == "75.0 % [25.0, 100.0], n=4"
    assert lines["data"] == "tickets.jsonl, test (sha256 55b0cfa9e470...)"
    assert lines["seconds, per call"] == "4.25"
    assert "75.0 %" in CARD._repr_html_()


def test_it_names_the_dspy_at_hand():
    """The version belongs to the score: by default it is the one that is installed."""
    assert CARD.dspy == dspy.__version__
    assert replace(CARD, dspy="3.0.3") != CARD
