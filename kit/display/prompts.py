"""The prompt as it was really sent: each message with its tokens, the schema, the reply; or a draft of it."""

from __future__ import annotations

import html
import json
from collections.abc import Container
from dataclasses import dataclass
from typing import Any

from kit.engines.history import entries, notes
from kit.tables import section


@dataclass(frozen=True)
class Message:
    """One message of a prompt. `tokens` is None if they were not counted."""

    title: str
    text: str
    tokens: int | None = None

    @property
    def heading(self) -> str:
        """Title and token count, e.g. "system · 142 tokens"."""
        return self.title if self.tokens is None else f"{self.title} · {self.tokens:,} tokens"


@dataclass(frozen=True)
class Prompt:
    """A call to a model, shown whole: messages, the schema that binds the reply, and the reply."""

    model: str
    messages: list[Message]
    schema: dict[str, Any] | None
    reply: str
    input_tokens: int | None
    output_tokens: int | None

    def __repr__(self) -> str:
        blocks = [f"--- {heading} ---\n{text}" for heading, text in self._blocks()]
        return "\n\n".join([self._title(), *blocks])

    def _repr_html_(self) -> str:
        folded = ("schema", "demo")
        blocks = [section(head, text, folded=head.startswith(folded)) for head, text in self._blocks()]
        return f"<p><b>{html.escape(self._title())}</b></p>{''.join(blocks)}"

    def _title(self) -> str:
        known = {"in": self.input_tokens, "out": self.output_tokens}
        counts = [f"{count:,} tokens {way}" for way, count in known.items() if count is not None]
        return ": ".join([self.model, ", ".join(counts)]) if counts else self.model

    def _blocks(self) -> list[tuple[str, str]]:
        blocks = [(message.heading, message.text) for message in self.messages]
        title = "schema · no tokens: a grammar that the reply must follow"
        schema = [(title, json.dumps(self.schema, indent=2))] if self.schema else []
        return [*blocks, *schema, ("reply", self.reply)]


@dataclass(frozen=True)
class Draft:
    """What would be sent: messages, and what binds the reply."""

    messages: list[Message]
    bound_by: str
    schema: dict[str, Any] | None

    def __repr__(self) -> str:
        return f"{self.title}\n\n{written(texts(self))}"

    def _repr_html_(self) -> str:
        return f"<p><b>{html.escape(self.title)}</b></p>{''.join(self.sections())}"

    @property
    def characters(self) -> int:
        """Length of all messages; a schema is not part of them."""
        return sum(len(message.text) for message in self.messages)

    @property
    def title(self) -> str:
        """Sizes in words."""
        messages = f"{len(self.messages)} message{'s' * (len(self.messages) != 1)}"
        return f"{messages}, {self.characters:,} characters, reply bound by {self.bound_by}"

    def sections(self, without: Container[str] = (), folded: tuple[str, ...] = ()) -> list[str]:
        """Return each text as HTML that can be folded; demos, the schema and the titles in `folded` are."""
        shown = []
        for title, text in texts(self).items():
            if title.startswith("schema") and title not in without:
                shown.append(section(title, json.dumps(self.schema, indent=2), folded=True))
            elif title not in without:
                heading, fold = f"{title} · {len(text):,} characters", title.startswith(("demo", *folded))
                shown.append(section(heading, text, folded=fold))
        return shown


def prompt(back: int = 0) -> Prompt:
    """Return the prompt that DSPy sent last, or the one `back` calls before; `LookupError` if none is."""
    calls = entries()
    if back >= len(calls):
        raise LookupError(f"DSPy has made {len(calls)} calls in this kernel; there is none {back} back.")
    return from_history(calls[-1 - back])


def from_history(entry: dict[str, Any]) -> Prompt:
    """Return the prompt of one entry of `lm.history`."""
    messages = entry["messages"] or [{"role": "user", "content": entry["prompt"]}]
    texts = [_text(message["content"]) for message in messages]
    usage = entry["usage"] or {}
    counts = notes(entry).get("message_tokens") or []
    counts = counts if len(counts) == len(texts) else [None] * len(texts)
    shown = [Message(*facts) for facts in zip(_titles(messages), texts, counts, strict=True)]
    reply = "\n".join(_text(output) for output in entry["outputs"])
    tokens = usage.get("prompt_tokens"), usage.get("completion_tokens")
    return Prompt(entry["model"], shown, _schema(entry), reply, *tokens)


def texts(prompt: Prompt | Draft) -> dict[str, str]:
    """Return what is sent, by title: each message, then the schema that binds the reply."""
    titled: dict[str, str] = {}
    for message in prompt.messages:
        title = message.title
        while title in titled:
            title += ", more"
        titled[title] = message.text
    if prompt.schema:
        titled["schema, beside the messages"] = json.dumps(prompt.schema)
    return titled


def written(blocks: dict[str, str]) -> str:
    """Return titled blocks as plain text."""
    return "\n\n".join(f"--- {title} ---\n{text}" for title, text in blocks.items())


def _titles(messages: list[dict]) -> list[str]:
    titles, demos = [], 0
    for number, role in enumerate((message["role"] for message in messages), 1):
        named = role == "system" or number == len(messages)
        demos += role == "user" and not named
        titles.append(role if named else f"demo {demos}: {role}")
    return titles


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    if isinstance(content, dict):
        return content.get("text") or f"[{content.get('type', 'part')}]"
    return "\n".join(_text(part) for part in content or [])


def _schema(entry: dict) -> dict[str, Any] | None:
    if whole := notes(entry).get("schema"):
        return whole  # what the offline engine put back is in it
    format_ = entry["kwargs"].get("response_format")
    if isinstance(format_, type):
        return format_.model_json_schema()
    return format_.get("json_schema") if isinstance(format_, dict) else None
