"""Serve the project on this machine, over HTTP and MCP, to callers with a key.

    python serve.py [PORT]

A caller sends `Authorization: Bearer KEY`. KEY is what DSPY_API_KEY holds, in the environment or in .env; if
it is not set, a key is made and printed. What is asked and answered is kept in logs/, readable by you alone:
when NAME.log grows beyond five megabytes it becomes NAME.log.1, and the one before goes.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import inspect
import json
import logging
import os
import secrets
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import uvicorn
from dspy_cli.server import routes
from dspy_cli.server.mcp import create_mcp_server
from dspy_cli.server.runner import create_app_instance
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import create_model
from uvicorn.protocols.http.h11_impl import H11Protocol

LONGEST_BODY = 41_000_000  # bytes: a file of 30 megabytes, in base64
LONGEST_LOG = 5_000_000
READS_WITHIN = 10.0
MOST_WAITING = 128
LOGS = Path("logs")


class TooLong(ValueError):
    """A body is longer than LONGEST_BODY bytes."""


class Guard:
    """Refuse strangers before their body is read, and bodies that are too long or too slow."""

    def __init__(self, app: Any, key: str) -> None:
        self.app, self.authorization = app, f"Bearer {key}".encode()

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            return await self.app(scope, receive, send)
        headers = dict(scope["headers"])
        if not hmac.compare_digest(headers.get(b"authorization", b""), self.authorization):
            return await _refuse(401, "Send your key: Authorization: Bearer KEY.", receive, send)
        try:
            if int(headers.get(b"content-length", 0)) > LONGEST_BODY:
                raise TooLong
            body = await asyncio.wait_for(_read(receive), READS_WITHIN)
            json.loads(body or b"{}")
        except TooLong:
            return await _refuse(413, f"At most {LONGEST_BODY:,} bytes, please.", receive, send)
        except TimeoutError:
            return await _refuse(408, f"The body did not arrive within {READS_WITHIN:.0f} s.", receive, send)
        except (RecursionError, ValueError):
            return await _refuse(400, "The body is not JSON.", receive, send)
        await self.app(scope, _again(body, receive), send)
        return shorten_logs()


class Punctual(H11Protocol):
    """Close connections that never ask; of too many that wait, one goes."""

    def connection_made(self, transport: Any) -> None:
        """Give a connection some seconds to ask."""
        super().connection_made(transport)
        waiting = [each for each in self.connections if each.cycle is None and each is not self]
        if len(waiting) >= MOST_WAITING:
            waiting[0].transport.close()
        self.loop.call_later(READS_WITHIN, self.end_if_silent)

    def end_if_silent(self) -> None:
        """Close it if no request has arrived."""
        if self.cycle is None:
            self.transport.close()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is not HTTP; where it follows a good head, the request ends with it."""
        if self.cycle is None or not self.cycle.response_started:
            super().send_400_response(msg)
        if self.cycle is not None:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.transport.close()


async def _read(receive: Any) -> bytes:
    body, more = bytearray(), True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > LONGEST_BODY:
            raise TooLong
    return bytes(body)


def _again(body: bytes, receive: Any) -> Any:
    """Return a `receive` that gives a body that was read, and then what comes."""
    given = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Any:
        return given.pop() if given else await receive()

    return again


async def _refuse(status: int, reason: str, receive: Any, send: Any) -> None:
    """Send a reason, and throw away what the caller is still sending, so that it can read the reason."""
    content = json.dumps({"detail": reason}).encode()
    headers = {"content-type": "application/json", "content-length": str(len(content)), "connection": "close"}
    fields = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": fields})
    await send({"type": "http.response.body", "body": content, "more_body": True})
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(_throw_away(receive), 1.0)
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _throw_away(receive: Any) -> None:
    while (await receive()).get("more_body", False):
        pass


async def name_wrong_fields(request: Request, error: RequestValidationError) -> JSONResponse:
    """Say which field is wrong, and do not repeat what was sent."""
    found = [{name: fault[name] for name in ("type", "loc", "msg")} for fault in error.errors()[:20]]
    return JSONResponse({"detail": found}, 422)


def shorten_logs() -> None:
    """Put aside each log that has grown too long, in the place of the one before."""
    for log in LOGS.glob("*.log"):
        if log.stat().st_size > LONGEST_LOG:
            log.replace(log.with_suffix(".log.1"))


def leave_out_defaults() -> None:
    """Let callers leave out what has a default; dspy-cli 0.1.13 wants every parameter."""
    made = routes._create_request_model_from_forward

    def with_defaults(module: Any) -> Any:
        fields = made(module).model_fields
        parameters = inspect.signature(module.class_obj.forward).parameters
        defaults = {name: one.default for name, one in parameters.items() if one.default is not one.empty}
        return create_model(
            f"{module.name}Request",
            **{name: (field.annotation, defaults.get(name, field.default)) for name, field in fields.items()},
        )

    routes._create_request_model_from_forward = with_defaults


def with_tools(app: Any) -> Any:
    """Mount the programs as MCP tools at /mcp; dspy-cli 0.1.13 asks FastAPI for a method that is gone."""
    tools = create_mcp_server(app).http_app(path="/")
    programs = app.router.lifespan_context

    @contextlib.asynccontextmanager
    async def both(app: Any) -> AsyncIterator[None]:
        async with programs(app), tools.lifespan(app):
            yield

    app.mount("/mcp", tools)
    app.router.lifespan_context = both
    return app


def main(port: int = 8000) -> None:
    """Serve until Ctrl-C, on this machine alone."""
    os.chdir(Path(__file__).resolve().parent)
    os.umask(0o077)
    os.environ["DSPY_CLI_LOGS_DIR"] = str(LOGS)
    try:
        listener = socket.create_server(("127.0.0.1", port))
    except (OSError, OverflowError) as error:
        sys.exit(f"Port {port} cannot be used: {error}. Name another, e.g. `python serve.py 8001`.")
    logging.getLogger("dspy_cli.server").setLevel(logging.CRITICAL)  # logs/ holds what a request came to
    leave_out_defaults()
    app = with_tools(create_app_instance())
    app.add_exception_handler(RequestValidationError, name_wrong_fields)
    if not app.state.modules:
        sys.exit("Nothing to serve: no module in src/*/modules could be loaded; the reason is printed above.")
    if not (key := os.environ.get("DSPY_API_KEY", "").strip()):
        key = secrets.token_urlsafe(16)
        print(f"DSPY_API_KEY is not set. The key until this server ends: {key}", flush=True)
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    print(f"Serving at {address}, as tools at {address}/mcp/. Ctrl-C ends it.", flush=True)
    config = uvicorn.Config(
        Guard(app, key),
        http=Punctual,
        ws="none",
        log_level="warning",
        server_header=False,
        h11_max_incomplete_event_size=65_536,
    )
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
