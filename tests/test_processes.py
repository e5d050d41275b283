"""A server in the background is waited for, found only where it is, and never left behind."""

import functools
import http.server
import socket
import subprocess
import sys
import tempfile
import threading

import pytest

from kit.processes import NotStarted, answers, end, free_port, wait_for

SLEEPS = [sys.executable, "-c", "import time; print('getting ready', flush=True); time.sleep(60)"]


@pytest.fixture
def page(tmp_path):
    """Return the address of a page that is served."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=tmp_path)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def test_a_taken_port_gives_way_to_the_next():
    """Someone else's server on the port is left alone."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert port < free_port(port) < port + 50


def test_a_page_answers_or_does_not(page, monkeypatch):
    """A proxy in the environment is not asked; a page that is not there is no answer."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert answers(page)
    assert not answers(f"{page}missing")
    assert not answers("http://127.0.0.1:9/")


def test_a_server_that_stays_silent_is_given_up_with_its_log(page):
    """The error holds what the program wrote."""
    with tempfile.TemporaryFile() as log, subprocess.Popen(SLEEPS, stdout=log) as process:
        assert wait_for(process, page, log, 1.0, name="Answering") < 1.0
        with pytest.raises(NotStarted, match=r"Silent did not start\. The end of its log:\ngetting ready"):
            wait_for(process, f"{page}missing", log, 2.0, name="Silent")
        end(process, patience_seconds=0.0)
    assert process.returncode is not None
