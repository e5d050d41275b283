"""The analyzer: a dictionary that the model designs, flattened, and held against the document."""

import json

import dspy
import pytest
from scripted import ScriptedEngine

from kit.cases.analyzer import Analyzer, flat, stands_in

LEASE = "LEASE. The rent is 1,450 euros a month. Tenant: Harbour Crafts. Ends on 2027-03-31."


@pytest.fixture
def analyze():
    """Return a function that analyzes a document with a scripted reply, and says what was asked."""

    def analyzed(document, matters=None, **options):
        engine = ScriptedEngine(json.dumps({"kind": "lease", "what_matters": matters or {}}))
        lm = dspy.LM("scripted/model", engine=engine, cache=False)
        with dspy.context(lm=lm, adapter=dspy.JSONAdapter()):
            return Analyzer(**options)(document=document), engine.requests

    return analyzed


def test_entries_are_the_models_own(analyze):
    """Nested entries get dotted names, empty ones go."""
    found = analyze(
        LEASE, {"rent": {"amount": 1450, "per": "month"}, "tenant": "Harbour Crafts", "pets": ""}
    )[0]
    assert found.kind == "lease"
    assert found.what_matters == {"rent.amount": 1450, "rent.per": "month", "tenant": "Harbour Crafts"}
    assert found.unfounded == []


def test_what_does_not_stand_in_the_document_is_named(analyze):
    """An invented landlord is kept, and marked."""
    found = analyze(LEASE, {"tenant": "Harbour Crafts", "landlord": "Jo Doe", "rent": 1540})[0]
    assert found.unfounded == ["landlord", "rent"]


@pytest.mark.parametrize("document", [None, "", " \n"])
def test_nothing_to_read_is_refused_without_a_call(analyze, document):
    """An empty document costs nothing."""
    found, requests = analyze(document)
    assert found.refused == "no text"
    assert requests == []


def test_a_long_document_is_read_from_its_beginning(analyze):
    """The model sees as much as was allowed."""
    assert "word" * 3 not in analyze("x" * 100 + "word" * 3, longest=100)[1][0].messages[-1].text


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Harbour Crafts", True),
        (1450.0, True),
        ("1,450 euros", True),
        ("2027-03-31", True),
        (True, True),
        ("1540", False),
    ],
)
def test_values_are_compared_as_words(value, expected):
    """Commas in numbers and the form of a float do not matter; other digits do."""
    assert stands_in(value, LEASE) is expected


def test_lists_are_numbered():
    """Two parties are two entries."""
    assert flat({"parties": ["A", {"name": "B"}]}) == {"parties.0": "A", "parties.1.name": "B"}
