"""Replies: an answer in the form that a prompt asks for, be it a schema or an adapter's own words.

The values are made up, and the same prompt always gets the same ones. A choice is taken by the prompt's hash.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

LISTED = re.compile(r"^\d+\. `(\w+)` \(", re.MULTILINE)
CHAT_FIELD = re.compile(r"\[\[ ## (\w+) ## \]\]\n(.*?)(?=\n\n\[\[ ## |\Z)", re.DOTALL)
XML_FIELD = re.compile(r"<(\w+)>(.*?)</\1>", re.DOTALL)
NOTE = "# note: the value you produce must "
WORDS = {"string": "A short answer.", "date": "2026-01-31", "date-time": "2026-01-31T09:00:00"}
SPECIAL = {
    "next_tool_name": "finish",
    "next_tool_args": {},
    "code": "answer = 42",
}
SUBMITTED = "SUBMIT('A short answer.')"


def reply(system: str, user: str, schema: dict[str, Any] | None = None) -> str:
    """Return a reply that fits the schema, or what the messages say of the form of a reply."""
    pick = _Pick(f"{system}\n{user}")
    if schema:
        return json.dumps(pick.value(schema, schema))
    if "Outputs will be a JSON object with the following fields." in system:
        form = system.split("with the following fields.\n\n", 1)[1].split(
            "\nIn adhering to this structure", 1
        )[0]
        fields = json.loads(form)
        return json.dumps({name: pick.noted(name, note) for name, note in fields.items()})
    if "wrapped in XML tags" in user:
        fields = XML_FIELD.findall(system)
        return "\n".join(
            f"<{name}>\n{pick.xml(form)}\n</{name}>" for name, form in fields if name in _outputs(system)
        )
    if "[[ ## completed ## ]]" in system:
        form = system.split("appropriate values filled in.\n\n", 1)[1].split("\nIn adhering", 1)[0]
        outputs = _outputs(system)
        fields = {name: pick.noted(name, note) for name, note in CHAT_FIELD.findall(form) if name in outputs}
        if "Respond with a JSON object" in user:
            return json.dumps(fields)
        sections = [f"[[ ## {name} ## ]]\n{_plain(value)}" for name, value in fields.items()]
        return "\n\n".join([*sections, "[[ ## completed ## ]]"])
    if terse := re.search(r"^Reply in JSON: (\{.*\})$", system, re.MULTILINE):
        return json.dumps(Shape(terse[1], pick).value())
    if labels := re.search(r"^Reply with (?:one|those that apply) of: (.*)$", system, re.MULTILINE):
        return pick.choice(labels[1].split(", "))
    if labels := re.search(r"^Answer with one word: (.*)\.$", system, re.MULTILINE):
        return pick.choice(re.split(", | or ", labels[1]))
    if "json" in user.lower()[-300:]:
        return json.dumps({"answer": WORDS["string"]})
    return WORDS["string"]


def arguments(schema: dict[str, Any], seed: str) -> dict[str, Any]:
    """Return arguments for a tool."""
    return _Pick(seed).value(schema or {"type": "object"}, schema)


def _outputs(system: str) -> list[str]:
    return LISTED.findall(system.split("Your output fields are:", 1)[-1].split("All interactions", 1)[0])


def _plain(value: Any) -> str:
    return (
        value if isinstance(value, str) else json.dumps(value) if not isinstance(value, bool) else str(value)
    )


class _Pick:
    """Choose values by a prompt's hash."""

    def __init__(self, seed: str) -> None:
        self.number = int(hashlib.sha256(seed.encode()).hexdigest()[:8], 16)
        self.special = SPECIAL | ({"code": SUBMITTED} if "SUBMIT(" in seed else {})

    def choice(self, options: list[Any]) -> Any:
        return options[self.number % len(options)]

    def noted(self, name: str, note: str) -> Any:
        """Return a value for a field from the note that Chat and JSON adapters write beside it."""
        if name in self.special and "one of: " not in note:
            return self.special[name]
        if found := re.match(r"Output field `\w+` should be of type: (.*)", note, re.DOTALL):
            return Shape(found[1], self).value()
        _, _, must = note.partition(NOTE)
        if must.startswith("exactly match"):
            return self.choice(must.partition("one of: ")[2].strip().split("; "))
        if must.startswith("adhere to the JSON schema: "):
            schema = json.JSONDecoder().raw_decode(must.partition("schema: ")[2])[0]
            return self.value(schema, schema)
        simple = {"be a single int": 7, "be a single float": 0.5, "be True or False": True}
        return next((value for start, value in simple.items() if must.startswith(start)), WORDS["string"])

    def xml(self, form: str) -> str:
        """Return what stands between a field's tags; nested tags are filled."""
        if NOTE in form or "<" not in form:
            return _plain(self.noted("", form.strip()))
        return form.replace("...", "7")

    def value(self, schema: dict[str, Any], root: dict[str, Any], depth: int = 0, name: str = "") -> Any:
        """Return a value that a JSON schema takes."""
        if name in self.special and name != "next_tool_name" and "enum" not in schema:
            return self.special[name]
        if ref := schema.get("$ref"):
            found: Any = root
            for step in ref.removeprefix("#/").split("/"):
                found = found[step]
            return self.value(found, root, depth + 1, name)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return "finish" if name == "next_tool_name" else self.choice(schema["enum"])
        for several in ("anyOf", "oneOf", "allOf"):
            if several in schema:
                real = [one for one in schema[several] if one.get("type") != "null"]
                return self.value(real[0], root, depth + 1, name) if real and depth < 12 else None
        kind = schema.get("type")
        kind = kind[0] if isinstance(kind, list) else kind
        if kind == "object" or "properties" in schema:
            if not schema.get("properties") and isinstance(schema.get("additionalProperties"), dict):
                return {"note": self.value(schema["additionalProperties"], root, depth + 1)}
            fields = schema.get("properties", {})
            return {key: self.value(field, root, depth + 1, key) for key, field in fields.items()}
        if kind == "array":
            count = max(schema.get("minItems", 0), 1 if depth < 8 else 0)
            return [
                self.value(schema.get("items") or {"type": "string"}, root, depth + 1) for _ in range(count)
            ]
        if kind in ("integer", "number"):
            low = schema.get("minimum", schema.get("exclusiveMinimum", -1) + 1)
            return min(max(low, 7 if kind == "integer" else 0.5), schema.get("maximum", 10**9))
        if kind == "boolean":
            return bool(self.number % 2)
        if kind == "null":
            return None
        text = WORDS.get(schema.get("format", ""), WORDS["string"])
        return text[: schema.get("maxLength", len(text))]


class Shape:
    """A value for a type as BAML and the terse adapters write it: `{name: string, sums: [int] or null}`."""

    def __init__(self, text: str, pick: _Pick) -> None:
        text = re.sub(r"//.*|#.*", "", text)
        self.tokens, self.pick = re.findall(r'"[^"]*"|[{}\[\],:]|[^\s{}\[\],:"]+', text), pick

    def value(self) -> Any:
        """Return a value of the first alternative, or of any where all are literals."""
        options = [self._one()]
        while self.tokens and self.tokens[0] in ("or", "|"):
            self.tokens.pop(0)
            options.append(self._one())
        words = [option for option in options if isinstance(option, str)]
        return self.pick.choice(words) if len(words) == len(options) > 1 else options[0]

    def _one(self) -> Any:
        token = self.tokens.pop(0)
        if token == "{":
            return self._object()
        if token == "[":
            value = self.value()
            while self.tokens and self.tokens.pop(0) != "]":
                pass
            return [value]
        if token.startswith('"'):
            return token[1:-1]
        if token == "dict" and self.tokens and self.tokens[0] == "[":
            while self.tokens.pop(0) != "]":
                pass
            return {"note": WORDS["string"]}
        known = {"int": 7, "float": 0.5, "bool": True, "boolean": True, "null": None, "date": WORDS["date"]}
        return known.get(token, WORDS["string"])

    def _object(self) -> dict[str, Any]:
        found = {}
        while self.tokens and self.tokens[0] != "}":
            name = self.tokens.pop(0).strip('"')
            if self.tokens and self.tokens[0] == ":":
                self.tokens.pop(0)
                value = self.value()
                found[name] = SPECIAL.get(name, value) if value == WORDS["string"] else value
            if self.tokens and self.tokens[0] == ",":
                self.tokens.pop(0)
        if self.tokens:
            self.tokens.pop(0)
        return found
