"""The analyzer: a dictionary that the model designs, flattened, and held against the document."""

import csv
import json

import dspy
import pytest
from scripted import ScriptedEngine

from kit.cases.analyzer import Analyzer, analyzer_score, flat, stands_in
from kit.documents.pages import pages
from kit.project import ROOT

DATA = ROOT / "data"
ROWS = [
    json.loads(line)
    for line in (DATA / "analyzer" / "documents.jsonl").read_text(encoding="utf-8").splitlines()
]
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
    """The model sees as much as was allowed, and the answer says how much it did not see."""
    found, requests = analyze("x" * 100 + "word" * 3, longest=100)
    assert "word" * 3 not in requests[0].messages[-1].text
    assert found.unread == 12
    assert analyze(LEASE)[0].unread == 0


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


@pytest.mark.parametrize(
    ("value", "document"), [(950.0, "net 950.00"), ("1016.5", "1,016.50 in all"), ("3.80", "at 3.8")]
)
def test_zeros_at_the_end_do_not_matter(value, document):
    """JSON has 950.0 for what an invoice prints as 950.00."""
    assert stands_in(value, document)
    assert not stands_in(value, document.replace("5", "51").replace("3.8", "38"))


class TestScore:
    def scored(self, entries, unfounded=()):
        example = dspy.Example(facts=["Harbour Crafts", "1,450", "2027-03-31", "LEASE"])
        return analyzer_score(example, dspy.Prediction(what_matters=entries, unfounded=list(unfounded)))

    def test_facts_are_found_under_any_name(self):
        """Two of four facts stand in the entries, one of them as a number."""
        found = self.scored({"who": "Harbour Crafts, tenant", "euros": 1450.0})
        assert found.score == 0.5
        assert found.feedback == "missing: 2027-03-31, LEASE"

    def test_what_is_unfounded_costs(self):
        """One of two entries is invented: half of the score that there was."""
        found = self.scored(
            {"tenant": "lease, Harbour Crafts, 1450, 2027-03-31", "landlord": "Jo"}, ["landlord"]
        )
        assert found.objective_scores == {"found": 1.0, "founded": 0.5}
        assert found.score == 0.5

    def test_nothing_found_is_zero(self):
        """A refusal has no entries, and no score below zero."""
        assert self.scored({}).score == 0.0
        assert self.scored({"a": "Jo"}, ["a"]).score == 0.0


class TestData:
    @pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
    def test_facts_stand_in_their_documents(self, row):
        """No program is asked for what nobody could read."""
        assert all(stands_in(fact, row["document"]) for fact in row["facts"])
        assert len(row["facts"]) == 4

    @pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
    def test_documents_are_those_of_their_sources(self, row):
        """A set that is changed is changed here as well."""
        path, _, place = row["source"].partition(", ")
        if path.endswith(".csv"):
            with (DATA / path).open(encoding="utf-8", newline="") as file:
                expected = next(line["opening"] for line in csv.DictReader(file) if line["id"] == place)
        else:
            chosen = pages(DATA / path)[:1] if place else pages(DATA / path)
            expected = "\n".join(page.text for page in chosen)
        assert row["document"] == expected
