"""Room: the offline models and the recordings, served to a workshop from the instructor's machine.

    with Room("192.168.1.20", 8700, token="harbour-light") as room:
        room.invitation   # KIT_ROOM=http://harbour-light@192.168.1.20:8700

Participants set that one variable: their recordings answer as ever, and what has none is asked here, so that
nobody fetches a model. Any other client of OpenAI's protocol may ask too. Recorded replies are given at once;
live ones wait for their turn, and what two ask at the same time is computed once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

import dspy
from dspy.lm15 import Request, Response

from kit.engines import lms, models
from kit.engines.listening import Listener, checked_key
from kit.engines.server import ChatHandler


class NoSuchModel(dspy.LMError):
    """The room serves no model of that name."""


@dataclass
class Load:
    """How busy a room is: requests by outcome, those in work, and who asked."""

    replayed: int = 0
    live: int = 0
    refused: int = 0
    waiting: int = 0
    callers: set[str] = field(default_factory=set)
    turn: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def count(self, outcome: str, by: int = 1) -> None:
        """Add to "replayed", "live", "refused" or "waiting"."""
        with self.turn:
            setattr(self, outcome, getattr(self, outcome) + by)


class Room(Listener):
    """Serve models until the `with` ends; `load` says how busy it is.

    Participants send `token` as their key. `models` has a `dspy.LM` over a `ReplayEngine` for each name that
    they may ask for; by default the offline profile's small and large model, also by their models' names.
    """

    def __init__(self, host: str, port: int, token: str, models: dict[str, dspy.LM] | None = None) -> None:
        self.key, self.load = checked_key(token), Load()
        self._asking = ThreadPoolExecutor(1)  # one at a time, in the order of asking
        super().__init__(_RoomHandler, host, port)
        self.models = models or offline_models()

    def server_close(self) -> None:
        """Stop listening; who still waits for the model is not answered, so Ctrl-C does not wait for them."""
        self._asking.shutdown(wait=False, cancel_futures=True)
        super().server_close()

    @property
    def invitation(self) -> str:
        """The line that participants put into .env or their environment."""
        host, port = self.server_address[:2]
        return f"KIT_ROOM=http://{quote(self.key, safe='')}@{host}:{port}"

    def complete(self, request: Request) -> Response:
        """Answer from the recordings, or let the model answer when it is free; an unknown name is refused."""
        if request.model not in self.models:
            raise NoSuchModel(f"No model {request.model!r} here. Models: {', '.join(self.models)}.")
        lm = self.models[request.model]
        request = replace(request, model=lm.model)
        if not (response := lm.engine.recorded(request)):
            self.load.count("waiting")
            try:  # meanwhile another may have asked the same, and then its reply is recorded
                response = self._asking.submit(lm.engine.complete, request).result()
            finally:
                self.load.count("waiting", -1)
        self.load.count("live" if response.provider_data["source"] == "live" else "replayed")
        return response


class _RoomHandler(ChatHandler):
    def send(self, status: int, reply: dict[str, Any]) -> None:
        if status >= 400:
            self.server.load.count("refused")
        else:
            self.server.load.callers.add(self.client_address[0])
        super().send(status, reply)


def offline_models() -> dict[str, dspy.LM]:
    """Return the offline profile's small and large model, by role and by name."""
    served = {}
    for role in ("small", "large"):
        lm = lms.lm(role, profile="offline")
        served |= {role: lm, lm.model: lm, models.model(role, "offline").weights: lm}
    return served


def watch(room: Room, show: Callable[[str], None]) -> None:
    """Show the room's load twice a second, until Ctrl-C."""
    while True:
        show(summary(room.load))
        time.sleep(0.5)


def summary(load: Load) -> str:
    """Return the load in a line.

    >>> summary(Load(replayed=40, live=2, waiting=1, callers={"10.0.0.5"}))
    'participants: 1 · 42 answered: 40 recorded, 2 live · 1 waiting · 0 refused'
    """
    answered = f"{load.replayed + load.live} answered: {load.replayed} recorded, {load.live} live"
    return f"participants: {len(load.callers)} · {answered} · {load.waiting} waiting · {load.refused} refused"
