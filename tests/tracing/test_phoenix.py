"""Phoenix is launched and sent spans; where it is missing or goes away, programs go on."""

import contextlib
import json
import logging
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import dspy
import pytest
from scripted import ScriptedEngine

from kit.engines.lms import lm_for
from kit.processes import NotStarted, answers
from kit.tracing import phoenix


@pytest.fixture
def ask():
    replies = ScriptedEngine('{"answer": "blue"}')
    lm = lm_for(replies, model="scripted/one", temperature=0.0)
    dspy.configure(lm=lm, adapter=dspy.JSONAdapter())
    return dspy.Predict("question -> answer")


@pytest.fixture
def notices(caplog):
    caplog.set_level(logging.INFO, "kit")
    return lambda: [record.getMessage() for record in caplog.records]


@pytest.fixture
def receiver():
    """A server on loopback that takes spans, or anything else, and remembers the projects."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.server.projects.append(self.headers["x-project-name"])
            self.send_response(200)
            self.end_headers()

        def log_message(self, *arguments):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.projects = []
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def address(server):
    return f"http://127.0.0.1:{server.server_address[1]}"


def test_without_uv_a_notice_says_what_is_missing(monkeypatch, notices):
    """A lesson goes on without Phoenix, and no traceback."""
    monkeypatch.delenv("UV", raising=False)
    monkeypatch.setenv("PATH", "")
    assert phoenix.launch(16_206) is None
    assert "needs uv" in notices()[-1]


def test_recordings_alone_fetch_nothing(monkeypatch):
    """KIT_LIVE=never makes the environment of what is here, or not at all."""
    monkeypatch.setenv("KIT_LIVE", "never")
    assert "--offline" in phoenix.command()


def test_a_server_that_cannot_start_shows_its_log(monkeypatch):
    """An environment without Phoenix: the end of the log says so."""
    monkeypatch.setattr(phoenix, "command", lambda server: [sys.executable, "-I", server])
    with pytest.raises(NotStarted, match=r"No module named 'phoenix'"):
        phoenix.start(16_206)


def test_a_taken_port_gives_way_to_the_next(monkeypatch):
    """Someone else's server on the port is left alone, and the reader is told."""
    monkeypatch.setattr(phoenix, "_serve", lambda port, log: None)
    monkeypatch.setattr(phoenix, "wait_for", lambda *_, **__: 1.0)
    told = []
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setattr(phoenix, "answers", lambda url: False)
        url = phoenix.start(port, tell=told.append).url
    assert port < int(url.rpartition(":")[2]) < port + 50
    assert told == [f"Phoenix answered after 1 s at {url}, as port {port} is taken."]


def test_the_server_gets_no_key_and_no_telemetry(monkeypatch):
    """Keys stay with the kernel; settings of another Phoenix do not leak into ours."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-0123456789")
    monkeypatch.setenv("PHOENIX_SQL_DATABASE_URL", "postgresql://elsewhere")
    show = [sys.executable, "-c", "import json, os; print(json.dumps(dict(os.environ)))"]
    monkeypatch.setattr(phoenix, "command", lambda server: show)
    with tempfile.TemporaryFile() as log:
        phoenix._serve(6006, log).communicate()
        log.seek(0)
        given = json.loads(log.read())
    assert "OPENAI_API_KEY" not in given
    assert "PHOENIX_SQL_DATABASE_URL" not in given
    assert given["PHOENIX_HOST"] == "127.0.0.1"
    assert given["PHOENIX_TELEMETRY_ENABLED"] == given["PHOENIX_ALLOW_EXTERNAL_RESOURCES"] == "false"


def test_the_link_is_shown(monkeypatch):
    """A workshop puts the page on the projector: one click, and no markup from a project's name."""
    shown = phoenix.Phoenix("http://127.0.0.1:6006", "<b>mine</b>")._repr_html_()
    assert '<a href="http://127.0.0.1:6006" target="_blank">' in shown
    assert "<b>mine</b>" not in shown


def test_a_program_goes_on_when_the_server_is_gone(ask, receiver, monkeypatch):
    """Between two calls the server goes: the second answers as fast as the first."""
    monkeypatch.setattr(phoenix, "PATIENCE_SECONDS", 0.5)
    running = phoenix.Phoenix(address(receiver), "lesson")
    running.instrument()
    ask(question="Is the server there?")
    running.sender.force_flush()
    assert set(receiver.projects) == {"lesson"}
    receiver.shutdown()
    receiver.server_close()
    for question in ("Is it still there?", "And now?"):
        began = time.monotonic()
        assert ask(question=question).answer == "blue"
        assert time.monotonic() - began < 1
        running.sender.force_flush()
    running.stop()


def test_a_server_that_hangs_does_not_hold_up_a_program(ask, monkeypatch):
    """Spans go from a thread of their own, and it gives up."""
    monkeypatch.setattr(phoenix, "PATIENCE_SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        running = phoenix.Phoenix(f"http://127.0.0.1:{silent.getsockname()[1]}", "lesson")
        running.instrument()
        began = time.monotonic()
        assert ask(question="Is anyone there?").answer == "blue"
        assert time.monotonic() - began < 0.5
        running.stop()


def test_after_stop_nothing_is_sent(ask, receiver):
    """DSPy is as it was: no instrumentation, no callback."""
    before = dspy.LM.__call__
    running = phoenix.Phoenix(address(receiver), "lesson")
    running.instrument()
    assert dspy.LM.__call__ is not before
    running.stop()
    assert dspy.LM.__call__ is before
    assert dspy.settings.callbacks == []


@pytest.fixture(scope="module")
def running():
    """A real server, for all tests below; the last test ends it."""
    installed = shutil.which("uv") and subprocess.run(
        phoenix.command("-c", "import phoenix"), env=os.environ | {"UV_OFFLINE": "1"}, check=False
    )
    if not installed or installed.returncode:
        if os.environ.get("CI"):
            pytest.fail("CI tests a real Phoenix: run `kit phoenix install` first.")
        pytest.skip("needs Phoenix's environment: kit phoenix install")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    started = phoenix.start(port, "lesson")
    yield started
    started.stop()


def test_spans_arrive_with_their_tokens(running, ask):
    """What Phoenix holds of a call is what `kit.trace()` shows."""
    running.instrument()
    ask(question="What colour is the sky?")
    running.sender.force_flush()
    until, spans = time.monotonic() + 20, []
    while not any(span["span_kind"] == "LLM" for span in spans) and time.monotonic() < until:
        time.sleep(0.2)
        with contextlib.suppress(urllib.error.HTTPError):  # the project begins with its first span
            page = urllib.request.urlopen(f"{running.url}/v1/projects/lesson/spans", timeout=10)
            spans = json.load(page)["data"]
    (call,) = [span for span in spans if span["span_kind"] == "LLM"]
    assert call["attributes"]["llm.token_count.prompt"] > 0


def test_its_page_asks_for_nothing_from_elsewhere(running):
    """No font, no pixel, no script of another host."""
    page = urllib.request.urlopen(running.url, timeout=10).read().decode()
    assert "<title>" in page
    assert not [host for host in ("googleapis", "gstatic", "scarf", "fullstory") if host in page]


def test_it_is_left_running_by_whoever_found_it(running):
    """A kernel that did not start the server finds it, and does not stop it."""
    found = phoenix.start(int(running.url.rpartition(":")[2]))
    assert (found.url, found.process) == (running.url, None)
    found.stop()
    assert running.process.poll() is None


def test_it_ends_with_whoever_started_it(running):
    """A kernel that is killed closes the pipe that the server reads, and takes the server along."""
    running.process.stdin.close()
    assert running.process.wait(10) == 0
    assert not answers(f"{running.url}/healthz")
