"""Endpoint: a chat endpoint in a process of its own that answers on time, or not at all.

    with Endpoint(delay=0.2) as endpoint:
        lm = endpoint.lm()                # a plain dspy.LM; endpoint.lm("silent") is one that never answers

It speaks OpenAI's protocol under the name of a model with a list price, and its path chooses what it does:
"echo" repeats what it was asked, "picky" refuses texts with the word "refuse". It computes nothing: what is
measured against it is the client.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import subprocess
import sys
import urllib.request
from collections import Counter

MODEL = "gpt-4.1-mini"
_FIELD = re.compile(r"\[\[ ## \w+ ## \]\]\n(.*?)\n\n", re.DOTALL)


class Endpoint:
    """The endpoint as its callers see it; the process ends with the `with`."""

    def __init__(self, delay=0.0):
        self.delay = delay

    def __enter__(self):
        command = [sys.executable, __file__, str(self.delay)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.url = f"http://127.0.0.1:{int(self.process.stdout.readline())}"
        return self

    def __exit__(self, *error):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def lm(self, behaviour="echo", **options):
        """Return an LM whose endpoint behaves as named."""
        import dspy

        options = {"api_base": f"{self.url}/{behaviour}", "cache": False, "num_retries": 0} | options
        return dspy.LM(f"openai/{MODEL}", api_key="sk-local", **options)

    def seen(self):
        """Return the requests so far: how many, how many at once at most, how many for each text."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"{self.url}/seen", timeout=10) as reply:
            return json.load(reply)


class _Counts:
    def __init__(self):
        self.requests = self.now = self.peak = 0
        self.texts = Counter()


async def _serve(delay):
    counts = _Counts()

    async def connected(reader, writer):
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while await _exchange(reader, writer, counts, delay):
                pass
        writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def _exchange(reader, writer, counts, delay):
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    length = re.search(r"content-length: *(\d+)", head, re.IGNORECASE)
    body = await reader.readexactly(int(length[1])) if length else b""
    if head.startswith("GET"):
        seen = {"requests": counts.requests, "peak": counts.peak, "texts": counts.texts}
        return await _send(writer, 200, json.dumps(seen).encode())
    asked = json.loads(body)
    text = _text(asked)
    counts.requests += 1
    counts.now += 1
    counts.peak = max(counts.peak, counts.now)
    counts.texts[text] += 1
    try:
        return await _behave(head.split("/")[1], text, writer, counts, delay)
    finally:
        counts.now -= 1


async def _behave(behaviour, text, writer, counts, delay):
    if behaviour == "silent":
        await asyncio.sleep(3600)
    if behaviour == "busy-once" and counts.texts[text] == 1:
        return await _send(writer, 429, _error("Slow down."), "Retry-After: 0.05\r\n")
    await asyncio.sleep(delay)
    if behaviour in ("401", "429", "500"):
        return await _send(writer, int(behaviour), _error(f"Always {behaviour}."))
    if behaviour == "picky" and "refuse" in text:
        return await _send(writer, 400, _error("Refused."))
    reply = "<html>not what was asked for" if behaviour == "garbage" else json.dumps({"answer": text})
    return await _send(writer, 200, _completion(reply))


async def _send(writer, status, content, headers=""):
    headers += f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n"
    writer.write(f"HTTP/1.1 {status} X\r\n{headers}\r\n".encode() + content)
    await writer.drain()
    return True


def _text(asked):
    content = asked["messages"][-1]["content"]
    content = content if isinstance(content, str) else "".join(part.get("text", "") for part in content)
    return found[1] if (found := _FIELD.search(content)) else content


def _completion(reply):
    message = {"role": "assistant", "content": reply}
    usage = {"prompt_tokens": 20, "completion_tokens": 5, "total_tokens": 25}
    choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
    return json.dumps(
        {"object": "chat.completion", "model": MODEL, "choices": choices, "usage": usage}
    ).encode()


def _error(message):
    return json.dumps({"error": {"message": message, "type": "error", "code": None}}).encode()


if __name__ == "__main__":
    asyncio.run(_serve(float(sys.argv[1])))
