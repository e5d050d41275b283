"""What lesson 18 says of DSPy's files: these are facts of DSPy 3.4, and a new version may change them."""

import json
import logging
import pickle
from pathlib import Path

import dspy
import dspy_hub
import orjson
import pytest
from scripted import ScriptedEngine

KEY, TOKEN, ADDRESS = "sk-test-0123456789abcdef", "gw-test-0123456789abcdef", "https://llm.example.org/v1"
OLDER = Path(dspy_hub.__file__).parent / "sample_registry/packages/dspy-team/people-extractor"


class Triage(dspy.Module):
    def __init__(self):
        self.classify = dspy.Predict("ticket -> urgency")


class Renamed(dspy.Module):
    def __init__(self):
        self.triage = dspy.Predict("ticket -> urgency")


@pytest.fixture
def file(tmp_path):
    triage = Triage()
    triage.classify.demos = [dspy.Example(ticket="The printer hums.", urgency="low")]
    triage.save(tmp_path / "triage.json")
    return tmp_path / "triage.json"


def pinned():
    triage = Triage()
    headers = {"X-Gateway-Token": TOKEN}
    triage.set_lm(dspy.LM("openai/gpt-5.6-luna", api_key=KEY, api_base=ADDRESS, extra_headers=headers))
    return triage


class TestKeys:
    def test_the_state_leaves_out_the_key_alone(self, tmp_path):
        """A pinned model's address and headers are written; its key is not."""
        pinned().save(tmp_path / "pinned.json")
        text = (tmp_path / "pinned.json").read_text(encoding="utf-8")
        assert [secret in text for secret in (KEY, TOKEN, ADDRESS)] == [False, True, True]

    def test_a_whole_program_holds_the_key(self, tmp_path):
        """Never give away a program that was saved whole with a pinned model."""
        pinned().save(tmp_path / "pinned", save_program=True)
        assert KEY.encode() in (tmp_path / "pinned" / "program.pkl").read_bytes()

    def test_loading_drops_the_address_and_keeps_the_headers(self, tmp_path, caplog, monkeypatch):
        """The address could send prompts elsewhere; the log says that it was dropped."""
        monkeypatch.setattr(logging.getLogger("dspy"), "propagate", True)
        pinned().save(tmp_path / "pinned.json")
        loaded = Triage()
        loaded.load(tmp_path / "pinned.json")
        assert "api_base" not in loaded.classify.lm.kwargs
        assert loaded.classify.lm.kwargs["extra_headers"] == {"X-Gateway-Token": TOKEN}
        assert "Ignoring unsafe LM config key(s) during state load: ['api_base']" in caplog.text

    def test_unpinned_nothing_of_the_model_is_left(self, tmp_path):
        """`set_lm(None)` before saving is the way round."""
        triage = pinned()
        triage.set_lm(None)
        triage.save(tmp_path / "triage.json")
        assert json.loads((tmp_path / "triage.json").read_text(encoding="utf-8"))["classify"]["lm"] is None


class TestMisfits:
    def test_a_renamed_predictor_gives_a_bare_key_error(self, file):
        """The error names what the program has; what the file has, one must look up."""
        with pytest.raises(KeyError) as error:
            Renamed().load(file)
        assert error.value.args == ("triage",)

    def test_a_refused_file_leaves_the_program_as_it_was(self, file):
        """Loading tries on a copy first."""
        renamed = Renamed()
        with pytest.raises(KeyError):
            renamed.load(file)
        assert renamed.triage.demos == []

    def test_renaming_it_in_the_file_mends_it(self, file):
        """State is JSON: one key is another name."""
        state = json.loads(file.read_text(encoding="utf-8"))
        state["triage"] = state.pop("classify")
        file.write_text(json.dumps(state), encoding="utf-8")
        renamed = Renamed()
        renamed.load(file)
        assert renamed.triage.demos[0]["urgency"] == "low"

    def test_types_are_not_in_the_file(self, file):
        """A program that wants a number takes the state of one that wanted a word."""
        triage = Triage()
        triage.classify = dspy.Predict("ticket -> urgency: int")
        triage.load(file)
        assert triage.classify.signature.output_fields["urgency"].annotation is int

    def test_a_file_of_another_version_is_loaded_with_a_warning(self, caplog, monkeypatch):
        """A real file that DSPy 3.0.3 wrote, which comes with dspy-hub."""
        monkeypatch.setattr(logging.getLogger("dspy"), "propagate", True)
        program = dspy.ChainOfThought("tokens: list[str] -> extracted_people: list[str]")
        program.load(OLDER / "optimized_program.json")
        assert "You saved with `dspy==3.0.3`" in caplog.text
        assert "names" in program.predict.signature.instructions

    def test_a_file_from_before_versions_were_noted_is_refused(self, file):
        """Without `metadata` DSPy cannot compare, and says only which word it missed."""
        state = json.loads(file.read_text(encoding="utf-8"))
        del state["metadata"]
        file.write_text(json.dumps(state), encoding="utf-8")
        with pytest.raises(KeyError, match="metadata"):
            Triage().load(file)


class TestPickles:
    def test_a_pickle_is_refused_unless_one_insists(self, tmp_path):
        """Both forms, state and whole program, need `allow_pickle=True`."""
        Triage().save(tmp_path / "triage.pkl")
        Triage().save(tmp_path / "triage", save_program=True)
        with pytest.raises(ValueError, match="allow_pickle=True"):
            Triage().load(tmp_path / "triage.pkl")
        with pytest.raises(ValueError, match="allow_pickle=True"):
            dspy.load(tmp_path / "triage")

    def test_a_pickle_that_calls_itself_json_is_refused(self, tmp_path):
        """The suffix decides how a file is read: bytes of a pickle are no JSON."""
        (tmp_path / "triage.json").write_bytes(pickle.dumps({}))
        with pytest.raises(orjson.JSONDecodeError):
            Triage().load(tmp_path / "triage.json")

    def test_dspy_hub_cannot_load_what_it_publishes(self, tmp_path):
        """`save_program_to_hub` sends a pickle, and `load_program_from_hub` does not ask to load one."""
        package = dspy_hub.hub._package_program("triage", Triage())
        (tmp_path / "triage.zip").write_bytes(package.files[0].content)
        files = [{"source": "triage.zip", "target": "triage.zip"}]
        entry = {"name": "triage", "author": "a", "version": "1", "description": "", "files": files}
        (tmp_path / "index.json").write_text(json.dumps({"packages": [entry]}), encoding="utf-8")
        with pytest.raises(ValueError, match="allow_pickle=True"):
            dspy_hub.load_program_from_hub("a/triage", registry=str(tmp_path / "index.json"))


def test_an_engine_of_ones_own_can_be_pinned_and_saved(tmp_path):
    """A custom engine is written by its class, and loaded only if one trusts the file."""
    triage = Triage()
    triage.set_lm(dspy.LM("test/scripted", engine=ScriptedEngine('{"urgency": "low"}'), cache=False))
    triage.save(tmp_path / "triage.json")
    with pytest.raises(ValueError, match="allow_unsafe_lm_state=True"):
        Triage().load(tmp_path / "triage.json")
    loaded = Triage()
    loaded.load(tmp_path / "triage.json", allow_unsafe_lm_state=True)
    assert isinstance(loaded.classify.lm._engine_spec, ScriptedEngine)
