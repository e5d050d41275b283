"""Bounds, open keys and tool calls bind an offline reply, and what no grammar holds is checked."""

from typing import Annotated, Any

import dspy
import dspy.lm15 as lm15
import pytest
from dspy.lm15 import Config, Message, Request, UnsupportedFeatureError
from pydantic import BaseModel, Field

from kit.engines import grammar, llama
from kit.engines.llama import LlamaEngine

TEXT = "Order AB-0042 from Ana, age 34, two apples and three pears."


class Stock(BaseModel):
    counts: dict[str, int]


class Shelf(BaseModel):
    stock: Stock
    notes: dict
    more: list[dict[str, float]]


class Empty(BaseModel):
    pass


@pytest.fixture(scope="module")
def lm(smoke_model):
    engine = LlamaEngine(str(smoke_model), context=2048)
    return dspy.LM("test/smoke", engine=engine, cache=False, num_retries=0, max_tokens=60, temperature=0.0)


def sent(annotation, **options):
    """Return the schema with which the engine would be asked for one output."""
    captured = []

    class Engine(LlamaEngine):
        def complete(self, request):
            captured.append(grammar.schema_of(grammar.complete(request)))
            raise UnsupportedFeatureError("seen")

    lm = dspy.LM("m", engine=Engine("smollm2-135m"), cache=False, num_retries=0)
    output = (annotation, dspy.OutputField(**options))
    program = dspy.Predict(dspy.Signature({"text": (str, dspy.InputField()), "out": output}))
    with dspy.context(lm=lm, adapter=dspy.JSONAdapter()), pytest.raises(dspy.LMError, match="seen"):
        program(text=TEXT)
    return captured[0]


@pytest.mark.parametrize(
    ("annotation", "options", "expected"),
    [
        (int, {"ge": 1, "le": 5}, {"minimum": 1, "maximum": 5}),
        (float, {"gt": 0, "lt": 1}, {"exclusiveMinimum": 0, "exclusiveMaximum": 1}),
        (int, {"multiple_of": 7}, {"multipleOf": 7}),
        (str, {"pattern": r"^\d{4}$"}, {"pattern": r"^\d{4}$"}),
        (str, {"max_length": 3, "min_length": 1}, {"maxLength": 3, "minLength": 1}),
        (list[int], {"max_length": 2}, {"maxItems": 2}),
    ],
)
def test_the_bounds_of_an_output_field_are_sent(annotation, options, expected):
    """DSPy writes them into the prompt alone; the engine gets them as part of the schema."""
    out = sent(annotation, **options)["properties"]["out"]
    assert {name: out[name] for name in expected} == expected


def test_bounds_of_an_optional_field_are_sent():
    """They go to the alternative that they belong to."""
    assert sent(int | None, ge=3)["properties"]["out"]["anyOf"][0]["minimum"] == 3


def test_open_keys_inside_a_model_stay_open():
    """A dictionary at any depth may have keys, of the type that was written."""
    definitions = sent(Shelf)["$defs"]
    assert definitions["Stock"]["properties"]["counts"]["additionalProperties"] == {"type": "integer"}
    assert definitions["Shelf"]["properties"]["notes"]["additionalProperties"] is True
    assert definitions["Shelf"]["properties"]["more"]["items"]["additionalProperties"] == {"type": "number"}


def test_a_model_without_fields_stays_closed():
    """Only dictionaries are opened."""
    assert sent(Empty)["$defs"]["Empty"]["additionalProperties"] is False


def test_tool_calls_are_part_of_the_schema():
    """ReActV2's reply can name a tool, although the model has no format of its own for it."""
    schema = _sent_tool_calls()
    assert "tool_calls" in schema["properties"]
    assert "tool_calls" in schema["required"]


def test_a_call_of_an_agents_tool_has_the_tools_arguments():
    """A tool that there is not, or an argument of another type, cannot be written."""

    def weather(city: str, days: int = 1) -> str:
        return f"sunny in {city}"

    agent = dspy.ReActV2("question -> answer", tools=[weather])
    calls = _sent_tool_calls(agent)["properties"]["tool_calls"]["properties"]["tool_calls"]["items"]["anyOf"]
    assert [call["properties"]["name"] for call in calls] == [{"const": "weather"}, {"const": "submit"}]
    args = [call["properties"]["args"] for call in calls]
    assert args[0]["properties"]["city"] == args[1]["properties"]["answer"] == {"type": "string"}
    assert [one["required"] for one in args] == [["city"], ["answer"]]


def _sent_tool_calls(*agents):
    signature = dspy.Signature("question -> thought, tool_calls: dspy.ToolCalls")
    request = Request(
        "m",
        (Message.user("?"),),
        config=Config(
            response_format={
                "type": "json_schema",
                "schema": {"type": "object", "properties": {"thought": {"type": "string"}}},
            }
        ),
    )
    with dspy.context(caller_modules=[*agents, dspy.Predict(signature)]):
        return grammar.schema_of(grammar.complete(request))


def test_a_request_of_another_signature_is_left_alone():
    """A schema that the caller made itself is sent as it is."""
    form = {"type": "json_schema", "schema": {"type": "object", "properties": {"other": {"type": "object"}}}}
    request = Request("m", (Message.user("?"),), config=Config(response_format=form))
    assert grammar.complete(request) is request
    with dspy.context(caller_modules=[dspy.Predict("text -> out")]):
        assert grammar.complete(request) is request


@pytest.mark.parametrize(
    ("annotation", "options", "holds"),
    [
        (int, {"ge": 1, "le": 5}, lambda out: 1 <= out <= 5),
        (str, {"pattern": r"^[A-Z]{2}-\d{4}$"}, lambda out: out[2] == "-" and out[3:].isdigit()),
        (str, {"pattern": r"^(cat|dog)\d$"}, lambda out: out[:3] in ("cat", "dog")),
        (Annotated[str, Field(pattern=r"^\w\s\w$")], {}, lambda out: len(out) == 3),
        (str, {"max_length": 4}, lambda out: len(out) <= 4),
        (Stock, {}, lambda out: out.counts),
    ],
)
def test_a_real_reply_keeps_them(lm, annotation, options, holds):
    """Even the smallest model cannot break them, in a signature or in a type."""
    output = (annotation, dspy.OutputField(**options))
    program = dspy.Predict(dspy.Signature({"text": (str, dspy.InputField()), "out": output}))
    with dspy.context(lm=lm, adapter=dspy.JSONAdapter()):
        assert holds(program(text=TEXT).out)


@pytest.mark.parametrize(
    ("schema", "reply", "says"),
    [
        ({"type": "string", "pattern": "^(?=a)"}, '"b"', "pattern"),
        ({"type": "array", "uniqueItems": True}, "[1, 1]", "uniqueItems"),
        ({"type": "number", "multipleOf": 0.5}, "0.3", "multipleOf"),
        ({"type": "string", "pattern": "a"}, "no JSON", "not JSON"),
    ],
)
def test_what_no_grammar_holds_is_checked(schema, reply, says):
    """A reply that breaks it is an error that names the part of the schema, not a wrong value."""
    with pytest.raises(UnsupportedFeatureError, match=says):
        grammar.check(reply, schema)


def test_patterns_that_no_grammar_takes_are_left_out_of_it():
    """One such pattern does not free the rest of the reply."""
    properties: dict[str, Any] = {"a": {"type": "string", "pattern": "(?=x)"}, "pattern": {"type": "integer"}}
    text = grammar.body_of({"type": "object", "properties": properties})["grammar"]
    assert "(?=x)" not in text
    assert '"pattern": {"type": "integer"}' in text


def test_plain_schemas_are_sent_as_ever():
    """What llama.cpp's own grammar holds goes there, so live replies are the recorded ones."""
    schema = {"type": "object", "properties": {"a": {"enum": ["x"], "type": "string", "maxLength": 3}}}
    assert grammar.body_of(schema)["response_format"]["json_schema"]["schema"] == schema


def test_tool_calls_and_results_are_sent_as_text():
    """The second turn of ReActV2 holds both; the models read them like any other text."""
    result = lm15.ToolResultPart("1", (lm15.TextPart("sunny"),), name="weather")
    turns = (
        Message.user("Weather in Paris?"),
        Message.assistant([lm15.ToolCallPart("1", "weather", {"city": "Paris"})]),
        Message("tool", (result,)),
    )
    sent = list(llama._messages(Request("m", turns)))
    assert [message["role"] for message in sent] == ["user", "assistant", "user"]
    assert sent[1]["content"] == '{"name": "weather", "args": {"city": "Paris"}}\n'
    assert sent[2]["content"] == "Result of weather: sunny\n"


BOUNDED = dspy.Signature({"text": (str, dspy.InputField()), "stars": (int, dspy.OutputField(ge=1, le=5))})


@pytest.mark.parametrize(
    ("adapter", "reply"),
    [
        (dspy.ChatAdapter(), "[[ ## stars ## ]]\n{}\n\n[[ ## completed ## ]]"),
        (dspy.XMLAdapter(), "<stars>{}</stars>"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_bounds_that_are_only_words_are_checked(adapter, reply):
    """Where an adapter sends no schema, a value out of bounds is an error that names what would hold it."""
    with dspy.context(adapter=adapter, caller_modules=[dspy.Predict(BOUNDED)]):
        grammar.check_words(reply.format(5))
        grammar.check_words("no fields at all")
        with pytest.raises(UnsupportedFeatureError, match=r"'stars'.*equal to 5, found 34.*JSONAdapter"):
            grammar.check_words(reply.format(34))


def test_a_program_without_bounds_is_not_read_twice():
    """Only signatures with bounds are parsed for the check."""
    with dspy.context(adapter=None, caller_modules=[dspy.Predict("text -> stars: int")]):
        grammar.check_words("[[ ## stars ## ]]\n34")
