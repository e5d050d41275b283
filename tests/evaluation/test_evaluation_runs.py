"""Each optimizer's candidates are read off the program that it returns, with what a cap counted."""

import json

import dspy
import optimizing
import pytest
from optimizing import TRAIN, VAL, Sort, configure, same_label

from kit.evaluation import budget, runs


def ran(optimizer, *, capped=True, **arguments):
    """Return the history of a real run."""
    student = dspy.Predict(Sort)
    with budget.cap() as spent:
        compiled = optimizer.compile(student, **arguments)
    return runs.history_of(compiled, optimizer, student, spent=spent if capped else None, **arguments)


def test_gepas_candidates_have_parents_and_scores_by_row():
    """The seed has none; a child's score is known after its own validation."""
    configure()
    run = ran(optimizing.gepa(), trainset=TRAIN, valset=VAL)
    assert [one.parents for one in run.candidates][:2] == [[], [0]]
    assert run.seed.calls == len(VAL) == len(run.seed.scores)
    assert run.best.score == 10 * sum(run.best.scores) > run.seed.score
    assert run.seed.calls < run.best.calls <= run.calls
    assert run.models == {"task": "test/small", "writer": "test/large"}


def test_without_a_cap_gepa_counts_runs_of_the_program():
    """DSPy's own count stands in, and the run says so."""
    configure()
    run = ran(optimizing.gepa(), capped=False, trainset=TRAIN, valset=VAL)
    assert run.counted == "runs of the program"
    assert (run.calls, run.seed.calls) == (None, 10)


@pytest.mark.parametrize("make", [optimizing.mipro, optimizing.random_search])
def test_what_a_cap_saw_on_all_rows_is_a_candidate(make):
    """Each program is there once, in the order in which it was tried; the best of them won."""
    configure()
    trials = {"num_trials": 6, "minibatch": False} if make is optimizing.mipro else {}
    run = ran(make(), trainset=TRAIN, valset=VAL, **trials)
    assert run.seed.instructions == {"self": "Sort it."}
    assert {one.rows for one in run.candidates} == {10}
    assert run.best.score == max(one.score for one in run.candidates)
    calls = [one.calls for one in run.candidates]
    assert calls == sorted(calls)
    texts = [json.dumps([one.instructions, one.demos]) for one in run.candidates]
    assert len(texts) == len(set(texts)) > 2


def test_demos_alone_make_two_candidates():
    """LabeledFewShot evaluates nothing: before and after, without scores."""
    optimizer, student = dspy.LabeledFewShot(k=3), dspy.Predict(Sort)
    compiled = optimizer.compile(student, trainset=TRAIN)
    run = runs.history_of(compiled, optimizer, student, trainset=TRAIN)
    assert [(one.score, len(one.demos.get("self", [])), one.won) for one in run.candidates] == [
        (None, 0, False),
        (None, 3, True),
    ]
    assert run.settings == {"k": 3}


def test_evaluations_inside_the_cap_give_the_scores():
    """Evaluate before and after inside the cap, and a bootstrapped program has its scores, row by row."""
    configure()
    optimizer, student = optimizing.bootstrap(), dspy.Predict(Sort)
    evaluate = dspy.Evaluate(devset=VAL, metric=same_label, num_threads=1)
    with budget.cap() as spent:
        evaluate(student)
        compiled = optimizer.compile(student, trainset=TRAIN)
        evaluate(compiled)
    run = runs.history_of(compiled, optimizer, student, trainset=TRAIN, valset=VAL, spent=spent)
    assert [one.score for one in run.candidates] == [one.score for one in spent.evaluations]
    assert [one.calls for one in run.candidates] == [10, spent.calls]
    assert len(run.best.scores) == 10


def test_a_run_that_was_cut_has_a_history():
    """What was evaluated until then is kept, with the best of it as the winner."""
    configure()
    optimizer, student = optimizing.random_search(), dspy.Predict(Sort)
    with pytest.raises(budget.OverBudget), budget.cap(calls=40) as spent:
        optimizer.compile(student, trainset=TRAIN, valset=VAL)
    run = runs.history_of(spent.best.program, optimizer, student, trainset=TRAIN, valset=VAL, spent=spent)
    assert len(run.candidates) == 3
    assert run.best.score == spent.best.score
    assert run.calls == 40


def test_settings_hold_what_a_reader_can_repeat(tmp_path):
    """Numbers and names, the metric's too; no folder, no key, no model's settings."""
    configure()
    optimizer = optimizing.gepa(log_dir=str(tmp_path), wandb_api_key="0123456789")
    student = dspy.Predict(Sort)
    settings = runs.history_of(student, optimizer, student, trainset=TRAIN).settings
    assert (settings["metric"], settings["max_metric_calls"]) == ("same_label", 70)
    assert not {"log_dir", "wandb_api_key", "reflection_lm"} & set(settings)
