"""ThreadedEngine: the asynchronous face of a synchronous engine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from dspy.lm15 import Request, Response


class ThreadedEngine:
    """Run an engine's calls in threads: `dspy.LM(name, engine=e, async_engine=ThreadedEngine(e))`."""

    def __init__(self, engine: Any) -> None:
        self.engine = engine

    def __deepcopy__(self, memo: dict) -> ThreadedEngine:
        return self

    async def complete(self, request: Request) -> Response:
        """Wait for one whole reply without holding up the event loop."""
        return await asyncio.to_thread(self.engine.complete, request)

    async def stream(self, request: Request) -> AsyncIterator[Any]:
        """Yield the engine's events as they come."""
        events = self.engine.stream(request)
        while (event := await asyncio.to_thread(next, events, None)) is not None:
            yield event

    async def aclose(self) -> None:
        """Do nothing: the synchronous engine owns whatever there is to close."""

    def dump_state(self) -> dict[str, Any]:
        """Return the wrapped engine's class and state."""
        kind = type(self.engine)
        return {"class": f"{kind.__module__}:{kind.__qualname__}", "state": self.engine.dump_state()}

    @classmethod
    def load_state(cls, state: dict[str, Any]) -> ThreadedEngine:
        """Rebuild the wrapped engine.

        Raises:
            ValueError: If it is not one of the kit's own: a file must not choose what is imported.
        """
        from kit.engines.llama import LlamaEngine
        from kit.engines.replay import ReplayEngine

        ours = {f"{kind.__module__}:{kind.__qualname__}": kind for kind in (LlamaEngine, ReplayEngine)}
        if state["class"] not in ours:
            raise ValueError(f"ThreadedEngine loads {', '.join(ours)}; this state names {state['class']!r}.")
        return cls(ours[state["class"]].load_state(state["state"]))
