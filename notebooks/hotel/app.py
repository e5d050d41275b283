"""The service: `uvicorn hotel.app:app`, with HOTEL_KEY, HOTEL_STATE, MODEL, MODEL_URL and MODEL_KEY set."""

import hmac
import json
import os
from collections.abc import AsyncIterator

import dspy
from dspy.streaming import StreamListener, StreamResponse
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel, Field

from hotel.booking import Book, Fields, Letter

KEY = f"Bearer {os.environ['HOTEL_KEY']}".encode()
LONGEST_BODY = 20_000
lm = dspy.LM(
    os.environ["MODEL"],
    api_base=os.environ.get("MODEL_URL"),
    api_key=os.environ["MODEL_KEY"],
    temperature=0.0,  # this and the next as they were when the program was measured
    max_tokens=120,
    timeout=30,
    cache=False,
)
book = Book()
book.load(os.environ["HOTEL_STATE"])
app = FastAPI()


class Message(BaseModel):
    message: str = Field(max_length=5_000)


@app.middleware("http")
async def guard(request: Request, answer):
    """Look at the key and the length before the body is read."""
    if request.url.path == "/health":
        return await answer(request)
    if not hmac.compare_digest(request.headers.get("Authorization", "").encode(), KEY):
        return JSONResponse({"detail": "Send your key: Authorization: Bearer KEY."}, 401)
    if int(request.headers.get("Content-Length", LONGEST_BODY + 1)) > LONGEST_BODY:
        return JSONResponse({"detail": f"At most {LONGEST_BODY:,} bytes."}, 413)
    return await answer(request)


@app.get("/health")
async def health():
    return {"status": "ok"}


@app.post("/bookings")
async def bookings(body: Message) -> Fields:
    try:
        with dspy.context(lm=lm, adapter=dspy.JSONAdapter()):
            found = await book.acall(message=body.message)
    except dspy.LMError as error:
        raise HTTPException(503, "The model does not answer; try again later.") from error
    except dspy.AdapterParseError as error:
        raise HTTPException(502, "The model's answer has the wrong form.") from error
    return Fields(**found)


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
