# /// script
# requires-python = ">=3.11,<3.15"
# dependencies = ["arize-phoenix==20.26.1"]
# ///
"""Phoenix, the trace viewer, on this machine alone: `uv run --script phoenix_server.py`; Ctrl-C ends it.

uv makes the environment that the first lines ask for, apart from the notebook's. The page is at
http://127.0.0.1:6006, and spans are taken there. The traces go when the server ends.
"""

import gc
import os
import sys
import tempfile

OTHERS = ("PHOENIX_", "OTEL_")  # settings of another Phoenix
SECRETS = ("_KEY", "_TOKEN", "_SECRET", "_PASSWORD")  # the playground would spend a key for any user here
for name in list(os.environ):
    if name.upper().startswith(OTHERS) or name.upper().endswith(SECRETS):
        del os.environ[name]
os.environ |= {
    "PHOENIX_HOST": "127.0.0.1",
    "PHOENIX_PORT": sys.argv[1] if len(sys.argv) > 1 else "6006",
    "PHOENIX_ALLOW_EXTERNAL_RESOURCES": "false",  # no fonts, pixels or downloads from elsewhere
    "PHOENIX_TELEMETRY_ENABLED": "false",
    "PHOENIX_DISABLE_AGENT_ASSISTANT": "true",
    "PHOENIX_ENABLE_MCP_SERVER": "false",
}


async def stay_closed(self: object) -> None:
    """Open no gRPC port: Phoenix 20.26 opens it to the network, whatever its host."""


with tempfile.TemporaryDirectory(prefix="phoenix-") as os.environ["PHOENIX_WORKING_DIR"]:
    gc.disable()  # the search for garbage is a third of the time of importing
    from phoenix.server.grpc_server import GrpcServer
    from phoenix.server.main import main

    gc.enable()
    GrpcServer.__aenter__ = stay_closed
    sys.argv = ["phoenix", "serve"]
    main()
