"""The stand-ins refuse what their providers refuse, and answer in the form that is asked for."""

import asyncio
import json
import re
import urllib.error
import urllib.request
from typing import Literal

import dspy
import pytest
from dspy.adapters.baml_adapter import BAMLAdapter
from pydantic import BaseModel
from replies import Shape, reply
from standin import KEY, WIRES, StandIn

import kit
from kit.engines import live, models

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
ASK = [{"role": "user", "content": "Say something in JSON."}]


class Row(BaseModel):
    """A row."""

    name: str
    number: int | None


class Sorting(dspy.Signature):
    """Sort a text."""

    text: str = dspy.InputField()
    kind: Literal["note", "bill"] = dspy.OutputField()
    sure: bool = dspy.OutputField()
    share: float = dspy.OutputField()
    rows: list[Row] = dspy.OutputField()


@pytest.fixture(params=WIRES)
def provider(request, monkeypatch):
    monkeypatch.setenv("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    with StandIn(request.param) as standin:
        for name, value in standin.environment().items():
            monkeypatch.setenv(name, value)
        yield standin


@pytest.fixture
def lm(provider):
    return kit.lm("large", cache=False, num_retries=0)


def post(standin, body, **headers):
    """Send a request as it is; return its status and its body."""
    places = {"anthropic": "/messages", "google": "/models/gemini-3.8-flash:generateContent"}
    url = standin.url + places.get(standin.profile, "/chat/completions")
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def openai(**body):
    """Ask the stand-in of OpenAI."""
    with StandIn("openai") as standin:
        whole = {"model": "gpt-5.6-luna", "messages": ASK} | body
        return post(standin, whole, Authorization=f"Bearer {KEY}")


def anthropic(**body):
    """Ask the stand-in of Anthropic."""
    with StandIn("anthropic") as standin:
        whole = {"model": "claude-sonnet-5-5", "max_tokens": 16_000, "messages": ASK} | body
        headers = {"x-api-key": KEY, "anthropic-version": "2023-06-01"}
        return post(standin, {name: value for name, value in whole.items() if value is not None}, **headers)


def gemini(**body):
    """Ask the stand-in of Google."""
    with StandIn("google") as standin:
        whole = {"contents": [{"role": "user", "parts": [{"text": "Say something."}]}]} | body
        return post(standin, whole, **{"x-goog-api-key": KEY})


ADAPTERS = {
    "Chat": dspy.ChatAdapter,
    "JSON": dspy.JSONAdapter,
    "XML": dspy.XMLAdapter,
    "BAML": BAMLAdapter,
}


class TestReplies:
    @pytest.mark.parametrize("adapter", ADAPTERS)
    def test_every_adapter_is_answered_in_its_form(self, adapter, lm, provider):
        """DSPy parses the reply into the signature's types, and usage is reported."""
        with dspy.context(lm=lm, adapter=ADAPTERS[adapter]()):
            found = dspy.Predict(Sorting)(text="A note.")
        assert found.kind in ("note", "bill")
        assert isinstance(found.rows[0], Row)
        assert lm.history[-1]["usage"]["prompt_tokens"] > 50
        assert (provider.answered, provider.refused) == (1, [])

    def test_an_open_dictionary(self, lm, provider):
        """ReAct's arguments are a dict of any names: every provider is asked for it without litellm."""
        with dspy.context(lm=lm, adapter=dspy.JSONAdapter()):
            found = dspy.ReAct("question -> answer", tools=[max])(question="Which is more?")
        assert found.answer
        assert provider.refused == []

    def test_tools(self, lm, provider):
        """A native call comes back where the model supports it, with arguments of the right types."""

        def weather(city: str) -> str:
            """Look the weather up."""

        signature = dspy.Signature(
            "question, tools: list[dspy.Tool] -> calls: dspy.ToolCalls", custom_types={}
        )
        with dspy.context(lm=lm, adapter=dspy.JSONAdapter()):
            calls = dspy.Predict(signature)(question="Rain?", tools=[dspy.Tool(weather)]).calls
        assert len(calls.tool_calls) == 1
        if lm.supports_function_calling:
            assert list(calls.tool_calls[0].args) == ["city"]

    def test_a_stream(self, lm, provider):
        """The words come one by one, and make the whole reply."""
        ask = dspy.streamify(
            dspy.Predict("question -> answer"),
            stream_listeners=[dspy.streaming.StreamListener(signature_field_name="answer")],
        )

        async def listen():
            with dspy.context(lm=lm, adapter=dspy.ChatAdapter()):
                return [chunk async for chunk in ask(question="Sky?")]

        *pieces, prediction = asyncio.run(listen())
        assert prediction.answer == "A short answer."
        assert len(pieces) > 1

    def test_the_terse_adapters_of_the_cases(self):
        """Labels, and types as people write them, are understood too."""
        assert reply("Sort.\nReply with one of: note, bill", "text: A note.\nkind:") in ("note", "bill")
        found = json.loads(
            reply('Read.\nReply in JSON: {kind: "note" or "bill", sums: [{of: str, n: int or null}]}', "")
        )
        assert found["kind"] in ("note", "bill")
        assert found["sums"] == [{"of": "A short answer.", "n": 7}]
        assert Shape("[\n {\n name: string, // a name\n }\n]", None).value() == [{"name": "A short answer."}]

    def test_the_same_prompt_gets_the_same_reply(self):
        """What is measured against a stand-in can be measured again."""
        assert len({reply("Reply with one of: a, b, c", "text: x") for _ in range(5)}) == 1


class TestFaults:
    def test_a_limit_is_waited_for(self, provider):
        """DSPy waits as long as Retry-After says, and asks again."""
        provider.then("429", "429")
        lm = kit.lm("small", cache=False, num_retries=3)
        assert lm("Sky?")
        assert provider.answered == 1

    @pytest.mark.parametrize(
        ("fault", "error"),
        [("429", dspy.LMRateLimitError), ("500", dspy.LMServerError), ("cut", dspy.LMError)],
    )
    def test_faults_reach_the_caller_as_dspys_errors(self, fault, error, lm, provider):
        """Without retries each fault is the error that DSPy documents for it."""
        provider.then(fault)
        with pytest.raises(error):
            lm("Sky?")
        assert lm("Sky?")

    def test_an_empty_reply_is_a_parse_error(self, lm, provider):
        """A reply of no text gives no answer, and says so."""
        provider.then("empty", "empty")
        with (
            dspy.context(lm=lm, adapter=dspy.JSONAdapter()),
            pytest.raises(dspy.utils.exceptions.AdapterParseError),
        ):
            dspy.Predict("question -> answer")(question="Sky?")

    def test_unknown_faults_are_refused(self, provider):
        """A typo would test nothing."""
        with pytest.raises(ValueError, match="There is no fault 503"):
            provider.then("503")


class TestKeys:
    @pytest.mark.parametrize("provider", ["openai", "anthropic", "google", "openrouter"], indirect=True)
    def test_a_wrong_key(self, provider, monkeypatch):
        """Providers that want a key refuse another one, and DSPy calls that what it is."""
        monkeypatch.setenv(models.table()["profiles"][provider.profile]["key"], "sk-wrong-0123456789")
        with pytest.raises((dspy.LMAuthError, dspy.LMInvalidRequestError)):
            kit.lm("small", cache=False, num_retries=0)("Sky?")

    def test_none(self):
        """Without a key the form of the refusal is the provider's."""
        with StandIn("openai") as standin:
            assert post(standin, {})[0] == 401
        with StandIn("anthropic") as standin:
            assert post(standin, {})[1]["error"]["type"] == "authentication_error"
        with StandIn("google") as standin:
            assert post(standin, {})[1]["error"]["status"] == "PERMISSION_DENIED"


STRICT = {
    "type": "object",
    "properties": {"a": {"type": "string"}},
    "required": ["a"],
    "additionalProperties": False,
}


def strict(**changes):
    return {"type": "json_schema", "json_schema": {"name": "r", "strict": True, "schema": STRICT | changes}}


TOOL = {"type": "function", "function": {"name": "look", "description": "", "parameters": {"type": "object"}}}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"top_k": 5}, "Unknown parameter: 'top_k'"),
        ({"max_tokens": 50}, "Use 'max_completion_tokens' instead"),
        ({"temperature": 0.7}, "'temperature' does not support 0.7"),
        ({"stop": ["x"]}, "'stop' is not supported"),
        ({"model": "gpt-9"}, "does not exist"),
        ({"messages": []}, "empty array"),
        ({"messages": [{"role": "robot", "content": "x"}]}, "Invalid value: 'robot'"),
        ({"messages": [{"role": "user", "content": [{"type": "picture"}]}]}, "Invalid value: 'picture'"),
        (
            {
                "messages": [
                    {
                        "role": "user",
                        "content": [
                            {"type": "image_url", "image_url": {"url": "data:image/png;base64,eA=="}}
                        ],
                    }
                ]
            },
            "unsupported image",
        ),
        ({"tools": [TOOL]}, "set reasoning_effort to 'none'"),
        ({"response_format": strict(additionalProperties=True)}, "'additionalProperties' is required"),
        ({"response_format": strict(required=[])}, "Missing 'a'"),
        ({"response_format": strict(properties={"a": {"oneOf": []}})}, "'oneOf' is not permitted"),
        (
            {"response_format": {"type": "json_object"}, "messages": [{"role": "user", "content": "x"}]},
            "the word 'json'",
        ),
    ],
)
def test_what_openai_refuses(body, message):
    """OpenAI answers 400 or 404 with the parameter's name."""
    status, answer = openai(**body)
    assert status in (400, 404)
    assert message in answer["error"]["message"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"seed": 5}, "seed: Extra inputs are not permitted"),
        ({"max_tokens": None}, "max_tokens: Field required"),
        ({"temperature": 0.0}, "`temperature` is deprecated"),
        ({"model": "claude-haiku-4-5", "temperature": 1.5}, "temperature: range: 0..1"),
        ({"model": "claude-haiku-4-5", "temperature": 0.5, "top_p": 0.5}, "cannot both be specified"),
        ({"model": "claude-9"}, "model: claude-9"),
        ({"messages": [{"role": "system", "content": "x"}]}, 'Input should be "user" or "assistant"'),
        ({"messages": [*ASK, {"role": "assistant", "content": "{"}]}, "prefill"),
        ({"messages": [{"role": "user", "content": ""}]}, "non-whitespace text"),
        ({"tools": [{"name": "a b", "input_schema": {"type": "object"}}]}, "should match pattern"),
        (
            {"tools": [{"name": "a", "input_schema": {"type": "object"}}], "tool_choice": {"type": "any"}},
            "forces tool use",
        ),
        (
            {"output_config": {"format": {"type": "json_schema", "schema": {"type": "object"}}}},
            "explicitly set to false",
        ),
        (
            {
                "output_config": {
                    "format": {
                        "type": "json_schema",
                        "schema": STRICT | {"properties": {"a": {"type": "integer", "minimum": 1}}},
                    }
                }
            },
            "property 'minimum' is not supported",
        ),
    ],
)
def test_what_anthropic_refuses(body, message):
    """Anthropic answers 400 or 404 with the field's place."""
    status, answer = anthropic(**body)
    assert status in (400, 404)
    assert message in answer["error"]["message"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"temperature": 1}, 'Unknown name "temperature": Cannot find field.'),
        ({"generationConfig": {"max_tokens": 5}}, "at 'generation_config'"),
        ({"generationConfig": {"temperature": 3}}, "range [0.0, 2.0]"),
        ({"contents": []}, "contents is not specified"),
        ({"contents": [{"role": "assistant", "parts": [{"text": "x"}]}]}, "valid role"),
        ({"contents": [{"role": "user", "parts": [{"image": "x"}]}]}, 'Unknown name "image"'),
        ({"generationConfig": {"responseJsonSchema": STRICT}}, "application/json"),
        (
            {
                "tools": [
                    {"functionDeclarations": [{"name": "a", "parameters": {"type": "object", "$ref": "x"}}]}
                ]
            },
            'Unknown name "$ref"',
        ),
    ],
)
def test_what_google_refuses(body, message):
    """Google answers INVALID_ARGUMENT with the name that it does not know."""
    status, answer = gemini(**body)
    assert (status, answer["error"]["status"]) == (400, "INVALID_ARGUMENT")
    assert message in answer["error"]["message"]


def test_thoughts_count_in_the_cap():
    """A small cap ends a reasoning model's reply before its first word, at all three protocols."""
    assert openai(max_completion_tokens=50)[1]["choices"][0]["finish_reason"] == "length"
    assert openai(max_completion_tokens=50)[1]["choices"][0]["message"]["content"] == ""
    assert anthropic(max_tokens=50)[1]["stop_reason"] == "max_tokens"
    found = gemini(generationConfig={"maxOutputTokens": 50})[1]["candidates"][0]
    assert (found["finishReason"], found["content"].get("parts")) == ("MAX_TOKENS", None)


def test_a_picture_is_taken():
    """A picture as data passes at each protocol."""
    part = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}}
    assert openai(messages=[{"role": "user", "content": [part]}])[0] == 200
    source = {"type": "base64", "media_type": "image/png", "data": PIXEL}
    assert anthropic(messages=[{"role": "user", "content": [{"type": "image", "source": source}]}])[0] == 200
    data = {"inlineData": {"mimeType": "image/png", "data": PIXEL}}
    assert gemini(contents=[{"role": "user", "parts": [data]}])[0] == 200


def test_ollama_answers_under_v1_alone():
    """Its OpenAI-compatible API lies there; the address without it is refused, as by Ollama."""
    with StandIn("ollama") as standin:
        address = standin.url.removesuffix("/v1")
        lm = dspy.LM("ollama_chat/qwen2.5-coder:0.5b", api_base=address, num_retries=0, cache=False)
        with pytest.raises(dspy.LMError):
            lm("Sky?")


def test_the_price_in_the_question_is_about_what_the_run_costs(provider, monkeypatch):
    """A run of 30 rows is said to cost what the provider then bills, within a third; own models are free."""
    monkeypatch.setenv("KIT_LIVE", "ask")
    dspy.configure(lm=kit.lm("large", cache=False), adapter=dspy.JSONAdapter())
    program, text = dspy.Predict("text -> answer"), "The lease ends in May. " * 400
    rows = [dspy.Example(text=f"{number} {text}").with_inputs("text") for number in range(30)]
    evaluate = dspy.Evaluate(devset=rows, metric=lambda *_: True, display_progress=False)
    with pytest.raises(live.NotConfirmed) as stopped:
        evaluate(program)
    priced = re.search(r"about \$(\d+\.\d\d)", str(stopped.value))
    assert bool(priced) == (provider.profile not in ("ollama", "local-server"))
    monkeypatch.setenv("KIT_LIVE", "yes")
    before = len(kit.usage().calls)
    evaluate(program)
    billed = sum(call.cost_usd for call in kit.usage().calls[before:])
    assert float(priced[1] if priced else 0) == pytest.approx(billed, rel=1 / 3)
