"""The asynchronous face of an engine: the same replies, saved and loaded with care."""

import asyncio

import pytest
from dspy.lm15 import Message, Request
from scripted import ScriptedEngine

from kit.engines.llama import LlamaEngine
from kit.engines.threaded import ThreadedEngine

SKY = Request("test/model", (Message.user("What colour is the sky?"),))


def test_replies_are_the_engines_own():
    """Awaiting gives what calling gives."""
    assert asyncio.run(ThreadedEngine(ScriptedEngine("Blue.")).complete(SKY)).message.text == "Blue."


def test_events_are_the_engines_own():
    """The stream holds the same events in the same order."""

    async def events():
        return [event async for event in ThreadedEngine(ScriptedEngine("Blue.")).stream(SKY)]

    assert asyncio.run(events()) == list(ScriptedEngine("Blue.").stream(SKY))


def test_errors_pass():
    """What the engine raises reaches who awaits."""
    with pytest.raises(OSError, match="down"):
        asyncio.run(ThreadedEngine(ScriptedEngine(OSError("down"))).complete(SKY))


def test_state_comes_back():
    """A saved engine is rebuilt with its settings."""
    state = ThreadedEngine(LlamaEngine("smollm2-135m", context=512)).dump_state()
    loaded = ThreadedEngine.load_state(state)
    assert isinstance(loaded.engine, LlamaEngine)
    assert loaded.dump_state() == state


def test_a_file_does_not_choose_what_is_imported():
    """Only the kit's own engines are loaded, whatever class a state names."""
    with pytest.raises(ValueError, match=r"engines of kit\.engines, not 'os:system'"):
        ThreadedEngine.load_state({"class": "os:system", "state": {}})
