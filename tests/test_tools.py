"""Whatever a tool does, the agent goes on: the guard of the lesson on tools that fail, and its MCP server."""

import asyncio
import json
import subprocess
import sys
import threading
import time

import dspy
import nbformat
import psutil
import pytest
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
from scripted import ScriptedEngine

from kit.engines.threaded import ThreadedEngine
from kit.workshop import lessons

LESSON = next(one.notebook for one in lessons.lessons() if "tools_that_fail" in one.notebook.name)
SERVER = LESSON.with_name("people_server.py")
ANSWER = '{"reasoning": "It says so.", "answer": "Cases."}'
never = threading.Event()


def guard_source():
    cells = [cell.source for cell in nbformat.read(LESSON, as_version=4).cells]
    marks = ("def brief(", "class Guarded(dspy.Tool)")
    return "\n\n".join(next(source for source in cells if mark in source) for mark in marks)


@pytest.fixture
def guarded():
    """Return the lesson's class, patient for a fifth of a second only."""
    names = {"dspy": dspy}
    exec(guard_source(), names)
    names["Guarded"].seconds = 0.2
    return names["Guarded"]


def read(name: str) -> str:
    """Read one person's biography."""
    biographies = {"Wim": "Wim designs cases.", "Tome": "a" * 1_000_000}
    if name not in biographies:
        raise LookupError(f"Nobody is called {name!r}.")
    return biographies[name]


def ring(name: str) -> str:
    """Ring somebody up and wait until they answer."""
    return never.wait()


def act(tools, *calls, run=lambda agent: agent(question="What does Wim do?")):
    """Run an agent whose scripted model makes these calls and then finishes; return prediction and engine."""
    steps = [
        json.dumps({"next_thought": "So.", "next_tool_name": tool, "next_tool_args": arguments})
        for tool, arguments in [*calls, ("finish", {})]
    ]
    engine = ScriptedEngine(*steps, ANSWER)
    lm = dspy.LM("test/model", engine=engine, async_engine=ThreadedEngine(engine), cache=False, num_retries=0)
    with dspy.context(lm=lm, adapter=dspy.JSONAdapter()):
        return run(dspy.ReAct("question -> answer", tools=tools)), engine


def test_a_tool_that_raises_is_told_in_one_line(guarded):
    """The agent reads what went wrong and goes on; no file path of this machine reaches the model."""
    prediction, engine = act([guarded(read)], ("read", {"name": "Jo"}), ("read", {"name": "Wim"}))
    assert prediction.trajectory["observation_0"] == "Execution error in read: Nobody is called 'Jo'."
    assert prediction.trajectory["observation_1"] == "Wim designs cases."
    assert prediction.answer == "Cases."
    assert not any("Traceback" in message.text for ask in engine.requests for message in ask.messages)


def test_without_the_guard_a_traceback_is_sent(guarded):
    """The reason for the guard: stock ReAct sends stack frames with the machine's paths to the model."""
    _, engine = act([read], ("read", {"name": "Jo"}))
    assert f'File "{__file__}"' in engine.requests[-1].messages[-1].text


def test_a_wrong_argument_is_told_in_one_line(guarded):
    """DSPy checks arguments before the function runs; that error is guarded as well."""
    prediction, _ = act([guarded(read)], ("read", {"who": "Wim"}))
    said = "Execution error in read: Arg who is not in the tool's args."
    assert prediction.trajectory["observation_0"] == said


def test_a_tool_that_never_returns_is_left_behind(guarded):
    """The agent hears of it in time and asks another tool."""
    started = time.monotonic()
    prediction, _ = act([guarded(ring), guarded(read)], ("ring", {"name": "Wim"}), ("read", {"name": "Wim"}))
    assert time.monotonic() - started < 5
    assert prediction.trajectory["observation_0"] == "Execution error in ring: no answer within 0.2 seconds"
    assert prediction.trajectory["observation_1"] == "Wim designs cases."


def test_a_tool_that_never_returns_does_not_keep_python_alive():
    """The thread that hangs is a daemon: the process ends all the same."""
    program = f"""
import threading
import dspy

{guard_source()}

def ring(name: str) -> str:
    return threading.Event().wait()

Guarded.seconds = 0.2
print(Guarded(ring)(name="Wim"))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.stdout == "Execution error in ring: no answer within 0.2 seconds\n"


def test_a_megabyte_is_cut_before_the_model_reads_it(guarded):
    """A result is cut to the guard's length and says how long it was."""
    prediction, engine = act([guarded(read)], ("read", {"name": "Tome"}))
    assert prediction.trajectory["observation_0"].endswith("a ... [cut: 1,000,000 characters in all]")
    assert len(engine.requests[-1].messages[-1].text) < 5_000


def test_the_guard_holds_in_asynchronous_runs_too(guarded):
    """`acall` goes through the same guard, and a blocked tool does not block the event loop."""
    prediction, _ = act(
        [guarded(ring), guarded(read)],
        ("ring", {"name": "Wim"}),
        ("read", {"name": "Jo"}),
        run=lambda agent: asyncio.run(agent.acall(question="What does Wim do?")),
    )
    assert prediction.trajectory["observation_0"] == "Execution error in ring: no answer within 0.2 seconds"
    assert prediction.trajectory["observation_1"] == "Execution error in read: Nobody is called 'Jo'."


def test_settings_hold_inside_of_a_guarded_tool(guarded):
    """The guard's thread takes `dspy.context` along."""

    def adapter() -> str:
        return type(dspy.settings.adapter).__name__

    with dspy.context(adapter=dspy.XMLAdapter()):
        assert guarded(adapter)() == "XMLAdapter"


def test_a_tool_that_does_not_exist_ends_the_run(guarded):
    """ReAct 3.4 lets this error out instead of telling the model; the lesson says so."""
    with pytest.raises(dspy.utils.exceptions.AdapterParseError, match="Input should be 'read' or 'finish'"):
        act([guarded(read)], ("write", {"name": "Wim"}))


def test_a_tool_of_a_real_mcp_server_makes_the_round_trip():
    """The lesson's server is started over stdio, its tool listed, called, its error told, and it ends."""

    async def talk():
        server = StdioServerParameters(command=sys.executable, args=[str(SERVER)])
        async with stdio_client(server) as streams, ClientSession(*streams) as session:
            await session.initialize()
            (listed,) = (await session.list_tools()).tools
            tool = dspy.Tool.from_mcp_tool(session, listed)
            known = await tool.acall(name="Greta Lindqvist")
            with pytest.raises(RuntimeError, match="Nobody is called 'Greta'"):
                await tool.acall(name="Greta")
        return tool, known

    before = psutil.Process().children()
    tool, known = asyncio.run(talk())
    assert psutil.Process().children() == before
    assert (tool.name, tool.args["name"]["type"]) == ("extension", "string")
    assert tool.desc == "Look up the phone extension of one person, by full name."
    assert known == "The extension of Greta Lindqvist is 245."


def line(**said):
    return json.dumps({"jsonrpc": "2.0", **said}).encode()


JUNK = [
    *(b"junk", b"", b"\xff\xfe\x00", b"null", b"[1, 2]", b"[" * 50_000, bytes(100), b'{"id": 1e999}'),
    line(id=9, method="ping")[:-3],
    line(id=None, method="tools/call"),
    line(id=9, method="tools/call", params=5),
    line(id=9, method="tools/call", params={"name": "none", "arguments": {}}),
    line(id=9, method="tools/call", params={"name": "extension", "arguments": {"name": 5}}),
    line(id=9, result={}),
    b'{"jsonrpc": "2.0", "id": 9, "method": "\xed\xa0\x80"}',
]


def test_malformed_lines_do_not_stop_the_mcp_server():
    """After 300 lines that are no request, the server answers the next good one, and is no larger."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen([sys.executable, SERVER], **pipes) as process:

        def send(content):
            process.stdin.write(content + b"\n")
            process.stdin.flush()

        def ask(number, method, **params):
            send(line(id=number, method=method, params=params))
            return next(reply for reply in map(json.loads, process.stdout) if reply.get("id") == number)

        client = {"capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
        ask(100, "initialize", protocolVersion="2025-03-26", **client)
        send(line(method="notifications/initialized"))
        megabytes = []
        for times in range(3):
            for number in range(100):
                send(JUNK[number % len(JUNK)])
            assert ask(101 + times, "ping")["result"] == {}
            megabytes.append(psutil.Process(process.pid).memory_info().rss / 1e6)
        reply = ask(200, "tools/call", name="extension", arguments={"name": "Agnes Thorvall"})
        assert reply["result"]["content"][0]["text"].startswith("The extension of Agnes Thorvall is")
        assert megabytes[2] - megabytes[1] < 10
        process.stdin.close()
