"""A hosted model behind the recordings: asked once, in its own name, and counted once."""

import asyncio

import dspy
import pytest
from dspy.lm15 import Message, Request
from dspy.utils.callback import BaseCallback
from scripted import ScriptedEngine

from kit.engines import lms, models
from kit.engines.hosted import HostedEngine
from kit.engines.lms import ProjectEngine
from kit.engines.recordings import Recordings
from kit.engines.replay import Rollouts
from kit.engines.threaded import ThreadedEngine

KEY = "sk-test-0123456789abcdef"
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
    engine = ProjectEngine(HostedEngine(plain), Recordings(folder), capabilities=plain)
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


class TestSaved:
    """A program pinned to a recorded hosted model can be saved, and loads again."""

    @pytest.fixture(autouse=True)
    def profile(self, monkeypatch):
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        models.replies_folder("openai").mkdir(parents=True)  # so that the profile records

    def loaded(self, lm, tmp_path):
        program = dspy.Predict("question -> answer")
        program.set_lm(lm)
        program.save(tmp_path / "program.json")
        assert KEY not in (tmp_path / "program.json").read_text()
        again = dspy.Predict("question -> answer")
        again.load(tmp_path / "program.json", allow_unsafe_lm_state=True)
        return again.lm

    def test_a_profiles_model(self, tmp_path):
        """The file names model and profile; key and address come from where it is loaded."""
        lm = self.loaded(lms.lm("large", profile="openai"), tmp_path)
        assert isinstance(lm.engine, ProjectEngine)
        assert isinstance(lm._async_engine_spec, ThreadedEngine)
        assert (lm.engine.live.lm.model, lm.engine.live.profile) == ("openai/gpt-5.6-sol", "openai")
        assert lm.engine.live.lm.kwargs["api_key"] == KEY
        assert lm.engine.live.lm.refuses == {"caps", "sampling", "tools"}

    def test_a_model_of_ones_own(self, tmp_path):
        """Without a profile, the provider's own variables are what a loaded model asks with."""
        lm = self.loaded(recorded_lm(dspy.LM("openai/gpt-4.1", api_key=KEY), tmp_path), tmp_path)
        assert (lm.engine.live.lm.model, lm.engine.live.profile) == ("openai/gpt-4.1", None)

    def test_recordings_alone(self, tmp_path):
        """An engine with nobody live behind it is saved as that."""
        engine = ProjectEngine(None, Recordings(tmp_path))
        lm = dspy.LM("test/none", engine=engine, async_engine=ThreadedEngine(engine))
        assert self.loaded(lm, tmp_path).engine.live is None

    def test_without_the_key(self, tmp_path, monkeypatch):
        """Where the key is missing, loading says which one it is."""
        lm = lms.lm("large", profile="openai")
        monkeypatch.delenv("OPENAI_API_KEY")
        with pytest.raises(models.MissingKey, match="OPENAI_API_KEY is not set"):
            ProjectEngine.load_state(lm.engine.dump_state())
