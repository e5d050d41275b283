"""A port that is free, and a page that answers, are found only where they are."""

import functools
import http.server
import socket
import threading

import pytest

from kit.workshop.lab import answers, free_port


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
