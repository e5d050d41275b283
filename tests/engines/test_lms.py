"""An engine of your own becomes a `dspy.LM`, with recordings or without."""

import dspy
from scripted import ScriptedEngine

from kit.engines import lm_for
from kit.engines.recordings import Recordings


def test_an_engine_of_your_own_answers():
    """Without recordings every call reaches the engine; model and options are those given."""
    engine = ScriptedEngine("Blue.", "Grey.")
    lm = lm_for(engine, model="mine/sky", temperature=0.0)
    assert [lm("Sky?")[0] for _ in range(2)] == ["Blue.", "Grey."]
    assert (lm.model, engine.requests[0].config.temperature) == ("mine/sky", 0.0)


def test_recordings_answer_first(tmp_path):
    """A reply is kept, and the same prompt asks no engine again, not even in a new process."""
    recordings = Recordings(tmp_path, tmp_path / "01.jsonl")
    assert lm_for(ScriptedEngine("Blue."), recordings)("Sky?") == ["Blue."]
    again = lm_for(ScriptedEngine("Grey."), Recordings(tmp_path))
    assert again("Sky?") == ["Blue."]
    assert again.history[-1]["response"].provider_data["source"] == "replayed"


def test_each_rollout_has_a_recording_of_its_own(tmp_path):
    """BestOfN asks the same question under several ids and gets several replies."""
    lm = lm_for(ScriptedEngine("Blue.", "Grey."), Recordings(tmp_path), temperature=1.0)
    ask = dspy.Predict("question -> answer")
    with dspy.context(lm=lm, adapter=dspy.ChatAdapter()):
        engine = lm.engine.live
        engine.replies = ["[[ ## answer ## ]]\nBlue.", "[[ ## answer ## ]]\nGrey."]
        answers = [ask(question="Sky?", config={"rollout_id": number}).answer for number in (1, 2)]
    assert answers == ["Blue.", "Grey."]
