"""dspy-cli's server with MCP at /mcp: python src/desk/serve.py PORT, in the project's folder.

`dspy-cli serve --mcp` asks FastAPI for a method that it no longer has; here the tools are mounted by hand.
"""

import sys
from contextlib import asynccontextmanager

import uvicorn
from dspy_cli.server.mcp import create_mcp_server
from dspy_cli.server.runner import create_app_instance


def with_tools():
    app = create_app_instance()
    tools = create_mcp_server(app).http_app(path="/")
    programs = app.router.lifespan_context

    @asynccontextmanager
    async def both(app):
        async with programs(app), tools.lifespan(app):
            yield

    app.mount("/mcp", tools)
    app.router.lifespan_context = both
    return app


if __name__ == "__main__":
    uvicorn.run(with_tools(), host="127.0.0.1", port=int(sys.argv[1]))
