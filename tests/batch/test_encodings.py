"""Text files arrive with their own letters, whoever saved them."""

import gzip

import pytest

from kit.batch.encodings import UnknownEncoding, encoding_of
from kit.batch.sources import source_of

TEXT = "name,price\nJørgen,7 €\nŽofie,\n"


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"]
)
@pytest.mark.parametrize("name", ["prices.csv", "PRICES.CSV", "prices.csv.gz"])
def test_letters_are_those_that_were_saved(tmp_path, encoding, name):
    """With or without a mark at the start, in capitals, packed or not, the cells are the same."""
    content = TEXT.encode(encoding)
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    [piece] = source_of(tmp_path / name).partitions(9)
    assert piece.table.to_pylist() == [{"name": "Jørgen", "price": "7 €"}, {"name": "Žofie", "price": ""}]


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252"])
def test_long_files_are_read_to_the_end(tmp_path, encoding):
    """A letter is not torn where one piece of the file ends and the next begins."""
    rows = [f"{number} € é" for number in range(150_000)]
    (tmp_path / "long.csv").write_bytes(("x,y\n" + "".join(f"{row},z\n" for row in rows)).encode(encoding))
    source = source_of(tmp_path / "long.csv")
    assert source.rows == 150_000
    assert [cell for piece in source.partitions(40_000) for cell in piece.table["x"].to_pylist()] == rows


def test_a_guess_is_said(tmp_path, caplog):
    """cp1252 has no mark of its own: that it was taken is said, and what to do if it was wrong."""
    (tmp_path / "guess.csv").write_bytes("é".encode("cp1252"))
    with caplog.at_level("INFO", logger="kit"):
        assert encoding_of(tmp_path / "guess.csv") == "cp1252"
    assert "guess.csv is not UTF-8: it is read as cp1252." in caplog.text


def test_no_encoding_is_made_up(tmp_path):
    """Bytes that cp1252 has no letter for end in an error with the next step, not in wrong letters."""
    (tmp_path / "odd.csv").write_bytes(b"a,b\n\x81\x8d,1\n")
    with pytest.raises(UnknownEncoding, match=r"odd\.csv is neither UTF-8, UTF-16 nor cp1252\. Save it"):
        source_of(tmp_path / "odd.csv")


def test_a_file_in_two_encodings_is_refused(tmp_path):
    """Read as cp1252, its lines in UTF-8 would arrive as `MÃ¼ller`."""
    (tmp_path / "two.csv").write_bytes("a\nMüller\n".encode() + "Jörg\n".encode("cp1252"))
    with pytest.raises(UnknownEncoding, match=r"two\.csv is neither"):
        source_of(tmp_path / "two.csv")
