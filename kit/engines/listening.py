"""Listening: a small HTTP server in a thread of this process, until its `with` ends.

It is meant for a workshop's network, where anyone can connect: the key is checked before a body is read,
heads and bodies are short, and a caller that stops sending or reading loses its connection.
"""

from __future__ import annotations

import contextlib
import errno
import hmac
import json
import logging
import os
import re
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import Any, Self

from kit.engines.direct import reach_directly
from kit.redaction import hide

LONGEST_BODY = 4_000_000  # bytes of a request
READS_WITHIN = 10.0  # seconds that the head of a request may take, and a pause in its body
SENDS_WITHIN = 30.0  # seconds within which a caller must take the answer
MOST_CONNECTIONS = 256

_KINDS = {401: "authentication_error", 404: "not_found_error", 500: "server_error"}
_FAILED = b"HTTP/1.0 %d %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class CannotListen(OSError):
    """A server cannot be opened at an address and a port."""


class Refusal(Exception):
    """A request is refused: (status, reason)."""


class Listener(ThreadingTCPServer):
    """Answer with a handler, a thread for each connection; `CannotListen` says why it cannot.

    `host` is by default where only this machine can connect; port 0 means any that is free.
    """

    daemon_threads = True
    allow_reuse_address = os.name != "nt"  # start again at once; on Windows it would let two listen
    request_queue_size = 128  # a room that asks at once waits for a thread, not for TCP to try again

    def __init__(self, handler: type[BaseRequestHandler], host: str = "127.0.0.1", port: int = 0) -> None:
        self._places = threading.BoundedSemaphore(MOST_CONNECTIONS)
        self.heads: dict[socket.socket, float] = {}  # connections whose head is not read yet, and since when
        try:
            super().__init__((host, port), handler)
        except (OSError, OverflowError) as error:
            raise CannotListen(getattr(error, "errno", None), _cannot(error, host, port)) from error
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)
        reach_directly(host)

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

    def process_request(self, request: socket.socket, client_address: Any) -> None:
        """Answer in a thread, if there is room for one more."""
        if self._places.acquire(blocking=False):
            self.heads[request] = time.monotonic()
            return super().process_request(request, client_address)
        _refuse(request, 503, b"Too many connections; try again")
        return super().shutdown_request(request)

    def process_request_thread(self, request: socket.socket, client_address: Any) -> None:
        """Answer, and free the place."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.heads.pop(request, None)
            self._places.release()

    def service_actions(self) -> None:
        """Close the connections of callers that send a head byte by byte, and so never pause."""
        late = time.monotonic() - READS_WITHIN
        for connection in [connection for connection, began in self.heads.copy().items() if began < late]:
            self.heads.pop(connection, None)
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: socket.socket, client_address: Any) -> None:
        """Log an error of our own in one line, without secrets, and say so to the caller."""
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            logging.getLogger("kit").error(hide(f"A request failed: {type(error).__name__}: {error}"))
        _refuse(request, 500, b"Internal error")


class Handler(BaseHTTPRequestHandler):
    """Answer in JSON, to callers that `knows_caller` knows; every error is an object as OpenAI sends it."""

    server_version, sys_version = "kit", ""
    default_request_version = "HTTP/1.0"  # a head that does not parse is answered with a status, too
    requestline = request_version = command = ""
    stranger = "Wrong or missing API key."
    _refused = False

    def setup(self) -> None:
        """Read from the connection, and not for ever."""
        self.timeout = READS_WITHIN
        super().setup()

    def handle(self) -> None:
        """Answer one request."""
        try:
            super().handle()
        except Refusal as refused:
            self.send_error(*refused.args)
        except ConnectionError:  # a caller that has gone wants no answer
            return

    def parse_request(self) -> bool:
        """Read the head, then see who asks, before anything else is looked at."""
        if not super().parse_request():
            return False
        self.server.heads.pop(self.request, None)
        if not self.knows_caller():
            self.send_error(401, self.stranger)
            return False
        return True

    def knows_caller(self) -> bool:
        """Tell whether the caller has shown the server's key."""
        return same_key(self.headers.get("Authorization", ""), f"Bearer {self.server.key}")

    def body(self) -> bytes:
        """Read the body; `Refusal` if its length is missing, no number, too large or untrue."""
        given = self.headers.get("Content-Length", "").strip()
        if not re.fullmatch(r"[0-9]{1,15}", given):
            status = 400 if given else 411
            raise Refusal(status, "Send the body in one piece, with its Content-Length in bytes, e.g. 120.")
        if (length := int(given)) > LONGEST_BODY:
            raise Refusal(413, f"{length:,} bytes; at most {LONGEST_BODY:,}.")
        content = self.rfile.read(length)
        if len(content) < length:
            raise Refusal(400, f"The Content-Length is {length:,}, and {len(content):,} bytes arrived.")
        return content

    def send(self, status: int, reply: dict[str, Any]) -> None:
        """Send a reply; a caller that has gone, or takes it too slowly, gets none."""
        content = json.dumps(reply).encode()
        self._refused = status >= 400
        self.connection.settimeout(SENDS_WITHIN)
        with contextlib.suppress(OSError):
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Connection", "close")
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Send an error object; Python's own server uses this for a malformed head and an unknown method."""
        self.send(int(code), error_object(int(code), (message or self.responses[code][0])[:300]))

    def log_message(self, *args: object) -> None:
        """Say nothing: a notebook shows replies, not a server's log."""

    def finish(self) -> None:
        """Close; what a refused caller is still sending is thrown away, so that it can read the reason."""
        with contextlib.suppress(OSError):
            super().finish()
            if self._refused:
                self.connection.shutdown(socket.SHUT_WR)
                self.connection.settimeout(1.0)
                for _ in range(100):
                    if not self.connection.recv(65_536):
                        break


def checked_key(key: str) -> str:
    """Return a server's key, if it can be sent in a header; else `ValueError`."""
    if not re.fullmatch(r"[!-~]+", key or ""):
        raise ValueError("A server needs a key of letters, digits and signs, without spaces: choose another.")
    return key


def same_key(sent: str, known: str) -> bool:
    """Compare in a time that does not tell how much is right."""
    return hmac.compare_digest(sent.encode("utf-8", "replace"), known.encode())


def error_object(status: int, message: str) -> dict[str, Any]:
    """Return an error as OpenAI's clients read it, without secrets."""
    kind = _KINDS.get(status, "invalid_request_error")
    return {"error": {"message": hide(message), "type": kind, "code": None}}


def _cannot(error: OSError | OverflowError, host: str, port: int) -> str:
    if getattr(error, "errno", None) == errno.EADDRINUSE:
        return (
            f"Port {port} at {host} is taken: another program listens there. End that program, or choose "
            f"another port, e.g. {port + 1 if port < 65_535 else 8701}."
        )
    return (
        f"Cannot listen at {host}, port {port}: {getattr(error, 'strerror', None) or error}. Is it this "
        "machine's own address? A port is a number from 1024 to 65535."
    )


def _refuse(connection: socket.socket, status: int, reason: bytes) -> None:
    with contextlib.suppress(OSError):
        connection.settimeout(0.0)
        connection.send(_FAILED % (status, reason))
