"""Weights are found, checked and refused as the lessons promise."""

import hashlib
import os
import subprocess
import sys

import pytest

from kit.engines import weights

WHOLE = b"real bytes;" * 200
TABLE = {
    "tiny": {
        "file": "tiny.gguf",
        "bytes": len(WHOLE),
        "sha256": hashlib.sha256(WHOLE).hexdigest(),
        "licence": "MIT",
        "parts": {"package": "tiny", "version": "1.0", "count": 1},
    }
}


def refuse(*args, **options):
    raise AssertionError("must not be called")


def stocked(folder, data):
    folder.mkdir(exist_ok=True)
    (folder / "tiny.gguf").write_bytes(data)
    return folder / "tiny.gguf"


@pytest.fixture
def home(tmp_path, monkeypatch):
    folder = tmp_path / "models"
    folder.mkdir()
    monkeypatch.setattr(weights, "folder", lambda: folder)
    monkeypatch.setattr(weights, "_table", lambda: TABLE)
    monkeypatch.delenv("KIT_MODELS", raising=False)
    return folder


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


def test_nothing_here_is_no_error(home):
    """Looking for weights that are not here gives None, and the network is not asked."""
    assert weights.locate("tiny") is None


def test_truncated_files_are_refused_and_removed(home):
    """A file in the kit's folder that lacks its end is removed, and the message says what to run."""
    path = stocked(home, WHOLE[:-1])
    with pytest.raises(weights.BadWeights, match=r"2,199 bytes, expected 2,200.*kit models pull tiny"):
        weights.locate("tiny")
    assert not path.exists()


def test_tampered_files_are_refused(home):
    """A file of the right size with other bytes does not pass."""
    stocked(home, b"?" + WHOLE[1:])
    with pytest.raises(weights.BadWeights, match=hashlib.sha256(WHOLE).hexdigest()):
        weights.locate("tiny")


def test_a_users_own_file_is_never_removed(home, tmp_path, monkeypatch):
    """A wrong file in KIT_MODELS is refused but left where it is."""
    path = stocked(tmp_path / "mine", b"wrong")
    monkeypatch.setenv("KIT_MODELS", str(path.parent))
    with pytest.raises(weights.BadWeights, match="left alone"):
        weights.locate("tiny")
    assert path.read_bytes() == b"wrong"


def test_kit_models_comes_first(home, tmp_path, monkeypatch):
    """The file in the user's folder wins over the kit's own copy."""
    stocked(home, WHOLE)
    mine = stocked(tmp_path / "mine", WHOLE)
    monkeypatch.setenv("KIT_MODELS", str(mine.parent))
    assert weights.locate("tiny") == mine


def test_the_kits_copy_serves_where_kit_models_has_none(home, tmp_path, monkeypatch):
    """An empty KIT_MODELS folder does not hide what was downloaded before."""
    own = stocked(home, WHOLE)
    monkeypatch.setenv("KIT_MODELS", str(tmp_path))
    assert weights.locate("tiny") == own


def test_kit_models_must_be_a_folder(home, tmp_path, monkeypatch):
    """A mistyped KIT_MODELS is an error, not a silent download."""
    monkeypatch.setenv("KIT_MODELS", str(tmp_path / "absent"))
    with pytest.raises(weights.NoWeights, match=r"KIT_MODELS names .*absent, which is not a folder"):
        weights.locate("tiny")


def test_a_checked_file_is_not_hashed_again(home, monkeypatch):
    """Hashing a gigabyte takes seconds, so the second look costs none."""
    path = stocked(home, WHOLE)
    weights.locate("tiny")
    monkeypatch.setattr(hashlib, "file_digest", refuse)
    assert weights.locate("tiny") == path


def test_a_changed_file_is_hashed_again(home):
    """What was said of the old bytes does not vouch for new ones."""
    path = stocked(home, WHOLE)
    weights.locate("tiny")
    path.write_bytes(b"?" + WHOLE[1:])
    os.utime(path, ns=(0, 0))
    with pytest.raises(weights.BadWeights):
        weights.locate("tiny")


def test_importing_weights_is_light():
    """`import kit` and the doctor look for weights, so neither pip, the hub nor a progress bar is loaded."""
    heavy = "{'dspy', 'huggingface_hub', 'tqdm', 'filelock', 'subprocess'} & set(sys.modules)"
    command = f"import sys; import kit.engines.weights; print({heavy} or 'light')"
    found = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "light"
