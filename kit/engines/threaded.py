"""ThreadedEngine: the asynchronous face of a synchronous engine."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import re
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from importlib import import_module
from typing import Any

from dspy.lm15 import Request, Response

from kit.engines.runtime import abandoned


class ThreadedEngine:
    """Run an engine's calls in threads: `dspy.LM(name, engine=e, async_engine=ThreadedEngine(e))`."""

    def __init__(self, engine: Any) -> None:
        self.engine = engine

    def __deepcopy__(self, memo: dict) -> ThreadedEngine:
        return self

    async def complete(self, request: Request) -> Response:
        """Wait for one whole reply without holding up the event loop; a cancelled wait stops the model."""
        with _giving_up() as run:
            return await run(self.engine.complete, request)

    async def stream(self, request: Request) -> AsyncIterator[Any]:
        """Yield the engine's events as they come; a closed or cancelled stream stops the model."""
        events = self.engine.stream(request)
        with _giving_up() as run:
            while (event := await run(next, events, None)) is not None:
                yield event

    async def aclose(self) -> None:
        """Do nothing: the synchronous engine owns whatever there is to close."""

    def dump_state(self) -> dict[str, Any]:
        """Return the wrapped engine's class and state."""
        kind = type(self.engine)
        return {"class": f"{kind.__module__}:{kind.__qualname__}", "state": self.engine.dump_state()}

    @classmethod
    def load_state(cls, state: dict[str, Any]) -> ThreadedEngine:
        """Rebuild the wrapped engine, if it is one of the kit: a file must not choose what is imported."""
        if not (named := re.fullmatch(r"(kit\.engines\.\w+):(\w+)", state["class"])):
            raise ValueError(f"ThreadedEngine loads engines of kit.engines, not {state['class']!r}.")
        kind = getattr(import_module(named[1]), named[2])
        return cls(kind.load_state(state["state"]))


@contextlib.contextmanager
def _giving_up() -> Iterator[Callable[..., Awaitable[Any]]]:
    """Run functions in threads; once the block is left, the engine knows that nobody waits any more."""
    context, gone = contextvars.copy_context(), threading.Event()
    context.run(abandoned.set, gone)
    try:
        yield lambda *call: asyncio.get_running_loop().run_in_executor(None, context.run, *call)
    finally:
        gone.set()
