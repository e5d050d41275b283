"""`kit lab` really starts JupyterLab: on loopback, behind a token, at the lesson."""

import socket
import urllib.error
import urllib.request

import nbformat
import pytest

from kit.workshop import lab


@pytest.fixture(scope="module")
def notebook(tmp_path_factory):
    path = tmp_path_factory.mktemp("project") / "00_start_here.ipynb"
    nbformat.write(nbformat.v4.new_notebook(), path)
    return path


@pytest.fixture(scope="module")
def running(notebook):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        started = lab.start(notebook, port, root=notebook.parent)
    yield started
    started.stop()


def status(url):
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status, answer.url
    except urllib.error.HTTPError as refused:
        refused.close()
        return refused.code, refused.url


def test_the_lesson_opens(running):
    """The address that is printed answers, and leads to the lesson."""
    assert "/lab/tree/00_start_here.ipynb?token=" in running.url
    assert status(running.url)[0] == 200


def test_nobody_enters_without_the_token(running):
    """Without the token there is a login page, and no files."""
    page, files = running.url.partition("?")[0], f"{running.url.partition('/lab')[0]}/api/contents"
    assert "/login" in status(page)[1]
    assert status(files)[0] == 403


def test_another_server_on_the_port_is_not_taken_for_ours(running, notebook, monkeypatch):
    """Two that start at once may find the same port free: the one that loses says so."""
    taken = int(running.url.partition("127.0.0.1:")[2].partition("/")[0])
    monkeypatch.setattr(lab, "free_port", lambda wanted: taken)
    with pytest.raises(lab.NotStarted, match="did not start"):
        lab.start(notebook, taken, root=notebook.parent)


def test_it_ends_when_told(running):
    """Stopping leaves no server behind."""
    running.stop()
    assert running.process.returncode is not None
    with pytest.raises(urllib.error.URLError):
        status(running.url)


def test_a_notebook_elsewhere_is_refused(tmp_path, notebook):
    """A file outside the folder that JupyterLab shows cannot be opened, and nothing is started."""
    with pytest.raises(ValueError, match="not in the subpath"):
        lab.start(tmp_path / "other.ipynb", root=notebook.parent)


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit, MemoryError])
def test_no_server_is_left_when_the_start_is_broken_off(notebook, monkeypatch, stop):
    """Ctrl-C while JupyterLab starts ends JupyterLab too, whatever it is doing."""
    started, popen = [], lab.subprocess.Popen

    def noted(*arguments, **options):
        started.append(popen(*arguments, **options))
        return started[0]

    def broken_off(*_, **__):
        raise stop

    monkeypatch.setattr(lab.subprocess, "Popen", noted)
    monkeypatch.setattr(lab, "_wait_for", broken_off)
    monkeypatch.setattr(lab, "_command", lambda *_: [lab.sys.executable, "-c", "import time; time.sleep(60)"])
    with pytest.raises(stop):
        lab.start(notebook, 18_888, root=notebook.parent)
    assert started[0].returncode is not None


def test_a_failure_shows_the_log(notebook, monkeypatch):
    """If JupyterLab ends before it answers, the end of its log says why."""
    monkeypatch.setattr(lab, "_command", lambda *_: [lab.sys.executable, "-c", "raise SystemExit('no room')"])
    with pytest.raises(lab.NotStarted, match=r"did not start\. The end of its log:\nno room"):
        lab.start(notebook, 18_888, root=notebook.parent)
