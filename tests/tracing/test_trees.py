"""`kit.trace()` sees what a program does, adds what it cost, and leaves DSPy as it was."""

import asyncio
import json

import dspy
import pytest
from dspy.utils.callback import BaseCallback
from openinference.instrumentation.dspy import DSPyInstrumentor
from scripted import ScriptedEngine

from kit.engines import lm_for
from kit.engines.recordings import Recordings
from kit.engines.replay import ReplayEngine
from kit.tracing import trees

SCRIPTED = "scripted/one"

KEY = "sk-very-secret-0123456789"


def scripted(*replies, **options):
    return lm_for(ScriptedEngine(*replies), model=SCRIPTED, **{"temperature": 0.0} | options)


def add(a: int, b: int) -> int:
    """Add."""
    return a + b


def fail(reason: str) -> str:
    """Fail."""
    raise ValueError(f"no such thing; {reason}")


def act(tool, **arguments):
    return json.dumps({"next_thought": "t", "next_tool_name": tool, "next_tool_args": arguments})


@pytest.fixture
def agent():
    """An agent that adds, fails once, and answers."""
    steps = [
        act("add", a=1, b=2),
        act("fail", reason=KEY),
        act("finish"),
        '{"reasoning": "r", "answer": "3"}',
    ]
    dspy.configure(lm=scripted(*steps), adapter=dspy.JSONAdapter())
    return dspy.ReAct("question -> answer", tools=[add, fail], max_iters=4)


@pytest.fixture
def one_answer():
    dspy.configure(lm=scripted('{"answer": "blue"}'), adapter=dspy.JSONAdapter())
    return dspy.Predict("question -> answer")


def test_the_tree_is_the_program(agent):
    """Rounds, tools, adapter and model stand where they were called; tools are named and have results."""
    with trees.trace() as trace:
        agent(question="1 + 2?")
    (react,) = trace.roots
    around = ["Predict(StringSignature)", "JSONAdapter", "LM one"]
    assert [span.name for span in trace.spans()] == [
        *("ReAct", *around, "add", *around, "fail", *around, "finish", "ChainOfThought", *around),
    ]
    tool = trace.spans("TOOL")[0]
    assert (tool.name, tool.inputs, tool.outputs) == ("add", "a=1, b=2", "3")
    assert [child.kind for child in react.children] == [
        "CHAIN",
        "TOOL",
        "CHAIN",
        "TOOL",
        "CHAIN",
        "TOOL",
        "CHAIN",
    ]


def test_a_failed_tool_is_marked(agent):
    """ReAct goes on after a tool's error; the trace keeps it."""
    with trees.trace() as trace:
        agent(question="1 + 2?")
    assert [span.error.partition(";")[0] for span in trace.spans() if span.error] == [
        "ValueError: no such thing"
    ]


def test_model_calls_have_tokens_seconds_and_a_source(one_answer):
    """OpenInference brings none of them: they are copied from DSPy's history, and add up towards the root."""
    with trees.trace() as trace:
        one_answer(question="What colour is the sky?")
    (call,) = trace.spans("LLM")
    used = dspy.settings.lm.history[-1]["usage"]
    assert (call.input_tokens, call.output_tokens) == (used["prompt_tokens"], used["completion_tokens"])
    assert (call.answered_by, call.seconds) == ("live", 0.5)
    assert trace.roots[0].input_tokens == call.input_tokens > 0


def test_a_recorded_reply_says_so(tmp_path):
    """The second run of a recorded prompt is replayed, with the seconds of the recording."""
    engine = ReplayEngine(ScriptedEngine('{"answer": "blue"}'), Recordings(tmp_path))
    dspy.configure(lm=lm_for(engine, model=SCRIPTED, temperature=0.0), adapter=dspy.JSONAdapter())
    ask = dspy.Predict("question -> answer")
    with trees.trace() as trace:
        ask(question="What colour is the sky?")
        ask(question="What colour is the sky?")
    assert [(call.answered_by, call.seconds) for call in trace.spans("LLM")] == [
        ("live", 0.5),
        ("replayed", 0.5),
    ]


def test_a_cached_call_leaves_a_span_without_tokens():
    """DSPy's cache answers below the span: the call is seen, and cost nothing."""
    dspy.configure(lm=scripted('{"answer": "blue"}', cache=True), adapter=dspy.JSONAdapter())
    ask = dspy.Predict("question -> answer")
    with trees.trace() as trace:
        ask(question="What colour is a cached sky?")
        ask(question="What colour is a cached sky?")
    live, cached = trace.spans("LLM")
    assert (live.answered_by, cached.answered_by) == ("live", "cached")
    assert live.input_tokens > 0
    assert (cached.input_tokens, cached.output_tokens, cached.seconds) == (0, 0, 0.0)


def test_an_error_ends_the_trace_and_stays_in_it():
    """The error reaches the caller, and the spans up to it are kept."""
    dspy.configure(lm=scripted(dspy.LMError("no answer")), adapter=dspy.JSONAdapter())
    with pytest.raises(dspy.LMError), trees.trace() as trace:
        dspy.Predict("question -> answer")(question="Is anyone there?")
    assert "no answer" in trace.spans("LLM")[0].error
    assert all(span.error for span in trace.spans())


def test_async_calls_nest(one_answer):
    """`await program.acall(...)` makes the same tree."""
    with trees.trace() as trace:
        asyncio.run(one_answer.acall(question="What colour is the sky?"))
    assert [span.name for span in trace.spans()] == ["Predict(StringSignature)", "JSONAdapter", "LM one"]


def test_calls_in_parallel_keep_their_own_tokens(one_answer):
    """Threads share a history; each span gets the counts of its own call."""
    questions = ["why", "why is that", "why is that so"]
    with trees.trace() as trace:
        pairs = [(one_answer, {"question": question}) for question in questions]
        dspy.Parallel(num_threads=3, disable_progress_bar=True)(pairs)
    counts = {call.inputs.split("\n")[1]: call.input_tokens for call in trace.spans("LLM")}
    assert [counts[question] - counts["why"] for question in questions] == [0, 2, 3]


def test_no_key_lands_in_a_trace(agent, monkeypatch):
    """Not from a tool's arguments, an error, or the options of a call; not in what goes to Phoenix either."""
    monkeypatch.setenv("SOME_API_KEY", "looks-like-nothing")
    seen = []
    with trees.listening(seen.append), trees.trace() as trace:
        agent(question="Is looks-like-nothing a key?")
        with pytest.raises(ValueError, match="configure a connection"):
            dspy.settings.lm("Hi", api_key=KEY, extra_headers={"Authorization": "Bearer abcdefgh"})
    everything = "".join(span.to_json() for span in seen) + trace._repr_html_() + repr(trace)
    assert "(hidden)" in everything
    assert not [key for key in (KEY, "looks-like-nothing", "abcdefgh") if key in everything]


def test_dspy_is_as_it_was_afterwards(one_answer):
    """Nothing stays wrapped, and callbacks of yours are still called: OpenInference's own exit loses them."""
    places = [
        (dspy.LM, "__call__"),
        (dspy.Module, "__call__"),
        (dspy.Predict, "forward"),
        (dspy.Tool, "__call__"),
    ]
    before = [getattr(*place) for place in places]
    with trees.trace():
        assert not any(getattr(*place) is was for place, was in zip(places, before, strict=True))
    assert all(getattr(*place) is was for place, was in zip(places, before, strict=True))
    assert dspy.settings.callbacks == []
    called = []
    mine = BaseCallback()
    mine.on_lm_start = lambda **call: called.append("model")
    mine.on_module_start = lambda **call: called.append("module")
    with dspy.context(callbacks=[mine]):
        one_answer(question="What colour is the sky?")
    assert called == ["module", "model"]


def test_traces_may_be_nested(one_answer):
    """The inner trace has its part, the outer one everything."""
    with trees.trace() as outer:
        one_answer(question="What colour is the sky?")
        with trees.trace() as inner:
            one_answer(question="What colour is the sea?")
    assert (len(outer.spans("LLM")), len(inner.spans("LLM"))) == (2, 1)


def test_a_subclass_of_predict_is_no_obstacle(one_answer):
    """OpenInference looks each subclass of Predict up in dspy, where a learner's is not."""

    class Mine(dspy.Predict):
        pass

    with trees.trace() as trace:
        Mine("question -> answer")(question="What colour is the sky?")
    assert trace.roots[0].name == "Mine"


def test_someone_elses_instrumentation_is_not_touched(one_answer):
    """Two instrumentors would break each other's trees: the second says so."""
    theirs = DSPyInstrumentor()
    theirs._is_instrumented_by_opentelemetry = True
    try:
        with pytest.raises(trees.AlreadyInstrumented, match="Restart the kernel"), trees.trace():
            pass
    finally:
        theirs._is_instrumented_by_opentelemetry = False
