"""A partition is on disk whole or not at all, and reads back as one table."""

import pyarrow as pa
import pyarrow.dataset
import pytest

from kit.batch.entries import EntryOutcome
from kit.batch.parts import Parts, Table, files, numbered

ROWS = pa.table({"id": ["1", "1"], "text": ["a", None]})


def outcome(outputs="", error=""):
    return EntryOutcome(b"", outputs.encode(), error, error and "Why.")


def write(folder, number, *outputs, prefix="", rows=ROWS):
    outcomes = [outcome(error="Broken") if one is None else outcome(one) for one in outputs]
    Parts(folder, prefix).write(number, numbered(rows, 2 * number), outcomes)


def test_rows_are_answered_or_failed(tmp_path):
    """Each row is in one of two tables, with its number and all its columns."""
    write(tmp_path, 3, '{"answer":"A"}', None)
    results, failures = Table(tmp_path, "results"), Table(tmp_path, "failures")
    assert results.dataset.to_table().to_pylist() == [
        {"row_number": 6, "id": "1", "text": "a", "answer": "A"}
    ]
    assert failures.dataset.to_table().to_pylist() == [
        {"row_number": 7, "id": "1", "text": None, "error": "Broken", "reason": "Why."}
    ]


def test_a_partition_can_fail_whole(tmp_path):
    """It is finished all the same, and its rows are among the failures."""
    write(tmp_path, 0, None, None)
    assert Parts(tmp_path).finished() == {0}
    assert (len(Table(tmp_path, "results")), len(Table(tmp_path, "failures"))) == (0, 2)


def test_failures_of_an_unfinished_partition_do_not_count(tmp_path):
    """The failures are written first; a kill between the two files leaves nothing that is read."""
    write(tmp_path, 0, '{"answer":"A"}', None)
    (tmp_path / "results" / "part-000000.parquet").unlink()
    assert files(tmp_path, "failures") == []
    assert Parts(tmp_path).finished() == set()


def test_a_success_takes_old_failures_away(tmp_path):
    """A partition that was done again has no failures left over from before."""
    write(tmp_path, 0, '{"answer":"A"}', None)
    write(tmp_path, 0, '{"answer":"A"}', '{"answer":"B"}')
    assert Table(tmp_path, "failures").paths == []


def test_torn_files_are_swept_up(tmp_path):
    """What a kill left half written is not read, and goes when the run begins again."""
    Parts(tmp_path)
    torn = tmp_path / "results" / ".part-000000.parquet.tmp"
    torn.write_bytes(b"PAR1")
    assert files(tmp_path, "results") == []
    Parts(tmp_path)
    assert not torn.exists()


def test_types_are_kept_and_nested_values_are_json(tmp_path):
    """Numbers, booleans and text stay what they are; lists, records and mixtures become JSON."""
    one = '{"n":1,"x":0.5,"yes":true,"tags":["a"],"who":{"name":"Å"},"mixed":1,"none":null}'
    other = '{"n":2,"x":1,"yes":null,"tags":[],"who":null,"mixed":"two","none":null}'
    write(tmp_path, 0, one, other)
    table = Table(tmp_path, "results").to_pandas().drop(columns=["id", "text", "row_number"])
    assert table["n"].tolist() == [1, 2]
    assert table["x"].tolist() == [0.5, 1.0]
    assert table["yes"].tolist() == [True, None]
    assert table["tags"].tolist() == ['["a"]', "[]"]
    assert table["who"][0] == '{"name":"Å"}'
    assert table["mixed"].tolist() == ["1", '"two"']
    assert table["none"].isna().all()


@pytest.mark.parametrize(
    ("one", "other", "read"),
    [
        ("9223372036854775807", "9223372036854775808", ["9223372036854775807", "9223372036854775808"]),
        ("-99999999999999999999", "null", ["-99999999999999999999", None]),
        ("9007199254740993", "0.5", ["9007199254740993", "0.5"]),
        ("9007199254740993", "7", [9007199254740993, 7]),
        ("Infinity", "-0.5", [float("inf"), -0.5]),
    ],
)
def test_no_digit_of_a_number_is_lost(tmp_path, one, other, read):
    """Integers that no column of numbers can hold exactly are text; all others stay numbers."""
    write(tmp_path, 0, f'{{"n":{one}}}', f'{{"n":{other}}}')
    assert Table(tmp_path, "results").dataset.to_table()["n"].to_pylist() == read


def test_a_column_of_numbers_in_one_partition_and_text_in_another_reads_as_text(tmp_path):
    """A long integer in the second partition does not make the first unreadable."""
    write(tmp_path, 0, '{"n":1}', '{"n":2}')
    write(tmp_path, 1, f'{{"n":{2**70}}}', '{"n":4}')
    assert Table(tmp_path, "results").to_pandas()["n"].tolist() == ["1", "2", str(2**70), "4"]


def test_results_can_be_a_source_after_a_word(tmp_path):
    """The run's own column of row numbers would be there twice."""
    with pytest.raises(ValueError, match=r"column 'row_number'.*frame\.drop\(columns='row_number'\)"):
        numbered(numbered(ROWS, 0), 0)


@pytest.mark.parametrize("name", ["error", "reason"])
def test_failures_need_their_columns(name):
    """A table with a column `error` is refused before anything is asked."""
    with pytest.raises(ValueError, match=f"column '{name}', which a run adds itself. Rename it"):
        numbered(pa.table({name: ["keep"]}), 0)


def test_a_gap_does_not_round_long_integers(tmp_path):
    """pandas makes floats of a column with a gap, and a float has 53 bits."""
    write(tmp_path, 0, f'{{"n":{2**53 + 1},"m":1}}', '{"n":null,"m":null}')
    table = Table(tmp_path, "results")
    assert table.to_pandas()["n"].tolist() == table.head()["n"].tolist() == [2**53 + 1, None]
    (tmp_path / "short").mkdir()
    write(tmp_path / "short", 0, '{"m":1}', '{"m":null}')
    assert Table(tmp_path / "short", "results").to_pandas()["m"].tolist() == [1, None]


@pytest.mark.parametrize(("one", "other"), [("null", '"a"'), ("1", "0.5"), ("1", '"a"'), ("true", "null")])
def test_partitions_may_differ_in_type(tmp_path, one, other):
    """A column that is empty, whole or a number in one file reads with the others."""
    write(tmp_path, 0, f'{{"answer":{one}}}', f'{{"answer":{one}}}')
    write(tmp_path, 1, f'{{"answer":{other}}}', f'{{"answer":{other}}}')
    table = Table(tmp_path, "results")
    read = table.to_pandas()["answer"]
    assert len(read) == 4


def test_outputs_need_names_of_their_own(tmp_path):
    """A table with gold labels has a column of the output's name; a prefix tells them apart."""
    rows = ROWS.append_column("answer", pa.array(["gold", "gold"]))
    with pytest.raises(ValueError, match=r'answer: both a column .* prefix="predicted_"'):
        write(tmp_path, 0, '{"answer":"A"}', '{"answer":"B"}', rows=rows)
    write(tmp_path, 0, '{"answer":"A"}', '{"answer":"B"}', rows=rows, prefix="predicted_")
    assert Table(tmp_path, "results").to_pandas()["predicted_answer"].tolist() == ["A", "B"]


def test_a_table_shows_its_first_rows(tmp_path):
    """As text and in a notebook one sees how many rows there are, and what they look like."""
    write(tmp_path, 0, '{"answer":"A"}', None)
    results = Table(tmp_path, "results")
    assert repr(results).splitlines()[0] == "results: 1 rows in 1 files"
    assert "answer" in repr(results)
    assert "<td>A</td>" in results._repr_html_()
    assert results.head(1)["answer"].tolist() == ["A"]
    assert results.to_pandas(["answer"]).columns.tolist() == ["answer"]


def test_a_table_may_be_empty(tmp_path):
    """Before the first partition is finished, and where nothing failed, there is nothing to show."""
    Parts(tmp_path)
    failures = Table(tmp_path, "failures")
    assert (repr(failures), failures._repr_html_()) == (
        "failures: 0 rows in 0 files",
        "<p>failures: 0 rows in 0 files</p>",
    )
    assert failures.to_pandas().empty
    assert failures.to_pandas().columns.tolist() == ["row_number", "error", "reason"]
