"""The doctor finds what is wrong, names the next step and gives no key away."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from kit.engines import models, weights
from kit.workshop import doctor

KEY = "sk-secret-0123456789"


class Refuse(BaseHTTPRequestHandler):
    """A server that repeats the key it refuses, as some do."""

    def do_POST(self):
        body = f'{{"error": {{"message": "Bad key: {self.headers["Authorization"]}"}}}}'.encode()
        self.send_response(401)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture(autouse=True)
def bare_machine(tmp_path, monkeypatch):
    monkeypatch.delenv("KIT_MODELS", raising=False)
    monkeypatch.setattr(weights, "folder", lambda: tmp_path / "models")


@pytest.fixture
def refusing_server():
    with HTTPServer(("127.0.0.1", 0), Refuse) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}/v1"
        server.shutdown()


def found(**options):
    return {finding.what: finding for finding in doctor.findings(**options)}


def test_a_fresh_machine_is_good_enough():
    """Without weights and keys only notes remain, each with its next step."""
    models.REPLIES.mkdir(parents=True)
    (models.REPLIES / "00.jsonl").write_bytes(b'{"key":"00000000000000000001","reply":""}\n')
    machine = found()
    assert [finding for finding in machine.values() if finding.state == "bad"] == []
    assert machine["Python"].state == machine["dspy"].state == machine["profile"].state == "good"
    assert machine["recordings"].found.startswith("1 replies for 1 of")
    assert "kit models pull qwen2.5-coder-0.5b" in machine["model qwen2.5-coder-0.5b"].next_step


def test_missing_recordings_are_bad():
    """Without recordings every lesson would run live, and the step says how to get them back."""
    assert (found()["recordings"].state, found()["recordings"].next_step[:20]) == (
        "bad",
        "Restore data/replies",
    )


def test_bad_weights_are_bad(tmp_path):
    """A tampered file is told, not used."""
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / weights.spec("qwen2.5-coder-0.5b").file).write_bytes(b"tampered")
    finding = found()["model qwen2.5-coder-0.5b"]
    assert finding.state == "bad"
    assert "8 bytes, expected 491,400,064" in finding.found


def test_keys_are_counted_not_shown(monkeypatch):
    """A set key is good, an empty one a note; its value appears nowhere."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("ANTHROPIC_API_KEY", " ")
    machine = found()
    assert (machine["OPENAI_API_KEY"].state, machine["ANTHROPIC_API_KEY"].state) == ("good", "note")
    assert "GEMINI_API_KEY" not in machine
    assert KEY not in str(machine)


def test_a_profile_without_its_key_is_bad(monkeypatch):
    """The profile in force must be usable, and the step names the variable."""
    monkeypatch.setenv("KIT_PROFILE", "openai")
    assert found()["profile"].state == "bad"
    assert "OPENAI_API_KEY is not set" in found()["profile"].next_step
