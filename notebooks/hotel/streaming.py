"""The service with a letter in parts: `uvicorn hotel.streaming:app`, with the settings of `hotel.app`."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable

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
    """Yield the parts of a letter as server-sent events; then "done", or "error" and why.

    A caller may leave at any part. DSPy's stream must end in the task that began it, so it has its own.
    """
    events: asyncio.Queue[str | None] = asyncio.Queue()
    writing = asyncio.create_task(write(message, events.put_nowait))
    try:
        while (said := await events.get()) is not None:
            yield said
        await writing
    finally:
        writing.cancel()


async def write(message: str, tell: Callable[[str | None], None]) -> None:
    """Ask the model, and tell each event as it comes; None is the end."""
    listener = StreamListener("letter")  # it keeps state, so each caller needs one of their own
    ask = dspy.streamify(dspy.Predict(Letter), stream_listeners=[listener], is_async_program=True)
    try:
        with dspy.context(lm=lm, adapter=dspy.ChatAdapter()):
            async for part in ask(message=message):
                if isinstance(part, StreamResponse):
                    tell(event("part", part.chunk))
                elif isinstance(part, dspy.Prediction):
                    tell(event("done", part.letter))
    except dspy.LMError:
        tell(event("error", "The model does not answer; try again later."))
    except dspy.AdapterParseError:
        tell(event("error", "The model's answer has the wrong form."))
    finally:
        tell(None)


def event(name: str, data: str) -> str:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n"
