"""Listening: a small HTTP server in a thread of this process, until its `with` ends."""

from __future__ import annotations

import threading
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import Self


class Listener(ThreadingTCPServer):
    """Answer with a handler, a thread for each connection.

    Args:
        handler: What answers a request.
        host: Where to listen: by default where only this machine can connect.
        port: 0 means any that is free.
    """

    daemon_threads = True
    request_queue_size = 128  # a room that asks at once waits for a thread, not for TCP to try again

    def __init__(self, handler: type[BaseRequestHandler], host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__((host, port), handler)
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)

    @property
    def address(self) -> str:
        """Where it listens, as the beginning of a URL."""
        host, port = self.server_address[:2]
        return f"http://{host}:{port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()
