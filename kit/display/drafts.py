"""What an adapter would send: the messages, and what binds the reply. Nothing was sent."""

from __future__ import annotations

import html
import json
from collections.abc import Container
from dataclasses import dataclass
from typing import Any

from kit import tables
from kit.display.prompts import Message, texts, written


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
        count = len(self.messages)
        messages = f"{count} message{'s' * (count != 1)}"
        return f"{messages}, {self.characters:,} characters, reply bound by {self.bound_by}"

    def sections(self, without: Container[str] = (), folded: tuple[str, ...] = ()) -> list[str]:
        """Return each text as HTML that can be folded; demos and the schema are.

        Args:
            without: Titles of texts that are shown elsewhere.
            folded: Beginnings of titles that are folded too.
        """
        shut = ("demo", *folded)
        return [
            self._section(title, text, shut) for title, text in texts(self).items() if title not in without
        ]

    def _section(self, title: str, text: str, shut: tuple[str, ...]) -> str:
        if title.startswith("schema"):
            return tables.section(title, json.dumps(self.schema, indent=2), folded=True)
        return tables.section(f"{title} · {len(text):,} characters", text, folded=title.startswith(shut))
