"""Whatever a table comes as, the same rows come out, in pieces."""

import dask.dataframe
import pandas
import pyarrow as pa
import pyarrow.parquet
import pytest

from kit.batch.sources import BadSource, MissingColumn, mapping_of, source_of

FRAME = pandas.DataFrame({"id": ["007", "008", "008"], "text": ["one,\ntwo", "", "three"]})


def rows(source, size=2):
    return [piece.table.to_pylist() for piece in source.partitions(size)]


@pytest.fixture(params=["pandas", "dask", "parquet", "csv", "folder", "list"])
def table(request, tmp_path):
    """Return the same three rows as each kind of source."""
    if request.param == "pandas":
        return FRAME
    if request.param == "dask":
        return dask.dataframe.from_pandas(FRAME, npartitions=2)
    FRAME.to_csv(tmp_path / "rows.csv", index=False)
    if request.param == "csv":
        return tmp_path / "rows.csv"
    (tmp_path / "rows.csv").unlink()
    FRAME[:1].to_parquet(tmp_path / "a.parquet")
    FRAME[1:].to_parquet(tmp_path / "b.parquet")
    if request.param == "folder":
        return str(tmp_path)
    if request.param == "list":
        return [tmp_path / "a.parquet", str(tmp_path / "b.parquet")]
    FRAME.to_parquet(tmp_path / "rows.parquet")
    return tmp_path / "rows.parquet"


def test_every_kind_gives_the_same_rows(table):
    """Leading zeros, line breaks within a cell, empty cells and repeated ids arrive as they were."""
    source = source_of(table)
    assert source.rows == 3
    assert rows(source) == [FRAME[:2].to_dict("records"), FRAME[2:].to_dict("records")]


def test_a_source_can_be_read_twice(table):
    """A resumed run reads from the start again, and knows that the content is the same."""
    assert rows(source_of(table)) == rows(source_of(table))
    assert source_of(table).digest == source_of(table).digest


def test_another_content_is_another_digest(tmp_path):
    """One changed cell makes another table, in memory and on disk."""
    changed = FRAME.assign(text=["one", "", "three"])
    assert source_of(FRAME).digest != source_of(changed).digest
    FRAME.to_csv(tmp_path / "rows.csv")
    before = source_of(tmp_path / "rows.csv").digest
    changed.to_csv(tmp_path / "rows.csv")
    assert source_of(tmp_path / "rows.csv").digest != before


def test_pieces_do_not_depend_on_the_files():
    """A partition has the size asked for, whatever pieces the table is read in."""
    pieces = dask.dataframe.from_pandas(pandas.DataFrame({"n": range(10)}), npartitions=3)
    assert [len(piece) for piece in source_of(pieces).partitions(4)] == [4, 4, 2]


def test_no_rows_are_one_empty_piece():
    """A table without rows still has columns to write down."""
    (piece,) = source_of(FRAME[:0]).partitions(10)
    assert (len(piece), piece.table.column_names) == (0, ["id", "text"])


def test_an_index_with_meaning_is_kept():
    """Rows that were chosen from a larger table keep their labels, as a column."""
    assert source_of(FRAME[1:].set_index("id")).schema.names == ["id", "text"]
    assert source_of(FRAME[FRAME.id == "008"]).schema.names == ["index", "id", "text"]


def test_an_index_named_like_a_column_is_refused():
    """As a column it would be there twice."""
    frame = FRAME.set_index(pandas.Index([7, 8, 9], name="text"))
    with pytest.raises(ValueError, match="cannot insert text, already exists"):
        source_of(frame)


def test_dask_partitions_may_differ_in_type():
    """A column that is empty in one partition and text in another is text."""
    frame = pandas.DataFrame({"text": [None, None, "a", "b"]}, dtype=object)
    source = source_of(dask.dataframe.from_pandas(frame, npartitions=2))
    assert rows(source, 4) == [[{"text": None}, {"text": None}, {"text": "a"}, {"text": "b"}]]


def test_cells_may_hold_lists():
    """A column of lists, as `broken` in the time entries, is carried along and counts as content."""
    frame = pandas.DataFrame({"text": ["a", "b"], "broken": [["tense"], []]})
    other = pandas.DataFrame({"text": ["a", "b"], "broken": [["names"], []]})
    [piece] = source_of(frame).partitions(5)
    assert piece.cells("broken") == [["tense"], []]
    assert piece.table["broken"].to_pylist() == ['["tense"]', "[]"]
    assert source_of(frame).digest != source_of(other).digest


def test_a_missing_column_is_answered_with_those_found():
    """The message lists the columns, and how to write a field that has another name."""
    schema = pa.schema({"id": pa.string(), "narrative": pa.string()})
    with pytest.raises(MissingColumn, match=r"No column 'text'\. Columns found: id, narrative\..*'field'"):
        mapping_of(["text"], schema)
    assert mapping_of({"text": "narrative"}, schema) == {"text": "narrative"}


def test_inputs_are_a_list():
    """A single name in quotes would be read letter by letter; nothing at all is no input."""
    with pytest.raises(TypeError, match=r"write inputs=\['text'\]"):
        mapping_of("text", pa.schema({}))
    with pytest.raises(ValueError, match="inputs is empty"):
        mapping_of([], pa.schema({}))


def test_other_things_are_refused(tmp_path):
    """What is not a table, not there, or of mixed kinds is named."""
    with pytest.raises(TypeError, match="not a int"):
        source_of(7)
    with pytest.raises(FileNotFoundError, match=r"There is no missing\.csv, seen from "):
        source_of("missing.csv")
    with pytest.raises(FileNotFoundError, match=r"no \.parquet or \.csv file in"):
        source_of(tmp_path)
    FRAME.to_csv(tmp_path / "a.csv")
    FRAME.to_parquet(tmp_path / "b.parquet")
    with pytest.raises(ValueError, match=r"all \.parquet or all \.csv; found: .*a\.csv, .*b\.parquet"):
        source_of(tmp_path)
    (tmp_path / "c.txt").touch()
    with pytest.raises(ValueError, match=r"found: .*c\.txt\. Read others yourself.*pandas\.read_excel"):
        source_of(tmp_path / "c.txt")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("ragged.csv", b"a,b\n1,2\n3\n", r"ragged\.csv cannot be read as csv: .*Expected 2 columns, got 1"),
        ("empty.csv", b"", r"empty\.csv cannot be read as csv: .*[Ee]mpty"),
        ("twice.csv", b"a,a\n1,2\n", r"twice\.csv cannot be read as csv: Two columns have one name"),
        ("page.parquet", b"<html></html>", r"page\.parquet cannot be read as parquet: .*read_parquet"),
        ("packed.csv.gz", b"", r"found: .*packed\.csv\.gz\. Read others yourself"),
        (
            "german.csv",
            "stück;preis\n1;1,50\n".encode("cp1252"),
            r"read_csv\(path, encoding=.*sep=.*dtype=str",
        ),
        ("commas.csv", b"id;price\n007;1,50\n", r"commas\.csv cannot be read as csv: .*sep=\.\.\."),
    ],
    ids=lambda value: value if isinstance(value, str) and "." in value and "\\" not in value else "",
)
def test_a_file_that_is_no_table_is_named(tmp_path, name, content, message):
    """The error says which file, where in it, and what to do."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BadSource, match=message):
        list(source_of(tmp_path / name).partitions(2))


def test_a_fault_far_down_is_found_before_anything_is_asked(tmp_path):
    """Rows are counted first, so that a torn row in the last line costs no call."""
    (tmp_path / "long.csv").write_text("a,b\n" + "1,2\n" * 500_000 + "3\n", encoding="utf-8")
    with pytest.raises(BadSource, match="Expected 2 columns, got 1"):
        source_of(tmp_path / "long.csv")


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_columns_of_all_files_are_there(tmp_path, kind):
    """A column that only the second file has is not dropped; the first file's rows lack it."""
    for name, frame in {"1": FRAME[["text"]][:1], "2": FRAME[1:2]}.items():
        path = tmp_path / f"{name}.{kind}"
        frame.to_csv(path, index=False) if kind == "csv" else frame.to_parquet(path)
    [piece] = source_of(tmp_path).partitions(5)
    assert piece.table.to_pylist() == [{"text": "one,\ntwo", "id": None}, {"text": "", "id": "008"}]


def test_files_must_agree_on_a_type(tmp_path):
    """Text in one file and numbers in the other is said, with the column and both types."""
    pandas.DataFrame({"n": [1]}).to_parquet(tmp_path / "1.parquet")
    pandas.DataFrame({"n": ["x"]}).to_parquet(tmp_path / "2.parquet")
    with pytest.raises(BadSource, match=r"differ in the type of a column \(.*n .*int64 vs large_string\)"):
        source_of(tmp_path)


def test_rows_that_are_no_frame_are_answered_with_how_to_make_one():
    """A list of dicts is not a list of paths."""
    with pytest.raises(TypeError, match=r"not a list\. .*pandas\.DataFrame\(rows\)"):
        source_of([{"a": 1}])
