"""The service with a letter in parts: `uvicorn hotel.streaming:app`, with the settings of `hotel.app`."""

import json
from collections.abc import AsyncIterator

import dspy
from dspy.streaming import StreamListener, StreamResponse
from fastapi.responses import StreamingResponse

from hotel.app import Message, app, lm


class Letter(dspy.Signature):
    """Thank a guest for a booking request in two friendly sentences. Promise nothing."""

    message: str = dspy.InputField()
    letter: str = dspy.OutputField()


@app.post("/stream")
async def stream(body: Message) -> StreamingResponse:
    return StreamingResponse(letter(body.message), media_type="text/event-stream")


async def letter(message: str) -> AsyncIterator[str]:
    """Yield the parts of a letter as server-sent events; then "done", or "error" and why."""
    listener = StreamListener("letter")  # it keeps state, so each caller needs one of their own
    write = dspy.streamify(dspy.Predict(Letter), stream_listeners=[listener], is_async_program=True)
    try:
        with dspy.context(lm=lm, adapter=dspy.ChatAdapter()):
            async for part in write(message=message):
                if isinstance(part, StreamResponse):
                    yield event("part", part.chunk)
                elif isinstance(part, dspy.Prediction):
                    yield event("done", part.letter)
    except dspy.LMError:
        yield event("error", "The model does not answer; try again later.")
    except dspy.AdapterParseError:
        yield event("error", "The model's answer has the wrong form.")


def event(name: str, data: str) -> str:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n"
