"""Messages: Anthropic's protocol.

Rules and where they are documented (platform.claude.com/docs):
- Headers, fields, roles, content blocks, stop reasons, usage: API reference, "Messages".
- Errors: "Errors". A rate limit comes with retry-after: "Rate limits".
- No sampling options, thinking by default, no prefilled reply: "Migrating to Claude Sonnet 5".
- No forced tool: "What's new in Claude Sonnet 5.5". Temperature or top_p, not both: "Migration guide".
- Schemas need closed objects and take no bounds: "Structured outputs", section "JSON Schema limitations".
- Streams: "Streaming Messages".
"""

from __future__ import annotations

import json
import re
from typing import Any

import replies
from refusal import NAME, THOUGHTS, Refused, count, is_image, nodes, unknown

KNOWN = {
    "cache_control", "container", "context_management", "inference_geo", "max_tokens", "mcp_servers",
    "messages", "metadata", "model", "output_config", "service_tier", "speed",
    "stop_sequences", "stream", "system",
    "temperature", "thinking", "tool_choice", "tools", "top_k", "top_p",
}  # fmt: skip
BLOCKS = {
    "text",
    "image",
    "document",
    "tool_use",
    "tool_result",
    "thinking",
    "redacted_thinking",
    "search_result",
}
BOUNDS = {
    "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength",
    "maxItems", "uniqueItems",
}  # fmt: skip


class Anthropic:
    """api.anthropic.com."""

    root = "/v1"
    models = ("claude-haiku-4-5", "claude-sonnet-5-5")

    def check_key(self, headers: dict[str, str], key: str) -> None:
        """Refuse a request without the key or the version."""
        if not headers.get("x-api-key"):
            raise Refused(401, "x-api-key header is required", kind="authentication_error")
        if headers["x-api-key"] != key:
            raise Refused(401, "invalid x-api-key", kind="authentication_error")
        if not headers.get("anthropic-version"):
            raise _bad("anthropic-version: header is required")

    def busy(self) -> Refused:
        """Return what a request too many gets."""
        text = "This request would exceed your organization's rate limit."
        return Refused(429, text, kind="rate_limit_error", headers={"retry-after": "0.05"})

    def broken(self) -> Refused:
        """Return what a fault of the server looks like."""
        return Refused(500, "Internal server error", kind="api_error")

    def error(self, refused: Refused) -> dict[str, Any]:
        """Return the body of a refusal."""
        kinds = {404: "not_found_error"}
        kind = refused.kind or kinds.get(refused.status, "invalid_request_error")
        return {"type": "error", "error": {"type": kind, "message": refused.message}, "request_id": "req_1"}

    def answer(self, path: str, body: dict[str, Any], *, empty: bool = False) -> tuple[bool, Any]:
        """Check a request and answer it: (whether it streams, the body or its chunks).

        Raises:
            Refused: If the provider would refuse it.
        """
        if path != f"{self.root}/messages":
            raise Refused(404, "Not found")
        self.check(body)
        whole = _reply(body, empty)
        return (True, _events(whole)) if body.get("stream") else (False, whole)

    def check(self, body: dict[str, Any]) -> None:
        """Refuse what Anthropic refuses."""
        if wrong := unknown(body, KNOWN):
            raise _bad(f"{wrong[0]}: Extra inputs are not permitted")
        for name in ("model", "messages", "max_tokens"):
            if body.get(name) is None:
                raise _bad(f"{name}: Field required")
        if body["model"] not in self.models:
            raise Refused(404, f"model: {body['model']}")
        if body["max_tokens"] < 1:
            raise _bad("max_tokens: Input should be greater than or equal to 1")
        _check_sampling(body)
        _check_messages(body)
        _check_tools(body)
        form = (body.get("output_config") or {}).get("format")
        if form:
            _check_schema(form.get("schema") or {})


def _bad(message: str) -> Refused:
    return Refused(400, message, kind="invalid_request_error")


def _thinks(body: dict[str, Any]) -> bool:
    asked = (body.get("thinking") or {}).get("type")
    return asked in ("adaptive", "enabled") or (asked is None and "sonnet-5" in body["model"])


def _check_sampling(body: dict[str, Any]) -> None:
    if not 0 <= body.get("temperature", 0) <= 1:
        raise _bad("temperature: range: 0..1")
    if "sonnet-5" in body["model"]:
        for name, default in {"temperature": 1, "top_p": 1, "top_k": None}.items():
            if name in body and body[name] != default:
                raise _bad(f"`{name}` is deprecated for this model.")
        if (body.get("thinking") or {}).get("type") in ("enabled", "disabled"):
            raise _bad(f"thinking.type.{body['thinking']['type']} is not supported for this model")
    elif "temperature" in body and "top_p" in body:
        raise _bad("`temperature` and `top_p` cannot both be specified for this model. Please use only one.")
    if (body.get("thinking") or {}).get("type") == "enabled" and body["max_tokens"] <= body["thinking"][
        "budget_tokens"
    ]:
        raise _bad("`max_tokens` must be greater than `thinking.budget_tokens`")


def _check_messages(body: dict[str, Any]) -> None:
    if not body["messages"]:
        raise _bad("messages: at least one message is required")
    for place, message in enumerate(body["messages"]):
        if message.get("role") not in ("user", "assistant"):
            raise _bad(f'messages.{place}.role: Input should be "user" or "assistant"')
        content = message.get("content")
        for number, block in enumerate(
            content if isinstance(content, list) else [{"type": "text", "text": content}]
        ):
            _check_block(block, f"messages.{place}.content.{number}")
    if body["messages"][-1]["role"] == "assistant" and "sonnet-5" in body["model"]:
        raise _bad(
            "This model does not support assistant message prefill. The conversation must end with a user "
            "message."
        )


def _check_block(block: dict[str, Any], where: str) -> None:
    if block.get("type") not in BLOCKS:
        raise _bad(
            f"{where}: Input tag '{block.get('type')}' found using 'type' does not match any of the expected "
            "tags"
        )
    if block["type"] == "text" and not (block.get("text") or "").strip():
        raise _bad("messages: text content blocks must contain non-whitespace text")
    source = block.get("source") or {}
    if (
        block["type"] == "image"
        and source.get("type") == "base64"
        and not is_image(source["media_type"], source["data"])
    ):
        raise _bad(f"{where}.image.source.base64.data: Could not process image")


def _check_tools(body: dict[str, Any]) -> None:
    for place, tool in enumerate(body.get("tools") or []):
        if not NAME.fullmatch(tool.get("name", "")):
            raise _bad(f"tools.{place}.custom.name: String should match pattern '^[a-zA-Z0-9_-]{{1,128}}$'")
        if "input_schema" in tool and tool["input_schema"].get("type") != "object":
            raise _bad(f"tools.{place}.custom.input_schema.type: Field required")
    choice = (body.get("tool_choice") or {}).get("type")
    if choice and not body.get("tools"):
        raise _bad("tool_choice may only be specified while providing tools.")
    if choice in ("any", "tool") and "sonnet-5-5" in body["model"]:
        raise _bad("tool_choice forces tool use, which is not supported for this model")


def _check_schema(schema: dict[str, Any]) -> None:
    for _, node in nodes(schema):
        kind = node.get("type")
        if kind == "object" and node.get("additionalProperties") is not False:
            raise _bad(
                "output_config.format.schema: For 'object' type, 'additionalProperties' must be explicitly "
                "set to false"
            )
        if wrong := BOUNDS & set(node):
            raise _bad(
                f"output_config.format.schema: For '{kind}' type, property '{min(wrong)}' is not supported"
            )
        if node.get("minItems", 0) > 1:
            raise _bad(
                "output_config.format.schema: For 'array' type, 'minItems' values other than 0 or 1 are not "
                "supported"
            )


def _reply(body: dict[str, Any], empty: bool) -> dict[str, Any]:
    system, user, after_tool = _texts(body)
    thoughts = THOUGHTS if _thinks(body) else 0
    content: list[dict[str, Any]] = []
    if thoughts:
        content.append({"type": "thinking", "thinking": "", "signature": "c2lnbmF0dXJl"})
    stop, written = "end_turn", thoughts
    room = body["max_tokens"] - thoughts
    if body.get("tools") and not after_tool and (body.get("tool_choice") or {}).get("type") != "none":
        tool = body["tools"][0]
        given = replies.arguments(tool.get("input_schema") or {}, system + user)
        content.append({"type": "tool_use", "id": "toolu_1", "name": tool["name"], "input": given})
        stop, written = "tool_use", written + 20
    elif not empty:
        schema = ((body.get("output_config") or {}).get("format") or {}).get("schema")
        text = replies.reply(system, user, schema)
        if count(text) > room:
            text, stop = text[: max(0, 4 * room)], "max_tokens"
        content += [{"type": "text", "text": text}] if text else []
        written += count(text)
    usage = {"input_tokens": count(system + user), "output_tokens": written}
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": body["model"],
        "content": content,
        "stop_reason": stop,
        "stop_sequence": None,
        "usage": usage,
    }


def _texts(body: dict[str, Any]) -> tuple[str, str, bool]:
    system = body.get("system") or ""
    system = system if isinstance(system, str) else "\n".join(block["text"] for block in system)
    last = [message for message in body["messages"] if message["role"] == "user"][-1]["content"]
    blocks = last if isinstance(last, list) else [{"type": "text", "text": last}]
    user = "".join(block.get("text") or "" for block in blocks)
    return system, user, any(block["type"] == "tool_result" for block in blocks)


def _events(whole: dict[str, Any]) -> list[str]:
    """Return a reply as server-sent events."""
    start = {**whole, "content": [], "stop_reason": None, "usage": {**whole["usage"], "output_tokens": 1}}
    events: list[dict[str, Any]] = [{"type": "message_start", "message": start}]
    for index, block in enumerate(whole["content"]):
        begun = {
            key: "" if key in ("text", "thinking", "signature") else value for key, value in block.items()
        }
        begun |= {"input": {}} if block["type"] == "tool_use" else {}
        events.append({"type": "content_block_start", "index": index, "content_block": begun})
        events += [
            {"type": "content_block_delta", "index": index, "delta": delta} for delta in _deltas(block)
        ]
        events.append({"type": "content_block_stop", "index": index})
    delta = {"stop_reason": whole["stop_reason"], "stop_sequence": None}
    events.append({"type": "message_delta", "delta": delta, "usage": whole["usage"]})
    events.append({"type": "message_stop"})
    return [f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events]


def _deltas(block: dict[str, Any]) -> list[dict[str, Any]]:
    if block["type"] == "text":
        return [{"type": "text_delta", "text": word} for word in re.findall(r"\S+\s*", block["text"])]
    if block["type"] == "thinking":
        return [{"type": "signature_delta", "signature": block["signature"]}]
    return [{"type": "input_json_delta", "partial_json": json.dumps(block["input"])}]
