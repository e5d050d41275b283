"""Loaded as each notebook's kernel under test starts: refuse connections that leave the machine."""

import socket

_connect = socket.socket.connect


def _connect_here(self: socket.socket, address: tuple) -> None:
    local = self.family == getattr(socket, "AF_UNIX", None) or address[0] in ("127.0.0.1", "::1", "localhost")
    if not local:
        raise OSError(f"The tests refuse connections that leave the machine, and this one goes to {address}.")
    return _connect(self, address)


socket.socket.connect = _connect_here
