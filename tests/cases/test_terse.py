"""Terse: what the short adapter prints for each kind of type, and how it reads a reply."""

from __future__ import annotations

import asyncio
import datetime
import enum
import json
from typing import Annotated, Literal, Optional

import dspy
import pytest
from pydantic import BaseModel, Field
from scripted import ScriptedEngine

from kit.cases.terse import Terse, named, shape


class Level(enum.Enum):
    """Levels with values that are no names."""

    FIRST = "P1"
    SECOND = "P2"


class Sum(BaseModel):
    """An amount and its use."""

    of: str = Field(description="what it is paid for")
    amount: float


class Invoice(dspy.Signature):
    """Read the invoice."""

    text: str = dspy.InputField(desc="the first page")
    issued_by: str = dspy.OutputField(desc="who wants to be paid")
    sums: list[Sum] = dspy.OutputField()
    days: Optional[int] = dspy.OutputField(ge=0)  # noqa: UP045 - the old spelling must work too


def ask(predictor, *replies, adapter=None, **inputs):
    """Return a prediction and the requests that led to it."""
    engine = ScriptedEngine(*replies)
    with dspy.context(
        lm=dspy.LM("scripted/model", engine=engine, cache=False), adapter=adapter or Terse(bare=True)
    ):
        return predictor(**inputs), engine.requests


TABLE = [
    (str, "str"),
    (datetime.date, "date"),
    (int | None, "int or null"),
    (Optional[int], "int or null"),  # noqa: UP045
    (str | list[str], "str or [str]"),
    (Literal["P1", "Refund request"], '"P1" or "Refund request"'),
    (Literal[1, 2], "1 or 2"),
    (Level, '"P1" or "P2"'),
    (list[Literal["P1"] | None], '["P1" or null]'),
    (tuple[int, ...], "[int]"),
    (dict[str, list[float]], "{str: [float]}"),
    (Annotated[int, "of days"], "int"),
    (list[Sum], "[{of: str, amount: float}]"),
]


@pytest.mark.parametrize(("annotation", "printed"), TABLE)
def test_each_kind_of_type_is_printed_as_a_person_would(annotation, printed):
    """The module's table holds."""
    assert shape(annotation) == printed


def test_descriptions_and_constraints_are_sent_also_those_of_nested_models():
    """What a field's author wrote reaches the model."""
    system = Terse().format(Invoice, [], {"text": "..."})[0]["content"]
    assert system.splitlines() == [
        "Read the invoice.",
        "Reply in JSON: {issued_by: str, sums: [{of: str, amount: float}], days: int or null}",
        "- text: the first page",
        "- issued_by: who wants to be paid",
        "- sums.of: what it is paid for",
        "- days: greater than or equal to: 0",
    ]


def test_a_nested_reply_is_read():
    """JSON becomes the types of the signature."""
    reply = json.dumps({"issued_by": "Ada", "sums": [{"of": "tea", "amount": 2.5}], "days": None})
    found, _ = ask(dspy.Predict(Invoice), reply, adapter=Terse(), text="...")
    assert (found.issued_by, found.sums[0].amount, found.days) == ("Ada", 2.5, None)


def test_inputs_of_any_type_are_written_as_json():
    """A list or a model is no Python text in the prompt."""
    signature = dspy.Signature("rows: list[int], note -> total: int")
    *_, user = Terse().format(signature, [], {"rows": [1, 2], "note": "a\nb"})
    assert user["content"] == "rows: [1, 2]\nnote: a\nb"


class TestBare:
    levels = dspy.Predict("message -> level: Literal['P1', 'P2', 'Refund request']")
    topics = dspy.Predict("message -> topics: list[Literal['cleaning', 'deep_cleaning', 'space']]")

    def test_it_sends_the_instruction_the_labels_and_the_message(self):
        """And nothing about form."""
        _, (request,) = ask(self.levels, "P1", message="Hi")
        assert request.system.endswith("\nReply with one of: P1, P2, Refund request")
        assert request.messages[-1].text == "message: Hi\nlevel:"

    @pytest.mark.parametrize(
        "reply", ["Refund request", "refund request.", "level: Refund Request", "not P1: refund_request"]
    )
    def test_a_label_is_returned_as_it_was_declared(self, reply):
        """Capitals and spaces of a label survive a reply that writes them in another way."""
        found, requests = ask(self.levels, reply, message="Hi")
        assert (found.level, len(requests)) == ("Refund request", 1)

    def test_labels_that_are_numbers_stay_numbers(self):
        """A Literal of integers gives an integer."""
        found, _ = ask(dspy.Predict("text -> stars: Literal[1, 2, 10]"), "10", text="Good")
        assert found.stars == 10

    @pytest.mark.parametrize("reply", ["I cannot say.", "not P1", "P1 or P2"])
    def test_a_reply_without_one_label_is_asked_for_again_as_json(self, reply):
        """An unclear reply is never guessed at."""
        found, requests = ask(self.levels, reply, '{"level": "P2"}', message="Hi")
        assert (found.level, len(requests)) == ("P2", 2)
        assert 'Reply in JSON: {level: "P1" or "P2" or "Refund request"}' in requests[1].system

    def test_asynchronous_calls_do_the_same(self):
        """A reply that names no label costs a second call there too."""
        engine = ScriptedEngine("Hm.", '{"level": "P2"}')

        class Later:
            async def complete(self, request):
                return engine.complete(request)

        lm = dspy.LM("scripted/model", engine=engine, async_engine=Later(), cache=False)
        with dspy.context(lm=lm, adapter=Terse(bare=True)):
            assert asyncio.run(self.levels.acall(message="Hi")).level == "P2"

    @pytest.mark.parametrize("reply", ["deep_cleaning, space", "Deep cleaning and space, and space"])
    def test_a_list_is_read_whole_and_each_label_once(self, reply):
        """No label is found inside a longer one."""
        found, _ = ask(self.topics, reply, message="Hi")
        assert found.topics == ["deep_cleaning", "space"]

    def test_demos_are_written_as_the_reply_shall_be(self):
        """Labels, with commas between them."""
        topics = self.topics.deepcopy()
        topics.demos = [dspy.Example(message="Thanks!", topics=["space", "cleaning"])]
        _, (request,) = ask(topics, "space", message="Hi")
        assert [one.text for one in request.messages[:-1]] == ["message: Thanks!\ntopics:", "space, cleaning"]

    def test_what_is_no_choice_goes_as_json_at_once(self):
        """An optimizer's own questions are answered in words."""
        found, (request,) = ask(dspy.Predict("message -> answer"), '{"answer": "upstairs"}', message="Where?")
        assert found.answer == "upstairs"
        assert "Reply in JSON: {answer: str}" in request.system


def test_labels_that_differ_by_case_alone_are_told_apart():
    """An exact label wins over one that is written alike."""
    assert named("us, US", ["US", "us"]) == ["us", "US"]
