"""The served triage of lesson 13: dspy-cli's own server, its endpoint, its description, and its tool."""

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import time

import dspy
import httpx
import pytest
from dspy_cli.server.mcp import mount_mcp_http
from fastapi import FastAPI
from fastmcp import FastMCP
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client
from scripted import ScriptedEngine

from kit.engines.server import Server
from kit.lessons import ROOT

MODEL_KEY, CALLER = "sk-model-0123456789", {"Authorization": "Bearer key-of-the-caller"}
CONFIG = """
models:
  default: desk
  registry:
    desk: {{model: openai/local, api_base: {url}, env: DESK_MODEL_KEY, cache: false, max_tokens: 1000}}
"""


class Triage(dspy.Module):
    def __init__(self):
        self.classify = dspy.Predict("ticket -> urgency")


@pytest.fixture(scope="module")
def engine():
    return ScriptedEngine('{"urgency": "high"}')


@pytest.fixture(scope="module")
def desk(engine, tmp_path_factory):
    project = tmp_path_factory.mktemp("desk")
    package = project / "src" / "desk"
    shutil.copytree(ROOT / "notebooks" / "desk", package, ignore=shutil.ignore_patterns("__pycache__"))
    (package / "programs" / "workshop" / "triage").mkdir(parents=True)
    Triage().save(package / "programs" / "workshop" / "triage" / "program.json")
    with Server(engine, "test/scripted", MODEL_KEY) as model:
        (project / "dspy.config.yaml").write_text(CONFIG.format(url=model.url), encoding="utf-8")
        yield from serve(project)


def serve(project):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = {
        "DESK_MODEL_KEY": MODEL_KEY,
        "DSPY_API_KEY": "key-of-the-caller",
        "DSPY_CLI_AUTH_ENABLED": "true",
        "PYTHONPATH": str(ROOT / "tests" / "offline"),
    }
    command = [sys.executable, "src/desk/serve.py", str(port)]
    log = (project / "server.log").open("w", encoding="utf-8")
    with (
        log,
        subprocess.Popen(command, cwd=project, env=os.environ | settings, stdout=log, stderr=log) as process,
    ):
        try:
            url = f"http://127.0.0.1:{port}"
            wait_until_ready(url, process)
            yield url
        finally:
            process.kill()


def wait_until_ready(url, process):
    for _ in range(1500):
        assert process.poll() is None, "the server ended by itself"
        try:
            return httpx.get(f"{url}/health/ready").raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.2)
    raise TimeoutError(url)


def test_it_answers_a_caller_with_a_key(desk):
    """The installed state is served, behind a key, with a typed answer."""
    reply = httpx.post(f"{desk}/HelpDesk", json={"ticket": "The printer hums."}, headers=CALLER, timeout=300)
    assert (reply.status_code, reply.json()) == (200, {"urgency": "high"})


def test_a_stranger_is_sent_to_the_login_page(desk, engine):
    """Without the key nothing reaches the model."""
    before = len(engine.requests)
    reply = httpx.post(f"{desk}/HelpDesk", json={"ticket": "The printer hums."})
    assert (reply.status_code, reply.headers["location"]) == (303, "/login")
    assert len(engine.requests) == before


def test_a_wrong_field_is_named(desk):
    """A request that does not fit is answered with what is missing, and asks no model."""
    reply = httpx.post(f"{desk}/HelpDesk", json={"text": "The printer hums."}, headers=CALLER)
    assert reply.status_code == 422
    assert reply.json()["detail"][0]["loc"] == ["body", "ticket"]


def test_its_description_has_the_labels(desk):
    """The types of `forward` become OpenAPI, so a client can be generated from it."""
    schemas = httpx.get(f"{desk}/openapi.json", headers=CALLER).json()["components"]["schemas"]
    assert schemas["HelpDeskResponse"]["properties"]["urgency"]["enum"] == ["low", "normal", "high"]


def test_it_is_a_tool_for_agents(desk):
    """MCP lists one tool, and calling it gives the same answer."""

    async def call():
        async with (
            httpx.AsyncClient(headers=CALLER, timeout=300) as client,
            streamable_http_client(f"{desk}/mcp/", http_client=client) as (reads, writes, _),
            ClientSession(reads, writes) as session,
        ):
            await session.initialize()
            tools = [tool.name for tool in (await session.list_tools()).tools]
            return tools, await session.call_tool("HelpDesk", {"ticket": "The printer hums."})

    tools, result = asyncio.run(call())
    assert tools == ["HelpDesk"]
    assert result.structuredContent == {"urgency": "high"}


def test_dspy_cli_cannot_mount_it_by_itself():
    """The reason for `serve.py`: once this fails, `dspy-cli serve --mcp` will do, and the file can go."""
    with pytest.raises(AttributeError, match="add_event_handler"):
        mount_mcp_http(FastAPI(), FastMCP("tools"))
