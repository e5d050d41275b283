"""Redaction: what a secret is, and how it stays out of what is shown, stored or sent.

A secret is the value of a variable with a name such as DB_PASSWORD, a password in a URL, a value that is
written after such a name, or a text in the form of a provider's keys. The environment's own secrets are found
in every spelling: escaped for JSON, Python, HTML or a URL, and in base64.

What is shown loses each of these. What is stored may say "password: Harbour7", because documents do; it is
refused if such a value stands in a setting, DB_PASSWORD=Harbour7, or has a form that no prose has.
"""

from __future__ import annotations

import base64
import binascii
import html
import os
import re
from collections.abc import Iterator
from functools import cache
from urllib.parse import unquote

HIDDEN = "(hidden)"

_CERTAIN = re.compile(
    r"PASSWORD|PASSWD|PASSPHRASE|SECRETS?(?![A-Z])|CREDENTIAL|AUTHORIZATION"
    r"|(API|ACCESS|PRIVATE|ACCOUNT|SECRET|MASTER|SIGNING|ENCRYPTION)_?KEY"
    r"|(ACCESS|(?<![A-Z])AD|AUTH|BEARER|REFRESH|SESSION)_?TOKEN|_(PASS|PWD|PW)$|^;[ ]?PWD$"
)
_LIKELY = re.compile(r"_KEY$|(^|_)(TOKEN|PAT|AUTH|COOKIE|JWT|BEARER)$")
_VARIABLE = re.compile(r"(^|_)(PASS|PW|SK)$|_KEYS?(_V?\d+)?$|^TOKEN_")
"""More names of secrets, for variables of the environment alone: in a text these are words like others."""
_HARMLESS = re.compile(
    r"_(COUNT|DIR|ENABLED|FILE|FOLDER|LENGTH|NAME|PATH|POLICY|RESET|TYPE)$"
    r"|^(CACHE|FOREIGN|PARTITION|PRIMARY|PUBLIC|SORT)_KEY$"
)
_QUOTE = r"""\\*["']|&quot;|&\#(?:39|x27|34);"""
_NAME = re.compile(
    rf"""(?P<name>(?i:;[ ]?pwd)|(?<!\w)(?<!\w-)[A-Za-z][\w-]{{2,80}})(?P<quote>{_QUOTE})?
    [ \t]*(?P<sign>[:=])(?:\s*(?=["'])|[ \t]*)""",
    re.VERBOSE,
)
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
    r"""\b(?:sk|pk|rk)[-_](?:[A-Za-z]{12,}|(?=[\w-]{0,300}\d)[\w-]{8,})   # OpenAI, Anthropic, Stripe
    |\bAIza[\w-]{20,}|\bya29\.[\w-]{20,}        # Google
    |\bgh[pousr]_\w{20,}|\bgithub_pat_\w{20,}|\bglpat-[\w-]{16,}
    |\b(?:AKIA|ASIA)[A-Z0-9]{16}\b              # Amazon
    |\bxox[abeoprs]-[\w-]{10,}                  # Slack
    |\b(?:hf|gsk|npm|r8|pcsk|jina|e2b|sbp|ntn|tgp_v1|dckr_pat|lin_api|lsv2_[ps]t)_[\w-]{20,}
    |\b(?:nvapi|pplx|tvly|xai|pypi|csk|llx)-[\w-]{20,}|\bpa-[\w-]{40,}|\bfc-[0-9a-f]{32}\b|\bfw_[A-Za-z0-9]{24}\b
    |\bAQ\.[\w-]{30,}|\b(?:hvs|dp\.[a-z]{2})\.[\w.-]{24,}|\bSG\.[\w-]{20,}\.[\w-]{20,}|\bdapi[0-9a-f]{32}
    |\b[0-9]{8,10}:AA[\w-]{33}|\bAGE-SECRET-KEY-1[A-Z0-9]{50,}|\bpat\w{14}\.[0-9a-f]{64}
    |(?<=discord\.com/api/webhooks/)[0-9]+/[\w-]{40,}
    |(?:(?<=[?&;]sig=)|(?<=[?&;]key=)|(?<=--api-key[ ])|(?<=--token[ ]))
        (?=[\w%.~+/=-]{0,999}[0-9])[\w%.~+/=-]{16,}
    |\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*       # JSON Web Token
    |(?<=hooks\.slack\.com/services/)[\w/-]{20,}
    |-----BEGIN[ ][A-Z ]{0,20}PRIVATE[ ]KEY-----(?:(?:(?!-----).)*-----END[ ][A-Z ]{0,20}PRIVATE[ ]KEY-----
        |(?:(?:\\+[rn]|[\r\n])+[A-Za-z0-9+/=]+(?=[\\\r\n"']|\Z))*)   # one that was cut ends with its lines
    |(?<=Bearer[ ])(?=[\w.~+/=-]{0,999}\d)[\w.~+/=-]{8,}""",
    re.VERBOSE | re.DOTALL,
)
_BEARER = re.compile(r"""(?<=Bearer )(?![A-Za-z]+\b(?!["'\\.~+/=-]*\w))(?:[\w.~+/=-]|["'\\]+(?=\w)){4,}""")
_CODE = re.compile(r"[A-Za-z_][A-Za-z_.]{0,60}[(\[]|\$?\{|\$+[A-Za-z_]")
_PROSE = re.compile(r"(?!(?:basic|bearer|token) )[A-Za-z]{1,30}[,.]?[ ][A-Za-z]", re.IGNORECASE)
_MIXED = re.compile(r"(?=.*[A-Za-z])(?=.*[0-9]).{8,}", re.DOTALL)
_WORD = re.compile(r"\w{1,80}(?![^\s,;)\]}])")
_PLACEHOLDERS = re.compile(
    r"""anonymous|change[-_]?me|default|development|disabled|dummy([-_]key)?|enabled|(api[-_]?)?key|local(host)?
    |no[-_]?(api[-_]?)?key|none|not[-_](needed|used)|null|(my|your)[-_](api[-_]?)?(key|password|secret|token)
    |password|placeholder|postgres|production|required|secret|sk-local|test([-_]key)?|token|true|false|undefined
    |unknown|unused|[0-9]{1,3}(\.[0-9]{1,3}){3}""",
    re.IGNORECASE | re.VERBOSE,
)
"""What stands where a secret belongs, and is known to all: words, and addresses of machines."""
_BASIC = re.compile(r"(?<=\bBasic )[A-Za-z0-9+/]{6,}={0,2}", re.IGNORECASE)
_WORDS = re.compile(r"[^\s\"'<>]+")


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
    kept, done = [], 0
    for start, end in _named(text):
        kept += [text[done:start], HIDDEN]
        done = end
    text = _URL.sub(_without_password, "".join([*kept, text[done:]]))
    text = _BASIC.sub(_without_credentials, _SHAPES.sub(HIDDEN, _BEARER.sub(HIDDEN, text)))
    return _WORDS.sub(_unless_escaped, text) if "%" in text else text


def refuse(text: str | bytes, what: str, *, known: str = "") -> None:
    """Raise `HoldsSecret` if a text holds an environment's secret, a key by its form, or a secret setting.

    A value behind "password: " is not refused: documents speak of passwords. The error never has the value.

    Args:
        text: What is about to be stored or sent.
        what: What it is, for the message: "This reply".
        known: A text in which made-up keys may stand, e.g. the source of the notebook that printed them.
    """
    text = text.decode(errors="replace") if isinstance(text, bytes) else text
    for name, value in _in_the_environment():
        if _spelled(value).search(text):
            raise HoldsSecret(
                f"{what} holds the value of {name}, so it was not stored. Take the value out of the prompt "
                "or the data, and run it again."
            )
    shapes = [shape[0] for shape in _SHAPES.finditer(text)]
    shapes += [text[start:end] for start, end in _named(text, written_out=True)]
    shapes += [url["value"] for url in _URL.finditer(text) if url["value"] and _is_secret(url["value"], 2)]
    if any(shape not in known for shape in shapes) or _BASIC.sub(_without_credentials, text) != text:
        raise HoldsSecret(
            f"{what} holds a text in the form of a key or a password, so it was not stored. Take it out of "
            "the prompt or the data; if it is real, revoke it."
        )


def names_secret(name: str) -> bool:
    """Tell whether a variable or a field of this name holds a secret.

    >>> [names_secret(name) for name in ("DB_PASSWORD", "apiKey", "PGPASSWORD", "max_tokens", "PWD")]
    [True, True, True, False, False]
    """
    return _rank(name) > 0 or bool(not _HARMLESS.search(name.upper()) and _VARIABLE.search(name.upper()))


@cache
def _rank(name: str) -> int:
    """Return 2 for a name that certainly names a secret, 1 if probably, 0 if not."""
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|-", "_", name).upper()
    if _HARMLESS.search(name):
        return 0
    return 2 if _CERTAIN.search(name) else 1 if _LIKELY.search(name) else 0


def _in_the_environment() -> list[tuple[str, str]]:
    """Return the environment's secrets, each with its variable, the longest first."""
    secrets = []
    for name, value in os.environ.items():
        values = [value.strip(), *_lines(value)] if names_secret(name) else _embedded(value)
        secrets += [(name, value) for value in dict.fromkeys(values) if _is_telling(value)]
    return sorted(secrets, key=lambda pair: len(pair[1]), reverse=True)


def _lines(value: str) -> list[str]:
    """Return the lines of a longer secret, such as a PEM key: a text may hold each in a string of its own."""
    lines = [line.strip() for line in re.split(r"\\n|\n", value)]
    return [line for line in lines if len(line) >= 16 and "-----" not in line]


def _is_telling(value: str) -> bool:
    """Leave out what is known to all, and short words and numbers, of which any text is full."""
    if _PLACEHOLDERS.fullmatch(value):
        return False
    return len(value) >= 8 or (len(value) >= 6 and not value.isalpha() and not value.isdigit())


@cache
def _embedded(value: str) -> tuple[str, ...]:
    """Return the passwords within a value: those of URLs, and those that are named."""
    passwords = [url["value"] or url["token"] for url in _URL.finditer(value)]
    passwords += [value[start:end] for start, end in _named(value)]
    return tuple(dict.fromkeys([*passwords, *map(unquote, passwords)]))


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
    pairs = re.findall("....", letter.encode("utf-16-be", "surrogatepass").hex())  # JSON: an emoji has two
    unicode = r"\\+u".join(pairs)
    spellings = [
        re.escape(letter),
        f"(?i:{percent})",
        rf"(?i:u{unicode}|x{number:02x}|U{number:08x})",
        f"(?i:&(?:amp;)*#(?:{number}|x{number:x});)",
    ]
    if (escaped := html.escape(letter)) != letter:
        spellings.append(f"&(?:amp;)*{escaped[1:]}")
    spellings += ["[+]"] if letter == " " else []
    return rf"\\*(?:{'|'.join(spellings)})"


def _in_base64(value: str) -> Iterator[str]:
    """Yield what base64 makes of a value, wherever in the encoded bytes it begins."""
    content = value.encode("utf-8", "surrogateescape")
    for shift, skipped in enumerate((0, 2, 3)):
        encoded = base64.b64encode(bytes(shift) + content).decode()
        whole = encoded[skipped : (shift + len(content)) * 8 // 6]
        if len(whole) >= 6:
            yield re.escape(whole).replace(r"\+", "[+-]").replace("/", "[/_]")


def _named(text: str, *, written_out: bool = False) -> Iterator[tuple[int, int]]:
    """Yield where the values begin and end that stand behind the names of secrets.

    If `written_out`, only in settings: a name and a value that is no word, both in quotes or around "=".
    """
    end = 0
    for setting in _NAME.finditer(text):
        rank = _rank(setting["name"]) if setting.start() >= end and not _is_other(setting) else 0
        value = _VALUE.match(text, setting.end()) if rank else None
        if value and _is_secret(value["value"], rank):
            end = value.end("value")
            set_so = setting["sign"] == "=" or bool(setting["quote"] and value["open"])
            if not written_out or (set_so and _MIXED.match(value["value"])):
                yield value.start("value"), end


def _is_secret(value: str, rank: int) -> bool:
    value = value.rstrip(".`")
    if rank == 1:  # "sort_key: name" and "token: Hello" are no secrets
        return len(value) >= 8 and not value.replace("_", "").isalpha()
    return len(value) >= 4 and value not in (HIDDEN, HIDDEN[:-1]) and not _PLACEHOLDERS.fullmatch(value)


def _is_other(name: re.Match[str]) -> bool:
    """Tell whether prose or code stands behind a name: "secret: nobody knows", `password=os.getenv(...)`."""
    value = name.string, name.end()
    if _CODE.match(*value) or (name["sign"] == ":" and _PROSE.match(*value)):
        return True
    word = _WORD.match(*value)  # password=password
    return word is not None and word[0].lower() == name["name"].lower()


def _without_password(url: re.Match[str]) -> str:
    if _PLACEHOLDERS.fullmatch(url["value"] or url["token"]):
        return url[0]
    return f"{url['before'] or url['before_token']}{HIDDEN}@"


def _unless_escaped(word: re.Match[str]) -> str:
    """Hide a word that is escaped for a URL, if what it says holds a secret."""
    plain = unquote(word[0])
    return word[0] if plain == word[0] or hide(plain) == plain else HIDDEN


def _without_credentials(header: re.Match[str]) -> str:
    """Hide what decodes to "user:password"; other words behind "Basic" stay."""
    try:
        decoded = base64.b64decode(header[0], validate=True)
    except binascii.Error:
        return header[0]
    return HIDDEN if b":" in decoded else header[0]
