"""A cap stops every optimizer; a run that was cut pays nothing twice."""

import contextlib
import logging
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import dspy
import optimizing
import orjson
import pytest
from optimizing import ROWS, TRAIN, VAL, RuledEngine, Sort, configure, replayed, same_label

from kit.engines import models
from kit.evaluation import budget

OPTIMIZERS = {
    "bootstrap": (optimizing.bootstrap, {"trainset": TRAIN}),
    "random search": (optimizing.random_search, {"trainset": TRAIN, "valset": VAL}),
    "mipro": (optimizing.mipro, {"trainset": TRAIN, "valset": VAL, "num_trials": 6, "minibatch": False}),
    "gepa": (optimizing.gepa, {"trainset": TRAIN, "valset": VAL}),
}
FOUR = ["bootstrap", "mipro", "gepa", "random search"]


def optimizer_of(name, **options):
    make, arguments = OPTIMIZERS[name]
    return make(**options), arguments


def ask_for(rows):
    for row in rows:
        dspy.Predict(Sort)(**row.inputs())


@pytest.mark.parametrize(
    ("options", "calls", "said"),
    [({"max_metric_calls": 10}, None, "budget of 10 metric calls"), ({}, 15, "cap of 15 calls")],
)
def test_a_search_that_leads_nowhere_is_not_started(options, calls, said):
    """Ten rows score the program given; what is left could not score another one."""
    engine = RuledEngine()
    configure(engine)
    optimizer, arguments = optimizer_of("gepa", **options)
    with pytest.raises(budget.TooSmall, match=f"Not started.*{said} is too small"), budget.cap(calls=calls):
        optimizer.compile(dspy.Predict(Sort), **arguments)
    assert engine.requests == []


@pytest.mark.parametrize("threads", [1, 4])
@pytest.mark.parametrize("name", FOUR)
def test_a_cap_stops_every_optimizer(name, threads):
    """No `except Exception` holds it, in no thread, and not one call more is made."""
    if name == "bootstrap":
        calls, options = 2, {}
    else:
        calls, options = 37, {"num_threads": threads}
    engine = RuledEngine()
    configure(engine)
    optimizer, arguments = optimizer_of(name, **options)
    with (
        pytest.raises(budget.OverBudget, match=f"{calls} of {calls} calls"),
        budget.cap(calls=calls) as spent,
    ):
        optimizer.compile(dspy.Predict(Sort), **arguments)
    assert len(engine.requests) == spent.calls == len(spent.answered) == calls


def test_a_stop_says_what_is_kept_and_how_to_go_on(tmp_path):
    """The message counts, names the place of the replies and the best program, and gives the next step."""
    configure(replayed(tmp_path))
    optimizer, arguments = optimizer_of("gepa")
    with pytest.raises(budget.OverBudget) as stop, budget.cap(calls=40) as spent:
        optimizer.compile(dspy.Predict(Sort), **arguments)
    assert str(stop.value).startswith("Stopped at the cap. Spent: 40 of 40 calls")
    assert "replies of test/small in this kernel's memory" in str(stop.value)
    assert f"Best so far: {spent.best.score} over 10 rows" in str(stop.value)
    assert "raise the cap and run the same cell again" in str(stop.value)
    assert spent.best.program.signature.instructions != "Sort it."


def test_where_nothing_is_kept_it_says_so(tmp_path):
    """A model without cache and without recordings would be asked again; DSPy's cache keeps replies."""
    for cache, where in [(False, "nowhere"), (True, "in DSPy's cache")]:
        configure(cache=cache)
        with pytest.raises(budget.OverBudget, match=where), budget.cap(calls=1):
            ask_for(ROWS[:2])


@pytest.mark.parametrize("limit", [{"tokens": 100}, {"usd": 0.00003, "prices": "openai"}, {"minutes": 0.05}])
def test_tokens_dollars_and_minutes_are_capped(limit, tmp_path):
    """A limit is looked at before each call; replayed replies count what they once took."""
    configure(replayed(tmp_path), name="offline/qwen2.5-coder-0.5b")
    ask_for(ROWS[:20])
    with pytest.raises(budget.OverBudget), budget.cap(**limit) as spent:
        ask_for(ROWS[:20])
    (name,) = spent.limits
    assert getattr(spent, name) >= spent.limits[name]
    assert 1 < spent.calls < 20
    assert {call.source for call in spent.answered} == {"replayed"}


def test_without_limits_nothing_is_stopped():
    """A cap without limits only counts, and what it counted is shown as usage is."""
    configure()
    with budget.cap() as spent:
        dspy.Predict(Sort)(text="Parcel 1")
    assert spent.title.startswith("1 calls, 2")
    assert "test/small" in repr(spent)
    assert "test/small" in spent._repr_html_()


def test_crashed_rows_make_no_best():
    """A score of NaN is beaten by any number, and is no best when it stands alone."""
    good, bad = (budget.Evaluated(score, [1.0], 1, None) for score in (50.0, float("nan")))
    assert budget.Spent({}, evaluations=[bad, good]).best is good
    assert budget.Spent({}, evaluations=[bad]).best is None


def test_calls_before_and_after_are_not_counted():
    """Only what runs inside the block is."""
    configure()
    ask_for(ROWS[:2])
    with budget.cap() as spent:
        ask_for(ROWS[2:5])
    ask_for(ROWS[5:9])
    assert (spent.calls, len(spent.answered)) == (3, 3)


def test_an_unknown_price_list_is_refused():
    """A typo is answered with the valid profiles, before anything runs."""
    with pytest.raises(ValueError, match=r"Unknown profile 'opnai'.*openai"), budget.cap(prices="opnai"):
        pass


def test_the_outer_of_two_caps_stops_the_inner_block_too():
    """A small cap around a large one is not held up by it."""
    configure()
    ended = []

    def inner():
        with budget.cap(calls=10):
            ask_for(ROWS[:5])
        ended.append("as if nothing had been")

    with pytest.raises(budget.OverBudget, match="2 of 2 calls"), budget.cap(calls=2):
        inner()
    assert ended == []


class Own(dspy.teleprompt.Teleprompter):
    """An optimizer of somebody's own."""

    def compile(self, student, *, trainset):
        dspy.Evaluate(devset=trainset, metric=same_label, num_threads=1, display_progress=False)(student)
        return student


def test_an_optimizer_of_ones_own_is_capped_all_the_same(caplog):
    """Whatever asks is counted and stopped, and nothing is logged about it."""
    configure()
    with pytest.raises(budget.OverBudget), budget.cap(calls=3) as spent:
        Own().compile(dspy.Predict(Sort), trainset=TRAIN)
    assert spent.calls == 3
    assert "callback" not in caplog.text


class InterruptedEngine(RuledEngine):
    """Someone presses Ctrl-C in the middle."""

    def complete(self, request):
        if len(self.requests) == 30:
            self.requests.append(request)
            signal.raise_signal(signal.SIGINT)
        return super().complete(request)


@pytest.mark.parametrize("threads", [1, 4])
def test_ctrl_c_goes_through_and_loses_nothing(threads, tmp_path, caplog):
    """The optimizer ends, a notice says what is kept, and every reply that came is in the file."""
    engine = replayed(tmp_path)
    engine.live = InterruptedEngine()
    configure(engine)
    optimizer, arguments = optimizer_of("gepa", num_threads=threads)
    kept = tmp_path / "kept.replies"
    with (
        caplog.at_level(logging.INFO, "kit"),
        pytest.raises(KeyboardInterrupt),
        budget.cap(keep=kept) as spent,
    ):
        optimizer.compile(dspy.Predict(Sort), **arguments)
    assert spent.calls >= 30
    assert len(kept.read_bytes().splitlines()) >= len(spent.answered) - repeats(spent) >= 30
    assert f"Interrupted. Spent: {spent.calls} calls" in caplog.text


def repeats(spent):
    return sum(call.source == "replayed" for call in spent.answered)


def test_two_models_keep_to_one_file_and_no_reply_twice(tmp_path):
    """Task and reflection model share recordings: a line for each reply."""
    configure(replayed(tmp_path / "replies"))
    optimizer, arguments = optimizer_of("gepa")
    kept = tmp_path / "gepa.replies.jsonl"
    with budget.cap(keep=kept):
        optimizer.compile(dspy.Predict(Sort), **arguments)
    lines = [orjson.loads(line) for line in kept.read_bytes().splitlines()]
    assert {line["model"] for line in lines} == {"test/small", "test/large"}
    assert len({line["key"] for line in lines}) == len(lines)


def test_a_recording_run_writes_no_second_file(tmp_path):
    """Where replies are recorded anyway, they stay in that one file."""
    engine = replayed(tmp_path / "replies")
    engine.recordings.record_to = tmp_path / "10.jsonl.part"
    configure(engine)
    with budget.cap(keep=tmp_path / "kept.jsonl"):
        dspy.Predict(Sort)(text="Parcel 1")
    assert not (tmp_path / "kept.jsonl").exists()
    assert (tmp_path / "10.jsonl.part").exists()


RESUMED = """
import sys
import dspy
import optimizing
from kit.evaluation import budget
import test_budget

log, folder, *caps = sys.argv[1:]
for name, calls in zip(["mipro", "gepa"], map(int, caps)):
    optimizing.configure(optimizing.replayed(f"{folder}/none", log + name))
    optimizer, arguments = test_budget.optimizer_of(name)
    try:
        with budget.cap(calls=calls, keep=f"{folder}/{name}.replies.jsonl"):
            program = optimizer.compile(dspy.Predict(optimizing.Sort), **arguments)
    except budget.OverBudget:
        continue
    program.save(f"{folder}/{name}.json")
"""


def in_a_fresh_process(tmp_path, *caps):
    path = os.pathsep.join(str(Path(__file__).parents[up]) for up in (0, 1, 2))
    command = [sys.executable, "-c", RESUMED, str(tmp_path / "log_"), str(tmp_path), *map(str, caps)]
    environment = os.environ | {"PYTHONPATH": path, "PYTHONHASHSEED": str(caps[0])}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_run_that_was_cut_pays_nothing_twice(tmp_path):
    """Cut at a random call and run again in a fresh process, MIPROv2 and GEPA ask no prompt again.

    They also end with the program that an uninterrupted run ends with.
    """
    cuts = random.Random().sample(range(36, 60), 2)
    in_a_fresh_process(tmp_path, *cuts)
    before = [(tmp_path / f"log_{name}").read_text(encoding="utf-8").split() for name in ("mipro", "gepa")]
    in_a_fresh_process(tmp_path, 999, 999)
    for name, first in zip(("mipro", "gepa"), before, strict=True):
        asked = (tmp_path / f"log_{name}").read_text(encoding="utf-8").split()
        assert len(asked) > len(first) > 0
        assert len(asked) == len(set(asked)), f"asked again after a cut at one of {cuts}"
        configure(replayed(tmp_path / "none"))
        optimizer, arguments = optimizer_of(name)
        whole = optimizer.compile(dspy.Predict(Sort), **arguments)
        cut = dspy.Predict(Sort)
        cut.load(tmp_path / f"{name}.json")
        assert cut.dump_state() == whole.dump_state()


@pytest.mark.parametrize("name", ["mipro", "gepa"])
def test_dspys_cache_keeps_a_hosted_run(name, tmp_path):
    """With cache=True, as hosted models have it, a run that was cut asks nothing again either."""
    dspy.configure_cache(disk_cache_dir=tmp_path, enable_memory_cache=False)
    asked = []
    for calls in (random.Random().randrange(36, 60), 999):
        engine = RuledEngine()
        configure(engine, cache=True)
        optimizer, arguments = optimizer_of(name)
        with contextlib.suppress(budget.OverBudget), budget.cap(calls=calls):
            optimizer.compile(dspy.Predict(Sort), **arguments)
        asked.append({str(request) for request in engine.requests})
    assert asked[0]
    assert asked[1]
    assert not asked[0] & asked[1]


def test_offline_tokens_have_a_hosted_price():
    """A role's price in another profile stands in for a model that costs nothing."""
    assert models.list_price("offline/qwen2.5-coder-1.5b", "anthropic") == (2.0, 10.0)
