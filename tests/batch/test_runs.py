"""A program over a table: every row once, each entry asked once, nothing lost whatever happens."""

import contextlib
import os
import signal
import sys
import threading
import time
from decimal import Decimal

import dask.dataframe
import dspy
import numpy
import pandas
import pytest
from endpoint import Endpoint
from filelock import FileLock

from kit import batch

TEXTS = [f"{kind} {number % 15}" for number in range(30) for kind in ("a", "b")]
LONG = "x" * 10_000


class Interrupting(dspy.Module):
    """Answers by itself; presses Ctrl-C once, while it answers one entry."""

    def __init__(self, pressed, at):
        self.pressed, self.at = pressed, at
        self.lock, self.count = threading.Lock(), [0]

    @property
    def begun(self):
        return self.count[0]

    def forward(self, text):
        with self.lock:
            self.count[0] += 1
        if text == self.at and not self.pressed.exists():
            self.pressed.touch()
            os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.01)
        return dspy.Prediction(answer=text.upper())


class Breaking(dspy.Module):
    """Fails on some entries for as long as a file is there."""

    def __init__(self, file, entries):
        self.file = str(file)
        self.entries = tuple(entries)

    def forward(self, text):
        if text in self.entries and os.path.exists(self.file):
            raise ConnectionError("Not now.")
        return dspy.Prediction(answer=text.upper())


def rows_of(run):
    """Return the numbers of all rows, answered and failed, sorted."""
    tables = [table.to_pandas() for table in (run.results, run.failures)]
    return sorted(number for table in tables if len(table) for number in table["row_number"])


def stamps(folder):
    """Return when each finished partition was written."""
    return {path.name: path.stat().st_mtime_ns for path in (folder / "results").glob("part-*")}


def test_each_row_has_its_answer(ask):
    """Answers land beside the row that asked for them, in the order of the table."""
    results = ask(TEXTS).results.to_pandas()
    assert results["row_number"].tolist() == list(range(60))
    assert results["answer"].tolist() == results["text"].tolist() == TEXTS


def test_equal_entries_are_asked_once(ask, asked):
    """Sixty rows of thirty texts are thirty calls, though they lie in six partitions."""
    texts = [f"once {text}" for text in TEXTS]
    run = ask(texts)
    assert {asked(text) for text in texts} == {1}
    assert (run.rows, run.entries, run.usage["calls"].sum()) == (60, 30, 30)


def test_calls_in_flight_are_bounded(ask):
    """`threads` is the most that an endpoint sees at once."""
    with Endpoint(delay=0.2) as endpoint:
        ask([f"{number}" for number in range(40)], lm=endpoint.lm(), threads=8)
        assert 4 < endpoint.seen()["peak"] <= 8


@pytest.mark.parametrize("kind", ["dask", "parquet", "csv"])
def test_any_source_will_do(ask, tmp_path, kind):
    """A Dask DataFrame, parquet and CSV give what a DataFrame gives."""
    frame = pandas.DataFrame({"id": "7", "text": TEXTS})
    if kind == "dask":
        source = dask.dataframe.from_pandas(frame, npartitions=4)
    else:
        source = tmp_path / f"rows.{kind}"
        frame.to_parquet(source) if kind == "parquet" else frame.to_csv(source, index=False)
    results = ask(source).results.to_pandas()
    assert results[["id", "text"]].to_dict("records") == frame.to_dict("records")
    assert results["answer"].tolist() == TEXTS


def test_fields_may_have_other_names_than_columns(ask):
    """A program's field can be read from any column, and outputs can be told from the table's own."""
    frame = pandas.DataFrame({"narrative": ["x"], "answer": ["gold"]})
    run = ask(frame, inputs={"text": "narrative"}, prefix="predicted_")
    assert run.results.to_pandas().to_dict("records") == [
        {"row_number": 0, "narrative": "x", "answer": "gold", "predicted_answer": "x"}
    ]


def test_a_clash_of_names_loses_no_answer(ask, asked):
    """The error names the way out, and the second call asks nothing again."""
    frame = pandas.DataFrame({"text": ["clash"], "answer": ["gold"]})
    with pytest.raises(ValueError, match='prefix="predicted_"'):
        ask(frame)
    assert len(ask(frame, prefix="predicted_").results) == 1
    assert asked("clash") == 1


@pytest.mark.parametrize("text", ["", "x", LONG, "Ünïcödé 日本", "<b>html</b>", "tab\tand\x00null"])
def test_odd_texts_are_answered(ask, text):
    """Empty, tiny, long and strange texts go through as they are."""
    run = ask([text])
    assert (run.results.to_pandas()["text"].tolist(), len(run.failures)) == ([text], 0)


@pytest.mark.parametrize("missing", [None, float("nan"), pandas.NA])
def test_missing_values_are_failures_without_a_call(ask, missing):
    """NaN would reach the prompt as the word "nan"; it is kept, with the reason, and costs nothing."""
    run = ask(["x", missing])
    (failure,) = run.failures.to_pandas().to_dict("records")
    assert (failure["row_number"], failure["error"]) == (1, "MissingValue")
    assert failure["reason"] == "No value in text; the program was not asked."
    assert run.usage["calls"].sum() == 1


def test_no_rows_are_no_trouble(ask):
    """An empty table gives an empty result."""
    run = ask(pandas.DataFrame({"text": pandas.Series([], dtype="str")}))
    assert (len(run.results), len(run.failures), run.rows) == (0, 0, 0)


def test_repeated_ids_are_told_apart(ask):
    """Rows are known by their place, not by a column that may repeat."""
    run = ask(pandas.DataFrame({"id": [7, 7, 7], "text": ["a", "b", "a"]}))
    assert run.results.to_pandas()[["row_number", "id"]].values.tolist() == [[0, 7], [1, 7], [2, 7]]


def test_a_missing_column_is_refused_at_once(ask):
    """Before anything is written or asked, the message lists the columns that there are."""
    with pytest.raises(batch.MissingColumn, match=r"No column 'text'\. Columns found: id, narrative\."):
        ask(pandas.DataFrame({"id": [1], "narrative": ["x"]}))


def test_only_programs_run(ask):
    """A function is not a module."""
    with pytest.raises(TypeError, match=r"a batch runs a dspy\.Module"):
        ask(["x"], program=len)


def test_a_row_that_fails_is_kept_whole(ask):
    """The rest is answered; the row is in the other table, with all its columns and the reason."""
    run = ask(pandas.DataFrame({"id": ["7", "8"], "text": ["good", "please refuse"]}), "picky")
    assert run.results.to_pandas()["id"].tolist() == ["7"]
    (failure,) = run.failures.to_pandas().to_dict("records")
    assert failure == {
        "row_number": 1,
        "id": "8",
        "text": "please refuse",
        "error": "LMInvalidRequestError",
        "reason": "[openai/gpt-4.1-mini] Refused.",
    }


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [("429", "LMRateLimitError"), ("500", "LMServerError"), ("garbage", "AdapterParseError")],
)
def test_a_failing_endpoint_fails_rows_not_the_run(ask, behaviour, error):
    """Whatever an endpoint does, each row has its reason."""
    run = ask(["a", "b"], behaviour)
    assert run.failures.to_pandas()["error"].tolist() == [error] * 2
    assert len(run.results) == 0


def test_a_silent_endpoint_is_given_up(ask, endpoint):
    """The model's own timeout ends the wait."""
    run = ask(["a", "b"], lm=endpoint.lm("silent", timeout=0.3))
    assert set(run.failures.to_pandas()["error"]) <= {"LMTimeoutError", "LMTransportError"}
    assert len(run.failures) == 2


def test_no_endpoint_at_all_is_a_failure_too(ask, endpoint):
    """Nobody listens at the address."""
    run = ask(["a"], lm=endpoint.lm(api_base="http://127.0.0.1:9/v1"))
    assert run.failures.to_pandas()["error"].tolist() == ["LMTransportError"]


def test_rate_limits_are_waited_for(ask, endpoint, asked):
    """The model's own retries honour Retry-After; no row fails, and each is asked twice."""
    texts = [f"patient {number}" for number in range(20)]
    run = ask(texts, lm=endpoint.lm("busy-once", num_retries=3))
    assert (len(run.results), len(run.failures)) == (20, 0)
    assert {asked(text) for text in texts} == {2}


def test_a_wrong_key_ends_the_run(ask):
    """No other row could fare better: the run stops, and goes on once the key is right."""
    with pytest.raises(
        batch.Stopped, match=r"No entry can be answered\. LMAuthError: .*Always 401"
    ) as stopped:
        ask(TEXTS, "401")
    assert "0 of 60 rows are finished" in stopped.value.__notes__[0]
    assert len(ask(TEXTS).results) == 60


def test_many_failures_in_a_row_end_the_run(ask):
    """An endpoint that is down for good does not cost a night."""
    with pytest.raises(batch.Stopped, match=r"5 failures in a row\. LMServerError: "):
        ask(TEXTS, "500", max_failures_in_a_row=5)


def test_without_a_model_the_run_ends(tmp_path):
    """The last reason says what to do."""
    program, table = dspy.Predict("text -> answer"), pandas.DataFrame({"text": TEXTS})
    with pytest.raises(batch.Stopped, match=r"3 failures in a row\. ValueError: No LM is loaded"):
        batch.run(program, table, inputs=["text"], to=tmp_path, max_failures_in_a_row=3, progress=False)


def test_a_finished_run_is_not_done_again(ask, asked, tmp_path):
    """The same call once more reads what there is."""
    ask(["again 1", "again 2"])
    before = stamps(tmp_path / "out")
    assert len(ask(["again 1", "again 2"]).results) == 2
    assert asked("again 1") == 1
    assert stamps(tmp_path / "out") == before


def test_failures_are_retried_on_demand(ask, tmp_path):
    """What failed is asked again, and nothing else; what was answered before stays as it was."""
    down = tmp_path / "down"
    down.touch()
    program = Breaking(down, ["a 3", "b 7"])
    first = ask(TEXTS, program=program)
    assert (len(first.results), len(first.failures)) == (56, 4)
    down.unlink()
    assert len(ask(TEXTS, program=program).failures) == 4
    again = ask(TEXTS, program=program, retry_failures=True)
    assert (len(again.failures), rows_of(again)) == (0, list(range(60)))
    assert again.entries == 30


@pytest.mark.parametrize(
    ("change", "differs"),
    [
        ({"program": dspy.Predict("text -> answer", temperature=1.0)}, "program"),
        ({"source": [*TEXTS[1:], "new"]}, "source"),
        ({"partition_rows": 20}, "partition_rows"),
        ({"lm": dspy.LM("openai/gpt-4.1")}, "model"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_another_run_is_refused(ask, tmp_path, change, differs):
    """Results of two programs, models or tables never mix; the message says what differs and what to do."""
    ask(TEXTS)
    before = stamps(tmp_path / "out")
    with pytest.raises(batch.OtherRun, match=rf"6 finished .* What differs: {differs}\. .*restart=True"):
        ask(**{"source": TEXTS} | change)
    assert stamps(tmp_path / "out") == before


def test_a_restart_writes_anew_and_asks_what_is_new(ask, asked):
    """With more rows in the table, answers that are known are used again."""
    ask(["known 1", "known 2"])
    run = ask(["known 1", "known 2", "known 3"], restart=True)
    assert run.results.to_pandas()["answer"].tolist() == ["known 1", "known 2", "known 3"]
    assert [asked(f"known {number}") for number in (1, 2, 3)] == [1, 1, 1]


def test_a_restart_with_another_program_asks_all(ask, asked):
    """Answers of another program are no answers."""
    ask(["anew"])
    ask(["anew"], program=dspy.Predict("text -> answer", temperature=0.5), restart=True)
    assert asked("anew") == 2


def test_ctrl_c_loses_nothing(ask, tmp_path):
    """Answers that came are kept, the interruption gets through, and the same call does the rest."""
    texts = [f"{number % 500}" for number in range(1000)]
    program = Interrupting(tmp_path / "pressed", at="20")
    handler = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt) as stopped:
        ask(texts, program=program)
    assert signal.getsignal(signal.SIGINT) is handler
    assert "of 1,000 rows are finished" in stopped.value.__notes__[0]
    answered, before = batch.read(tmp_path / "out").entries, stamps(tmp_path / "out")
    assert 0 < answered == program.begun < 500
    assert rows_of(ask(texts, program=program)) == list(range(1000))
    assert program.begun == 500
    assert before.items() <= stamps(tmp_path / "out").items()


def test_one_folder_has_one_writer(ask, tmp_path):
    """A second process is told, and touches nothing."""
    (tmp_path / "out").mkdir()
    with (
        FileLock(tmp_path / "out" / "run.lock"),
        pytest.raises(BlockingIOError, match="Another process writes"),
    ):
        ask(["x"])


def test_a_read_only_folder_is_refused_before_any_call(ask, asked):
    """Even where the one who runs this may write everywhere, /sys takes no folder."""
    if sys.platform != "linux":
        pytest.skip("needs Linux and its /sys; nothing to install")
    with pytest.raises(PermissionError, match=r"Cannot write to /sys/kit-out: .* Take another folder\."):
        ask(["read only"], to="/sys/kit-out")
    assert asked("read only") == 0


def test_a_file_in_the_way_is_refused(ask, tmp_path):
    """A folder that is a file cannot be written to either."""
    (tmp_path / "out").touch()
    with pytest.raises(PermissionError, match="Cannot write to"):
        ask(["x"])


@contextlib.contextmanager
def files_up_to(size):
    """Let no file grow beyond `size` bytes, which is what a full disk looks like."""
    resource = pytest.importorskip("resource", reason="needs POSIX; nothing to install")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_ends_the_run_and_spoils_nothing(ask, tmp_path):
    """What is finished stays readable; with room again, the same call does the rest."""
    texts = [f"{number} {os.urandom(400).hex()}" for number in range(60)]
    with files_up_to(60_000), pytest.raises(OSError, match=r"(?i)cannot write|too large|full") as full:
        ask(texts)
    assert "rows are finished" in " ".join([str(full.value), *getattr(full.value, "__notes__", [])])
    before = stamps(tmp_path / "out")
    run = ask(texts)
    assert rows_of(run) == list(range(60))
    assert before.items() <= stamps(tmp_path / "out").items()


def test_a_run_can_be_begun_in_any_thread(ask):
    """Ctrl-C belongs to the main thread; elsewhere the run works without it."""
    runs = []
    thread = threading.Thread(target=lambda: runs.append(ask(["x"])))
    thread.start()
    thread.join()
    assert len(runs[0].results) == 1


def test_a_folder_can_be_read_later(ask, tmp_path):
    """Without program or table one sees what there is; where nothing is, how to begin."""
    ask(TEXTS)
    run = batch.read(tmp_path / "out")
    assert (run.rows, run.entries, len(run.results)) == (60, 30, 60)
    with pytest.raises(FileNotFoundError, match=r"No run was begun in .*nowhere\. Begin one: batch\.run\("):
        batch.read(tmp_path / "nowhere")


def test_the_bill_has_list_prices(ask):
    """20 tokens in and 5 out of gpt-4.1-mini are 0.000016 dollars, thirty times."""
    run = ask(TEXTS)
    (row,) = run.usage.to_dict("records")
    assert (row["model"], row["answered by"], row["calls"]) == ("openai/gpt-4.1-mini", "live", 30)
    assert (row["tokens in"], row["tokens out"]) == (600, 150)
    assert row["dollars"] == pytest.approx(30 * (20 * 0.4 + 5 * 1.6) / 1e6)


def test_a_run_shows_its_counts(ask):
    """As text and in a notebook."""
    run = ask(["a", "a", None])
    lines = repr(run).splitlines()
    assert lines[0].startswith("Run in ")
    assert lines[1].split("  ")[0].strip() == "rows"
    assert lines[2].split() == ["3", "2", "1", "0", "1", "1", "0.0000"]
    assert "<th>distinct entries</th>" in run._repr_html_()


def test_the_bar_counts_rows_calls_and_dollars(ask, capsys):
    """One sees the rate, the time left, and the cost so far."""
    ask(TEXTS, progress=True)
    last = capsys.readouterr().err.split("\r")[-1]
    assert "60/60" in last
    assert " rows/s, 30 calls, $0.00, 0 failed" in last


def test_without_pyarrow_the_extra_is_named(monkeypatch):
    """The import error says what to install."""
    for name in [
        name for name in sys.modules if name.partition(".")[0] == "pyarrow" or name.startswith("kit.batch")
    ]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'dspy-workshop-kit\[batch\]'"):
        import kit.batch  # noqa: F401


class Typed(dspy.Module):
    """Answers with values that JSON has no type for."""

    def forward(self, text):
        self.calls.append(text)
        return dspy.Prediction(
            total=Decimal(f"{text}.10"), seal=b"\xff", count=numpy.int64(int(text)), long=10**20 + int(text)
        )

    def __init__(self):
        self.calls = []

    def deepcopy(self):
        return self


def test_answers_of_any_type_are_stored(ask):
    """Decimals, bytes, numpy's numbers and long integers are kept to the digit, and asked for once."""
    program = Typed()
    for _ in range(2):
        run = ask(["7", "8", "7"], program=program, retry_failures=True)
    assert run.results.to_pandas().drop(columns=["row_number", "text"]).to_dict("list") == {
        "total": ["7.10", "8.10", "7.10"],
        "seal": ["_w=="] * 3,
        "count": [7, 8, 7],
        "long": [f"1{number:020}" for number in (7, 8, 7)],
    }
    assert (sorted(program.calls), run.failures.to_pandas()["error"].tolist()) == (["7", "8"], [])


@pytest.mark.parametrize("kind", ["results", "failures"])
def test_a_damaged_file_is_written_again(ask, tmp_path, kind):
    """Its answers are kept; until then reading says which file it is, and what to do."""
    (tmp_path / "broken").touch()
    program = Breaking(tmp_path / "broken", ["a"])
    ask(["a", "b", "c"], program=program)
    [path] = (tmp_path / "out" / kind).glob("*.parquet")
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(OSError, match=r"part-000000\.parquet is damaged\. Make the same call"):
        len(getattr(batch.read(tmp_path / "out"), kind))
    run = ask(["a", "b", "c"], program=program)
    assert (len(run.results), len(run.failures)) == (2, 1)


def test_a_damaged_description_is_another_run(ask, tmp_path):
    """Nobody knows whose answers the folder holds."""
    ask(["a"])
    (tmp_path / "out" / "run.json").write_bytes(b"")
    with pytest.raises(batch.OtherRun, match=r"run\.json is damaged"):
        ask(["a"])


@pytest.mark.parametrize("option", [{"threads": 0}, {"threads": "two"}, {"partition_rows": 0}])
def test_numbers_that_make_no_sense_are_refused(ask, option):
    """A partition of no rows would never end."""
    with pytest.raises(ValueError, match=r"expected a number from 1"):
        ask(["a"], **option)
