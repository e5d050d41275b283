"""What is published carries no key, and what is installed is what its author published."""

import hashlib
import json

import dspy
import dspy_hub
import hub
import pytest
from dspy_hub.exceptions import PackageNotFoundError, RegistryError
from registry import Registry
from test_card import CARD

KEY = "sk-test-0123456789abcdef"
ABOUT = {"version": "1.0.0", "description": "How urgent is a ticket?"}


class Triage(dspy.Module):
    def __init__(self):
        self.classify = dspy.Predict("text -> urgency")


def program(instructions="Say how urgent it is."):
    triage = Triage()
    triage.classify.signature = triage.classify.signature.with_instructions(instructions)
    return triage


@pytest.fixture
def registry(tmp_path):
    with Registry(tmp_path / "registry", {"dev-key": "workshop"}) as running:
        yield running


def publish(registry, package, about=ABOUT, key="dev-key"):
    return dspy_hub.save_to_hub(package.identifier, package, about, registry=registry.url, dev_key=key)


def where(registry, target="program.json", version="1.0.0"):
    return registry.folder / "packages" / "workshop" / "triage" / version / target


class TestRoundTrip:
    def test_what_is_installed_is_what_was_published(self, registry, tmp_path):
        """State and card come back whole, through dspy-hub's own client, and plain DSPy loads them."""
        package = hub.package("triage", program(), CARD)
        assert publish(registry, package)["identifier"] == "workshop/triage"
        fetched = hub.fetch("workshop/triage", registry=registry.url, sha256=package.manifest["hash"])
        place = hub.install(fetched, tmp_path / "here")
        assert place == tmp_path / "here" / "workshop" / "triage"
        restored = Triage()
        restored.load(place / "program.json")
        assert restored.classify.signature.instructions == "Say how urgent it is."
        assert hub.card(fetched) == CARD

    def test_an_earlier_version_stays(self, registry):
        """The index names the latest version, and an earlier one can be had by its number."""
        publish(registry, hub.package("triage", program("First."), CARD))
        publish(registry, hub.package("triage", program("Second."), CARD), ABOUT | {"version": "1.1.0"})
        latest = hub.fetch("workshop/triage", registry=registry.url)
        first = hub.fetch("workshop/triage", registry=registry.url, version="1.0.0")
        assert (latest.manifest["version"], first.manifest["version"]) == ("1.1.0", "1.0.0")
        assert b"First." in first.file_map()["program.json"].content

    def test_a_folder_is_a_registry_to_read_from(self, registry):
        """No server is needed to install: a path to the index will do."""
        publish(registry, hub.package("triage", program(), CARD))
        assert hub.fetch("workshop/triage", registry=str(registry.folder / "index.json")).files

    def test_dspy_hubs_own_client_can_read_the_registry(self, registry):
        """`load_program_from_hub` works on our packages, given a program to load the state into."""
        publish(registry, hub.package("triage", program(), CARD))
        with pytest.warns(RuntimeWarning, match="expects LM"):
            restored = dspy_hub.load_program_from_hub(
                "workshop/triage", lambda: Triage(), registry=registry.url, target="program.json"
            )
        assert restored.classify.signature.instructions == "Say how urgent it is."


class TestTampering:
    def test_a_changed_file_is_refused(self, registry):
        """A file that is not what the index says does not get as far as DSPy."""
        publish(registry, hub.package("triage", program(), CARD))
        where(registry).write_bytes(where(registry).read_bytes().replace(b"urgent", b"boring"))
        with pytest.raises(hub.Refused, match="damaged or tampered"):
            hub.fetch("workshop/triage", registry=registry.url)

    def test_dspy_hub_alone_installs_it(self, registry):
        """The reason for our check: dspy-hub 0.1.4 takes the changed file, with a hash made from it."""
        publish(registry, hub.package("triage", program(), CARD))
        where(registry).write_bytes(where(registry).read_bytes().replace(b"urgent", b"boring"))
        package = dspy_hub.load_from_hub("workshop/triage", registry=registry.url)
        assert b"boring" in package.file_map()["program.json"].content

    def test_a_changed_index_is_refused_by_the_hash_that_one_keeps(self, registry):
        """Whoever changes a file and its entry in the index still does not have the reviewed package."""
        package = hub.package("triage", program(), CARD)
        publish(registry, package)
        content = where(registry).read_bytes().replace(b"urgent", b"boring")
        old, new = (hashlib.sha256(text).hexdigest() for text in (where(registry).read_bytes(), content))
        where(registry).write_bytes(content)
        index = registry.folder / "index.json"
        index.write_text(index.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
        assert hub.fetch("workshop/triage", registry=registry.url).files
        with pytest.raises(hub.Refused, match="not what you reviewed"):
            hub.fetch("workshop/triage", registry=registry.url, sha256=package.manifest["hash"])

    def test_a_package_that_changes_after_the_check_is_refused(self, tmp_path):
        """`install` looks again at what it writes."""
        package = hub.package("triage", program(), CARD)
        package.identifier = "workshop/triage"
        package.files[0].content += b" "
        with pytest.raises(hub.Refused, match="damaged or tampered"):
            hub.install(package, tmp_path)

    @pytest.mark.parametrize(
        "name", ["../triage", "workshop/..", "workshop/../triage", "a/b/c", "triage", "/"]
    )
    def test_a_name_that_leaves_its_folder_is_refused(self, registry, name):
        """No identifier leads out of the folder, or to another registry."""
        with pytest.raises(hub.Refused):
            hub.fetch(name, registry=registry.url)

    @pytest.mark.parametrize(
        "source", ["file:///etc/hostname", "../secret.json", "http://127.0.0.1:9/x.json"]
    )
    def test_a_source_elsewhere_is_refused(self, registry, source):
        """An index cannot make the client read the reader's own files or another host's."""
        publish(registry, hub.package("triage", program(), CARD))
        index = registry.folder / "index.json"
        entries = json.loads(index.read_text(encoding="utf-8"))
        entries["packages"][0]["files"][0]["source"] = source
        index.write_text(json.dumps(entries), encoding="utf-8")
        with pytest.raises(hub.Refused, match="is no name"):
            hub.fetch("workshop/triage", registry=registry.url)

    @pytest.mark.parametrize("target", ["program.pkl", "program.zip", "program.json"])
    def test_a_pickle_is_refused_whatever_it_is_called(self, target):
        """What can run code while it is loaded is not accepted, even under a harmless name."""
        content = b"\x80\x05\x95\x00\x00"
        file = dspy_hub.HubFile("", target, content, hashlib.sha256(content).hexdigest())
        with pytest.raises(hub.Refused, match="can run code"):
            hub.check(file, file.sha256)


class TestPublishing:
    @pytest.mark.parametrize(
        "option", [{"api_key": KEY}, {"extra_headers": {"Authorization": f"Bearer {KEY}"}}]
    )
    def test_a_pinned_model_is_refused(self, option):
        """A model's address and headers never land in a package; DSPy's own state would hold the headers."""
        pinned = program()
        pinned.set_lm(dspy.LM("openai/gpt-5.6-luna", **option))
        with pytest.raises(hub.Refused, match="'classify' is pinned to openai"):
            hub.package("triage", pinned, CARD)
        pinned.set_lm(None)
        assert hub.package("triage", pinned, CARD).files

    def test_the_configured_models_key_stays_at_home(self):
        """dspy-hub's `save_program_to_hub` publishes the key of the configured model; ours does not."""
        with dspy.context(lm=dspy.LM("openai/gpt-5.6-luna", api_key=KEY)):
            theirs = dspy_hub.hub._package_program("triage", dspy.Predict("text -> urgency"))
            ours = hub.package("triage", program(), CARD)
        assert KEY in json.dumps(theirs.manifest)
        assert KEY not in json.dumps(ours.manifest)
        assert not any(KEY.encode() in file.content for file in ours.files)

    def test_a_key_in_a_demo_is_refused(self):
        """People paste keys into tickets, and demos are tickets."""
        leaky = program()
        leaky.classify.demos = [dspy.Example(text=f"My key {KEY} stopped working.", urgency="high")]
        with pytest.raises(hub.Refused, match="would publish a key"):
            hub.package("triage", leaky, CARD)

    def test_a_name_with_a_path_is_refused(self):
        """Names are names."""
        with pytest.raises(hub.Refused, match="is no name"):
            hub.package("../triage", program(), CARD)

    def test_an_unknown_developer_is_refused(self, registry):
        """Only whoever holds a key publishes, and only in the name that belongs to it."""
        with pytest.raises(RegistryError, match="not known here"):
            publish(registry, hub.package("triage", program(), CARD), key="guess")

    def test_a_version_never_changes(self, registry):
        """What others installed under a number stays what it was."""
        publish(registry, hub.package("triage", program(), CARD))
        with pytest.raises(RegistryError, match="a version never changes"):
            publish(registry, hub.package("triage", program("Other."), CARD))


class TestMissing:
    def test_a_package_without_a_card_says_so(self):
        """A program of which nobody says how good it is must be measured first."""
        package = hub.package("triage", program(), CARD)
        with pytest.raises(hub.Refused, match="measure first"):
            hub.card(dspy_hub.HubPackage("workshop/triage", package.manifest, package.files[:1]))

    @pytest.mark.parametrize("content", [b"{}", b"[]", b"nonsense", b'{"scores": {"a": 1}}'])
    def test_a_card_that_is_none_says_so(self, content):
        """What calls itself a card must read as one."""
        package = hub.package("triage", program(), CARD)
        package.file_map()["card.json"].content = content
        with pytest.raises(hub.Refused, match="no evaluation card"):
            hub.card(package)

    def test_an_index_that_lists_no_files_is_refused(self, tmp_path):
        """An entry must say where a file is, and its hash."""
        for files in (["program.json"], [{}], [{"source": "index.json"}]):
            entry = {"name": "triage", "author": "a", "version": "1", "description": "", "files": files}
            (tmp_path / "index.json").write_text(json.dumps({"packages": [entry]}), encoding="utf-8")
            with pytest.raises(hub.Refused):
                hub.fetch("a/triage", registry=str(tmp_path / "index.json"))

    def test_an_unknown_package_is_named(self, registry):
        """dspy-hub says what it did not find."""
        with pytest.raises(PackageNotFoundError, match="workshop/nothing"):
            hub.fetch("workshop/nothing", registry=registry.url)
