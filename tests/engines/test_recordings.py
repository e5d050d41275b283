"""Recordings are found, kept and pruned, whatever happened to their files."""

import errno
import multiprocessing
import os
import pickle
import re
import threading
from pathlib import Path

import pytest

from kit.engines import recordings
from kit.engines.recordings import BadRecording, Recordings


def key(number):
    return f"{number:020x}"


def line(number, reply="yes"):
    return b'{"key":"%s","reply":"%s"}' % (key(number).encode(), reply.encode())


def add_twenty(path, first):
    for number in range(first, first + 20):
        recordings.append(path, line(number))


def full_disk(opened):
    def refuse_to_append(path, mode="r", *rest, **options):
        if mode.startswith("a"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return opened(path, mode, *rest, **options)

    return refuse_to_append


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "03.jsonl").write_bytes(line(1) + b"\n" + line(2) + b"\n")
    return tmp_path


def test_replies_are_found_by_key(folder):
    """A recorded reply is found in any file of the folder, and an unknown key has none."""
    (folder / "04.jsonl").write_bytes(line(3, "no") + b"\n")
    known = Recordings(folder)
    assert known.get(key(3)) == {"key": key(3), "reply": "no"}
    assert known.get(key(4)) is None


def test_a_folder_may_be_missing(tmp_path):
    """A lesson without recordings starts with none, and nothing is created by looking."""
    assert Recordings(tmp_path / "absent").get(key(1)) is None
    assert not (tmp_path / "absent").exists()


def test_new_replies_stay_in_memory_unless_there_is_a_file(folder):
    """Running a lesson changes no file; only recording does."""
    known = Recordings(folder)
    known.add({"key": key(9), "reply": "new"})
    assert known.get(key(9))["reply"] == "new"
    assert [path.name for path in folder.iterdir()] == ["03.jsonl"]


def test_what_is_used_is_kept_once_in_order_of_use(folder):
    """The file that is recorded to holds each reply used, old or new, once, in the order of first use."""
    part = folder / "05.jsonl.part"
    known = Recordings(folder, part)
    known.get(key(2))
    known.add({"key": key(9), "reply": "new"})
    known.get(key(1))
    known.get(key(2))
    assert [found for found, _ in recordings.read(part)] == [key(2), key(9), key(1)]


def test_an_interrupted_recording_goes_on(folder):
    """What an earlier run appended is known to the next, and is not appended again."""
    part = folder / "05.jsonl.part"
    Recordings(folder, part).add({"key": key(9), "reply": "new"})
    again = Recordings(folder, part)
    assert again.get(key(9))["reply"] == "new"
    assert len(part.read_bytes().splitlines()) == 1


def test_fresh_recordings_ignore_the_folder(folder):
    """To ask the models again, only what this recording itself has written so far counts."""
    part = folder / "03.jsonl.part"
    part.write_bytes(line(7) + b"\n")
    fresh = Recordings(folder, part, fresh=True)
    assert fresh.get(key(1)) is None
    assert fresh.get(key(7))["reply"] == "yes"


@pytest.mark.parametrize("bad", [b"oops", b'{"key":"1"}', line(5)[:-8], line(5)[:-1] + b',"usage":{"n":1}'])
def test_a_bad_line_is_named_and_skipped(folder, bad):
    """One broken line costs one warning with its place, not the other recordings."""
    (folder / "04.jsonl").write_bytes(line(3) + b"\n" + bad + b"\n" + line(4) + b"\n")
    known = Recordings(folder)
    with pytest.warns(BadRecording, match=r"04\.jsonl, line 2 is not a recording.*kit record 04"):
        assert known.get(key(3))
    assert known.get(key(4))


def test_two_replies_for_one_key_are_told(folder):
    """Of two files that disagree the first is used, and both are named."""
    (folder / "04.jsonl").write_bytes(line(2, "no") + b"\n")
    known = Recordings(folder)
    with pytest.warns(BadRecording, match=r"one reply in 03\.jsonl and another in 04\.jsonl"):
        assert known.get(key(2))["reply"] == "yes"


def test_the_same_reply_twice_is_no_conflict(folder):
    """Two lessons may ask the same question, and each file holds the reply."""
    (folder / "04.jsonl").write_bytes(line(2) + b"\n")
    assert not list(recordings.conflicts(sorted(folder.glob("*.jsonl")), {}))


def test_a_torn_line_does_not_swallow_the_next(folder):
    """A kernel killed while it wrote leaves half a line; what is appended later stands on its own."""
    part = folder / "05.jsonl.part"
    part.write_bytes(line(1) + b"\n" + line(2)[:30])
    recordings.append(part, line(3))
    assert [found for found, _ in recordings.read_quietly(part)] == [key(1), key(3)]


def test_two_processes_lose_nothing(tmp_path):
    """Lines that two processes append at the same time all arrive, each whole."""
    part = tmp_path / "05.jsonl.part"
    spawn = multiprocessing.get_context("spawn")
    workers = [spawn.Process(target=add_twenty, args=(part, first)) for first in (0, 100)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert {found for found, _ in recordings.read(part)} == {key(n) for n in [*range(20), *range(100, 120)]}


def test_threads_wait_until_the_files_are_read(folder):
    """Eight threads that ask at once all find the reply: none sees a half-read index."""
    (folder / "04.jsonl").write_bytes(b"\n".join(line(number) for number in range(3, 20_000)))
    known, found, gate = Recordings(folder), [], threading.Barrier(8)

    def ask():
        gate.wait()
        found.append(known.get(key(19_999)))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert None not in found


def test_merge_keeps_order_appends_and_prunes(folder):
    """A remade file keeps the places of what stays, so that its diff shows what changed and nothing else."""
    counts = recordings.merge({key(5): line(5), key(2): line(2)}, folder / "03.jsonl")
    assert (folder / "03.jsonl").read_bytes() == line(2) + b"\n" + line(5) + b"\n"
    assert counts == {"kept": 1, "new": 1, "pruned": 1}


def test_merge_takes_the_newer_reply(folder):
    """A fresh recording replaces the old reply in its old place."""
    recordings.merge({key(2): line(2), key(1): line(1, "no")}, folder / "03.jsonl")
    assert (folder / "03.jsonl").read_bytes() == line(1, "no") + b"\n" + line(2) + b"\n"


def test_secrets_are_refused(folder, monkeypatch):
    """A prompt that holds a key's value is neither written nor remembered, nor repeated in the message."""
    monkeypatch.setenv("FOO_API_KEY", "sk-1234567890abc")
    known = Recordings(folder, folder / "05.jsonl.part")
    with pytest.raises(ValueError, match="holds the value of FOO_API_KEY") as refused:
        known.add({"key": key(9), "asks": "log in with sk-1234567890abc"})
    assert "sk-123" not in str(refused.value)
    assert known.get(key(9)) is None
    assert not (folder / "05.jsonl.part").exists()


def test_a_full_disk_costs_no_reply(folder, monkeypatch):
    """A reply that cannot be written stays in memory, the error says so, and its next use writes it."""
    part = folder / "05.jsonl.part"
    known = Recordings(folder, part)
    with monkeypatch.context() as full:
        full.setattr(Path, "open", full_disk(Path.open))
        with pytest.raises(
            OSError, match=r"No space left.*05\.jsonl\.part.*kept in memory: make room"
        ) as told:
            known.add({"key": key(9), "reply": "dear"})
    assert told.value.errno == errno.ENOSPC
    assert not part.exists()
    assert known.get(key(9))["reply"] == "dear"
    assert re.search(b"dear", part.read_bytes())


def test_one_more_file_is_known_and_added_to_for_a_while(folder, tmp_path_factory):
    """Within the block its replies answer and new ones go there; after it, they stay in memory."""
    kept = tmp_path_factory.mktemp("runs") / "kept.jsonl"
    kept.write_bytes(line(7, "seven") + b"\n")
    known = Recordings(folder)
    with known.kept_in(kept):
        assert known.get(key(7)) == {"key": key(7), "reply": "seven"}
        known.add({"key": key(8), "reply": "eight"})
    known.add({"key": key(9), "reply": "nine"})
    assert kept.read_bytes().splitlines() == [line(7, "seven"), line(8, "eight")]
    assert known.get(key(9)) == {"key": key(9), "reply": "nine"}


def test_fresh_recordings_know_no_other_file(folder, tmp_path_factory):
    """Who asks for every reply anew gets none from a run that was kept."""
    kept = tmp_path_factory.mktemp("runs") / "kept.jsonl"
    kept.write_bytes(line(7, "seven") + b"\n")
    known = Recordings(folder, fresh=True)
    with known.kept_in(kept):
        assert known.get(key(7)) is None


def test_replies_do_not_travel(folder):
    """A copy for another process is a few hundred bytes, and reads the replies from the files itself."""
    (folder / "04.jsonl").write_bytes(line(9, "long" * 50_000))
    recorded = Recordings(folder)
    recorded.add({"key": key(10), "reply": "long" * 50_000})
    sent = pickle.dumps(recorded)
    assert len(sent) < 1000
    assert pickle.loads(sent).get(key(9)) == recorded.get(key(9))
