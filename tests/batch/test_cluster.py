"""On Dask workers the same comes out, and the endpoint sees no more calls at once than it may."""

import cloudpickle
import dask.dataframe
import dspy
import pandas
import pytest
from distributed import Client, LocalCluster
from endpoint import Endpoint

from kit.batch.cluster import Cluster, LostScheduler
from kit.engines import lms, models

TEXTS = [f"{number % 30}" for number in range(60)]


class Local(dspy.Module):
    """Answers by itself, with the settings that reached the worker."""

    def forward(self, text):
        if text == "7":
            raise ValueError("Not seven.")
        return dspy.Prediction(answer=text + type(dspy.settings.adapter).__name__)


@pytest.fixture(scope="module")
def workers():
    """Two workers of two threads each, in this process."""
    options = {"n_workers": 2, "threads_per_worker": 2, "processes": False, "dashboard_address": ":0"}
    with LocalCluster(**options) as cluster:
        yield cluster


@pytest.mark.parametrize("kind", ["cluster", "address", "client"])
def test_results_are_those_of_one_machine(ask, workers, tmp_path, kind):
    """A cluster, an address or a client will do; rows, failures and the bill are the same."""
    with Client(workers) as client:
        scheduler = {"cluster": workers, "address": workers.scheduler_address, "client": client}[kind]
        run = ask(TEXTS, scheduler=scheduler)
        assert client.status == "running"
    alone = ask(TEXTS, to=tmp_path / "alone")
    assert run.results.to_pandas().equals(alone.results.to_pandas())
    assert run.usage.equals(alone.usage)
    assert run.entries == 30


def test_equal_entries_are_asked_once_in_all(ask, asked, workers):
    """Which worker an entry went to makes no difference."""
    texts = [f"in all {text}" for text in TEXTS]
    ask(texts, scheduler=workers)
    assert {asked(text) for text in texts} == {1}


def test_calls_in_flight_are_bounded_on_each_worker(ask, workers):
    """Two workers of four calls are eight at once, however many threads Dask gave them."""
    with Endpoint(delay=0.2) as endpoint:
        ask([f"{number}" for number in range(80)], lm=endpoint.lm(), scheduler=workers, threads=4)
        assert 4 < endpoint.seen()["peak"] <= 8


def test_settings_travel_and_failures_come_back(ask, workers):
    """The adapter of the caller holds on the workers; a crash there is one entry's failure."""
    run = ask(TEXTS, program=Local(), scheduler=workers)
    assert run.results.to_pandas()["answer"][0] == "0JSONAdapter"
    assert run.failures.to_pandas()["reason"].tolist() == ["Not seven."] * 2


def test_a_dask_dataframe_goes_with_a_cluster(ask, workers):
    """Its partitions are read one at a time, and its rows keep their order."""
    frame = dask.dataframe.from_pandas(pandas.DataFrame({"text": TEXTS}), npartitions=4)
    assert ask(frame, scheduler=workers).results.to_pandas()["answer"].tolist() == TEXTS


def test_no_history_travels(endpoint, workers):
    """What a model was asked before stays here: neither prompts nor replies go over the wire."""
    lm = endpoint.lm()
    program = dspy.Predict("text -> answer")
    program.lm = lm
    with dspy.context(lm=lm, adapter=dspy.JSONAdapter()):
        program(text="a secret of long ago")
        cluster = Cluster(program, 1, workers)
    cluster.close()
    assert b"long ago" not in cluster._program
    assert len(program.history) == len(lm.history) == 1


def test_a_task_is_small(workers, tmp_path, monkeypatch):
    """A task carries less than 10 KB of engine, however many recordings were looked up and calls made."""
    (tmp_path / "01.jsonl").write_bytes(b'{"key":"%020x","reply":"%s"}\n' % (1, b"x" * 1_000_000))
    monkeypatch.setattr(models, "REPLIES", tmp_path)
    lm = lms.lm("small", max_tokens=20_000)
    lm.engine.recordings.get("0" * 20)
    program = dspy.ChainOfThought("text -> answer")
    program.set_lm(lm)
    with dspy.context(lm=lm):
        cluster = Cluster(program, 1, workers)
    cluster.close()
    without = len(cloudpickle.dumps((dspy.ChainOfThought("text -> answer"), {})))
    assert len(cluster._program) - without < 10_000


def test_a_lost_scheduler_ends_the_run(ask):
    """The error says so; answers that came are kept, and the same call goes on without a cluster."""
    cluster = LocalCluster(n_workers=1, processes=False, dashboard_address=":0")
    client = Client(cluster)
    asked = Cluster(Local(), 1, client)
    asked.ask(b"key", {"text": "1"})
    asked._send()
    future = next(iter(asked._sent))
    future.cancel()
    with pytest.raises(LostScheduler, match="Run again to go on"):
        asked.outcomes()
    client.close()
    cluster.close()
