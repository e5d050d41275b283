"""Mails: headers, body and attachments of .eml, .mht and Outlook's .msg.

The standard library reads .eml, python-oxmsg reads .msg. Attachments come back as bytes, each with its name.
Left out, and said: mails that are stored inside a .msg.
"""

from __future__ import annotations

import email
import email.policy
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from kit.documents.bounds import Bounds, Part
from kit.documents.texts import decoded, web

_HEADERS = ("From", "To", "Cc", "Bcc", "Reply-To", "Date", "Subject")
_ENDINGS = {"text/plain": "txt", "text/calendar": "ics", "message/rfc822": "eml"}
_DEFECTS = ("CloseBoundary", "InvalidBase64", "StartBoundary")
_RECIPIENT_TYPE, _SHORT_NAME = 0x0C15, 0x3704
_SECRET = ("application/pkcs7", "application/x-pkcs7", "multipart/encrypted")

Files = list[tuple[str, bytes]]


def mail(data: bytes, bounds: Bounds) -> tuple[Part, Files]:
    """Return what an .eml or .mht says, and what is attached to it."""
    message = email.message_from_bytes(data, policy=email.policy.default)
    if not message.keys():
        raise ValueError("it has no headers")
    plain, page = message.get_body(("plain",)), message.get_body(("html",))
    notes: list[str] = []
    body = _words(plain, notes).strip() if plain else ""
    body = _longer(body, _words(page, notes) if page else "", notes, bounds)
    files = [_file(part, at) for at, part in enumerate(_files(message, plain, page), 1)]
    headers = [(header, str(message[header])) for header in _HEADERS if message[header]]
    part = _letter(headers, [name for name, _ in files], body, notes)
    defects: Counter[str] = Counter()
    for piece in message.walk():
        piece.get_payload(decode=True)  # what does not decode is found here
        defects.update({type(defect).__name__ for defect in piece.defects})
    damage = [f"{number} {name}" for name, number in defects.items() if name.startswith(_DEFECTS)]
    if damage:
        what = "the mail is damaged or breaks off; parts of it may be missing"
        part.notes.append(f"{what} ({', '.join(damage)})")
    if message.get_content_type().startswith(_SECRET):
        part.notes.append("the mail is signed or encrypted; save it decrypted in your mail program")
    return part, files


def outlook(data: bytes, bounds: Bounds) -> tuple[Part, Files]:
    """Return what a .msg says, and what is attached to it."""
    from oxmsg import Message

    message = Message.load(data)
    headers = [("From", message.sender)]
    for at, kind in enumerate(("To", "Cc", "Bcc"), 1):
        people = (one for one in message.recipients if one.properties.int_prop_value(_RECIPIENT_TYPE) == at)
        headers.append((kind, ", ".join(f"{one.name} <{one.email_address}>" for one in people)))
    sent = message.sent_date if message.sent_date and message.sent_date.year > 1970 else None
    written = f"{sent:%Y-%m-%d %H:%M %Z}" if sent else ""
    headers += [("Date", message.message_headers.get("Date") or written), ("Subject", message.subject)]
    notes: list[str] = []
    body = _longer((message.body or "").strip(), message.html_body or "", notes, bounds)
    attached = []
    for at, item in enumerate(message.attachments, 1):
        named = item.file_name or item.properties.str_prop_value(_SHORT_NAME) or f"attachment {at}"
        attached.append((named.replace("/", "_"), item.file_bytes))
    part = _letter([pair for pair in headers if pair[1]], [name for name, _ in attached], body, notes)
    if lost := [name for name, content in attached if content is None]:
        part.notes.append(f"Outlook items in it are not read: {', '.join(lost)}. Save them apart in Outlook")
    return part, [(name, content) for name, content in attached if content is not None]


def _letter(headers: list[tuple[str, Any]], names: list[str], body: str, notes: list[str]) -> Part:
    headers = [*headers, ("Attachments", ", ".join(names))] if names else headers
    top = "\n".join(f"{name}: {value}" for name, value in headers)
    empty = [] if body else ["the mail has no body as text or HTML"]
    return Part(f"{top}\n\n{body}".replace("\r\n", "\n").strip(), [*empty, *notes])


def _longer(body: str, page: str, notes: list[str], bounds: Bounds) -> str:
    """Return what says more, the plain text of a mail or its web page; words of the other one are noted."""
    shown = web("mail.html", page.encode("utf-8", "replace"), bounds, main=False) if page else Part()
    longer, other = (body, shown.text) if len(body) >= len(shown.text) else (shown.text, body)
    if set(re.findall(r"\w+", other)) - set(re.findall(r"\w+", longer)):
        which = "HTML version" if longer is body else "plain text"
        notes.append(f"its {which}, which is shorter and has other words, is not read")
    notes += shown.notes
    return longer


def _files(message: Any, *bodies: Any) -> Iterator[Any]:
    """Yield every part that is not the body: files, pictures inside the text, further mails, reports."""
    if message.get_content_maintype() != "message" and message.is_multipart():
        for part in message.iter_parts():
            yield from _files(part, *bodies)
    elif message not in bodies and message.get_content_maintype() != "multipart":
        yield message


def _file(part: Any, number: int) -> tuple[str, bytes]:
    kind, subject = part.get_content_type(), None
    if kind == "message/rfc822":
        mail = part.get_content()
        subject, data = mail["subject"], mail.as_bytes()
    elif part.get_content_maintype() == "message":  # a report on delivery, an address of a file
        payload = part.get_payload()
        said = [part["Content-Type"], *(payload if isinstance(payload, list) else [payload])]
        data = "\n".join(str(text).strip() for text in said).encode("utf-8", "replace")
    else:
        data = part.get_payload(decode=True) or b""
    ending = _ENDINGS.get(kind) or part.get_content_subtype()
    name = part.get_filename() or f"{subject or f'part {number}'}.{ending}"
    return str(name).replace("/", "_"), data


def _words(part: Any, notes: list[str]) -> str:
    text, guess = decoded(part.get_payload(decode=True) or b"", part.get_content_charset() or "")
    notes += [note for note in guess if note not in notes]
    return text
