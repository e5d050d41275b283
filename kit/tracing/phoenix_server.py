"""Phoenix's server as we run it, with the Python of its own environment: on loopback, and never left behind.

It ends when its standard input ends: the kernel that started it closes it, and the system closes it if the
kernel is killed.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import threading


def main() -> None:
    """Serve until the standard input ends, with a database that goes as well."""
    workplace = os.environ["PHOENIX_WORKING_DIR"] = tempfile.mkdtemp(prefix="kit-phoenix-")
    threading.Thread(target=_end_with_input, args=(workplace,), daemon=True).start()
    _open_no_grpc_port()
    from phoenix.server.main import main as serve

    sys.argv = ["phoenix", "serve"]
    try:
        serve()
    finally:
        shutil.rmtree(workplace, ignore_errors=True)


def _end_with_input(workplace: str) -> None:
    sys.stdin.buffer.read()
    shutil.rmtree(workplace, ignore_errors=True)
    os._exit(0)


def _open_no_grpc_port() -> None:
    """Take spans over HTTP alone: Phoenix 20.26 opens its gRPC port to the network, whatever its host."""
    from phoenix.server.grpc_server import GrpcServer

    async def stay_closed(self: GrpcServer) -> None:
        return None

    GrpcServer.__aenter__ = stay_closed


if __name__ == "__main__":
    main()
