"""The usage table adds up what was computed, replayed and cached, and charges only for the first."""

import dspy
import pytest
from dspy.lm15 import Message, Request
from scripted import ScriptedEngine

import kit
from kit.engines.hosted import HostedEngine
from kit.engines.recordings import Recordings
from kit.engines.replay import ReplayEngine
from kit.engines.usage import Call, Usage, usage

CALLS = [
    Call("openai/large", "live", 1000, 200, 2.5, 0.008),
    Call("offline/small", "replayed", 100, 20, 1.25, 0.0),
    Call("offline/small", "replayed", 300, 40, 1.5, 0.0),
]


def lm_of(engine, name="test/model", **options):
    return dspy.LM(name, engine=engine, num_retries=0, **options)


def test_a_row_for_each_model_and_source():
    """Calls of one model and source are added up, and a last row adds up all."""
    assert repr(Usage(CALLS)).splitlines() == [
        "model          answered by  calls  tokens in  tokens out  seconds  dollars",
        "offline/small  replayed         2        400          60      2.8   0.0000",
        "openai/large   live             1      1,000         200      2.5   0.0080",
        "all                             3      1,400         260      5.2   0.0080",
    ]


def test_one_row_needs_no_sum():
    """A single row is its own total."""
    assert len(repr(Usage(CALLS[:1])).splitlines()) == 2


def test_no_calls_are_a_table_too():
    """Before the first call the table is there, with zeros."""
    assert repr(usage([])).splitlines()[1].split() == ["all", "0", "0", "0", "0.0", "0.0000"]


def test_html_holds_the_same_numbers():
    """The notebook's table shows what the plain text shows."""
    assert '<td align="right">1,400</td>' in Usage(CALLS)._repr_html_()


def test_a_frame_has_a_row_for_each_call():
    """For plots and sums of one's own, the calls are a DataFrame."""
    frame = Usage(CALLS).to_frame()
    assert list(frame.columns)[:3] == ["model", "source", "input_tokens"]
    assert frame.groupby("model").input_tokens.sum().to_dict() == {"offline/small": 400, "openai/large": 1000}


def test_live_replayed_and_cached_are_told_apart(tmp_path):
    """The first call computes, the second replays, and one that DSPy's cache answers counts no tokens."""
    engine = ReplayEngine(ScriptedEngine("Blue as ever."), Recordings(tmp_path))
    lm = lm_of(engine)
    for cache in (False, False, True, True):
        lm("What colour is the sky?", cache=cache)
    found = usage(lm.history).calls
    assert [call.source for call in found] == ["live", "replayed", "replayed", "cached"]
    assert [(call.input_tokens, call.output_tokens, call.seconds) for call in found] == [
        (5, 3, 0.5),
        (5, 3, 0.5),
        (5, 3, 0.5),
        (0, 0, 0.0),
    ]


def test_the_kernels_calls_are_the_default():
    """Without a history, every LM of the kernel counts."""
    for name in ("test/one", "test/two"):
        lm_of(ScriptedEngine("Blue."), name, cache=False)("Sky?")
    assert [call.model for call in kit.usage().calls] == ["test/one", "test/two"]


def test_all_replies_of_one_call_take_time(tmp_path):
    """With n=3 the seconds of all three replies count."""
    lm = lm_of(ReplayEngine(ScriptedEngine("Blue."), Recordings(tmp_path)), cache=False)
    lm("Sky?", n=3)
    assert usage(lm.history).calls[0].seconds == pytest.approx(1.5)


def test_list_prices_fill_in_for_dspy(tmp_path):
    """DSPy prices no custom engine: a recorded model's live call costs the list price, a replay nothing."""
    plain = dspy.LM("openai/gpt-5.6-luna", engine=ScriptedEngine("Blue."))
    lm = lm_of(ReplayEngine(HostedEngine(plain), Recordings(tmp_path)), "openai/gpt-5.6-luna", cache=False)
    question = Request("openai/gpt-5.6-luna", (Message.user("sky " * 1000),))
    lm(question)
    lm(question)
    live, replayed = usage(lm.history).calls
    assert live.cost_usd == pytest.approx((1000 * 0.20 + 1 * 1.20) / 1e6)
    assert replayed.cost_usd == 0.0


def test_unknown_prices_are_zero():
    """A model without a price, like the offline ones, costs nothing."""
    lm = lm_of(ScriptedEngine("Blue."), cache=False)
    lm("Sky?")
    assert usage(lm.history).calls[0].cost_usd == 0.0
