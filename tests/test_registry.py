"""A registry takes only what is what it says, and a version never changes."""

import base64
import errno
import hashlib
import json
import os
import pathlib
import urllib.error
import urllib.request

import pytest
from hub import Refused
from registry import Registry, publish

STATE = b'{"classify": {}}'
FILE = {
    "target": "program.json",
    "sha256": hashlib.sha256(STATE).hexdigest(),
    "content": base64.b64encode(STATE).decode(),
}
MANIFEST = {"name": "triage", "version": "1.0.0", "description": "How urgent is a ticket?"}
PATH = "/api/packages/triage"


def body(**change):
    return {"manifest": MANIFEST, "metadata": {}, "files": [FILE | change]}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "index.json").write_text('{"packages": []}', encoding="utf-8")
    return tmp_path


def ask(url, **options):
    try:
        with urllib.request.urlopen(urllib.request.Request(url, **options)) as reply:
            return reply.status, reply.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def test_index_and_files_agree(folder):
    """What was published is listed, and lies where the index says."""
    publish(folder, "workshop", PATH, body())
    (entry,) = json.loads((folder / "index.json").read_text(encoding="utf-8"))["packages"]
    assert entry["slug"] == "workshop/triage"
    assert (folder / entry["files"][0]["source"]).read_bytes() == STATE


@pytest.mark.parametrize(
    "change",
    [
        {"target": "../../x.json"},
        {"sha256": 64 * "0"},
        {"target": None},
        {"target": "program.pkl"},
        {"content": "gA=="},
    ],
)
def test_a_bad_file_is_refused_before_anything_is_written(folder, change):
    """A path that leads out, a hash that differs, and a pickle leave no trace."""
    with pytest.raises(Refused):
        publish(folder, "workshop", PATH, body(**change))
    assert [path.name for path in folder.iterdir()] == ["index.json"]


@pytest.mark.parametrize("path", ["/api/packages/../triage", "/api/packages/", "/elsewhere"])
def test_a_name_with_a_path_is_refused(folder, path):
    """Names are names."""
    with pytest.raises(Refused, match="is no name"):
        publish(folder, "workshop", path, body())


@pytest.mark.parametrize(
    "targets",
    [["a.json", "a.json/b.json"], ["x/y.json/z.json", "x/y.json"], ["a.json", "A.json"], ["b.json"] * 2],
    ids=" and ".join,
)
def test_a_clash_leaves_the_version_free(folder, targets):
    """Files that cannot lie side by side are refused whole, and the same version can be published after."""
    clashing = body() | {"files": [FILE | {"target": target} for target in targets]}
    with pytest.raises(Refused, match="Rename one of them"):
        publish(folder, "workshop", PATH, clashing)
    assert json.loads((folder / "index.json").read_text()) == {"packages": []}
    publish(folder, "workshop", PATH, body())
    assert (folder / "packages/workshop/triage/1.0.0/program.json").read_bytes() == STATE


@pytest.mark.parametrize("writes", range(4))
def test_a_full_disk_leaves_the_version_free(folder, monkeypatch, writes):
    """Whichever write fails, the registry says so, and a second attempt publishes the whole version."""
    left = [writes]

    def until_full(written):
        def write(path, *content, **options):
            if not left[0]:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            left[0] -= 1
            return written(path, *content, **options)

        return write

    two = body() | {"files": [FILE, FILE | {"target": "more/other.json"}]}
    with monkeypatch.context() as patched:
        for name in ("write_bytes", "write_text"):
            patched.setattr(pathlib.Path, name, until_full(getattr(pathlib.Path, name)))
        with pytest.raises(Refused, match=r"1\.0\.0 could not be stored: No space left on device"):
            publish(folder, "workshop", PATH, two)
    publish(folder, "workshop", PATH, two)
    (entry,) = json.loads((folder / "index.json").read_text())["packages"]
    assert [(folder / file["source"]).read_bytes() for file in entry["files"]] == [STATE, STATE]
    assert not list(folder.rglob("*.unfinished"))


def test_a_version_never_changes(folder):
    """What others installed under a number stays what it was."""
    publish(folder, "workshop", PATH, body())
    with pytest.raises(Refused, match="a version never changes"):
        publish(folder, "workshop", PATH, body())


class TestServer:
    def test_a_stranger_cannot_publish(self, tmp_path):
        """Without a key that it knows, a registry takes nothing."""
        with Registry(tmp_path, {"dev-key": "workshop"}) as registry:
            root = registry.url.removesuffix("/index.json")
            status, _ = ask(f"{root}{PATH}", method="PUT", data=json.dumps(body()).encode())
        assert status == 401

    def test_nonsense_gets_a_reason(self, tmp_path):
        """A body that is no manifest is answered, not dropped."""
        key = {"Authorization": "Bearer dev-key"}
        with Registry(tmp_path, {"dev-key": "workshop"}) as registry:
            root = registry.url.removesuffix("/index.json")
            for nonsense in (b"nonsense", b"{}", b"[]", b"null"):
                status, reply = ask(f"{root}{PATH}", method="PUT", data=nonsense, headers=key)
                assert status == 400
                assert b"Error" in reply

    def test_it_serves_nothing_outside_of_its_folder(self, tmp_path):
        """A path with `..` stays inside."""
        (tmp_path / "secret.txt").write_text("secret", encoding="utf-8")
        with Registry(tmp_path / "registry", {}) as registry:
            root = registry.url.removesuffix("/index.json")
            assert ask(f"{root}/../secret.txt")[0] == 404
            assert ask(f"{root}/%2e%2e/secret.txt")[0] == 404
            assert ask(registry.url)[0] == 200

    def test_it_keeps_what_it_had(self, folder):
        """Started again over its folder, a registry still lists its packages."""
        publish(folder, "workshop", PATH, body())
        with Registry(folder, {}) as registry:
            assert b"workshop/triage" in ask(registry.url)[1]
