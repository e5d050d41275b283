"""Guide: a firm's style guide as data. The prototype ships four; a firm writes its own."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

GUIDES = Path(__file__).with_name("guides")


@dataclass(frozen=True)
class Guide:
    """What a firm wants: sentences for a strong model (`rules`), and the lists on which code rests.

    The comments in guides/american.toml explain each field. `unsure` maps phrases to the question they raise.
    """

    name: str
    rules: tuple[str, ...]
    form: str = "past"
    between: str = "; "
    capital_each: bool = False
    stop: str = "."
    people: str = "keep"
    spelling: str = "American"
    dates: str = ""
    mark: str = ""
    keep: str = ""
    remarks: tuple[str, ...] = ()
    openings: dict[str, str] = field(default_factory=dict)
    abbreviations: dict[str, str] = field(default_factory=dict)
    ambiguous: dict[str, list[str]] = field(default_factory=dict)
    replace: dict[str, str] = field(default_factory=dict)
    spellings: dict[str, str] = field(default_factory=dict)
    variants: dict[str, str] = field(default_factory=dict)
    confusable: dict[str, list[str]] = field(default_factory=dict)
    unsure: dict[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Guide({self.name!r}, {len(self.rules)} rules, {len(self.abbreviations)} abbreviations)"

    def __hash__(self) -> int:
        return hash((self.name, self.rules))

    @classmethod
    def read(cls, path: str | Path) -> Guide:
        """Read a guide; a bare name is one of those that the prototype ships.

        Raises:
            ValueError: If a field is unknown; the message lists the valid ones.

        >>> Guide.read("house.toml")
        Guide("The project's house", 7 rules, 75 abbreviations)
        """
        fields = _merged(Path(path))
        known = set(cls.__dataclass_fields__)
        if strange := sorted(set(fields) - known):
            raise ValueError(
                f"{path}: unknown {', '.join(strange)}. A guide has: {', '.join(sorted(known))}."
            )
        return cls(**{name: tuple(v) if isinstance(v, list) else v for name, v in fields.items()})

    @cached_property
    def kept(self) -> frozenset[str]:
        """The short forms that stay."""
        return frozenset(self.keep.split())

    @cached_property
    def words(self) -> frozenset[str]:
        """Every word that the guide itself may bring into an entry, in lower case."""
        tables = (self.openings, self.abbreviations, self.replace, self.spellings)
        texts = [text for table in tables for text in table.values()]
        texts += [text for one in self.variants.items() for text in one]
        texts += [
            text for table in (self.ambiguous, self.confusable) for some in table.values() for text in some
        ]
        return frozenset(word.lower() for text in texts for word in text.split())


def _merged(path: Path) -> dict[str, Any]:
    """Read a TOML file over the one that it extends: tables are joined, other values replaced."""
    place = path if path.exists() else GUIDES / path.name
    fields = tomllib.loads(place.read_text(encoding="utf-8"))
    if parent := fields.pop("extends", None):
        beneath = place.parent / parent
        base = _merged(beneath if beneath.exists() else GUIDES / parent)
        joined = {
            name: base[name] | value for name, value in fields.items() if isinstance(base.get(name), dict)
        }
        return base | fields | joined
    return fields
