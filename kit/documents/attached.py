"""Private parts of attachments that these readers use; each has a test in `tests/test_private.py`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def text_reader(kind: str) -> tuple[Callable[..., dict[str, Any]], bool]:
    """Return attachments' reader of a kind of file, and whether it is the one for plain text."""
    from attachments import processors

    plain = processors["__text__"]
    return (reader := processors.get(kind) or plain), reader is plain


def unpacked(source: str, most_bytes: int) -> Any:
    """Return the files of a path, a folder, an archive or an address, as attachments finds them."""
    from attachments._sources import resolve

    return resolve(source, options={"hidden": True, "max_files": 0, "max_size": most_bytes})
