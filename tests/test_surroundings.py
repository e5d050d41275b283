"""The suite's own promises: it reaches no other machine and sees no key."""

import os
import socket

import pytest

from kit.engines import models


def test_other_machines_are_out_of_reach():
    """A test that would need the network fails with a message that says so."""
    with (
        socket.socket() as there,
        pytest.raises(RuntimeError, match=r"Tests reach no other machine.*192\.0\.2\.1"),
    ):
        there.connect(("192.0.2.1", 443))


def test_this_machine_can_be_reached():
    """Servers that a test starts on loopback answer."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()


def test_keys_and_settings_are_hidden():
    """A developer's own keys and profile do not leak into a test."""
    assert not [name for name in os.environ if name.endswith("_API_KEY") or name == "KIT_PROFILE"]
    assert models.current_profile() == "offline"
