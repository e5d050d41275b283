"""Processes: a server that is another program, started in the background on loopback and waited for."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import time
from typing import IO


class NotStarted(OSError):
    """A server ended before it answered, never answered, or found no free port."""


def free_port(first: int) -> int:
    """Return the first port, or the next of fifty that is free; `NotStarted` if none is."""
    for port in range(first, first + 50):
        with socket.socket() as asking, socket.socket() as place, contextlib.suppress(OSError):
            place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if asking.connect_ex(("127.0.0.1", port)) != 0:
                place.bind(("127.0.0.1", port))
                return port
    raise NotStarted(f"Ports {first} to {first + 49} are taken. Name another port, e.g. {first + 100}.")


def answers(url: str) -> bool:
    """Tell whether a page of this machine can be read."""
    import httpx

    try:
        return httpx.get(url, timeout=2, trust_env=False).is_success
    except httpx.HTTPError:
        return False


def wait_for(
    process: subprocess.Popen, url: str, log: IO[bytes], patience_seconds: float, *, name: str
) -> float:
    """Wait until a server answers at a URL that is its alone, and return the seconds that it took.

    `NotStarted` if it ends or stays silent; the message holds the end of its log.
    """
    began = time.monotonic()
    while not answers(url):
        seconds = time.monotonic() - began
        if process.poll() is not None or seconds > patience_seconds:
            log.seek(0)
            last = log.read().decode(errors="replace").splitlines()[-8:]
            raise NotStarted("\n".join([f"{name} did not start. The end of its log:", *last]))
        time.sleep(0.1)
    return time.monotonic() - began


def end(process: subprocess.Popen, patience_seconds: float) -> None:
    """Wait for a server that was asked to end; one that hangs is killed."""
    try:
        process.wait(patience_seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
