"""Chat Completions: OpenAI's own, and the dialects of OpenRouter, Ollama and llama.cpp's server.

DSPy 3.4.1 speaks it to all four: its native client has no other route for "ollama_chat/..." either.

Rules and where they are documented:
- Parameters, roles, content parts, streams, usage: OpenAI API reference, "Create chat completion"
  (platform.openai.com/docs/api-reference/chat/create).
- Reasoning models take max_completion_tokens, their own temperature, no penalties, no logprobs; thoughts
  count in the cap: OpenAI guide "Reasoning models" (developers.openai.com/api/docs/guides/reasoning).
- No function tools beside reasoning from GPT-5.4 on: the API's own message, as in openai/openai-openapi #541.
- Strict schemas: OpenAI guide "Structured model outputs", "Supported schemas". OpenAI's own models take
  bounds and defaults (openai/openai-python #1659, openai/openai-agents-python #4390); Azure's do not.
- Errors: OpenAI guide "Error codes"; OpenRouter docs "Errors and debugging" and "Parameters" (what a model
  does not take is ignored); Ollama docs "OpenAI compatibility"; llama.cpp, "tools/server/README.md".
"""

from __future__ import annotations

import json
import re
from typing import Any

import replies
from refusal import NAME, THOUGHTS, Refused, count, is_image, nodes, unknown

KNOWN = {
    "audio", "frequency_penalty", "function_call", "functions", "logit_bias", "logprobs",
    "max_completion_tokens", "max_tokens", "messages", "metadata", "modalities", "model", "n",
    "parallel_tool_calls", "prediction",
    "presence_penalty", "prompt_cache_key", "prompt_cache_retention", "reasoning_effort", "response_format",
    "safety_identifier", "seed", "service_tier", "stop", "store", "stream", "stream_options", "temperature",
    "tool_choice", "tools", "top_logprobs", "top_p", "user", "verbosity", "web_search_options",
}  # fmt: skip
REASONS = re.compile(r"(?:openai/)?(?:gpt-5|gpt-6|o[1345])")
NOT_STRICT = {
    "allOf",
    "dependentRequired",
    "dependentSchemas",
    "else",
    "if",
    "not",
    "oneOf",
    "patternProperties",
    "then",
}
PARTS = {"text", "image_url", "input_audio", "file", "refusal"}


class OpenAI:
    """api.openai.com."""

    root = "/v1"
    models = ("gpt-5.6-luna", "gpt-5.6-sol", "gpt-5.6-terra", "gpt-4.1-mini")
    key_needed = True

    def check_key(self, headers: dict[str, str], key: str) -> None:
        """Refuse a request without the key."""
        sent = headers.get("authorization", "").removeprefix("Bearer ")
        if not sent:
            raise Refused(401, "You didn't provide an API key.", kind="invalid_request_error")
        if sent != key:
            raise Refused(
                401, "Incorrect API key provided.", kind="invalid_request_error", code="invalid_api_key"
            )

    def busy(self) -> Refused:
        """Return what a request too many gets."""
        kind, code = "requests", "rate_limit_exceeded"
        return Refused(429, "Rate limit reached.", kind=kind, code=code, headers={"Retry-After": "0.05"})

    def broken(self) -> Refused:
        """Return what a fault of the server looks like."""
        return Refused(500, "The server had an error while processing your request.", kind="server_error")

    def error(self, refused: Refused) -> dict[str, Any]:
        """Return the body of a refusal."""
        parts = {"param": refused.param or None, "code": refused.code or None}
        return {
            "error": {"message": refused.message, "type": refused.kind or "invalid_request_error", **parts}
        }

    def answer(self, path: str, body: dict[str, Any], *, empty: bool = False) -> tuple[bool, Any]:
        """Check a request and answer it: (whether it streams, the body or its chunks).

        Raises:
            Refused: If the provider would refuse it.
        """
        if path != f"{self.root}/chat/completions":
            raise Refused(404, f"Invalid URL (POST {path})")
        self.check(body)
        message, finish, usage = self._reply(body, empty)
        whole = {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1,
            "model": body["model"],
            "choices": [{"index": 0, "message": message, "finish_reason": finish}],
            "usage": usage,
        }
        return (True, _chunks(whole, body)) if body.get("stream") else (False, whole)

    def check(self, body: dict[str, Any]) -> None:
        """Refuse what OpenAI refuses."""
        if wrong := unknown(body, KNOWN):
            raise _bad(f"Unknown parameter: '{wrong[0]}'.", wrong[0], "unknown_parameter")
        self.check_model(body)
        self.check_messages(body)
        self.check_options(body)
        self.check_format(body)
        self.check_tools(body)

    def check_model(self, body: dict[str, Any]) -> None:
        """Refuse a model that there is not."""
        if body.get("model") not in self.models:
            text = f"The model `{body.get('model')}` does not exist or you do not have access to it."
            raise Refused(404, text, kind="invalid_request_error", code="model_not_found")

    def check_messages(self, body: dict[str, Any]) -> None:
        """Refuse roles and content parts that there are not."""
        if not body.get("messages"):
            raise _bad("Invalid 'messages': empty array.", "messages", "empty_array")
        for place, message in enumerate(body["messages"]):
            if message.get("role") not in ("system", "developer", "user", "assistant", "tool", "function"):
                raise _bad(
                    f"Invalid value: '{message.get('role')}'.", f"messages[{place}].role", "invalid_value"
                )
            content = message.get("content")
            if content is None and not message.get("tool_calls"):
                raise _bad(
                    "Invalid value for 'content': expected a string, got null.", f"messages.[{place}].content"
                )
            for part in content if isinstance(content, list) else []:
                self.check_part(part, f"messages[{place}].content")

    def check_part(self, part: dict[str, Any], place: str) -> None:
        """Refuse a content part that is unknown, or a picture that is none."""
        if part.get("type") not in PARTS:
            raise _bad(f"Invalid value: '{part.get('type')}'.", f"{place}.type", "invalid_value")
        if part["type"] == "image_url":
            url = part["image_url"].get("url", "") if isinstance(part["image_url"], dict) else ""
            data = re.fullmatch(r"data:([\w/+.-]+);base64,(.*)", url, re.DOTALL)
            if not (data and is_image(data[1], data[2])) and not url.startswith(("https://", "http://")):
                raise _bad("You uploaded an unsupported image.", place, "invalid_image_format")

    def check_options(self, body: dict[str, Any]) -> None:
        """Refuse what reasoning models do not take, and values out of range."""
        if not 0 <= (body.get("temperature") or 0) <= 2:
            raise _bad(
                "Invalid 'temperature': must be between 0 and 2.", "temperature", "decimal_above_max_value"
            )
        if body.get("stream_options") is not None and not body.get("stream"):
            raise _bad(
                "The 'stream_options' parameter is only allowed when 'stream' is enabled.", "stream_options"
            )
        if not REASONS.match(body["model"]):
            return
        if "max_tokens" in body:
            text = "Unsupported parameter: 'max_tokens' is not supported with this model. "
            text += "Use 'max_completion_tokens' instead."
            raise _bad(text, "max_tokens", "unsupported_parameter")
        own = {"temperature": 1, "top_p": 1, "presence_penalty": 0, "frequency_penalty": 0}
        for name, value in own.items():
            if body.get(name) not in (None, value):
                text = (
                    f"Unsupported value: '{name}' does not support {body[name]} with this model. "
                    f"Only the default ({value}) value is supported."
                )
                raise _bad(text, name, "unsupported_value")
        for name in ("logprobs", "top_logprobs", "logit_bias", "stop"):
            if body.get(name):
                text = f"Unsupported parameter: '{name}' is not supported with this model."
                raise _bad(text, name, "unsupported_parameter")

    def check_format(self, body: dict[str, Any]) -> None:
        """Refuse a schema that strict mode does not take, and JSON mode without the word."""
        form = body.get("response_format") or {"type": "text"}
        if form["type"] == "json_object" and "json" not in json.dumps(body["messages"]).lower():
            text = "'messages' must contain the word 'json' in some form, to use 'response_format' of type "
            text += "'json_object'."
            raise _bad(text, "messages")
        if form["type"] != "json_schema":
            return
        if not NAME.fullmatch(form["json_schema"].get("name", "")):
            raise _bad(
                "Invalid 'response_format.json_schema.name'.",
                "response_format.json_schema.name",
                "invalid_value",
            )
        if form["json_schema"].get("strict"):
            _check_strict(form["json_schema"]["name"], form["json_schema"].get("schema") or {})

    def check_tools(self, body: dict[str, Any]) -> None:
        """Refuse ill-formed tools, and tools beside reasoning."""
        for place, tool in enumerate(body.get("tools") or []):
            function = tool.get("function") or {}
            if tool.get("type") != "function" or not NAME.fullmatch(function.get("name", "")):
                raise _bad(f"Invalid 'tools[{place}]'.", f"tools[{place}].function.name", "invalid_value")
            if (function.get("parameters") or {"type": "object"}).get("type") != "object":
                text = f"Invalid schema for function '{function['name']}': schema must be of type 'object'."
                raise _bad(text, f"tools[{place}].function.parameters", "invalid_function_parameters")
        reasons = REASONS.match(body["model"]) and body.get("reasoning_effort") != "none"
        if body.get("tools") and reasons and type(self) is OpenAI:
            text = (
                f"Function tools with reasoning_effort are not supported for {body['model']} in "
                "/v1/chat/completions. To use function tools, use /v1/responses or set reasoning_effort to "
                "'none'."
            )
            raise _bad(text, "reasoning_effort")

    def _reply(self, body: dict[str, Any], empty: bool) -> tuple[dict[str, Any], str, dict[str, Any]]:
        system, user = _texts(body["messages"])
        thoughts = THOUGHTS if REASONS.match(body["model"]) and body.get("reasoning_effort") != "none" else 0
        cap = body.get("max_completion_tokens") or body.get("max_tokens") or 10**9
        message: dict[str, Any] = {"role": "assistant", "content": "", "refusal": None}
        finish = "stop"
        if body.get("tools") and body.get("tool_choice") != "none" and body["messages"][-1]["role"] != "tool":
            message |= {"content": None, "tool_calls": [_call(body["tools"], system + user)]}
            finish = "tool_calls"
        elif not empty:
            schema = (body.get("response_format") or {}).get("json_schema", {}).get("schema")
            message["content"] = replies.reply(system, user, schema)
        text = message["content"] or ""
        if thoughts + count(text) > cap:
            message["content"], finish = text[: max(0, 4 * (cap - thoughts))], "length"
        read, written = count(system + user), thoughts + count(message["content"] or "")
        details = {"completion_tokens_details": {"reasoning_tokens": thoughts}}
        usage = {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}
        return message, finish, usage | details


class OpenRouter(OpenAI):
    """openrouter.ai: what a model does not take is ignored; errors have a code and its provider."""

    root = "/api/v1"
    models = ("openai/gpt-5.6-luna", "openai/gpt-5.6-terra")

    def check_options(self, body: dict[str, Any]) -> None:
        """Refuse a cap that the provider behind it refuses."""
        if (body.get("max_tokens") or body.get("max_completion_tokens") or 16) < 16:
            raise Refused(400, "Provider returned error: max_output_tokens is below the minimum of 16.")

    def error(self, refused: Refused) -> dict[str, Any]:
        """Return the body of a refusal."""
        return {
            "error": {
                "code": refused.status,
                "message": refused.message,
                "metadata": {"provider_name": "OpenAI"},
            }
        }


class Ollama(OpenAI):
    """Ollama's OpenAI-compatible API: keyless, under /v1, pictures as data alone."""

    root = "/v1"
    models = ("qwen2.5-coder:0.5b", "qwen2.5-coder:1.5b", "qwen2.5vl:3b")

    def check_key(self, headers: dict[str, str], key: str) -> None:
        """Ask for no key."""

    def check_model(self, body: dict[str, Any]) -> None:
        """Refuse a model that was not pulled."""
        if body.get("model") not in self.models:
            raise Refused(404, f"model '{body.get('model')}' not found", kind="api_error")

    def check_part(self, part: dict[str, Any], place: str) -> None:
        """Refuse pictures by address."""
        url = part.get("image_url", {}).get("url", "") if part.get("type") == "image_url" else "data:"
        if not url.startswith("data:"):
            raise _bad("invalid image input", place)
        super().check_part(part, place)

    def check_format(self, body: dict[str, Any]) -> None:
        """Take any schema: it becomes a grammar."""


class LlamaServer(Ollama):
    """llama.cpp's server, or another of one's own; the model's name is not looked at."""

    def check_model(self, body: dict[str, Any]) -> None:
        """Answer whatever the name."""


def _bad(message: str, param: str = "", code: str = "") -> Refused:
    return Refused(400, message, kind="invalid_request_error", param=param, code=code)


def _check_strict(name: str, schema: dict[str, Any]) -> None:
    start = f"Invalid schema for response_format '{name}': In context="
    if schema.get("type") != "object" or "anyOf" in schema:
        raise _bad(
            f"{start}(), schema must have type 'object' and not have 'anyOf' at the top.", "response_format"
        )
    for path, node in nodes(schema):
        if wrong := NOT_STRICT & set(node):
            raise _bad(f"{start}{path}, '{min(wrong)}' is not permitted.", "response_format")
        if "$ref" in node and len(node) > 1:
            raise _bad(
                f"{start}{path}, $ref cannot have keywords {sorted(set(node) - {'$ref'})}.", "response_format"
            )
        if node.get("type") == "object":
            if node.get("additionalProperties") is not False:
                raise _bad(
                    f"{start}{path}, 'additionalProperties' is required to be supplied and to be false.",
                    "response_format",
                )
            if missing := set(node.get("properties", {})) - set(node.get("required", [])):
                text = "'required' is required to be supplied and to be an array including every key in "
                text += f"properties. Missing '{min(missing)}'."
                raise _bad(f"{start}{path}, {text}", "response_format")
        if not {"type", "anyOf", "$ref", "enum", "const"} & set(node):
            raise _bad(f"{start}{path}, schema must have a 'type' key.", "response_format")


def _texts(messages: list[dict[str, Any]]) -> tuple[str, str]:
    texts = []
    for message in messages:
        content = message.get("content") or ""
        parts = content if isinstance(content, list) else [{"text": content}]
        texts.append((message["role"], "".join(part.get("text") or "" for part in parts)))
    system = "\n".join(text for role, text in texts if role in ("system", "developer"))
    return system, next((text for role, text in reversed(texts) if role == "user"), "")


def _call(tools: list[dict[str, Any]], seed: str) -> dict[str, Any]:
    function = tools[0]["function"]
    given = replies.arguments(function.get("parameters") or {}, seed)
    called = {"name": function["name"], "arguments": json.dumps(given)}
    return {"id": "call_1", "type": "function", "function": called}


def _chunks(whole: dict[str, Any], body: dict[str, Any]) -> list[str]:
    """Return a reply as server-sent events."""
    (choice,) = whole["choices"]
    frame = {name: whole[name] for name in ("id", "created", "model")} | {"object": "chat.completion.chunk"}
    words = re.findall(r"\S+\s*", choice["message"]["content"] or "")
    deltas: list[dict[str, Any]] = [
        {"role": "assistant", "content": ""},
        *({"content": word} for word in words),
    ]
    if calls := choice["message"].get("tool_calls"):
        deltas.append({"tool_calls": [{"index": 0, **calls[0]}]})
    events = [{**frame, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas]
    events.append({**frame, "choices": [{"index": 0, "delta": {}, "finish_reason": choice["finish_reason"]}]})
    if (body.get("stream_options") or {}).get("include_usage"):
        events.append({**frame, "choices": [], "usage": whole["usage"]})
    return [*(f"data: {json.dumps(event)}\n\n" for event in events), "data: [DONE]\n\n"]
