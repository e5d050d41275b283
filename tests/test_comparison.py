"""The comparison of lesson 18 is fair: one job, one server, one record; each library in its own manner."""

import asyncio
import json
from pathlib import Path

import dspy
import pytest
from scripted import ScriptedEngine

from kit.engines.server import Server

KEY = "sk-mine-0123456789"
NOTE = "Grace Holloway, 47. BP 139/88. Amlodipine 5 mg daily."
RECORD = {
    "name": "Grace Holloway",
    "age": 47,
    "vitals": {"systolic_mmhg": 139, "diastolic_mmhg": 88},
    "medications": [{"drug": "Amlodipine", "dose_mg": 5, "frequency": "once daily"}],
    "follow_up_weeks": None,
}
LIBRARIES = ("dspy", "instructor", "pydantic_ai")


@pytest.fixture(autouse=True)
def lesson_folder(monkeypatch):
    """Import as a kernel in the lesson's folder does, if both libraries are here."""
    for name in ("instructor", "pydantic_ai"):
        pytest.importorskip(name, reason=f"needs {name}: pip install -e '.[compare]'")
    monkeypatch.syspath_prepend(Path(__file__).parents[1] / "notebooks")


def given_up():
    """Return how each library says that it gives up."""
    from instructor.core import InstructorRetryException
    from pydantic_ai.exceptions import UnexpectedModelBehavior

    return dspy.AdapterParseError, InstructorRetryException, UnexpectedModelBehavior


def extract(library, *replies):
    """Run one library's file against scripted replies; return its record, or its error, and the requests."""
    from comparison import extract_dspy, extract_instructor, extract_pydantic_ai

    module = {"dspy": extract_dspy, "instructor": extract_instructor, "pydantic_ai": extract_pydantic_ai}[
        library
    ]
    engine = ScriptedEngine(
        *(json.dumps({"record": reply} if library == "dspy" else reply) for reply in replies)
    )
    with Server(engine, "offline/scripted", KEY) as server, dspy.context(adapter=dspy.JSONAdapter()):
        connected = module.connect(server.url, KEY, "any")
        try:
            found = module.extract(NOTE, connected)
            found = asyncio.run(found) if asyncio.iscoroutine(found) else found
        except given_up() as error:
            found = error
    return found, engine.requests


@pytest.mark.parametrize("library", LIBRARIES)
class TestEach:
    def test_it_returns_the_record_after_one_call(self, library):
        """A good reply is one call, and comes back as the same typed record from each library."""
        found, requests = extract(library, RECORD)
        assert found.model_dump() == RECORD
        assert len(requests) == 1

    def test_it_asks_for_the_same_thing(self, library):
        """Instruction, note, temperature and limit are the same for all, and the record's schema is sent."""
        _, (request,) = extract(library, RECORD)
        assert "Extract the patient's record from a clinical note." in request.system
        assert NOTE in request.messages[-1].text
        assert (request.config.temperature, request.config.max_tokens) == (0.0, 1000)
        assert "dose_mg" in json.dumps(request.config.response_format["schema"])

    def test_asking_twice_sends_the_same_request(self, library):
        """Nothing in a request depends on the time or on a run's id: recordings would miss."""
        assert extract(library, RECORD)[1] == extract(library, RECORD)[1]


@pytest.mark.parametrize(("library", "calls"), [("dspy", 1), ("instructor", 4), ("pydantic_ai", 2)])
def test_how_often_each_asks_before_it_gives_up(library, calls):
    """On replies that never validate DSPy raises at once, the others after one and three retries."""
    found, requests = extract(library, RECORD | {"age": "unknown"})
    assert isinstance(found, given_up())
    assert len(requests) == calls


@pytest.mark.parametrize("library", ["instructor", "pydantic_ai"])
def test_a_retry_says_what_was_wrong(library):
    """Instructor and Pydantic AI send the rejected reply back together with what the type objects to."""
    found, (_, second) = extract(library, RECORD | {"age": "unknown"}, RECORD)
    assert found.age == 47
    assert [message.role for message in second.messages] == ["user", "assistant", "user"]
    assert "valid integer" in second.messages[-1].text


def test_a_metric_counts_what_is_missed_and_what_is_invented():
    """Eight fields, one of them wrong; an invented drug adds three to what the record is measured by."""
    from comparison.record import PatientRecord, fields_right

    expected = PatientRecord(**RECORD)
    invented = RECORD["medications"] + [{"drug": "aspirin", "dose_mg": 75, "frequency": "once daily"}]
    assert fields_right(expected, expected) == 1.0
    assert fields_right(expected, PatientRecord(**RECORD | {"age": 74})) == pytest.approx(7 / 8)
    assert fields_right(expected, PatientRecord(**RECORD | {"medications": invented})) == pytest.approx(
        8 / 11
    )
