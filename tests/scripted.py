"""ScriptedEngine: a live engine whose replies are written down, and that remembers what it was asked."""

from __future__ import annotations

from dspy.lm15 import Message, Response, Usage, response_to_events


class ScriptedEngine:
    """Answer with the given replies in turn, the last one for ever; a reply may be an error to raise."""

    supports_function_calling = False
    supports_reasoning = False
    supports_response_schema = True
    finish = "stop"
    supported_params = frozenset({"max_tokens", "response_format", "seed", "temperature"})

    def __init__(self, *replies):
        self.replies = list(replies)
        self.requests = []

    def __deepcopy__(self, memo):
        return self

    def complete(self, request):
        self.requests.append(request)
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        if isinstance(reply, Exception):
            raise reply
        return Response(
            id=None,
            model=request.model,
            message=Message.assistant(reply),
            finish_reason=self.finish,
            usage=Usage(len((request.messages[-1].text or "").split()), len(reply.split())),
            provider_data={"seconds": 0.5},
        )

    def stream(self, request):
        yield from response_to_events(self.complete(request))

    def close(self):
        pass

    def dump_state(self):
        return {"replies": self.replies}

    @classmethod
    def load_state(cls, state):
        return cls(*state["replies"])
