"""A server of the Model Context Protocol (MCP) with one tool: the phone book of Brackwater Instruments."""

import json
from pathlib import Path

from mcp.server.fastmcp import FastMCP

PEOPLE = Path(__file__).parents[1] / "data" / "people" / "people.jsonl"
server = FastMCP("phone book", log_level="ERROR")


@server.tool()
def extension(name: str) -> str:
    """Look up the phone extension of one person, by full name."""
    for person in map(json.loads, PEOPLE.read_text(encoding="utf-8").splitlines()):
        if person["name"] == name:
            return f"The extension of {name} is {person['extension']}."
    raise ValueError(f"Nobody is called {name!r}. Give the first name and the surname.")


if __name__ == "__main__":
    server.run()
