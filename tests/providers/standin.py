"""Stand-in: a local server that speaks a provider's protocol, and is as strict as the provider.

    with StandIn("openai") as provider:
        dspy.LM("openai/gpt-5.6-luna", api_base=provider.url, api_key=KEY)

It refuses what the provider refuses, in the provider's form; `provider.refused` lists what it refused. It
computes nothing: a reply is made up, in the form that the prompt asks for. `provider.then("429", "500")` sets
what the next requests meet: "429", "500", "cut" (the connection ends halfway) or "empty" (no text).
"""

from __future__ import annotations

import json
import threading
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import chat_wire
import gemini_wire
import messages_wire
from refusal import Refused

KEY = "sk-stand-in-0123456789abcdef"
FAULTS = ("429", "500", "cut", "empty")
WIRES = {
    "openai": chat_wire.OpenAI,
    "openrouter": chat_wire.OpenRouter,
    "ollama": chat_wire.Ollama,
    "local-server": chat_wire.LlamaServer,
    "anthropic": messages_wire.Anthropic,
    "google": gemini_wire.Gemini,
}


class StandIn:
    """A provider on loopback, until its `with` ends.

    Attributes:
        url: Its address, as a profile sets it.
        refused: For each refused request, status, message and body.
        answered: How many requests got a reply.
    """

    def __init__(self, profile: str) -> None:
        self.profile, self.wire = profile, WIRES[profile]()
        self.refused: list[tuple[int, str, Any]] = []
        self.requests: list[dict[str, Any]] = []
        self.answered = 0
        self.faults: deque[str] = deque()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}{self.wire.root}"

    def then(self, *faults: str) -> None:
        """Let the next requests meet these faults, one each."""
        if unknown := set(faults) - set(FAULTS):
            raise ValueError(f"There is no fault {', '.join(unknown)}. Faults: {', '.join(FAULTS)}.")
        self.faults.extend(faults)

    def environment(self) -> dict[str, str]:
        """Return the variables that lead the profile here."""
        names = {"ollama": "OLLAMA_API_BASE", "local-server": "LOCAL_SERVER_URL"}
        keys = {"google": "GEMINI_API_KEY", "local-server": "LOCAL_SERVER_KEY"}
        key = keys.get(self.profile, f"{self.profile.upper()}_API_KEY")
        address = names.get(self.profile, "KIT_GATEWAY")
        return {"KIT_PROFILE": self.profile, key: KEY, address: self.url}

    def __enter__(self) -> StandIn:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def _handler(standin: StandIn) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # else a body waits 40 ms for the receipt of its head

        def do_POST(self) -> None:
            try:
                self._answer(self._body())
            except Refused as refused:
                standin.refused.append((refused.status, refused.message, self.asked))
                self._send(refused.status, standin.wire.error(refused), refused.headers)

        def do_GET(self) -> None:
            self._send(404, standin.wire.error(Refused(404, f"Invalid URL (GET {self.path})")))

        def _body(self) -> dict[str, Any]:
            text = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.asked = None
            try:
                self.asked = json.loads(text)
            except ValueError:
                raise Refused(400, "We could not parse the JSON body of your request.") from None
            return self.asked

        def _answer(self, body: dict[str, Any]) -> None:
            wire, path = standin.wire, urlsplit(self.path).path
            fault = standin.faults.popleft() if standin.faults else ""
            wire.check_key({name.lower(): value for name, value in self.headers.items()}, KEY)
            if fault == "429":
                raise wire.busy()
            if fault == "500":
                raise wire.broken()
            standin.requests.append(body)
            stream, chunks = wire.answer(path, body, empty=fault == "empty")
            if not stream:
                content = json.dumps(chunks).encode()
                if fault == "cut":
                    return self._cut(content)
                standin.answered += 1
                return self._send(200, content)
            return self._stream(chunks[: len(chunks) // 2] if fault == "cut" else chunks)

        def _stream(self, chunks: list[str]) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Connection", "close")
            self.end_headers()
            self.close_connection = True
            for chunk in chunks:
                self.wfile.write(chunk.encode())
                self.wfile.flush()
            standin.answered += 1

        def _cut(self, content: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: len(content) // 2])
            self.close_connection = True

        def _send(self, status: int, content: bytes | dict, headers: dict[str, str] | None = None) -> None:
            content = content if isinstance(content, bytes) else json.dumps(content).encode()
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    return Handler
