"""A hosted model behind the recordings: asked once, in its own name, and counted once."""

import asyncio

import dspy
from dspy.lm15 import Message, Request
from dspy.utils.callback import BaseCallback
from scripted import ScriptedEngine

from kit.engines.hosted import HostedEngine
from kit.engines.recordings import Recordings
from kit.engines.replay import ReplayEngine, Rollouts
from kit.engines.threaded import ThreadedEngine

SKY = Request("test/hosted", (Message.user("What colour is the sky?"),))


class Calls(BaseCallback):
    """Count the calls that callbacks get to see."""

    def __init__(self):
        self.count = 0

    def on_lm_start(self, call_id, instance, inputs):
        self.count += 1


def hosted(*replies):
    return dspy.LM("test/hosted", engine=ScriptedEngine(*replies), num_retries=0)


def recorded_lm(plain, folder):
    engine = ReplayEngine(HostedEngine(plain), Recordings(folder), capabilities=plain)
    options = {"cache": False, "num_retries": 0, "callbacks": [Rollouts()]}
    return dspy.LM("test/hosted", engine=engine, async_engine=ThreadedEngine(engine), **options)


def test_the_providers_reply_comes_with_its_seconds():
    """Text and tokens are the provider's; the time is measured here."""
    response = HostedEngine(hosted("Blue.")).complete(SKY)
    assert response.message.text == "Blue."
    assert response.usage.input_tokens == 5
    assert response.provider_data["seconds"] >= 0


def test_dspys_cache_is_passed_by():
    """A second request reaches the provider again: what is remembered, the recordings remember."""
    engine = HostedEngine(hosted("Blue.", "Grey."))
    assert [engine.complete(SKY).message.text for _ in range(2)] == ["Blue.", "Grey."]


def test_a_call_is_counted_once(tmp_path):
    """History, usage and callbacks see one call, not the recorder's and the provider's."""
    plain, calls = hosted("Blue."), Calls()
    lm = recorded_lm(plain, tmp_path)
    with dspy.context(lm=lm, callbacks=[calls]), dspy.track_usage() as tracker:
        lm("Sky?")
    assert calls.count == len(lm.history) == 1
    assert plain.history == []
    assert tracker.get_total_tokens()["test/hosted"]["prompt_tokens"] == 1


def test_a_stream_is_sent_once(tmp_path):
    """Under dspy.streamify the reply arrives once, from the recording engine alone."""
    lm = recorded_lm(hosted('{"answer": "Blue."}'), tmp_path)
    ask = dspy.streamify(dspy.Predict("question -> answer"))

    async def listen():
        with dspy.context(lm=lm, adapter=dspy.JSONAdapter()):
            return [chunk async for chunk in ask(question="Sky?")]

    *pieces, prediction = asyncio.run(listen())
    assert prediction.answer == "Blue."
    assert str(pieces).count("Blue.") == 1
