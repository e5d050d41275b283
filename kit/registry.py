"""Registry: a place for programs that dspy-hub can publish to and install from, on loopback.

    with Registry(Path("registry"), {"dev-key-1": "workshop"}) as registry:
        dspy_hub.save_to_hub("triage", package, {...}, registry=registry.url, dev_key="dev-key-1")

To read from, a registry is a folder of plain files: index.json, what it names, and a file for each version
under api/. Any web server can serve that. Publishing is one PUT. Left out: DELETE, and a page to browse.
"""

from __future__ import annotations

import base64
import binascii
import json
import threading
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from typing import Any

from dspy_hub.hub import HubFile

from kit.engines.listening import Listener
from kit.hub import Refused, check, check_name


class Registry(Listener):
    """Serve a folder as a registry until the `with` ends.

    Args:
        folder: Where the index and the packages lie; made if missing.
        keys: The developer keys, each with the author in whose name it publishes.
    """

    def __init__(self, folder: Path, keys: dict[str, str]) -> None:
        super().__init__(_Handler)
        self.folder, self.keys, self.turn = Path(folder), keys, threading.Lock()
        if not (self.folder / "index.json").exists():
            _write(self.folder / "index.json", {"packages": []})

    @property
    def url(self) -> str:
        """The index's address: dspy-hub's `registry`."""
        return f"{self.address}/index.json"


class _Handler(SimpleHTTPRequestHandler):
    def __init__(self, request: Any, address: Any, server: Registry) -> None:
        super().__init__(request, address, server, directory=str(server.folder))

    def do_PUT(self) -> None:
        """Publish a version; what is refused comes back with its reason."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        author = self.server.keys.get(self.headers.get("Authorization", "").removeprefix("Bearer "))
        if author is None:
            return self._send(401, {"error": "This developer key is not known here."})
        try:
            with self.server.turn:
                return self._send(200, publish(self.server.folder, author, self.path, json.loads(body)))
        except (Refused, KeyError, TypeError, binascii.Error, json.JSONDecodeError) as error:
            return self._send(400, {"error": f"{type(error).__name__}: {error}"})

    def log_message(self, *args: object) -> None:
        """Say nothing: a notebook shows replies, not a server's log."""

    def _send(self, status: int, reply: dict[str, Any]) -> None:
        content = json.dumps(reply).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def publish(folder: Path, author: str, path: str, body: dict[str, Any]) -> dict[str, str]:
    """Add one version of a package to a registry's folder.

    Args:
        folder: The registry's folder.
        author: In whose name.
        path: The request's: "/api/packages/NAME".
        body: What `dspy_hub.save_to_hub` sends: a manifest, and files with their hashes.

    Raises:
        Refused: If a name, a path or a hash is wrong, or this version is there already with other files.
    """
    name, manifest = path.removeprefix("/api/packages/"), body["manifest"]
    version = str(manifest["version"])
    check_name(name)
    check_name(version)
    files = [_received(file) for file in body["files"]]
    place = f"packages/{author}/{name}/{version}"
    specs = [{"source": f"{place}/{f.target}", "target": f.target, "sha256": f.sha256} for f in files]
    entry = {**manifest, "author": author, "name": name, "slug": f"{author}/{name}", "files": specs}
    if (folder / place).exists():
        raise Refused(f"{author}/{name} {version} is published; a version never changes. Raise its number.")
    for spec, file in zip(specs, files, strict=True):
        (folder / spec["source"]).parent.mkdir(parents=True, exist_ok=True)
        (folder / spec["source"]).write_bytes(file.content)
    _write(folder / "api" / place, entry)
    _enter(folder / "index.json", entry)
    return {"identifier": entry["slug"], "version": version, "hash": str(manifest.get("hash", ""))}


def _received(file: dict[str, str]) -> HubFile:
    content = base64.b64decode(file["content"], validate=True)
    received = HubFile("", str(file["target"]), content, file["sha256"])
    check(received, file["sha256"])
    return received


def _enter(index: Path, entry: dict[str, Any]) -> None:
    listed = json.loads(index.read_text())
    others = [other for other in listed["packages"] if other["slug"] != entry["slug"]]
    _write(index, {**listed, "packages": [*others, entry]})


def _write(path: Path, content: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2))
