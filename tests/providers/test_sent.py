"""What DSPy sends for a `dspy.File` (lesson 09's table) and for `prompt_cache` (lesson 08)."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import dspy
import pytest

PDF = b"%PDF-1.4 a lease of 145 euros"
STABLE = dspy.lm15.CacheConfig(prefix="stable")
ENCODED = "JVBERi0xLjQg"  # the beginning of PDF in base64


class Ask(dspy.Signature):
    """Answer from the file."""

    file: dspy.File = dspy.InputField()
    answer: str = dspy.OutputField()


@pytest.fixture
def provider(monkeypatch):
    """A server that keeps each request, and refuses it."""
    monkeypatch.setenv("LITELLM_LOCAL_MODEL_COST_MAP", "True")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            self.server.requests.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(400)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *arguments):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.requests = []
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def sent(provider, model, program, prompt_cache=None, **inputs):
    """Return the request that a model's provider gets."""
    address = f"http://127.0.0.1:{provider.server_address[1]}"
    options = {"cache": False, "num_retries": 0, "prompt_cache": prompt_cache}
    lm = dspy.LM(model, api_base=address, api_key="sk-nothing", **options)
    adapter = dspy.ChatAdapter(use_json_adapter_fallback=False)
    with dspy.context(lm=lm, adapter=adapter), pytest.raises(dspy.LMError):
        program(**inputs)
    return provider.requests[-1]


def with_file(provider, model):
    """Return the last message of a request with a file in it."""
    file = dspy.File.from_bytes(PDF, mime_type="application/pdf")
    body = sent(provider, model, dspy.Predict(Ask), file=file)
    return body.get("messages", body.get("contents"))[-1]


def marked(provider, model, prompt_cache):
    """Return a request with or without `prompt_cache`."""
    return sent(provider, model, dspy.Predict("text -> stars"), prompt_cache, text="As good as new.")


def test_openai_gets_a_file_part(provider):
    """The bytes travel as a data URI in a part of type `file`."""
    part = with_file(provider, "openai/gpt-5.6-luna")["content"][1]
    assert part["type"] == "file"
    assert part["file"]["file_data"].startswith(f"data:application/pdf;base64,{ENCODED}")


def test_anthropic_gets_a_document(provider):
    """Its own form of the same bytes."""
    part = with_file(provider, "anthropic/claude-sonnet-5")["content"][1]
    assert part["type"] == "document"
    assert part["source"]["data"].startswith(ENCODED)


def test_google_gets_inline_data(provider):
    """Its own form of the same bytes."""
    part = with_file(provider, "gemini/gemini-3-flash")["parts"][1]
    assert part["inlineData"]["mimeType"] == "application/pdf"
    assert part["inlineData"]["data"].startswith(ENCODED)


def test_ollama_gets_no_file_and_nobody_is_told(provider):
    """DSPy 3.4.1 drops the file on the way to Ollama's chat; when that ends, lesson 09's table changes."""
    message = with_file(provider, "ollama_chat/llava")
    assert "[[ ## file ## ]]" in message["content"]
    assert ENCODED not in json.dumps(provider.requests[-1])


def test_anthropic_gets_a_mark_after_the_system_message(provider):
    """Without the option there is no mark, and Anthropic keeps nothing."""
    assert "cache_control" not in json.dumps(marked(provider, "anthropic/claude-sonnet-5", None))
    assert "cache_control" in json.dumps(marked(provider, "anthropic/claude-sonnet-5", STABLE)["system"])


def test_openai_gets_a_breakpoint(provider):
    """A mark of its own on the system message."""
    system = marked(provider, "openai/gpt-5.6-luna", STABLE)["messages"][0]
    assert system["content"][-1]["prompt_cache_breakpoint"] == {"mode": "explicit"}


def test_google_gets_nothing_more(provider):
    """It keeps beginnings by itself; the option is no error."""
    plain, stable = (marked(provider, "gemini/gemini-3-flash", option) for option in (None, STABLE))
    assert plain == stable
