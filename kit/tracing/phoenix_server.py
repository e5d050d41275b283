"""Phoenix's server as we run it, with the Python of its own environment: on loopback, and never left behind.

    python -I phoenix_server.py MARK

MARK is a file that exists as long as the server does. The server ends when its standard input ends: the
kernel that started it closes it, and the system closes it if the kernel is killed.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import threading
from pathlib import Path


def main(mark: Path) -> None:
    """Serve until the standard input ends, with a database that goes as well."""
    workplace = tempfile.mkdtemp(prefix="kit-phoenix-")
    os.environ["PHOENIX_WORKING_DIR"] = workplace
    mark.touch()
    threading.Thread(target=_end_with_input, args=(workplace, mark), daemon=True).start()
    _open_no_grpc_port()
    from phoenix.server.main import main as serve

    sys.argv = ["phoenix", "serve"]
    try:
        serve()
    finally:
        _tidy(workplace, mark)


def _end_with_input(workplace: str, mark: Path) -> None:
    sys.stdin.buffer.read()
    _tidy(workplace, mark)
    os._exit(0)


def _tidy(workplace: str, mark: Path) -> None:
    mark.unlink(missing_ok=True)
    shutil.rmtree(workplace, ignore_errors=True)


def _open_no_grpc_port() -> None:
    """Take spans over HTTP alone: Phoenix 20.26 opens its gRPC port to the network, whatever its host."""
    from phoenix.server.grpc_server import GrpcServer

    async def stay_closed(self: GrpcServer) -> None:
        return None

    GrpcServer.__aenter__ = stay_closed


if __name__ == "__main__":
    main(Path(sys.argv[1]))
