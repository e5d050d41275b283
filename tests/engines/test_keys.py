"""The recording key: the same in every release and in every exported project, whatever a request holds."""

from dataclasses import replace
from pathlib import Path

import dspy.lm15 as lm15
import pytest
from dspy.lm15 import Config, Message, Request

from kit.engines import keys
from kit.engines.keys import Rollout, key_of, plain
from kit.export import files

SKY = Request("test/model", (Message.user("What colour is the sky?"),), config=Config(temperature=0.0))
SCHEMA = {"type": "json_schema", "schema": {"type": "object", "properties": {"a": {}}}}
TURNS = (
    Message.user("Look."),
    Message.assistant([lm15.ToolCallPart("1", "look", {"at": None})]),
    Message("tool", (lm15.ToolResultPart("1", (lm15.TextPart("Blue."),)),)),
)
REQUESTS = {
    "text": (SKY, "221568f7a7048467d039"),
    "no config": (Request("m", (Message.user(""),)), "7fa77d70a2a599bc9260"),
    "zeros": (
        replace(SKY, config=Config(temperature=0.0, seed=0, stop=("x",), logprobs=0)),
        "f00fb5ce103f3054d707",
    ),
    "schema": (
        replace(SKY, system="Be brief.", config=Config(response_format=SCHEMA)),
        "562a6a6e39898f69778c",
    ),
    "tools": (replace(SKY, tools=(lm15.FunctionTool("f", "d"),), messages=TURNS), "7592d3d50cfad8e767c1"),
    "image": (Request("m", (Message.user([lm15.ImagePart(data="aGk=")]),)), "e985c1ccf20f9b1cfdf4"),
    "extensions": (replace(SKY, config=Config(extensions={"a": {}, "b": []})), "4b43597d3c27d71622ff"),
}


@pytest.mark.parametrize(("request_", "key"), REQUESTS.values(), ids=REQUESTS)
def test_committed_recordings_keep_their_keys(request_, key):
    """A key never changes, whichever parts a request has: thousands of recordings are found by it."""
    assert key_of(request_) == key


def test_an_exported_project_makes_the_same_keys():
    """The recordings that travel with a project are found there too: the maker of keys goes along."""
    assert files.every()["src/prototype/keys.py"] == Path(keys.__file__)


def test_a_field_that_is_empty_by_default_is_left_out():
    """A later DSPy may add optional fields without making every recording unknown."""
    assert plain(Config()) == {}
    assert plain(Config(seed=0)) == {"seed": 0}
    assert plain(lm15.ToolResultPart("1", (lm15.TextPart("x"),))) == {
        "id": "1",
        "content": [{"text": "x", "type": "text"}],
        "type": "tool_result",
    }


def test_rollouts_and_replies_have_keys_of_their_own():
    """The second reply of a call, and another rollout, are not the first."""
    calls = [Rollout(), Rollout(1), Rollout(2), Rollout(None, 1), Rollout(1, 1)]
    assert len({key_of(SKY, call) for call in calls}) == len(calls)
