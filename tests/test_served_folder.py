"""A folder is read by those who have its address, and by nobody else."""

import httpx
import pytest
from served_folder import Folder


@pytest.fixture
def files(tmp_path):
    (tmp_path / "files" / "inner").mkdir(parents=True)
    (tmp_path / "files" / "notice.txt").write_text("Open from 05:30.", encoding="utf-8")
    (tmp_path / "beside.txt").write_text("not served", encoding="utf-8")
    return tmp_path / "files"


def test_a_reader_with_the_address_gets_the_file(files):
    """The key stands in the address, so that programs which send no headers can read."""
    with Folder(files) as served:
        assert httpx.get(f"{served.url}/notice.txt").text == "Open from 05:30."
        assert httpx.head(f"{served.url}/notice.txt").status_code == 200


@pytest.mark.parametrize(
    "path", ["/notice.txt", "//notice.txt", "/guess/notice.txt", "/", "/%2e%2e/notice.txt"]
)
def test_a_stranger_gets_nothing(files, path):
    """Without the key there is neither a file nor a hint that one exists."""
    with Folder(files) as served:
        for method in ("GET", "HEAD", "POST", "DELETE"):
            assert httpx.request(method, served.address + path).status_code == 401


@pytest.mark.parametrize(
    "path", ["/", "/inner", "/inner/", "/../beside.txt", "/%2e%2e/beside.txt", "/absent"]
)
def test_there_is_nothing_beside_the_files(files, path):
    """No listing of a folder, and nothing outside of it."""
    with Folder(files) as served:
        reply = httpx.get(served.url + path, follow_redirects=False)
        assert reply.status_code in (301, 401, 404)
        assert "notice" not in reply.text
        assert "not served" not in reply.text


def test_anyone_may_read_if_that_was_said(files):
    """An open folder must be asked for."""
    with Folder(files, readers=None) as served:
        assert httpx.get(f"{served.address}/notice.txt").text == "Open from 05:30."


def test_each_folder_has_a_key_of_its_own(files):
    """A key that nobody chose is new each time."""
    with Folder(files) as first, Folder(files) as second:
        assert first.inside != second.inside
