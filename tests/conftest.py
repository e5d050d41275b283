"""What every test stands on: no keys, no network, no memory of the test before, and one small real model."""

from __future__ import annotations

import copy
import ipaddress
import logging
import os
import re
import signal
import socket
import sys
import tempfile

import pytest

os.environ["DSPY_CACHEDIR"] = tempfile.mkdtemp(prefix="kit-tests-dspy-")  # read while dspy is imported
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
os.environ["OMP_WAIT_POLICY"] = "PASSIVE"

from kit import project
from kit.engines import fetch, models, weights

signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background starts deaf to Ctrl-C

PRIVATE = re.compile(r"_KEY$|_TOKEN$|_SECRET$|_API_BASE$|_BASE_URL$|^LOCAL_SERVER_|^KIT_(?!MODELS$)")


class NetworkRefused(RuntimeError):
    """A test tried to reach another machine."""


@pytest.fixture(autouse=True)
def clean_surroundings(monkeypatch, tmp_path_factory):
    """Hide keys, settings, the project's .env file and its recordings; put back what a test changed."""
    before = dict(os.environ)
    for name in filter(PRIVATE.search, before):
        del os.environ[name]
    os.environ |= {"KIT_LIVE": "yes", "KIT_PROGRESS": "off"}
    monkeypatch.setattr(project, "ROOT", tmp_path_factory.mktemp("root"))
    monkeypatch.setattr(models, "REPLIES", project.ROOT / "data" / "replies")
    _forget_recordings()
    yield
    _forget_recordings()
    os.environ.clear()
    os.environ.update(before)
    if "dspy" in sys.modules:
        _reset_dspy()


@pytest.fixture(autouse=True)
def loopback_only(monkeypatch):
    """Refuse connections to other machines."""
    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, _guarded(getattr(socket.socket, name)))


@pytest.fixture(scope="session")
def smoke_model():
    """Return the file of a real model of 135 million parameters (98 MB), fetched once if need be."""
    try:
        return fetch.pull("smollm2-135m")
    except weights.NoWeights as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"needs the smoke-test model, `kit models pull smollm2-135m`: {error}")


@pytest.fixture(scope="session")
def endpoint():
    """An endpoint in a process of its own, for the tests of kit.batch."""
    from endpoint import Endpoint

    with Endpoint() as endpoint:
        yield endpoint


@pytest.fixture
def ask(endpoint, tmp_path):
    """Return a function that runs `text -> answer` over texts, or over another source, with kit.batch."""
    import dspy
    import pandas

    from kit import batch

    def ask(source, behaviour="echo", *, program=None, to=tmp_path / "out", lm=None, **options):
        source = pandas.DataFrame({"text": source}) if isinstance(source, list) else source
        options = {"inputs": ["text"], "threads": 4, "partition_rows": 10, "progress": False} | options
        program = program or dspy.Predict("text -> answer")
        with dspy.context(lm=lm or endpoint.lm(behaviour), adapter=dspy.JSONAdapter()):
            return batch.run(program, source, to=to, **options)

    return ask


@pytest.fixture
def asked(endpoint):
    """Return a function that says how often a text has arrived at the endpoint."""
    return lambda text: endpoint.seen()["texts"].get(text, 0)


def _forget_recordings():
    if lms := sys.modules.get("kit.engines.lms"):
        lms._recordings.cache_clear()


def _guarded(connect):
    def guarded(self, address):
        sends = self.type != socket.SOCK_DGRAM  # Dask connects a datagram socket to learn its own address
        if sends and self.family in (socket.AF_INET, socket.AF_INET6) and not _is_loopback(address[0]):
            raise NetworkRefused(f"Tests reach no other machine, and this one asked for {address}.")
        return connect(self, address)

    return guarded


def _is_loopback(host):
    return host == "localhost" or ipaddress.ip_address(host).is_loopback


def _reset_dspy():
    import dspy
    from dspy.clients.base_lm import GLOBAL_HISTORY

    settings = sys.modules["dspy.dsp.utils.settings"]
    GLOBAL_HISTORY.clear()
    logging.getLogger("dspy").setLevel(logging.INFO)
    settings.main_thread_config.clear()
    settings.main_thread_config.update(copy.deepcopy(settings.DEFAULT_CONFIG))
    settings.config_owner_thread_id = settings.config_owner_async_task = None
    dspy.configure_cache(enable_disk_cache=False)
