"""Folder: files of this machine over HTTP, to readers whose URL holds a key.

    with Folder(Path("data/files")) as served:
        urllib.request.urlopen(f"{served.url}/notice.html")

Programs that fetch a URL seldom send a key in a header, so it stands in the path.
"""

from __future__ import annotations

import secrets
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import quote

from kit.engines.listening import SENDS_WITHIN, Handler, Listener, checked_key, same_key


class FolderHandler(Handler, SimpleHTTPRequestHandler):
    """Send files to readers; a folder is not listed."""

    stranger = "This key is not known here."

    def __init__(self, request: Any, address: Any, server: Folder) -> None:
        super().__init__(request, address, server, directory=str(server.folder))

    def knows_caller(self) -> bool:
        """Tell whether the path begins with the readers' key, and take it off."""
        inside = self.server.inside
        reads = same_key(self.path[: len(inside)], inside)
        self.path = self.path.removeprefix(inside)
        self.connection.settimeout(SENDS_WITHIN)
        return reads

    def list_directory(self, path: Any) -> None:
        """Show no folder."""
        self.send_error(404)


class Folder(Listener):
    """Serve a folder to read from until the `with` ends.

    Args:
        folder: Where the files lie.
        readers: The key that stands in the URL; by default a new one. None lets anyone read who can connect.

    Raises:
        ValueError: If the key is empty, or cannot be sent.
    """

    def __init__(
        self,
        folder: str | Path,
        readers: str | None = "",
        handler: type[FolderHandler] = FolderHandler,
    ) -> None:
        readers = secrets.token_urlsafe(9) if readers == "" else readers
        self.inside = "" if readers is None else f"/{quote(checked_key(readers), safe='')}"
        self.folder = Path(folder)
        super().__init__(handler)

    @property
    def url(self) -> str:
        """The folder's address, with the readers' key."""
        return f"{self.address}{self.inside}"
