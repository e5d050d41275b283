"""The service: `uvicorn hotel.app:app`, with HOTEL_KEY, HOTEL_STATE, MODEL, MODEL_URL and MODEL_KEY set."""

import hmac
import os

import dspy
from dspy.lm15 import AccessPolicy, ModelSupport, OpenAIChatCompat, ProviderDefinition, register_provider
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from hotel.booking import Book, Fields

KEY = f"Bearer {os.environ['HOTEL_KEY']}".encode()
LONGEST_BODY = 20_000
if url := os.environ.get("MODEL_URL"):  # a server of your own that takes JSON schemas: MODEL=hotel/NAME
    server = ProviderDefinition.chat(AccessPolicy("hotel", base_url=url), compat=OpenAIChatCompat())
    register_provider(server, supports=ModelSupport(response_schema=True), replace=True)
lm = dspy.LM(
    os.environ["MODEL"],
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
