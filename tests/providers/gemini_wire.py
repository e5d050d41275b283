"""generateContent: Google's Gemini protocol.

Rules and where they are documented (ai.google.dev/gemini-api/docs):
- Fields, roles, parts, finish reasons, usage: API reference, "Generating content".
- Errors and their statuses: "Troubleshooting guide". Unknown names are refused by the proto parser.
- Thoughts count in maxOutputTokens: "Gemini thinking"; levels: "Gemini 3 Developer Guide".
- responseJsonSchema takes JSON Schema, responseSchema and function parameters an OpenAPI subset: "Structured
  outputs" and "Function calling".
"""

from __future__ import annotations

import json
import re
from typing import Any

import replies
from refusal import NAME, THOUGHTS, Refused, count, is_image, nodes, unknown

KNOWN = {
    "cachedContent", "contents", "generationConfig", "labels", "model", "safetySettings", "serviceTier",
    "store", "systemInstruction", "toolConfig", "tools",
}  # fmt: skip
CONFIG = {
    "candidateCount", "enableEnhancedCivicAnswers", "frequencyPenalty", "imageConfig", "logprobs",
    "maxOutputTokens", "mediaResolution", "presencePenalty", "responseJsonSchema", "responseLogprobs",
    "responseMimeType", "responseModalities", "responseSchema", "seed", "speechConfig", "stopSequences",
    "temperature", "thinkingConfig", "topK", "topP",
}  # fmt: skip
PART = {
    "codeExecutionResult", "executableCode", "fileData", "functionCall", "functionResponse", "inlineData",
    "mediaResolution", "partMetadata", "text", "thought", "thoughtSignature", "videoMetadata",
}  # fmt: skip
OPENAPI = {
    "anyOf", "default", "description", "enum", "example", "format", "items", "maxItems", "maxLength",
    "maxProperties", "maximum", "minItems", "minLength", "minProperties", "minimum", "nullable", "pattern",
    "properties", "propertyOrdering", "required", "title", "type",
}  # fmt: skip


class Gemini:
    """generativelanguage.googleapis.com."""

    root = "/v1beta"
    models = ("gemini-3.5-flash-lite", "gemini-3.8-flash")

    def check_key(self, headers: dict[str, str], key: str) -> None:
        """Refuse a request without the key."""
        sent = headers.get("x-goog-api-key", "")
        if not sent:
            text = "Method doesn't allow unregistered callers (callers without established identity)."
            raise Refused(403, text, kind="PERMISSION_DENIED")
        if sent != key:
            raise _bad("API key not valid. Please pass a valid API key.")

    def busy(self) -> Refused:
        """Return what a request too many gets."""
        text = "You exceeded your current quota."
        return Refused(429, text, kind="RESOURCE_EXHAUSTED", headers={"Retry-After": "0.05"})

    def broken(self) -> Refused:
        """Return what a fault of the server looks like."""
        return Refused(500, "An internal error has occurred.", kind="INTERNAL")

    def error(self, refused: Refused) -> dict[str, Any]:
        """Return the body of a refusal."""
        status = refused.kind or ("NOT_FOUND" if refused.status == 404 else "INVALID_ARGUMENT")
        return {"error": {"code": refused.status, "message": refused.message, "status": status}}

    def answer(self, path: str, body: dict[str, Any], *, empty: bool = False) -> tuple[bool, Any]:
        """Check a request and answer it: (whether it streams, the body or its chunks).

        Raises:
            Refused: If the provider would refuse it.
        """
        called = re.fullmatch(rf"{self.root}/models/([^:/]+):(generateContent|streamGenerateContent)", path)
        if not called or called[1] not in self.models:
            raise Refused(
                404, f"{path} is not found for API version v1beta, or is not supported for generateContent."
            )
        self.check(body)
        whole = _reply(called[1], body, empty)
        return (True, _events(whole)) if called[2] == "streamGenerateContent" else (False, whole)

    def check(self, body: dict[str, Any]) -> None:
        """Refuse what Gemini refuses."""
        config = body.get("generationConfig") or {}
        _refuse_unknown(body, KNOWN, "")
        _refuse_unknown(config, CONFIG, " at 'generation_config'")
        if not body.get("contents"):
            raise _bad("* GenerateContentRequest.contents: contents is not specified")
        for place, content in enumerate(body["contents"]):
            if content.get("role") not in ("user", "model", None):
                raise _bad("Please use a valid role: user, model.")
            for part in content.get("parts") or [{}]:
                _check_part(part, f" at 'contents[{place}].parts'")
        if not 0 <= config.get("temperature", 0) <= 2:
            raise _bad(
                "* GenerateContentRequest.generation_config.temperature: must be in the range [0.0, 2.0]"
            )
        if config.get("maxOutputTokens", 1) < 1:
            raise _bad("max_output_tokens must be positive")
        if config.get("responseLogprobs"):
            raise _bad("Logprobs is not enabled for this model.")
        schema = config.get("responseJsonSchema") or config.get("responseSchema")
        if schema and config.get("responseMimeType") != "application/json":
            raise _bad("Function calling or schema needs response_mime_type application/json")
        if "responseSchema" in config:
            _check_openapi(config["responseSchema"], "generation_config.response_schema")
        for tool in body.get("tools") or []:
            for number, declared in enumerate(tool.get("functionDeclarations") or []):
                where = f"tools[0].function_declarations[{number}]"
                if not NAME.fullmatch(declared.get("name", "")):
                    raise _bad(f"{where}.name: Invalid function name.")
                _check_openapi(declared.get("parameters") or {}, f"{where}.parameters")


def _bad(message: str) -> Refused:
    return Refused(400, message, kind="INVALID_ARGUMENT")


def _refuse_unknown(given: dict[str, Any], known: set[str], where: str) -> None:
    if wrong := unknown(given, known):
        raise _bad(f'Invalid JSON payload received. Unknown name "{wrong[0]}"{where}: Cannot find field.')


def _check_part(part: dict[str, Any], where: str) -> None:
    _refuse_unknown(part, PART, where)
    if not set(part) & {"text", "inlineData", "fileData", "functionCall", "functionResponse", "thought"}:
        raise _bad(
            "* GenerateContentRequest.contents: required oneof field 'data' must have one initialized field"
        )
    data = part.get("inlineData")
    if data and data["mimeType"].startswith("image/") and not is_image(data["mimeType"], data["data"]):
        raise _bad("Unable to process input image.")


def _check_openapi(schema: dict[str, Any], where: str) -> None:
    for path, node in nodes(schema):
        _refuse_unknown(node, OPENAPI, f" at '{'.'.join((where, *path))}'")


def _reply(model: str, body: dict[str, Any], empty: bool) -> dict[str, Any]:
    system = "".join(part.get("text", "") for part in (body.get("systemInstruction") or {}).get("parts", []))
    last = [content for content in body["contents"] if content.get("role") != "model"][-1]["parts"]
    user = "".join(part.get("text", "") for part in last)
    config = body.get("generationConfig") or {}
    room = config.get("maxOutputTokens", 10**9) - THOUGHTS
    parts, finish = [], "STOP"
    mode = ((body.get("toolConfig") or {}).get("functionCallingConfig") or {}).get("mode")
    declared = [one for tool in body.get("tools") or [] for one in tool.get("functionDeclarations") or []]
    if declared and mode != "NONE" and not any("functionResponse" in part for part in last):
        given = replies.arguments(declared[0].get("parameters") or {}, system + user)
        parts.append({"functionCall": {"id": "call_1", "name": declared[0]["name"], "args": given}})
    elif not empty:
        text = replies.reply(system, user, config.get("responseJsonSchema") or config.get("responseSchema"))
        if count(text) > room:
            text, finish = text[: max(0, 4 * room)], "MAX_TOKENS"
        parts += [{"text": text}] if text else []
    content = {"role": "model", "parts": parts} if parts else {"role": "model"}
    written = sum(count(json.dumps(part)) for part in parts)
    read = count(system + user)
    usage = {
        "promptTokenCount": read,
        "candidatesTokenCount": written,
        "thoughtsTokenCount": THOUGHTS,
        "totalTokenCount": read + written + THOUGHTS,
    }
    candidate = {"content": content, "finishReason": finish, "index": 0}
    return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": model, "responseId": "r1"}


def _events(whole: dict[str, Any]) -> list[str]:
    """Return a reply as server-sent events."""
    (candidate,) = whole["candidates"]
    parts = candidate["content"].get("parts", [])
    pieces = []
    for part in parts:
        words = re.findall(r"\S+\s*", part["text"]) if "text" in part else []
        pieces += [{"text": word} for word in words] or [part]
    events = [
        {**whole, "candidates": [{"content": {"role": "model", "parts": [piece]}, "index": 0}]}
        for piece in pieces
    ]
    events.append(
        {**whole, "candidates": [{**candidate, "content": {"role": "model", "parts": [{"text": ""}]}}]}
    )
    return [f"data: {json.dumps(event)}\r\n\r\n" for event in events]
