"""Recorded replies come first, a live engine on a miss, and a key that tells every two prompts apart."""

import asyncio
import errno
import logging
import re
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import dspy
import orjson
import pytest
from dspy.lm15 import Config, Message, Request, materialize_response
from scripted import ScriptedEngine

from kit.engines import recordings
from kit.engines.keys import key_of
from kit.engines.recordings import Recordings
from kit.engines.replay import NoRecording, ReplayEngine, Rollouts, asks
from kit.engines.threaded import ThreadedEngine

SKY = Request("test/model", (Message.user("What colour is the sky?"),), config=Config(temperature=0.0))


def lm_of(engine, **options):
    options = {"cache": False, "num_retries": 0, "callbacks": [Rollouts()], "temperature": 0.0} | options
    return dspy.LM("test/model", engine=engine, async_engine=ThreadedEngine(engine), **options)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "replies"


def recorded(folder, *replies, request=SKY):
    """Record one reply after the other, as `kit record` does, and return the folder's recordings."""
    engine = ReplayEngine(ScriptedEngine(*replies), Recordings(folder, folder / "01.jsonl"))
    engine.complete(request)
    return Recordings(folder)


def test_a_recorded_reply_is_given_again(folder):
    """A hit asks no model, and brings back text, tokens, seconds and reason to stop."""
    response = ReplayEngine(None, recorded(folder, "Blue as ever.")).complete(SKY)
    assert response.message.text == "Blue as ever."
    assert (response.usage.input_tokens, response.usage.output_tokens, response.finish_reason) == (
        5,
        3,
        "stop",
    )
    assert response.provider_data == {"seconds": 0.5, "message_tokens": None, "source": "replayed"}


def test_a_miss_goes_live_and_is_remembered(folder):
    """The model is asked once; the second time its reply is at hand."""
    live = ScriptedEngine("Blue.", "Grey.")
    engine = ReplayEngine(live, Recordings(folder))
    first, second = engine.complete(SKY), engine.complete(SKY)
    assert first.message.text == second.message.text == "Blue."
    assert [response.provider_data["source"] for response in (first, second)] == ["live", "replayed"]
    assert len(live.requests) == 1


def test_a_recorded_line_can_be_read_by_people(folder):
    """A line says which model answered what, with which weights, and when."""
    engine = ReplayEngine(ScriptedEngine("Blue."), Recordings(folder, folder / "01.jsonl"), weights="1d96")
    engine.complete(SKY)
    found = orjson.loads((folder / "01.jsonl").read_bytes())
    assert found.pop("date")[:2] == "20"
    assert found == {
        "key": key_of(SKY),
        "model": "test/model",
        "weights": "1d96",
        "asks": "What colour is the sky?",
        "reply": "Blue.",
        "finish": "stop",
        "usage": {"input_tokens": 5, "output_tokens": 1},
        "message_tokens": None,
        "seconds": 0.5,
    }


def test_each_live_reply_is_marked(folder, caplog):
    """A quiet line for each live reply says which model gave it and how long it took; replays have none."""
    engine = ReplayEngine(ScriptedEngine("Blue."), Recordings(folder))
    with caplog.at_level(logging.INFO, "kit"):
        engine.complete(SKY)
        engine.complete(replace(SKY, messages=(Message.user("And at night?"),)))
        engine.complete(SKY)
    assert len(caplog.messages) == 2
    assert all(re.fullmatch(r"test/model answers it live: \d+\.\d s", text) for text in caplog.messages)


@pytest.mark.parametrize("live", [None, ScriptedEngine("Blue.")])
def test_without_a_model_a_miss_is_an_error(folder, monkeypatch, live):
    """A miss that nothing may answer is one of DSPy's errors, with the question and both ways on."""
    monkeypatch.setenv("KIT_LIVE", "never")
    with pytest.raises(NoRecording, match="What colour is the sky") as missed:
        ReplayEngine(live, Recordings(folder)).complete(SKY)
    assert isinstance(missed.value, dspy.LMError)
    assert "kit models pull small" in str(missed.value)
    assert "KIT_PROFILE" in str(missed.value)
    assert live is None or not live.requests


def test_a_miss_without_any_recordings_names_the_folder(tmp_path, monkeypatch):
    """Outside of a clone there are no recordings at all, and the message says where they were looked for."""
    monkeypatch.setenv("KIT_LIVE", "never")
    with pytest.raises(NoRecording, match=r"no folder .*nowhere\. Work in a clone .* No recorded"):
        ReplayEngine(None, Recordings(tmp_path / "nowhere")).complete(SKY)


def test_a_miss_is_not_asked_again_as_json():
    """A missing reply is no unreadable one: were JSON tried next, the error would name the wrong prompt."""
    live = ScriptedEngine(NoRecording("No recorded reply"))
    with dspy.context(lm=lm_of(live), adapter=dspy.ChatAdapter()), pytest.raises(NoRecording):
        dspy.Predict("question -> answer")(question="What colour is the sky?")
    assert len(live.requests) == 1


@pytest.mark.parametrize(
    "changed",
    [
        replace(SKY, model="test/other"),
        replace(SKY, system="Be brief."),
        replace(SKY, messages=(Message.user("What colour is the sea?"),)),
        replace(SKY, messages=(*SKY.messages, Message.assistant("Blue."), Message.user("Sure?"))),
        replace(SKY, config=Config(temperature=0.5)),
        replace(SKY, config=Config(temperature=0.0, max_tokens=50)),
        replace(SKY, config=Config(temperature=0.0, seed=1)),
        replace(SKY, config=Config(temperature=0.0, stop=("\n",))),
        replace(SKY, config=Config(temperature=0.0, response_format={"type": "json_object"})),
    ],
)
def test_the_key_holds_what_can_change_a_reply(changed):
    """Model, messages, schema and sampling each give a key of their own."""
    assert key_of(changed) != key_of(SKY)


def test_rollouts_have_recordings_of_their_own(folder):
    """BestOfN asks one question under several ids; each gets its own reply, and gets it again."""
    live = ScriptedEngine("Blue.", "Grey.", "Red.")
    lm = lm_of(ReplayEngine(live, Recordings(folder)), temperature=1.0)
    ask = dspy.Predict("question -> answer")
    with dspy.context(lm=lm, adapter=Plain()):
        answers = [
            ask(question="Sky?", config={"rollout_id": number}).answer for number in (1, 2, 3, 1, 2, 3)
        ]
    assert answers == ["Blue.", "Grey.", "Red."] * 2
    assert len(live.requests) == 3


def test_a_copy_of_the_lm_with_a_rollout_counts_too(folder):
    """Optimizers set the id on a copy of the LM rather than on the call."""
    lm = lm_of(ReplayEngine(ScriptedEngine("Blue.", "Grey."), Recordings(folder)), temperature=1.0)
    assert [lm.copy(rollout_id=number)("Sky?")[0] for number in (1, 2, 1)] == ["Blue.", "Grey.", "Blue."]


def test_three_replies_are_three_recordings(folder):
    """With n=3 the second reply is not the first one again, live or replayed."""
    live = ScriptedEngine("Blue.", "Grey.", "Red.")
    lm = lm_of(ReplayEngine(live, Recordings(folder)), temperature=1.0)
    assert lm("Sky?", n=3) == lm("Sky?", n=3) == ["Blue.", "Grey.", "Red."]
    assert len(live.requests) == 3


def test_sampling_is_seeded_by_the_key(folder):
    """A sampled prompt gets the same seed in each live run, and another rollout gets another."""
    live = ScriptedEngine("Blue.")
    for _ in range(2):
        lm = lm_of(ReplayEngine(live, Recordings(folder)), temperature=1.0)
        lm("Sky?", rollout_id=1)
        lm("Sky?", rollout_id=2)
    first, second, *again = [request.config.seed for request in live.requests]
    assert again == [first, second]
    assert first != second


def test_seeds_are_only_for_sampling_and_for_engines_that_take_them(folder):
    """Greedy requests, seeds of one's own and engines without seeds are left as they are."""
    live, own = ScriptedEngine("Blue."), replace(SKY, config=Config(temperature=1.0, seed=7))
    engine = ReplayEngine(live, Recordings(folder))
    engine.complete(SKY)
    engine.complete(own)
    engine.supported_params = frozenset()
    engine.complete(replace(SKY, config=Config(temperature=1.0)))
    assert [request.config.seed for request in live.requests] == [None, 7, None]


def test_a_streamed_recording_is_the_same_text(folder):
    """A recorded reply streams in pieces that add up to it, spaces and lines included."""
    text = "  Blue,\n\n mostly;  grey in November. "
    engine = ReplayEngine(None, recorded(folder, text))
    events = list(engine.stream(SKY))
    assert len(events) > 5
    assert materialize_response(iter(events), SKY) == engine.complete(SKY)


def test_streaming_a_miss_records_it(folder):
    """A reply that came as a stream is recorded like any other."""
    list(ReplayEngine(ScriptedEngine("Blue."), Recordings(folder, folder / "01.jsonl")).stream(SKY))
    assert ReplayEngine(None, Recordings(folder)).complete(SKY).message.text == "Blue."


def test_sync_and_async_share_a_recording(folder):
    """A notebook that awaits what it called before finds the same reply, through every adapter."""
    live = ScriptedEngine('{"answer": "Blue."}')
    lm, ask = lm_of(ReplayEngine(live, Recordings(folder))), dspy.Predict("question -> answer")
    with dspy.context(lm=lm, adapter=dspy.JSONAdapter()):
        called = ask(question="Sky?").answer
        awaited = asyncio.run(ask.acall(question="Sky?")).answer
    assert called == awaited == "Blue."
    assert len(live.requests) == 1


def test_async_rollouts_have_recordings_of_their_own(folder):
    """The rollout id reaches the engine's thread, also when calls run side by side."""
    lm = lm_of(ReplayEngine(ScriptedEngine("Blue.", "Grey."), Recordings(folder)), temperature=1.0)

    async def both():
        return [(await lm.acall("Sky?", rollout_id=number))[0] for number in (1, 2, 1)]

    assert asyncio.run(both()) == ["Blue.", "Grey.", "Blue."]


def test_a_reply_that_is_not_text_is_not_recorded(folder):
    """Recordings keep text; the error says so, and nothing is written."""
    parts = [dspy.lm15.TextPart("Let me see."), dspy.lm15.ToolCallPart("1", "look", {"at": "sky"})]
    live = ScriptedEngine("")
    live.complete = lambda request: replace(
        ScriptedEngine("").complete(request), message=Message.assistant(parts), finish_reason="tool_call"
    )
    with pytest.raises(dspy.lm15.UnsupportedFeatureError, match="holds a part of type 'tool_call'"):
        ReplayEngine(live, Recordings(folder, folder / "01.jsonl")).complete(SKY)
    assert not (folder / "01.jsonl").exists()


def test_a_failed_call_is_not_recorded(folder):
    """An error of the live engine leaves no line, and the next call asks again."""
    engine = ReplayEngine(ScriptedEngine(dspy.LMError("down"), "Blue."), Recordings(folder))
    with pytest.raises(dspy.LMError, match="down"):
        engine.complete(SKY)
    assert engine.complete(SKY).message.text == "Blue."


def test_a_full_disk_costs_no_reply(folder, monkeypatch):
    """The paid reply is in memory when the disk is full: the same cell, run again, asks nobody."""
    live = ScriptedEngine("Blue.")
    lm = lm_of(ReplayEngine(live, Recordings(folder, folder / "01.jsonl")))
    with monkeypatch.context() as full:
        full.setattr(
            recordings, "append", lambda *_: (_ for _ in ()).throw(OSError(errno.ENOSPC, "No space left"))
        )
        with pytest.raises(dspy.LMError, match="kept in memory: make room"):
            lm("Sky?")
    assert lm("Sky?") == ["Blue."]
    assert len(live.requests) == 1


def test_capabilities_are_the_live_engines(folder):
    """DSPy's adapters shape the same prompt for the replayed model as for the live one."""
    engine = ReplayEngine(ScriptedEngine("Blue."), Recordings(folder))
    assert engine.supports_response_schema is True
    assert engine.supported_params == ScriptedEngine.supported_params


def test_the_question_is_shortened_for_people():
    """`asks` is one line of at most a hundred characters."""
    assert asks(replace(SKY, messages=(Message.user("a\n b  " * 100),))) == ("a b " * 25)[:100]


class Plain(dspy.ChatAdapter):
    """Ask for one field and take the whole reply as its value."""

    def __init__(self):
        super().__init__(use_json_adapter_fallback=False)

    def parse(self, signature, completion):
        return {next(iter(signature.output_fields)): completion}


def test_a_reply_with_a_closed_list_is_kept_as_text(folder):
    """DSPy parses such a reply into data and drops the words; we keep them, so that they stream again."""
    properties = {"mood": {"type": "string", "enum": ["good", "bad"]}}
    schema = {"type": "object", "properties": properties, "required": ["mood"], "additionalProperties": False}
    listed = replace(SKY, config=Config(response_format={"type": "json_schema", "schema": schema}))
    engine = ReplayEngine(ScriptedEngine('{"mood": "good"}'), Recordings(folder))
    assert "".join(event.delta.text for event in engine.stream(listed) if event.type == "delta")
    assert engine.complete(listed).text == '{"mood": "good"}'
    assert materialize_response(ScriptedEngine('{"mood": "good"}').stream(listed), listed).text is None


class Slow(ScriptedEngine):
    """Take a moment for each reply, so that a second call comes while the first is under way."""

    def complete(self, request):
        time.sleep(0.2)
        return super().complete(request)


def test_threads_that_miss_the_same_prompt_ask_once(folder):
    """Six threads get one reply, from one call, and the file holds the reply that they got."""
    live = Slow(*(f"Blue {number}." for number in range(6)))
    engine = ReplayEngine(live, Recordings(folder, folder / "01.jsonl"))
    with ThreadPoolExecutor(6) as threads:
        replies = [response.message.text for response in threads.map(engine.complete, [SKY] * 6)]
    assert replies == ["Blue 0."] * 6
    assert len(live.requests) == 1
    assert ReplayEngine(None, Recordings(folder)).complete(SKY).message.text == "Blue 0."


def test_awaited_calls_that_miss_the_same_prompt_ask_once(folder):
    """The same holds for calls that are awaited side by side, and for a stream beside them."""
    live = Slow("Blue.", "Grey.", "Red.")
    engine = ReplayEngine(live, Recordings(folder))

    async def together():
        asked = [ThreadedEngine(engine).complete(SKY) for _ in range(3)]
        return [response.message.text for response in await asyncio.gather(*asked)]

    assert asyncio.run(together()) == ["Blue."] * 3
    assert len(live.requests) == 1
    streamed = [event.delta.text for event in engine.stream(SKY) if event.type == "delta"]
    assert "".join(streamed) == "Blue."


def test_other_prompts_do_not_wait(folder):
    """Two different prompts that miss are asked side by side."""
    engine = ReplayEngine(Slow("Blue."), Recordings(folder))
    started = time.perf_counter()
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(engine.complete, [replace(SKY, system=str(number)) for number in range(8)]))
    assert time.perf_counter() - started < 8 * 0.2


def test_the_first_of_two_replies_stays(folder):
    """Memory and file hold the same reply, so the answer is the same after a restart."""
    known = Recordings(folder, folder / "01.jsonl")
    events = [ReplayEngine(ScriptedEngine(reply), known).stream(SKY) for reply in ("Blue.", "Grey.")]
    for stream in events:
        next(stream)
    for stream in events:
        list(stream)
    for recordings_ in (known, Recordings(folder)):
        assert ReplayEngine(None, recordings_).complete(SKY).message.text == "Blue."


def test_other_bounds_are_another_question(folder):
    """A pattern is in no request; a reply to one program is no reply to a program with another pattern."""
    engine = ReplayEngine(live := ScriptedEngine('{"code": "AB-1"}', '{"code": "12345"}'), Recordings(folder))
    engine.holds_bounds = True
    codes = []
    for pattern in ("^[A-Z]{2}-[0-9]$", "^[0-9]{5}$", "^[A-Z]{2}-[0-9]$", "^[0-9]{5}$"):
        fields = {"text": (str, dspy.InputField()), "code": (str, dspy.OutputField(pattern=pattern))}
        with dspy.context(lm=lm_of(engine), adapter=dspy.JSONAdapter()):
            codes.append(dspy.Predict(dspy.Signature(fields))(text="AB-1, 12345").code)
    assert codes == ["AB-1", "12345"] * 2
    assert len(live.requests) == 2
