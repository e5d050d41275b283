"""Options that a model refuses are left out of every call, whatever way they came."""

import asyncio
import logging
import re

import dspy
import pydantic
import pytest
from dspy.lm15 import Config, FunctionTool, Message, Reasoning, Request
from scripted import ScriptedEngine

from kit.engines import fitted, lms, models
from kit.engines.fitted import FittedLM, refusals
from kit.engines.threaded import ThreadedEngine

MODEL = "openai/gpt-5.6-luna"
REPLY = (
    '{"answer": "Blue.", "loud": "yes", "new_instruction": "Say blue.", '
    '"proposed_instruction": "Say blue.", "proposed_prefix_for_output_field": "It is"}'
)
TOOL = {"type": "function", "function": {"name": "look", "description": "Look.", "parameters": {}}}


@pytest.fixture(autouse=True)
def unsaid():
    fitted._once.cache_clear()


@pytest.fixture
def engine():
    return ScriptedEngine(REPLY)


@pytest.fixture
def said():
    return []


@pytest.fixture
def lm(engine, said):
    return FittedLM(
        MODEL,
        refuses=fitted.KINDS,
        say=said.append,
        engine=engine,
        async_engine=ThreadedEngine(engine),
        cache=False,
    )


def sent(engine):
    """Return what the last request asked for, besides its messages and format."""
    config = engine.requests[-1].config
    return config.temperature, config.max_tokens, config.top_p


WAYS = {
    "at the call": lambda lm: lm("Sky?", temperature=0.7, max_tokens=40),
    "a copy": lambda lm: lm.copy(temperature=0.7, max_tokens=40, top_p=0.5)("Sky?"),
    "Predict's options": lambda lm: dspy.Predict("question -> answer", temperature=0.7, max_tokens=40)(
        question="Sky?", lm=lm
    ),
    "a config": lambda lm: dspy.Predict("question -> answer")(
        question="Sky?", lm=lm, config={"temperature": 0.7, "max_tokens": 40, "rollout_id": 3}
    ),
    "BestOfN": lambda lm: dspy.BestOfN(
        dspy.Predict("question -> answer"), N=1, reward_fn=lambda *_: 1.0, threshold=1.0
    )(question="Sky?"),
    "Refine": lambda lm: dspy.Refine(
        dspy.Predict("question -> answer"), N=1, reward_fn=lambda *_: 1.0, threshold=1.0
    )(question="Sky?"),
    "asynchronously": lambda lm: asyncio.run(lm.acall("Sky?", temperature=0.7, max_tokens=40)),
    "a Request": lambda lm: lm(
        Request(MODEL, (Message.user("Sky?"),), config=Config(temperature=0.7, max_tokens=40, top_p=0.5))
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_refused_options_are_left_out(way, lm, engine):
    """No temperature and no small cap reaches the model by any way in which DSPy sends them."""
    with dspy.context(lm=lm, adapter=dspy.JSONAdapter()):
        WAYS[way](lm)
    assert sent(engine) == (None, None, None)


def test_optimizers_models_are_fitted(lm, engine):
    """COPRO asks its prompt model at a temperature of its own, GEPA its reflection model: neither is sent."""
    rows = [dspy.Example(question="Sky?", answer="Blue.").with_inputs("question")] * 2
    copro = dspy.COPRO(metric=lambda *_: 0.0, prompt_model=lm, breadth=2, depth=1, init_temperature=1.4)
    gepa = dspy.GEPA(metric=lambda *_: 0.0, reflection_lm=lm, max_metric_calls=6)
    with dspy.context(lm=lm, adapter=dspy.JSONAdapter()):
        student = dspy.Predict("question -> answer", max_tokens=40)
        copro.compile(student, trainset=rows, eval_kwargs={"num_threads": 1})
        gepa.compile(student, trainset=rows, valset=rows)
    asked = str(engine.requests)
    assert all(field in asked for field in ("proposed_instruction", "new_instruction"))
    assert {(request.config.temperature, request.config.max_tokens) for request in engine.requests} == {
        (None, None)
    }


def test_it_is_built_with_options_that_dspy_itself_refuses(engine, said):
    """`dspy.LM` raises for these; here the lesson's line runs, and what was changed is said."""
    options = {"temperature": 0.3, "max_tokens": 250}
    with pytest.raises(dspy.LMConfigurationError, match="reasoning models require"):
        dspy.LM(MODEL, **options)
    FittedLM(MODEL, refuses=fitted.KINDS, say=said.append, engine=engine, **options)("Sky?", cache=False)
    assert sent(engine) == (None, None, None)
    assert said == [
        f"{MODEL} sets its own temperature; temperature and other sampling options are left out.",
        f"{MODEL} counts its thoughts as output; a max_tokens under 16,000 is left out.",
    ]


def test_a_large_cap_is_kept(lm, engine, said):
    """A cap that leaves room for thoughts is sent, under one name, from the LM's line or from the call."""
    lm("Sky?", max_tokens=20_000)
    assert sent(engine) == (None, 20_000, None)
    roomy = FittedLM(MODEL, refuses=["caps"], engine=engine, cache=False, max_tokens=16_000)
    roomy("Sky?")
    assert sent(engine) == (None, 16_000, None)
    roomy("Sky?", max_tokens=32_000)
    assert sent(engine) == (None, 32_000, None)
    assert said == []


def test_it_is_said_once(lm, said):
    """Hundreds of calls of an optimizer, through copies of the model, give one line for each kind."""
    for temperature in (0.1, 0.5, 0.9):
        lm.copy(temperature=temperature)("Sky?", max_tokens=40)
    assert len(said) == 2
    lm("Sky?", temperature=1.0)
    assert len(said) == 2


def test_by_default_it_is_logged(engine, caplog):
    """Outside the kit, in an exported project, the line is a warning of the log."""
    with caplog.at_level(logging.WARNING):
        FittedLM("openai/o3", refuses=["caps"], engine=engine, cache=False)("Sky?", max_tokens=40)
    assert "openai/o3 counts its thoughts as output" in caplog.text


def test_only_what_is_refused_is_left_out(engine):
    """Gemini takes a temperature: only its small caps are left out."""
    lm = FittedLM("gemini/gemini-3.8-flash", refuses=["caps"], engine=engine, cache=False)
    lm("Sky?", temperature=0.7, max_tokens=40)
    assert sent(engine) == (0.7, None, None)


def test_no_reasoning_in_a_call_with_tools(lm, engine, said):
    """OpenAI's chat API refuses tools while the model reasons; the same call without tools reasons."""
    lm("Sky?", tools=[TOOL])
    assert engine.requests[-1].config.reasoning.is_off
    tool = FunctionTool(name="look", description="Look.", parameters={})
    lm(Request(MODEL, (Message.user("Sky?"),), tools=(tool,), config=Config(reasoning=Reasoning("low"))))
    assert engine.requests[-1].config.reasoning.is_off
    lm("Sky?")
    assert engine.requests[-1].config.reasoning is None
    assert said == [
        f"{MODEL} does not reason in a call with tools; its reasoning is turned off for those calls."
    ]


def test_unknown_kinds_are_refused():
    """A typo in `refuses` would let everything through."""
    with pytest.raises(ValueError, match=r"No model refuses cap\. Valid: bounds, caps, json mode"):
        FittedLM(MODEL, refuses=["cap"])


def test_its_state_loads_as_a_plain_lm(tmp_path):
    """A program pinned to it is saved without refused options, and loads where there is no kit."""
    program = dspy.Predict("question -> answer")
    program.set_lm(FittedLM(MODEL, refuses=fitted.KINDS).copy(temperature=0.7, max_completion_tokens=100))
    program.save(tmp_path / "program.json")
    loaded = dspy.Predict("question -> answer")
    loaded.load(tmp_path / "program.json")
    assert type(loaded.lm) is dspy.LM
    assert loaded.lm.kwargs.get("temperature") is None


def test_no_json_mode(engine, said):
    """Claude takes a schema or nothing: where DSPy asks for any JSON, the prompt alone does."""
    lm = FittedLM(
        "anthropic/claude-haiku-4-5", refuses=["json mode"], say=said.append, engine=engine, cache=False
    )
    lm("Sky?", response_format={"type": "json_object"})
    assert engine.requests[-1].config.response_format is None
    schema = {"type": "json_schema", "json_schema": {"name": "r", "schema": {"type": "object"}}}
    lm("Sky?", response_format=schema)
    assert engine.requests[-1].config.response_format["type"] == "json_schema"
    (line,) = said
    assert line.startswith("anthropic/claude-haiku-4-5 has no JSON mode without a schema")


class Report(pydantic.BaseModel):
    maximum: int = pydantic.Field(ge=1, le=500)
    rooms: list[str] = pydantic.Field(min_length=2, description="two or more")


@pytest.mark.parametrize("as_dict", [False, True], ids=["a program's format", "a dict"])
def test_no_bounds_in_a_schema(engine, said, as_dict):
    """Claude's grammar takes types alone: bounds are left out, and a reply that breaks them is an error."""
    engine.replies = ['{"report": {"maximum": 900, "rooms": ["7"]}}']
    lm = FittedLM(
        "anthropic/claude-haiku-4-5", refuses=["bounds"], say=said.append, engine=engine, cache=False
    )
    whole = {"type": "object", "properties": {"report": Report.model_json_schema()}}
    form = {"type": "json_schema", "json_schema": {"name": "r", "schema": whole}}
    with dspy.context(lm=lm, adapter=dspy.JSONAdapter()):
        if as_dict:
            lm("Where?", response_format=form)
        else:
            with pytest.raises(dspy.AdapterParseError):
                dspy.Predict(dspy.Signature("text -> report: Report", custom_types={"Report": Report}))(
                    text="x"
                )
    sent = engine.requests[-1].config.response_format
    words = set(re.findall(r"'(\w+)':", str(sent)))
    assert "maximum" in words  # the field of that name stays
    assert words.isdisjoint({"minimum", "minItems", "exclusiveMinimum"})
    assert "two or more" in str(sent)
    (line,) = said
    assert line.endswith("takes no bounds in a schema; they are left out, and the reply is checked instead.")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("openai/o3", ["caps", "sampling"]),
        ("azure/gpt-5-mini", ["caps", "sampling"]),
        ("anthropic/claude-sonnet-5-5", ["caps", "sampling", "bounds", "json mode"]),
        ("openai/gpt-4.1", []),
        ("ollama_chat/llama3.2", []),
        ("openai/local", []),
    ],
)
def test_what_an_unlisted_model_refuses(name, expected, monkeypatch):
    """An exported project asks DSPy, whose table and rules know which models reason; nothing is sent."""
    monkeypatch.setenv("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    assert refusals(name) == expected


def test_a_profiles_model_is_fitted(monkeypatch):
    """`kit.lm` builds the lessons' lines under every profile, with what models.toml says of each model."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test-0123456789")
    lm = lms.lm("large", profile="openai", temperature=0.3, max_tokens=250)
    assert isinstance(lm, FittedLM)
    assert lm.refuses == {"caps", "sampling", "tools"}
    assert (lm.kwargs.get("temperature"), lm.kwargs.get("max_completion_tokens")) == (None, None)


def test_models_toml_agrees_with_dspy():
    """Every model that DSPy knows as one that reasons is listed with its caps, and no other is."""
    for profile in ("openai", "openrouter", "anthropic", "google", "ollama"):
        for role in models.ROLES:
            found = models.model(role, profile)
            if found.model != "anthropic/claude-haiku-4-5":  # it reasons only when it is asked to
                assert ("caps" in refusals(found.model)) is ("caps" in found.refuses), found.model
