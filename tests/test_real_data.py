"""Real data arrives whole from a mirror or a server, or not at all, and each error names the next step."""

import functools
import hashlib
import http.server
import importlib.util
import threading

import pytest
from typer.testing import CliRunner

from kit.project import ROOT

spec = importlib.util.spec_from_file_location("get_real_data", ROOT / "data" / "real" / "get.py")
real = importlib.util.module_from_spec(spec)
spec.loader.exec_module(real)

ORIGINAL = """<SEC-DOCUMENT>0001.txt
<XML>
<?xml version="1.0"?>
<ownershipDocument>\r
  <rptOwnerStreet1>1 Elm Street</rptOwnerStreet1>
  <rptOwnerStreet2></rptOwnerStreet2>
  <rptOwnerCity>Reno</rptOwnerCity><rptOwnerState>NV</rptOwnerState>
</ownershipDocument>
</XML>
"""
KEPT = (
    "<ownershipDocument><rptOwnerStreet1>[removed]</rptOwnerStreet1><rptOwnerStreet2></rptOwnerStreet2>"
    "<rptOwnerCity>[removed]</rptOwnerCity><rptOwnerState>NV</rptOwnerState></ownershipDocument>\n"
)


def file(path, data, url=""):
    digest = hashlib.sha256(data).hexdigest()
    return {"path": path, "bytes": str(len(data)), "sha256": digest, "url": url}


def run(*arguments):
    result = CliRunner().invoke(real.app, arguments, env={"COLUMNS": "300"})
    return result.exit_code, " ".join(result.output.split())


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setattr(real, "HOME", tmp_path / "home")
    return tmp_path / "home"


@pytest.fixture
def served(tmp_path):
    """Return a folder and the address at which it is served, with the headers that were sent."""
    seen = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            seen.append(self.headers["User-Agent"])

    folder = tmp_path / "served"
    folder.mkdir()
    handler = functools.partial(Handler, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield folder, f"http://127.0.0.1:{server.server_port}", seen
        server.shutdown()


@pytest.fixture
def known(monkeypatch):
    """Return a function that makes a set known."""

    def make(*files, **options):
        tiny = {"what": "two words", "licence": "MIT", "source": "https://example.org", "mirror": "tiny"}
        monkeypatch.setattr(real, "SETS", {"tiny": tiny | options})
        monkeypatch.setattr(real, "files", lambda name: files)

    return make


class TestMirror:
    def test_a_mirror_stands_in_for_the_network(self, home, known, tmp_path, monkeypatch):
        """Files of the mirror are copied, those without an address too."""
        (tmp_path / "mirror" / "tiny").mkdir(parents=True)
        (tmp_path / "mirror" / "tiny" / "a.txt").write_bytes(b"hello")
        known(file("a.txt", b"hello"))
        monkeypatch.setenv("KIT_DATA_MIRROR", str(tmp_path / "mirror"))
        assert (real.fetch("tiny") / "a.txt").read_bytes() == b"hello"

    def test_a_file_that_the_mirror_lacks_is_named(self, home, known, tmp_path, monkeypatch):
        """The error says which file, and how to use the network."""
        known(file("a.txt", b"hello", "http://127.0.0.1:9/a.txt"), file("gold.txt", b"by hand"))
        monkeypatch.setenv("KIT_DATA_MIRROR", str(tmp_path))
        with pytest.raises(real.NoData, match=r"no tiny/a\.txt\. Unset KIT_DATA_MIRROR"):
            real.fetch("tiny")

    def test_a_mirror_must_be_a_folder(self, home, known, monkeypatch):
        """A typo in KIT_DATA_MIRROR does not quietly mean the network."""
        known(file("a.txt", b"hello"))
        monkeypatch.setenv("KIT_DATA_MIRROR", "/nowhere")
        with pytest.raises(real.NoData, match=r"is not a folder. Name one, or unset it"):
            real.fetch("tiny")


class TestNetwork:
    def test_a_set_is_downloaded_once(self, home, known, served):
        """What is here and right is not asked for again; a file without an address is left out."""
        folder, url, seen = served
        (folder / "a.txt").write_bytes(b"hello")
        known(file("a.txt", b"hello", f"{url}/a.txt"), file("gold.txt", b"by hand"))
        real.fetch("tiny")
        assert (real.fetch("tiny") / "a.txt").read_bytes() == b"hello"
        assert len(seen) == 1

    def test_another_file_than_the_known_one_is_not_kept(self, home, known, served):
        """A hash that differs is an error with both hashes, and nothing lies in the folder."""
        folder, url, _ = served
        (folder / "a.txt").write_bytes(b"HELLO")
        known(file("a.txt", b"hello", f"{url}/a.txt"))
        with pytest.raises(real.NoData, match=r"expected sha256:2cf24dba\w+ but got 3733cd97"):
            real.fetch("tiny")
        assert not any(path.is_file() for path in home.rglob("*"))

    @pytest.mark.parametrize("address", ["{url}/missing.txt", "http://127.0.0.1:9/a.txt"])
    def test_no_network_names_the_ways_on(self, home, known, served, address):
        """A page that is not there, or a port that nobody listens to, leads to the mirror."""
        known(file("a.txt", b"hello", address.format(url=served[1])))
        with pytest.raises(real.NoData, match=r"cannot be reached .* set KIT_DATA_MIRROR"):
            real.fetch("tiny")


class TestEdgar:
    @pytest.mark.parametrize("contact", [None, "", "me", "me@example.com"])
    def test_edgar_is_not_asked_without_a_contact(self, home, known, served, contact):
        """The SEC wants a name and an address; without them no request leaves the machine."""
        _, url, seen = served
        known(file("a.xml", KEPT.encode(), f"{url}/a.txt"), edgar=True)
        with pytest.raises(ValueError, match=r"--contact .* or set KIT_EDGAR_CONTACT"):
            real.fetch("tiny", contact=contact)
        assert seen == []

    def test_the_contact_is_sent_and_addresses_are_not_kept(self, home, known, served, monkeypatch):
        """A submission becomes its ownership document, with [removed] for streets, cities and zip codes."""
        folder, url, seen = served
        (folder / "a.txt").write_bytes(ORIGINAL.encode())
        known(file("a.xml", KEPT.encode(), f"{url}/a.txt"), edgar=True)
        monkeypatch.setenv("KIT_EDGAR_CONTACT", "Kit Tests kit@example.org")
        assert (real.fetch("tiny") / "a.xml").read_text(encoding="utf-8") == KEPT
        assert seen == ["Kit Tests kit@example.org"]

    def test_removing_addresses_twice_changes_nothing(self):
        """Files of a mirror, which have no addresses any more, pass through the same door."""
        assert real.ownership(KEPT) == real.ownership(ORIGINAL) == KEPT


class TestCommands:
    @pytest.mark.parametrize("command", ["list", "get"])
    def test_every_command_explains_itself(self, command):
        """`--help` works for the script and for each command, and says what it does."""
        assert command in run("--help")[1]
        code, text = run(command, "--help")
        assert code == 0
        assert any(first in text for first in ("Show the sets with", "Fetch a set, every"))

    def test_size_and_licence_are_shown_before_the_download(self, home, known):
        """Who cannot reach the source has at least read what would have come."""
        known(file("a.txt", b"hello", "http://127.0.0.1:9/a.txt"))
        code, text = run("get", "tiny")
        assert code == 1
        assert "two words; 1 files, 0.0 MB; licence: MIT" in text
        assert text.index("licence: MIT") < text.index("cannot be reached")

    def test_an_unknown_set_lists_the_sets(self):
        """A typo is answered with the names."""
        code, text = run("get", "form5")
        assert code == 1
        assert "Unknown data set 'form5'. Valid names: facility, form4, contracts, banking77." in text

    def test_the_list_says_what_is_here(self, home):
        """Each set has its size and licence, and the command that fetches it."""
        code, text = run("list")
        assert code == 0
        assert "public domain" in text
        assert "not here: uv run data/real/get.py get contracts" in text


@pytest.mark.parametrize("name", real.SETS)
def test_each_set_has_a_page(name):
    """The page names what it is, its licence and its source, and says that nothing of it is committed."""
    page = (ROOT / "data" / "real" / f"{name}.md").read_text(encoding="utf-8")
    assert f"uv run data/real/get.py get {name}" in page
    assert real.SETS[name]["source"] in page
    assert "Not committed" in page


@pytest.mark.parametrize("name", real.SETS)
def test_each_file_has_a_path_of_its_own(name):
    """No file of a set overwrites another or leaves the set's folder."""
    paths = [file["path"] for file in real.files(name)]
    assert len(set(paths)) == len(paths)
    assert not any(".." in path or path.startswith("/") for path in paths)
