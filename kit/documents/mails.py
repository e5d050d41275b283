"""Mails: headers, body and attachments of .eml, .mht and Outlook's .msg.

The standard library reads .eml, python-oxmsg reads .msg. Attachments come back as bytes with their names; the
text names them all.
"""

from __future__ import annotations

import email
import email.message
import email.policy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from kit.documents.bounds import Part
from kit.documents.errors import CorruptFile

_HEADERS = ("From", "To", "Cc", "Bcc", "Reply-To", "Date", "Subject")
_BROKEN = (KeyError, IndexError, ValueError, TypeError, AttributeError, AssertionError, LookupError, OSError)
_RECIPIENT_TYPE, _SHORT_NAME = 0x0C15, 0x3704
_EMBEDDED, _PROPERTIES = "__substg1.0_3701000D", "__properties_version1.0"

Web = Callable[[str], str]


@dataclass
class Mail:
    """A mail: what it says with its headers, and what is attached to it."""

    part: Part
    attached: list[tuple[str, bytes]] = field(default_factory=list)


def mail(name: str, data: bytes, web: Web) -> Mail:
    """Read an .eml or .mht; `web` turns HTML into text."""
    message = email.message_from_bytes(data, policy=email.policy.default)
    try:
        return _read(name, message, web)
    except _BROKEN as error:
        raise CorruptFile(name, f"this mail cannot be read ({error}). Save or send it again.") from error


def outlook(name: str, data: bytes, web: Web) -> Mail:
    """Read a .msg."""
    from oxmsg import Message

    try:
        return _outlook(name, Message.load(data), web)
    except _BROKEN as error:
        raise CorruptFile(
            name, f"this mail cannot be read ({error}). Save it as .eml, or as PDF, in Outlook."
        ) from error


def _read(name: str, message: email.message.EmailMessage, web: Web) -> Mail:
    plain, page = message.get_body(("plain",)), message.get_body(("html",))
    said = _words(plain).strip() if plain else ""
    body = said or (web(_words(page)) if page else "")
    attached = [
        (_name(part, number), _bytes(part)) for number, part in enumerate(_attached(message, plain, page), 1)
    ]
    headers = [(header, str(message[header])) for header in _HEADERS if message[header]]
    found = Mail(Part(_letter(headers, attached, body)), attached)
    kind = message.get_content_type()
    if not body and kind.startswith(("application/pkcs7", "multipart/encrypted", "application/x-pkcs7")):
        found.part.notes.append("the mail is encrypted; save it decrypted in your mail program")
    elif not body:
        found.part.notes.append("the mail has no body")
    if message.defects and not message.keys():
        raise ValueError("it has no headers")
    return found


def _attached(message: Any, *bodies: Any) -> Iterator[Any]:
    """Yield every part that holds something and is not the body, pictures inside the text included."""
    if message in bodies:
        return
    if message.get_content_type() == "message/rfc822" or not message.is_multipart():
        if (
            message.get_content_maintype() != "multipart" and message.get_content_type() != "text/html"
        ) or message.is_attachment():
            yield message
        return
    for part in message.iter_parts():
        yield from _attached(part, *bodies)


def _name(part: Any, number: int) -> str:
    if named := part.get_filename():
        return str(named).replace("/", "_").replace("\\", "_")
    inner = part.get_content() if part.get_content_type() == "message/rfc822" else None
    ending = {"message/rfc822": "eml", "text/plain": "txt", "text/calendar": "ics"}.get(
        part.get_content_type()
    )
    return (
        f"{inner['subject'] or number}.eml".replace("/", "_")
        if inner
        else f"part {number}.{ending or part.get_content_subtype()}"
    )


def _bytes(part: Any) -> bytes:
    if part.get_content_type() == "message/rfc822":
        return part.get_content().as_bytes()
    return part.get_payload(decode=True) or b""


def _words(part: Any) -> str:
    from kit.documents.encodings import decoded

    data = part.get_payload(decode=True) or b""
    try:
        return data.decode(part.get_content_charset() or "utf-8")
    except (LookupError, UnicodeDecodeError):
        return decoded(data)[0]


def _letter(headers: list[tuple[str, str]], attached: list[tuple[str, bytes]], body: str) -> str:
    if attached:
        headers = [*headers, ("Attachments", ", ".join(name for name, _ in attached))]
    return "\n".join(
        [*(f"{name}: {value}" for name, value in headers), "", body.replace("\r\n", "\n")]
    ).strip()


def _outlook(name: str, message: Any, web: Web) -> Mail:
    sent = message.sent_date
    typed = {"1": "To", "2": "Cc", "3": "Bcc"}
    people: dict[str, list[str]] = {}
    for person in message.recipients:
        kind = typed.get(str(person.properties.int_prop_value(_RECIPIENT_TYPE)), "To")
        people.setdefault(kind, []).append(" ".join(filter(None, [person.name, f"<{person.email_address}>"])))
    carried = message.message_headers
    headers = [("From", message.sender or ""), *((kind, ", ".join(names)) for kind, names in people.items())]
    headers += [
        ("Date", carried.get("Date") or (f"{sent:%Y-%m-%d %H:%M %Z}" if sent else "")),
        ("Subject", message.subject),
    ]
    body = (message.body or "").strip() or (web(message.html_body) if message.html_body else "")
    attached, notes, lost, letters = [], [], [], []
    for number, one in enumerate(message.attachments, 1):
        named = (
            one.file_name or one.properties.str_prop_value(_SHORT_NAME) or f"attachment {number}"
        ).replace("/", "_")
        if (content := one.file_bytes) is not None:
            attached.append((named, content))
        elif inner := _item(one):
            item = _outlook(named, inner, web)
            letters.append((named, item.part.text))
            attached += item.attached
            notes += item.part.notes
        else:
            lost.append(named)
    if lost:
        notes.append(
            f"linked or embedded objects are not read: {', '.join(lost)}; save them apart in Outlook"
        )
    if not body:
        notes.append("the mail has no body as text or HTML; save it as .eml or PDF in Outlook")
    every = [*attached, *((one, b"") for one in lost), *((one, b"") for one, _ in letters)]
    letter = _letter([pair for pair in headers if pair[1]], every, body)
    letter += "".join(f"\n\nAttached mail {named}:\n{text}" for named, text in letters)
    return Mail(Part(letter, notes), attached)


def _item(attachment: Any) -> Any:
    """Return the mail that is stored in another one, or None; its header is eight bytes shorter there."""
    from oxmsg import Message
    from oxmsg.storage import Storage, Stream

    storage = next((one for one in attachment._storage.storages if one.name == _EMBEDDED), None)
    if storage is None or _PROPERTIES not in {stream.name for stream in storage.streams}:
        return None
    streams = tuple(
        Stream(stream.path, stream.bytes_[:24] + bytes(8) + stream.bytes_[24:])
        if stream.name == _PROPERTIES
        else stream
        for stream in storage.streams
    )
    return Message(Storage(storage.path, streams, storage.storages))
