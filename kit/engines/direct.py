"""Direct: this machine, and a workshop's room, are never asked by way of a proxy.

DSPy, httpx and urllib send requests through HTTP_PROXY or ALL_PROXY, unless NO_PROXY names the host. A proxy
reaches neither the loopback address of this machine nor a room's address.
"""

from __future__ import annotations

import os

LOOPBACK = ("localhost", "127.0.0.1", "::1")
_NAMES = ("NO_PROXY", "no_proxy")  # some clients read the first, and others prefer the second


def reach_directly(*hosts: str) -> None:
    """Name hosts, and this machine, in NO_PROXY of this process and of those it starts; other entries stay.

    >>> os.environ["NO_PROXY"] = "example.org"
    >>> reach_directly("192.0.2.7")
    >>> os.environ["no_proxy"]
    'example.org,localhost,127.0.0.1,::1,192.0.2.7'
    """
    there = [host.strip() for name in _NAMES for host in os.environ.get(name, "").split(",")]
    if there and set(filter(None, there)) == {"*"}:
        return
    named = dict.fromkeys([*filter(None, there), *LOOPBACK, *hosts])
    os.environ |= dict.fromkeys(_NAMES, ",".join(named))
