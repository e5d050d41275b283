"""Many live calls need a yes, every live reply is marked, and a no costs nothing that was answered."""

import copy
import os
import pickle
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import dspy
import pandas
import pytest
from distributed import LocalCluster
from dspy.teleprompt import InferRules, Teleprompter
from scripted import ScriptedEngine

from kit import batch
from kit.engines import live, lms
from kit.engines.live import NotConfirmed
from kit.engines.recordings import Recordings
from kit.engines.replay import NoRecording, ReplayEngine, Rollouts

TESTS = Path(__file__).parents[1]


class Counting(ScriptedEngine):
    """Takes a moment for each call, so that threads overlap, and counts the calls."""

    def __init__(self, *replies):
        super().__init__(*(replies or ['{"stars": 3}']))

    def complete(self, request):
        time.sleep(0.005)
        return super().complete(request)

    @property
    def calls(self):
        return len(self.requests)


class TwoSteps(dspy.Module):
    def __init__(self):
        self.first = self.second = dspy.Predict("text -> stars: int")
        self.second = dspy.Predict("text, hint: int -> stars: int")

    def forward(self, text):
        return self.second(text=text, hint=self.first(text=text).stars)


def right(example, prediction, trace=None):
    return prediction.stars == example.stars


def rows(count, name="row"):
    return [dspy.Example(text=f"{name} {number}", stars=3).with_inputs("text") for number in range(count)]


def evaluate(count, name="row", threads=4):
    return dspy.Evaluate(devset=rows(count, name), metric=right, num_threads=threads, display_progress=False)


@pytest.fixture
def asked(monkeypatch):
    """Note the questions, and answer them from a list; an empty list is nobody to ask."""
    monkeypatch.delenv("KIT_LIVE", raising=False)

    class Asked(list):
        def __call__(self, question, wanted):
            assert wanted()
            self.append(question)
            time.sleep(0.05)  # others arrive meanwhile
            return self.answers.pop(0) if self.answers else None

    asking = Asked()
    asking.answers = []
    monkeypatch.setattr(live, "ask", asking)
    return asking


@pytest.fixture
def engine(tmp_path):
    """Configure a recorded model that answers by a scripted engine, and return that engine."""
    engine = Counting()
    replay = ReplayEngine(engine, Recordings(tmp_path))
    lm = dspy.LM("test/model", engine=replay, cache=False, callbacks=[Rollouts()], num_retries=0)
    dspy.configure(lm=lm, adapter=dspy.JSONAdapter())
    return engine


@pytest.fixture
def hosted(asked, monkeypatch):
    """Return a hosted model as kit.lm makes it, answered by a scripted engine behind DSPy's cache."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-local")
    dspy.configure_cache(enable_disk_cache=False, enable_memory_cache=True)
    lm = lms.lm("small", profile="openai")
    scripted = dspy.LM(lm.model, engine=Counting(), cache=True, callbacks=lm.callbacks)
    dspy.configure(lm=scripted, adapter=dspy.JSONAdapter())
    return scripted.engine


@pytest.mark.parametrize("threads", [1, 4, 16])
def test_an_evaluate_of_many_rows_needs_a_yes_before_its_first_prompt(asked, engine, threads):
    """Where nobody can be asked, nothing is sent; the error says what was to come and which setting."""
    with pytest.raises(NotConfirmed) as stopped:
        evaluate(50, threads=threads)(dspy.Predict("text -> stars: int"))
    time.sleep(0.2)  # what stood in the queue
    assert (engine.calls, len(asked)) == (0, 1)
    assert str(stopped.value).startswith(
        "dspy.Evaluate on 50 rows wants to send prompts that have no recorded reply: up to 50 calls"
    )
    assert "KIT_LIVE=yes" in str(stopped.value)


def test_the_question_tells_time_by_earlier_replies(asked, engine, monkeypatch):
    """What one call took by hand tells what fifty will take."""
    quick = Counting.complete
    noted = {"provider_data": {"seconds": 0.4}}
    monkeypatch.setattr(Counting, "complete", lambda self, request: replace(quick(self, request), **noted))
    dspy.Predict("text -> stars: int")(text="by hand")
    with pytest.raises(NotConfirmed, match=r"up to 50 calls, about 20 seconds\. Stopped"):
        evaluate(50)(dspy.Predict("text -> stars: int"))


def test_twenty_prompts_are_no_question(asked, engine):
    """A small set is scored at once, and so is a program called by hand, however often."""
    assert evaluate(20)(dspy.Predict("text -> stars: int")).score == 100
    for row in rows(30, "by hand"):
        dspy.Predict("text -> stars: int")(**row.inputs())
    assert (engine.calls, asked) == (50, [])


def test_recorded_replies_do_not_count(asked, engine):
    """What was answered once is replayed, so a stop loses nothing; and a few missing rows are no question."""
    program = dspy.Predict("text -> stars: int")
    for sitting in (1, 2):
        asked.answers = ["20", "no"]
        with pytest.raises(NotConfirmed, match="The 20 replies that came are kept"):
            evaluate(50)(program)
        assert (engine.calls, len(asked)) == (20 * sitting, 2 * sitting)
    assert evaluate(50)(program).score == 100
    assert (engine.calls, len(asked)) == (50, 4)


def test_a_yes_holds_to_the_end_of_the_run(asked, engine):
    """Threads that arrive together ask once; the next Evaluate asks again."""
    asked.answers = ["yes", " Y "]
    for sitting in (1, 2):
        assert evaluate(60, f"sitting {sitting}", threads=16)(dspy.Predict("text -> stars: int")).score == 100
        assert (len(asked), engine.calls) == (sitting, 60 * sitting)


def test_a_few_more_can_be_allowed(asked, engine):
    """A number lets so many calls through, then asks again; a no stops all."""
    asked.answers = ["4", "no"]
    with pytest.raises(NotConfirmed, match=r"has sent 4 prompts .* Stopped, because the answer was 'no'"):
        evaluate(50)(dspy.Predict("text -> stars: int"))
    assert (len(asked), engine.calls) == (2, 4)


def test_two_predictors_are_two_calls_a_row(asked, engine):
    """The estimate counts what a program has inside."""
    with pytest.raises(NotConfirmed, match=r"on 30 rows wants to send .* up to 60 calls"):
        evaluate(30, threads=1)(TwoSteps())


class Unplanned(Teleprompter):
    """An optimizer of somebody's own, which says to nobody how often it asks."""

    def compile(self, student, *, trainset):
        for row in trainset:
            student(**row.inputs())


@pytest.mark.parametrize(
    ("optimizer", "said", "calls"),
    [
        (dspy.BootstrapFewShot(metric=lambda *_: False), r"BootstrapFewShot\.compile .* up to \d+ calls", 0),
        (
            dspy.BootstrapRS(metric=lambda *_: False, num_candidate_programs=2, num_threads=4),
            r"RandomSearch\.compile .* up to \d+ calls",
            0,
        ),
        (
            dspy.GEPA(metric=lambda *_, **__: 0.0, max_metric_calls=70, reflection_lm=print),
            r"GEPA\.compile .* up to 122 calls",
            0,
        ),
        (dspy.COPRO(metric=right, breadth=2, depth=1), r"COPRO\.compile has sent 20 prompts", 20),
        (InferRules(metric=right, num_threads=4), r"InferRules\.compile has sent 20 prompts", 20),
        (Unplanned(), r"Unplanned\.compile has sent 20 prompts .* how many is not known", 20),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_optimizer_asks_once_for_all(asked, engine, optimizer, said, calls):
    """What it evaluates belongs to it: one question, and a no ends it though it would go on after errors."""
    options = {"eval_kwargs": {"num_threads": 4}} if isinstance(optimizer, dspy.COPRO) else {}
    engine.replies = [
        '{"stars": 3, "proposed_instruction": "Count.", "proposed_prefix_for_output_field": "", '
        '"reasoning": "Some.", "natural_language_rules": "Count."}'
    ]
    with pytest.raises(NotConfirmed, match=said):
        optimizer.compile(dspy.Predict("text -> stars: int"), trainset=rows(40), **options)
    time.sleep(0.2)
    assert (engine.calls, len(asked)) == (calls, 1)


def test_a_parallel_asks_too(asked, engine):
    """dspy.Parallel, and `batch` of a module, send no more than twenty without a yes."""
    program = dspy.Predict("text -> stars: int")
    with pytest.raises(NotConfirmed, match=r"dspy\.Parallel on 40 rows wants to send .* up to 40 calls"):
        program.batch(rows(40), num_threads=4, disable_progress_bar=True)
    assert (engine.calls, len(asked)) == (0, 1)
    assert len(program.batch(rows(20), disable_progress_bar=True)) == 20
    assert len(program.batch(rows(40), disable_progress_bar=True)) == 40  # 20 are known by now
    assert (engine.calls, len(asked)) == (40, 1)


def test_rows_that_cannot_be_looked_up_are_no_hindrance(asked, engine):
    """Rows of another form, or without an input, count as missing; what is wrong with them the run says."""
    asked.answers = ["yes"]
    pool = dspy.Parallel(disable_progress_bar=True, num_threads=2, max_errors=100)
    pairs = [(dspy.Predict("text -> stars: int"), (f"row {number}",)) for number in range(25)]
    pairs += [(dspy.Predict("text -> stars: int"), {"text": f"pair {number}"}) for number in range(25)]
    answers = pool(pairs)
    assert (len(asked), sum(answer is not None for answer in answers)) == (1, 25)


def test_a_program_with_a_model_of_its_own_is_looked_up_with_it(asked, engine, tmp_path):
    """Recorded replies of the pinned model count, those of the configured one do not."""
    program = dspy.ChainOfThought("text -> stars: int")
    engine.replies = ['{"reasoning": "So.", "stars": 3}']
    asked.answers = ["yes"]
    evaluate(30)(program)
    other = ReplayEngine(Counting('{"reasoning": "So.", "stars": 3}'), Recordings(tmp_path / "other"))
    with dspy.context(lm=dspy.LM("test/other", engine=other, cache=False)):
        pinned = program.deepcopy()
        pinned.set_lm(dspy.LM("test/model", engine=dspy.settings.lm.engine, cache=False))
        with pytest.raises(NotConfirmed, match="wants to send"):
            evaluate(30)(pinned)
    pinned.set_lm(dspy.LM("test/other", engine=other, cache=False))
    with pytest.raises(NotConfirmed, match="wants to send"):
        evaluate(30)(pinned)
    assert other.live.requests == []


def test_a_batch_asks_too(asked, engine, tmp_path):
    """kit.batch stops before its first prompt, keeps nothing as a failure, and goes on after a yes."""
    table = pandas.DataFrame({"text": [f"cell {number}" for number in range(30)]})
    options = {"inputs": ["text"], "to": tmp_path / "run", "threads": 4, "progress": False}
    program = dspy.Predict("text -> stars: int")
    with pytest.raises(batch.Stopped, match=r"kit\.batch on 30 rows wants to send .* up to 30 calls"):
        batch.run(program, table, **options)
    assert (engine.calls, len(asked)) == (0, 1)
    asked.answers = ["yes"]
    done = batch.run(program, table, **options)
    assert (len(done.results), len(done.failures), engine.calls, len(asked)) == (30, 0, 30, 2)


def test_a_batch_on_dask_workers_asks_too(asked, engine, tmp_path):
    """Workers in other processes cannot ask, so the batch asks before it sends them a row."""
    options = {"inputs": ["text"], "progress": False, "threads": 1}
    program = dspy.Predict("text -> stars: int")
    with LocalCluster(n_workers=1, processes=False, dashboard_address=":0") as workers:
        table = pandas.DataFrame({"text": [f"away {number}" for number in range(30)]})
        with pytest.raises(batch.Stopped, match=r"kit\.batch on 30 rows wants to send .* up to 30 calls"):
            batch.run(program, table, to=tmp_path / "many", scheduler=workers, **options)
        assert (engine.calls, len(asked)) == (0, 1)
        few = batch.run(program, table[:15], to=tmp_path / "few", scheduler=workers, **options)
        asked.answers = ["yes"]
        many = batch.run(program, table, to=tmp_path / "many", scheduler=workers, **options)
    assert (len(few.results), len(many.results), len(asked)) == (15, 30, 2)


def test_rows_for_other_processes_are_counted_by_those_without_a_recording(asked, engine):
    """A row whose reply is recorded is no live call; KIT_LIVE=never refuses the others."""
    program = dspy.Predict("text -> stars: int")
    program(text="known")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KIT_LIVE", "never")
        live.allow(program, {"text": "known"})
        with pytest.raises(NotConfirmed, match=r"KIT_LIVE is never, and test/model has no recorded reply"):
            live.allow(program, {"text": "unknown"})


class Pooled(dspy.Module):
    """Asks five times at once for each row, in a pool of its own."""

    def forward(self, text):
        ask = dspy.Predict("text -> stars: int")
        pool = dspy.Parallel(num_threads=4, disable_progress_bar=True)
        return pool([(ask, dspy.Example(text=f"{text}.{n}").with_inputs("text")) for n in range(5)])[0]


def test_a_no_stops_the_pools_inside_the_rows(asked, engine):
    """Rows that have pools of their own send nothing more behind a no."""
    for sitting in range(1, 4):
        asked.answers = ["20", "no"]
        with pytest.raises(NotConfirmed, match="on 60 rows"):
            evaluate(60, f"sitting {sitting}", threads=8)(Pooled())
        time.sleep(0.5)
        assert (engine.calls, len(asked)) == (20 * sitting, 2 * sitting)


class Relearning(dspy.Module):
    """Learns from three rows before each answer, as KNNFewShot does."""

    def forward(self, text):
        student = dspy.Predict("text -> stars: int")
        optimizer = dspy.BootstrapFewShot(metric=right, max_bootstrapped_demos=3)
        return optimizer.compile(student, trainset=rows(3, f"for {text}"))(text=text)


def in_threads(*runs):
    """Run each in a thread of its own, at the same time, and return their errors."""
    lm, adapter, errors = dspy.settings.lm, dspy.settings.adapter, []

    def attempt(run):
        with dspy.context(lm=lm, adapter=adapter):
            try:
                run()
            except NotConfirmed as error:
                errors.append(str(error))

    threads = [threading.Thread(target=attempt, args=[run]) for run in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


@pytest.mark.parametrize("program", [Relearning(), Pooled()], ids=lambda value: type(value).__name__)
def test_what_runs_inside_a_row_belongs_to_the_evaluate(asked, engine, program):
    """An optimizer or a pool in each row is no run of its own, in whichever thread the Evaluate waits."""
    (error,) = in_threads(lambda: evaluate(30, threads=4)(program))
    assert error.startswith("dspy.Evaluate on 30 rows wants to send")
    time.sleep(0.3)
    assert (engine.calls, len(asked)) == (0, 1)


def test_runs_at_the_same_time_are_counted_apart(asked, engine):
    """Two optimizers without a plan, each in a thread, are asked for after twenty prompts each."""
    first, second = (
        {"student": dspy.Predict("text -> stars: int"), "trainset": rows(60, name)} for name in "ab"
    )
    errors = in_threads(lambda: Unplanned().compile(**first), lambda: Unplanned().compile(**second))
    assert all("has sent 20 prompts" in error for error in errors)
    assert (len(errors), engine.calls, len(asked)) == (2, 40, 2)


@pytest.mark.parametrize("value", ["yes", "auto", "YES"])
def test_a_yes_can_be_set(asked, engine, monkeypatch, value):
    """With KIT_LIVE=yes nothing is asked."""
    monkeypatch.setenv("KIT_LIVE", value)
    assert evaluate(40)(dspy.Predict("text -> stars: int")).score == 100
    assert asked == []


def test_recording_asks_nothing(asked, engine, monkeypatch):
    """`kit record` runs lessons to their end, and marks nothing in their outputs."""
    monkeypatch.setenv("KIT_RECORD", "01.jsonl")
    assert evaluate(40)(dspy.Predict("text -> stars: int")).score == 100
    assert (engine.calls, asked) == (40, [])


def test_never_is_an_error_of_each_prompt(engine, monkeypatch):
    """KIT_LIVE=never stands: no model runs."""
    monkeypatch.setenv("KIT_LIVE", "never")
    with pytest.raises(NoRecording):
        dspy.Predict("text -> stars: int")(text="x")
    assert engine.calls == 0


@pytest.mark.parametrize("value", ["no", "0", "always"])
def test_other_settings_are_named(monkeypatch, value):
    """A typo does not send what was to be kept back: kit.lm refuses it with the valid values."""
    monkeypatch.setenv("KIT_LIVE", value)
    with pytest.raises(ValueError, match=rf"KIT_LIVE is '{value}'\. Valid: ask, never, yes\."):
        lms.lm("small")


@pytest.mark.parametrize("threads", [1, 8])
def test_a_hosted_model_is_asked_for_too(asked, hosted, threads):
    """Without recordings the same holds, and the question names the price."""
    with pytest.raises(NotConfirmed, match=r"up to 50 calls.*, about \$0\.01\. Stopped"):
        evaluate(50, threads=threads)(dspy.Predict("text -> stars: int"))
    assert (hosted.calls, len(asked)) == (0, 1)


def test_hits_of_dspys_cache_are_free(asked, hosted):
    """What DSPy answers from its own cache is no call, even with more threads than calls without question."""
    asked.answers = ["yes"]
    for _ in range(2):
        assert evaluate(60, threads=32)(dspy.Predict("text -> stars: int")).score == 100
    assert (hosted.calls, len(asked)) == (60, 1)


def test_a_hosted_model_keeps_to_never(hosted, monkeypatch):
    """KIT_LIVE=never sends nothing to a provider."""
    monkeypatch.setenv("KIT_LIVE", "never")
    with pytest.raises(NotConfirmed, match=r"KIT_LIVE is never, and openai/.* has no recordings"):
        dspy.Predict("text -> stars: int")(text="x")
    assert hosted.calls == 0


def test_a_hosted_model_is_copied_while_it_is_asked(hosted):
    """Optimizers copy programs, and Dask sends them, while other threads wait for replies."""
    (callback,) = dspy.settings.lm.callbacks
    callback.on_lm_start("call", dspy.settings.lm, {"prompt": "x", "messages": None, "kwargs": {}})
    try:
        assert copy.deepcopy(dspy.settings.lm).callbacks == [callback]
        assert pickle.loads(pickle.dumps(callback))._tickets == {}
    finally:
        callback.on_lm_end("call", None)


def test_failed_calls_do_not_block_those_that_wait(asked, engine, monkeypatch):
    """A call that ends with an error makes room for the next."""
    runs, kind = [], live.LiveRun
    monkeypatch.setattr(live, "LiveRun", lambda errand: runs.append(kind(errand)) or runs[-1])
    engine.replies = [*[dspy.LMError("out of order")] * 5, '{"stars": 3}']
    assert evaluate(20, threads=16)(dspy.Predict("text -> stars: int")).score == 75
    assert [(run.under_way, run.answered) for run in runs] == [(0, 15)]


SETUP = f"""
import os, sys, time
sys.path.insert(0, {str(TESTS)!r})
from pathlib import Path
import dspy
from engines.test_live import *
engine = Counting()
replay = ReplayEngine(engine, Recordings(Path("nowhere")))
lm = dspy.LM("test/model", engine=replay, cache=False, callbacks=[Rollouts()], num_retries=0)
dspy.configure(lm=lm, adapter=dspy.JSONAdapter())
program = dspy.Predict("text -> stars: int")
"""


class Notebook:
    """A kernel, driven as JupyterLab drives it."""

    def __init__(self):
        from jupyter_client.manager import start_new_kernel

        surroundings = {name: value for name, value in os.environ.items() if name != "KIT_LIVE"}
        self.manager, self.client = start_new_kernel(startup_timeout=300, env=surroundings)
        self.run(SETUP)

    def run(self, code, *answers, can_answer=True):
        """Return the questions, the texts shown (as they are in the end), and the error."""
        answers, questions, shown, failed = list(answers), [], {}, []

        def question(message):
            questions.append(message["content"]["prompt"])
            self.client.input(answers.pop(0))

        def output(message):
            content = message["content"]
            if message["msg_type"] in ("display_data", "update_display_data"):
                place = content["transient"].get("display_id", len(shown))
                shown[place] = content["data"]["text/plain"]
            elif message["msg_type"] == "error":
                failed.append((content["ename"], content["evalue"]))
            elif message["msg_type"] == "execute_result":
                shown["result"] = content["data"]["text/plain"]

        options = {"stdin_hook": question} if can_answer else {}
        status = "aborted"  # as a kernel does for a moment after an interrupt
        while status == "aborted":
            reply = self.client.execute_interactive(
                code, allow_stdin=can_answer, output_hook=output, timeout=300, **options
            )
            status = reply["content"]["status"]
        return questions, list(shown.values()), failed

    def wait_for(self, request):
        """Wait until a cell has ended."""
        while self.client.get_shell_msg(timeout=120)["parent_header"].get("msg_id") != request:
            pass


@pytest.fixture(scope="module")
def notebook():
    """A kernel with a recorded model that a scripted engine answers."""
    notebook = Notebook()
    yield notebook
    notebook.client.stop_channels()
    notebook.manager.shutdown_kernel(now=True)


def test_a_notebook_counts_the_live_replies_of_a_cell_in_one_line(notebook):
    """Model and seconds stand under the cell that asked, whether it asked by hand or in an Evaluate."""
    _, [shown], _ = notebook.run("program(text='one');")
    assert re.fullmatch(r"test/model answers it live: \d+\.\d s", shown)
    _, [shown], _ = notebook.run("program(text='two'); evaluate(15, 'few')(program);")
    assert re.fullmatch(r"test/model answers it live: 16 replies, \d+\.\d s", shown)


def test_a_notebook_asks_below_the_cell(notebook):
    """The estimate is shown, the answer is typed, and the run goes on to its end."""
    questions, shown, failed = notebook.run("evaluate(50, 'asked')(program).score", "5", "yes")
    assert questions == ["Go on? yes, no, or a number of further calls: "] * 2
    assert shown[0].startswith("dspy.Evaluate on 50 rows wants to send prompts that have no recorded reply")
    assert "has sent 5 prompts that have no recorded reply" in shown[2]
    assert (shown[-1], failed) == ("100.0", [])


@pytest.mark.parametrize("can_answer", [True, False], ids=["no", "nobody to ask"])
def test_a_no_is_one_clear_error(notebook, can_answer):
    """The cell ends with the reason and the ways on, and nothing more is sent behind its back."""
    name = f"refused {can_answer}"
    _, _, [(kind, message)] = notebook.run(f"evaluate(50, {name!r})(program)", "no", can_answer=can_answer)
    assert kind == "NotConfirmed"
    assert "KIT_LIVE=yes" in message
    asked = f"time.sleep(0.5); sum({name!r} in one.messages[-1].text for one in engine.requests)"
    assert notebook.run(asked)[1] == ["0"]


def test_an_interrupt_takes_the_question_back(notebook):
    """After Ctrl-C no thread waits for the answer any more: the next input() gets its own.

    A cell that is sent before the interrupted one has ended is aborted, so the test waits for that end. The
    traceback is short, which leaves the question little time to go away.
    """
    notebook.run("%xmode Minimal")
    request = notebook.client.execute("evaluate(50, 'interrupted')(program)", allow_stdin=True)
    notebook.client.get_stdin_msg(timeout=120)
    notebook.manager.interrupt_kernel()
    notebook.wait_for(request)
    notebook.run("pool = [one for one in threading.enumerate() if one.name.startswith('ThreadPool')]")
    assert notebook.run("[one.join(60) for one in pool]; any(one.is_alive() for one in pool)")[1] == ["False"]
    assert notebook.run("input('Name? ')", "Ada")[:2] == (["Name? "], ["'Ada'"])


def test_a_call_in_another_thread_of_ours_is_no_part_of_a_run(asked, engine):
    """A thread that asks on its own, with no Evaluate about, is not counted."""
    ask = dspy.Predict("text -> stars: int")
    lm = dspy.settings.lm

    def alone():
        with dspy.context(lm=lm, adapter=dspy.JSONAdapter()):
            for row in rows(25, "alone"):
                ask(**row.inputs())

    thread = threading.Thread(target=alone)
    thread.start()
    thread.join()
    assert (engine.calls, asked) == (25, [])


@pytest.mark.parametrize("seconds", [0, 0.3])
def test_a_pool_of_ones_own_works_for_the_run_under_way(asked, engine, seconds):
    """Threads that were started without DSPy's settings are counted, too."""

    class Own(dspy.Module):
        def forward(self, text):
            lm, adapter = dspy.settings.lm, dspy.settings.adapter

            def ask():
                time.sleep(0 if text == "row 0" else seconds)  # it may come when the run has ended
                with dspy.context(lm=lm, adapter=adapter):
                    return dspy.Predict("text -> stars: int")(text=text)

            with ThreadPoolExecutor(1) as threads:
                return threads.submit(ask).result()

    with pytest.raises(NotConfirmed, match=r"dspy\.Evaluate on 30 rows"):
        evaluate(30)(Own())
    time.sleep(0.5 + seconds)  # what stood in the queue
    assert (engine.calls, len(asked)) == (0, 1)


def test_two_runs_at_once_are_counted_apart(asked, engine):
    """Each Evaluate has its own question, whichever thread asks next."""
    lm, said = dspy.settings.lm, []

    def score(name):
        with dspy.context(lm=lm, adapter=dspy.JSONAdapter()):
            try:
                evaluate(30, name)(dspy.Predict("text -> stars: int"))
            except NotConfirmed as refused:
                said.append(str(refused))

    threads = [threading.Thread(target=score, args=[name]) for name in ("left", "right")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (engine.calls, len(asked), len(said)) == (0, 2, 2)


def test_what_ran_is_over(asked, engine):
    """After an Evaluate, whether it ended or was stopped, calls by hand are counted by nobody."""
    with pytest.raises(NotConfirmed):
        evaluate(30)(dspy.Predict("text -> stars: int"))
    evaluate(20)(dspy.Predict("text -> stars: int"))
    assert (live._UNDER_WAY, dspy.settings.get("kit_run")) == ([], None)
