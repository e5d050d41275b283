"""Phoenix, in an environment that uv makes from a script's first lines, takes the spans of a program."""

import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import dspy
import pytest
from scripted import ScriptedEngine

from kit.engines import lm_for
from kit.tracing import otlp
from kit.workshop.lab import answers

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "notebooks" / "phoenix_server.py"


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def phoenix(tmp_path_factory):
    """Start a real server, and return its address; Ctrl-C ends it."""
    if not (uv := shutil.which("uv")):
        pytest.skip("needs uv")
    url = f"http://127.0.0.1:{free_port()}"
    log = tmp_path_factory.mktemp("phoenix") / "log"
    command = [uv, "run", "--offline", "--script", str(SCRIPT), url.rpartition(":")[2]]
    surroundings = os.environ | {
        "PHOENIX_SQL_DATABASE_URL": "postgresql://elsewhere",
        "OPENAI_API_KEY": "sk-of-a-learner",
    }
    with log.open("wb") as file:
        process = subprocess.Popen(
            command, stdout=file, stderr=file, env=surroundings, start_new_session=True
        )
    until = time.monotonic() + 300
    while not answers(f"{url}/healthz"):
        if process.poll() is not None or time.monotonic() > until:
            process.kill()
            made = f"uv sync --script {SCRIPT.relative_to(ROOT)}"
            if os.environ.get("CI"):
                pytest.fail(f"CI tests a real Phoenix: run `{made}` first.\n{log.read_text()}")
            pytest.skip(f"needs Phoenix's environment: {made}\n{log.read_text()}")
        time.sleep(0.5)
    yield url
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(60) is not None
    assert not answers(f"{url}/healthz")


def test_spans_arrive_with_their_tokens(phoenix, monkeypatch):
    """What Phoenix holds of a call is what `kit.trace()` shows."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", phoenix)
    lm = lm_for(ScriptedEngine('{"answer": "blue"}'), model="scripted/one", temperature=0.0)
    dspy.configure(lm=lm, adapter=dspy.JSONAdapter())
    with otlp.sending():
        dspy.Predict("question -> answer")(question="What colour is the sky?")
    until, spans = time.monotonic() + 20, []
    while not any(span["span_kind"] == "LLM" for span in spans) and time.monotonic() < until:
        time.sleep(0.2)
        try:
            page = urllib.request.urlopen(f"{phoenix}/v1/projects/default/spans", timeout=10)
            spans = json.load(page)["data"]
        except urllib.error.HTTPError:  # the project begins with its first span
            continue
    (call,) = [span for span in spans if span["span_kind"] == "LLM"]
    assert call["attributes"]["llm.token_count.prompt"] > 0


def test_its_page_asks_for_nothing_from_elsewhere(phoenix):
    """No font, no pixel, no script of another host."""
    page = urllib.request.urlopen(phoenix, timeout=10).read().decode()
    assert "<title>" in page
    assert not [host for host in ("googleapis", "gstatic", "scarf", "fullstory") if host in page]


def test_no_other_port_is_open(phoenix):
    """Phoenix's port for gRPC would be open to the network."""
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", 4317)) != 0


def test_keys_are_out_of_its_reach(phoenix):
    """Phoenix's playground cannot spend a learner's key: the server that answers does not have it."""
    query = json.dumps({"query": "{ modelProviders { key credentialsSet } }"}).encode()
    request = urllib.request.Request(f"{phoenix}/graphql", query, {"Content-Type": "application/json"})
    found = json.load(urllib.request.urlopen(request))["data"]["modelProviders"]
    assert {"key": "OPENAI", "credentialsSet": False} in found
