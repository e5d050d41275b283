"""Registry: a place for programs that dspy-hub can publish to and install from, on loopback.

    with Registry(Path("registry"), {"dev-key-1": "workshop"}) as registry:
        dspy_hub.save_to_hub("triage", package, {...}, registry=registry.url, dev_key="dev-key-1")

To read from, a registry is a folder of plain files: index.json, what it names, and a file for each version
under api/. Any web server can serve that. Publishing is one PUT. Left out: DELETE, and a page to browse.
"""

from __future__ import annotations

import base64
import json
import shutil
import threading
from pathlib import Path
from typing import Any

from dspy_hub.hub import HubFile
from hub import Refused, check, check_name
from served_folder import Folder, FolderHandler

from kit.engines.listening import checked_key, same_key


class Registry(Folder):
    """Serve a folder as a registry until the `with` ends.

    Args:
        folder: Where the index and the packages lie; made if missing.
        keys: The developer keys, each with the author in whose name it publishes.
        readers: The key in the URL of those who read, as dspy-hub sends them none; by default a new one. None
            lets anyone read who can connect.

    Raises:
        ValueError: If a key is empty, or cannot be sent.
    """

    def __init__(self, folder: Path, keys: dict[str, str], readers: str | None = "") -> None:
        self.keys, self.turn = {checked_key(key): author for key, author in keys.items()}, threading.Lock()
        super().__init__(folder, readers, _RegistryHandler)
        if not (self.folder / "index.json").exists():
            _write(self.folder / "index.json", {"packages": []})

    @property
    def url(self) -> str:
        """The index's address, with the readers' key: dspy-hub's `registry`."""
        return f"{super().url}/index.json"

    def author(self, authorization: str) -> str | None:
        """Return whose developer key was sent; None if it is nobody's."""
        found = [who for key, who in self.keys.items() if same_key(authorization, f"Bearer {key}")]
        return found[0] if found else None


class _RegistryHandler(FolderHandler):
    def knows_caller(self) -> bool:
        """Publishing needs a developer's key, reading the readers'."""
        self.author = self.server.author(self.headers.get("Authorization", ""))
        reads = super().knows_caller()
        return self.author is not None if self.command == "PUT" else reads

    def do_PUT(self) -> None:  # noqa: N802
        """Publish a version; what is refused comes back with its reason."""
        body = self.body()
        try:
            with self.server.turn:
                reply = publish(self.server.folder, self.author, self.path, json.loads(body))
        except (KeyError, RecursionError, TypeError, ValueError) as error:
            return self.send_error(400, f"{type(error).__name__}: {error}")
        except OSError as error:
            return self.send_error(500, f"The registry cannot store this version: {error.strerror}.")
        return self.send(200, reply)


def publish(folder: Path, author: str, path: str, body: dict[str, Any]) -> dict[str, str]:
    """Add one version of a package to a registry's folder.

    Args:
        folder: The registry's folder.
        author: In whose name.
        path: The request's: "/api/packages/NAME".
        body: What `dspy_hub.save_to_hub` sends: a manifest, and files with their hashes.

    Raises:
        Refused: If a name, a path or a hash is wrong, two files cannot lie side by side, this version is
            there already, or the disk takes no more. Nothing is published then.
    """
    name, manifest = path.removeprefix("/api/packages/"), body["manifest"]
    version = str(manifest["version"])
    check_name(name)
    check_name(version)
    files = [_received(file) for file in body["files"]]
    _refuse_clashes([file.target for file in files])
    place = f"packages/{author}/{name}/{version}"
    specs = [{"source": f"{place}/{f.target}", "target": f.target, "sha256": f.sha256} for f in files]
    entry = {**manifest, "author": author, "name": name, "slug": f"{author}/{name}", "files": specs}
    published = folder / "api" / place
    if published.exists():
        raise Refused(f"{author}/{name} {version} is published; a version never changes. Raise its number.")
    try:
        _lay_down(files, folder / place)
        _enter(folder / "index.json", entry)
        _write(published, entry)  # comes last: it makes the version published
    except OSError as error:
        raise Refused(
            f"{author}/{name} {version} could not be stored: {error.strerror}. Try again."
        ) from error
    return {"identifier": entry["slug"], "version": version, "hash": str(manifest.get("hash", ""))}


def _received(file: dict[str, str]) -> HubFile:
    content = base64.b64decode(file["content"], validate=True)
    received = HubFile("", str(file["target"]), content, file["sha256"])
    check(received, file["sha256"])
    return received


def _refuse_clashes(targets: list[str]) -> None:
    """Refuse two files of one name, and a file that would have to be a folder as well."""
    names = [target.lower() for target in targets]  # some disks know no capitals
    for name in names:
        if names.count(name) > 1 or any(other.startswith(f"{name}/") for other in names):
            raise Refused(f"{name} is there twice, or is the folder of another file. Rename one of them.")


def _lay_down(files: list[HubFile], place: Path) -> None:
    """Write a version's files, all or none; what an interrupted attempt left is replaced."""
    unfinished = place.with_name(f".{place.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    try:
        for file in files:
            path = unfinished / file.target
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.content)
        if place.exists():
            shutil.rmtree(place)
        unfinished.replace(place)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _enter(index: Path, entry: dict[str, Any]) -> None:
    listed = json.loads(index.read_text(encoding="utf-8"))
    others = [other for other in listed["packages"] if other["slug"] != entry["slug"]]
    _write(index, {**listed, "packages": [*others, entry]})


def _write(path: Path, content: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.unfinished")
    unfinished.write_text(json.dumps(content, indent=2), encoding="utf-8")
    unfinished.replace(path)
