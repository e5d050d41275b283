"""A stream's events become the reply that they are, with or without counts."""

import pytest
from dspy.lm15 import (
    Message,
    Request,
    StreamAssemblyError,
    StreamDeltaEvent,
    StreamEndEvent,
    StreamStartEvent,
    TextDelta,
    Usage,
)

from kit.engines.events import gather
from kit.engines.recordings import Recordings
from kit.engines.replay import ReplayEngine

SKY = Request("test/streamed", (Message.user("What colour is the sky?"),))
WORDS = [
    StreamStartEvent(model="test/streamed"),
    *(StreamDeltaEvent(TextDelta(word)) for word in ["Pale", "blue."]),
]


class Streaming:
    """Stream the given events."""

    def __init__(self, *events):
        self.events = events

    def stream(self, request):
        yield from self.events


def test_a_stream_without_counts():
    """Some servers end a stream without usage: the text is whole, and its counts are unknown."""
    reply = gather([*WORDS, StreamEndEvent("stop")], SKY)
    assert (reply.message.text, reply.usage) == ("Paleblue.", Usage())


def test_a_stream_without_counts_is_recorded(tmp_path):
    """Such a reply is remembered like any other."""
    engine = ReplayEngine(Streaming(*WORDS, StreamEndEvent("stop")), Recordings(tmp_path))
    assert len(list(engine.stream(SKY))) == 4
    assert engine.recorded(SKY).message.text == "Paleblue."


@pytest.mark.parametrize("events", [[], WORDS])
def test_a_stream_that_breaks_off(events):
    """A reply that was cut is no reply, and is not remembered."""
    with pytest.raises(StreamAssemblyError):
        gather(events, SKY)
