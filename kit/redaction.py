"""Redaction: what a secret is, and how it stays out of what is shown, stored or sent.

A secret is the value of a variable with a name such as DB_PASSWORD, a password in a URL, a value that is
written after such a name, or a text in the form of a provider's keys. The environment's own secrets are found
in every spelling: escaped for JSON, Python, HTML or a URL, and in base64.
"""

from __future__ import annotations

import base64
import binascii
import html
import os
import re
from collections.abc import Iterator, Mapping
from functools import cache
from urllib.parse import unquote

HIDDEN = "(hidden)"

_CERTAIN = re.compile(
    r"PASSWORD|PASSWD|PASSPHRASE|SECRETS?(?![A-Z])|CREDENTIAL|AUTHORIZATION|(API|ACCESS|PRIVATE|ACCOUNT)_?KEY"
    r"|(ACCESS|AD|AUTH|BEARER|REFRESH|SESSION)_?TOKEN|_(PASS|PWD)$"
)
_LIKELY = re.compile(r"_KEY$|(^|_)(TOKEN|PAT|AUTH)$")
_HARMLESS = re.compile(
    r"_(COUNT|DIR|ENABLED|FILE|FOLDER|LENGTH|NAME|PATH|POLICY|RESET|TYPE)$"
    r"|^(CACHE|FOREIGN|PARTITION|PRIMARY|PUBLIC|SORT)_KEY$"
)
_QUOTE = r"""\\*["']|&quot;|&\#(?:39|x27|34);"""
_NAME = re.compile(rf"(?<![\w-])([A-Za-z][\w-]{{2,80}})(?:{_QUOTE})?\s*[:=]\s*")
_VALUE = re.compile(
    rf"""(?P<before>(?P<open>{_QUOTE})?(?:(?:basic|bearer|token)\s+)?)
    (?P<value>(?(open)[^\n]*?(?=(?<!\\)(?P=open)|\n|\Z)   # to the quote that closes it
    |(?:[^\s"'\\,;&<>)\]}}]|["'\\]+(?=\w))+))             # or to the end of the word""",
    re.IGNORECASE | re.VERBOSE,
)
_URL = re.compile(
    r"""(?P<before>\b[a-z][a-z0-9+.-]{1,20}://(?:[^\s/@:"<>?\#]*:))(?P<value>(?:[^\s/"<>?\#]|\\")+)@"""
    r"""|(?P<before_token>\bhttps?://)(?P<token>[^\s/@:"<>?\#]{4,})@""",
    re.IGNORECASE,
)
_SHAPES = re.compile(
    r"""\b(?:sk|pk|rk)[-_](?:[A-Za-z]{12,}|(?=[\w-]*\d)[\w-]{8,})   # OpenAI, Anthropic, OpenRouter, Stripe
    |\bAIza[\w-]{20,}|\bya29\.[\w-]{20,}        # Google
    |\bgh[pousr]_\w{20,}|\bgithub_pat_\w{20,}|\bglpat-[\w-]{16,}
    |\b(?:AKIA|ASIA)[A-Z0-9]{16}\b              # Amazon
    |\bxox[abeoprs]-[\w-]{10,}                  # Slack
    |\b(?:hf|gsk|npm|r8)_\w{20,}|\b(?:nvapi|pplx|tvly|xai|pypi)-[\w-]{20,}
    |\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*       # JSON Web Token
    |-----BEGIN[ ][A-Z ]{0,20}PRIVATE[ ]KEY-----(?:(?!-----).)*(?:-----END[ ][A-Z ]{0,20}PRIVATE[ ]KEY-----)?
    |(?<=Bearer[ ])(?=[\w.~+/=-]*\d)[\w.~+/=-]{8,}""",
    re.VERBOSE | re.DOTALL,
)
_BEARER = re.compile(
    r"""(?<=Bearer )(?:[\w.~+/=-]|["'\\]+(?=\w)){4,}"""
)  # also "Bearer of": hidden, not refused
_BASIC = re.compile(r"(?<=\bBasic )[A-Za-z0-9+/]{6,}={0,2}", re.IGNORECASE)


class HoldsSecret(ValueError):
    """A text that was about to be stored or sent holds a secret."""


def hide(text: str) -> str:
    r"""Return a text without its secrets.

    >>> hide('{"api_key": "0123456789", "max_tokens": 100}')
    '{"api_key": "(hidden)", "max_tokens": 100}'
    >>> hide("Incorrect API key provided: sk-abcdefghijkl.")
    'Incorrect API key provided: (hidden).'
    >>> hide("postgres://reader:hunter2@db/notes")
    'postgres://reader:(hidden)@db/notes'
    """
    for _, value in _in_the_environment():
        text = _spelled(value).sub(HIDDEN, text)
    text = _BEARER.sub(HIDDEN, _URL.sub(_without_password, _without_named(text)))
    text = _SHAPES.sub(HIDDEN, text)
    return _BASIC.sub(_without_credentials, text)


def refuse(text: str | bytes, what: str, *, known: str = "") -> None:
    """Raise an error if a text holds a secret of the environment, or something in the form of a key.

    A value behind a name such as "password" is not refused: documents speak of passwords.

    Args:
        text: What is about to be stored or sent.
        what: What it is, for the message: "This reply".
        known: A text in which made-up keys may stand, e.g. the source of the notebook that printed them.

    Raises:
        HoldsSecret: With the variable's name, and without its value.
    """
    text = text.decode(errors="replace") if isinstance(text, bytes) else text
    for name, value in _in_the_environment():
        if _spelled(value).search(text):
            raise HoldsSecret(
                f"{what} holds the value of {name}, so it was not stored. Take the value out of the prompt "
                "or the data, and run it again."
            )
    shapes = [found[0] for found in _SHAPES.finditer(text) if found[0] not in known]
    if shapes or _BASIC.sub(_without_credentials, text) != text:
        raise HoldsSecret(
            f"{what} holds a text in the form of an API key, so it was not stored. Take it out of the prompt "
            "or the data; if the key is real, revoke it."
        )


def names_secret(name: str) -> bool:
    """Tell whether a variable, a field or a header of this name holds a secret.

    >>> [names_secret(name) for name in ("DB_PASSWORD", "apiKey", "PGPASSWORD", "max_tokens", "PWD")]
    [True, True, True, False, False]
    """
    return _rank(name) > 0


def without_secrets(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that hold no secret, for a process that needs none."""
    return {
        name: value
        for name, value in environment.items()
        if not names_secret(name) and not list(_embedded(value))
    }


@cache
def _rank(name: str) -> int:
    """Return 2 for a name that certainly names a secret, 1 if probably, 0 if not."""
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|-", "_", name).upper()
    if _HARMLESS.search(name):
        return 0
    return 2 if _CERTAIN.search(name) else 1 if _LIKELY.search(name) else 0


def _in_the_environment() -> list[tuple[str, str]]:
    """Return the environment's secrets, each with its variable, the longest first.

    Values under eight characters count if they are more than letters: a text is full of short plain words.
    """
    found = []
    for name, value in os.environ.items():
        values = [value.strip()] if names_secret(name) else _embedded(value)
        found += [(name, one) for one in values if len(one) >= 8 or (len(one) >= 6 and not one.isalpha())]
    return sorted(found, key=lambda pair: len(pair[1]), reverse=True)


@cache
def _embedded(value: str) -> tuple[str, ...]:
    """Return the passwords within a value: those of URLs, and those that are named."""
    found = [url["value"] or url["token"] for url in _URL.finditer(value)]
    found += [value[start:end] for start, end in _named(value)]
    return tuple(dict.fromkeys([*found, *map(unquote, found)]))


@cache
def _spelled(value: str) -> re.Pattern[str]:
    """Return a pattern for a secret in every spelling."""
    return re.compile("|".join(["".join(map(_letter, value)), *_in_base64(value)]))


def _letter(letter: str) -> str:
    """Return a pattern for one character, plain or escaped for JSON, Python, HTML or a URL, also twice."""
    if letter.isascii() and letter.isalnum():
        return letter
    number = ord(letter)
    percent = "".join(f"%(?:25)*{byte:02x}" for byte in letter.encode("utf-8", "surrogateescape"))
    spellings = [
        re.escape(letter),
        f"(?i:{percent})",
        rf"(?i:u{number:04x}|x{number:02x})" if number < 0x10000 else rf"(?i:U{number:08x})",
        f"(?i:&(?:amp;)*#(?:{number}|x{number:x});)",
    ]
    if (escaped := html.escape(letter)) != letter:
        spellings.append(f"&(?:amp;)*{escaped[1:]}")
    if letter == " ":
        spellings.append("[+]")
    return rf"\\*(?:{'|'.join(spellings)})"


def _in_base64(value: str) -> Iterator[str]:
    """Yield what base64 makes of a value, wherever in the encoded bytes it begins."""
    content = value.encode("utf-8", "surrogateescape")
    for shift, skipped in enumerate((0, 2, 3)):
        encoded = base64.b64encode(bytes(shift) + content).decode()
        whole = encoded[skipped : (shift + len(content)) * 8 // 6]
        if len(whole) >= 8:
            yield re.escape(whole).replace(r"\+", "[+-]").replace("/", "[/_]")


def _named(text: str) -> Iterator[tuple[int, int]]:
    """Yield where the values begin and end that stand behind the names of secrets."""
    end = 0
    for found in _NAME.finditer(text):
        rank = _rank(found[1]) if found.start() >= end else 0
        if rank and (value := _VALUE.match(text, found.end())) and _is_secret(value["value"], rank):
            end = value.end("value")
            yield value.start("value"), end


def _is_secret(value: str, rank: int) -> bool:
    if rank == 1:  # "sort_key: name" and "token: Hello" are no secrets
        return len(value) >= 8 and not value.replace("_", "").isalpha()
    return len(value) >= 4 and value.lower() not in ("none", "null", "true", "false", HIDDEN)


def _without_named(text: str) -> str:
    pieces, end = [], 0
    for start, stop in _named(text):
        pieces += [text[end:start], HIDDEN]
        end = stop
    return "".join([*pieces, text[end:]])


def _without_password(url: re.Match[str]) -> str:
    return f"{url['before'] or url['before_token']}{HIDDEN}@"


def _without_credentials(header: re.Match[str]) -> str:
    """Hide what decodes to "user:password"; other words behind "Basic" stay."""
    try:
        decoded = base64.b64decode(header[0], validate=True)
    except binascii.Error:
        return header[0]
    return HIDDEN if b":" in decoded else header[0]
