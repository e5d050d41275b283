"""Rules: what can be put right for certain, one function for each thing. None of them costs a call.

Quotations and the client's name are left as they are. What these functions cannot decide is a doubt.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from .house import PAST, House, is_past, pairs
from .spelling import one_letter

ABBREVIATIONS = pairs(
    """
    w/:with w/o:without re:regarding t/c:telephone_conference mtg:meeting mtgs:meetings agmt:agreement
    agmts:agreements doc:document docs:documents depo:deposition depos:depositions memo:memorandum
    dept:department mgmt:management acctg:accounting info:information approx:approximately btwn:between
    thru:through stmt:statement hrg:hearing prelim:preliminary atty:attorney attys:attorneys
    opp:opposing pltf:plaintiff pltfs:plaintiffs hrs:hours wks:weeks mos:months yrs:years svcs:services
    acct:account accts:accounts docs:documents jan:January feb:February aug:August oct:October
    """
)
"""Abbreviations that can mean one thing only, without their dots."""

MISSPELLINGS = pairs(
    """
    recieved:received seperate:separate correspondance:correspondence priviledge:privilege
    occured:occurred refered:referred definately:definitely accomodate:accommodate commited:committed
    ammendment:amendment proceedure:procedure proceedures:procedures arguement:argument
    defendent:defendant defendents:defendants independant:independent maintainance:maintenance
    aquisition:acquisition existance:existence transfered:transferred teh:the adn:and
    """
)

NOUN_FORMS = pairs(
    """
    review_of:reviewed revision_of:revised drafting_of:drafted preparation_of:prepared
    preparation_for:prepared_for conference_with:conferred_with correspondence_with:corresponded_with
    meeting_with:met_with attendance_at:attended negotiation_of:negotiated discussion_of:discussed
    """
)
"""How activities begin that should begin with a verb."""

_NUMBERED = {"ex": "Exhibit", "exh": "Exhibit", "sec": "Section", "sched": "Schedule", "art": "Article"}
_NUMBERED_PART = re.compile(
    r"\b(section|exhibit|article|rule|title|chapter)( (?:(?=\d)|[b-zA-Z]\b|[ivx]{2,}\b))", re.IGNORECASE
)
_OPENING = re.compile(r"(?:^|(?<=; ))([^\W\d_][\w'\u2019-]*)(?: and ([^\W\d_]+))?(?: (of|for|with|at)\b)?")


def tidy(text: str, house: House, client: str = "") -> str:
    """Apply every certain rule.

    >>> house = House(roster=(("Margaret", "Okafor"),))
    >>> tidy("mtg w/ okafor, margaret re Ex. B - review lease", house)
    'Met with M. Okafor regarding Exhibit B; reviewed lease.'
    """
    kept = rf"(\"[^\"]*\"|{re.escape(client)})" if client else r"(\"[^\"]*\")"
    text = restore_client(spaces(separators(printable(text))), client)

    def apart(edit: Callable[[str], str]) -> str:
        parts = re.split(kept, text)
        return "".join(part if i % 2 else edit(part) for i, part in enumerate(parts))

    for edit in (
        lambda part: capitals(part, house),
        abbreviations,
        misspellings,
        lambda part: one_letter(part, house),
        lambda part: names(part, house),
    ):
        text = apart(edit)
    return closing(first_letters(tense(text), house))


def printable(text: str) -> str:
    r"""Remove control characters and marks that nobody sees.

    >>> printable("Reviewed\x00 lease\u200b")
    'Reviewed lease'
    """
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b-\u200f\ufeff]", "", text)


def spaces(text: str) -> str:
    """Remove doubled spaces and spaces before a mark.

    >>> spaces("Reviewed  lease , twice")
    'Reviewed lease, twice'
    """
    return re.sub(r"\s+([.,;])(?=\s|$)", r"\1", re.sub(r"\s+", " ", text)).strip()


def separators(text: str) -> str:
    """Part activities by semicolons where a dash, a slash or a new line parts them.

    >>> separators("Reviewed lease - drafted letter")
    'Reviewed lease; drafted letter'
    """
    parts = re.split(r'("[^"]*")', text)
    return "".join(
        part if i % 2 else re.sub(r"\s*;?(?:\s+[-\u2013\u2014/]\s+|\s*[\r\n]+\s*)(?=\S)", "; ", part)
        for i, part in enumerate(parts)
    )


def closing(text: str) -> str:
    """Close with one full stop.

    >>> [closing(text) for text in ("Reviewed lease", "Reviewed lease..", "Reviewed lease;")]
    ['Reviewed lease.', 'Reviewed lease.', 'Reviewed lease.']
    """
    body = text.rstrip(" .;,:")
    return body and body + "."


def restore_client(text: str, client: str) -> str:
    """Write the client's name as the client does.

    >>> restore_client("Advised NVISTA on lease.", "nVista")
    'Advised nVista on lease.'
    """
    return re.sub(rf"\b{re.escape(client)}", lambda _: client, text, flags=re.IGNORECASE) if client else text


def capitals(text: str, house: House) -> str:
    """Lower an entry that is all capitals, and capitalize words that always are.

    >>> capitals("REVIEWED SECTION 4 IN DELAWARE", House(words=frozenset({"Delaware"})))
    'reviewed Section 4 in Delaware'
    >>> capitals("compared exhibit b with title ix", House())
    'compared Exhibit B with Title IX'
    """
    if len(text) > 3 and text.isupper() and len(text.split()) > 1:
        text = text.lower()
    text = re.sub(r"[^\W\d_]+", lambda match: house.proper.get(match[0], match[0]), text)
    return _NUMBERED_PART.sub(lambda match: match[1].capitalize() + match[2].upper(), text)


def abbreviations(text: str) -> str:
    """Write out abbreviations that can mean one thing only; "In re" is a case's name.

    >>> abbreviations("Mtg. w/ opp. counsel re Sec. 9 & docs, as in In re Caremark")
    'meeting with opposing counsel regarding Section 9 and documents, as in In re Caremark'
    """

    def full(match: re.Match) -> str:
        return ABBREVIATIONS[match[1].lower()]

    text = re.sub(
        r"\b(ex|exh|sec|sched|art)\.? (?=\d|[A-Z]\b)",
        lambda m: _NUMBERED[m[1].lower()] + " ",
        text,
        flags=re.I,
    )
    short = "|".join(sorted(map(re.escape, ABBREVIATIONS), key=len, reverse=True))
    text = re.sub(
        rf"(?<![\w/.])(?<!In )({short})(?![\w/'\u2019])[.:]?(?=\s|[,;)]|$)", full, text, flags=re.IGNORECASE
    )
    return re.sub(r"(?<=[a-z0-9]) & (?=[a-z])", " and ", text)


def misspellings(text: str) -> str:
    """Put misspellings right that are no other word.

    >>> misspellings("Recieved ammendment from opposing council")
    'Received amendment from opposing counsel'
    """

    def right(match: re.Match) -> str:
        word = MISSPELLINGS[match[0].lower()]
        return word.capitalize() if match[0][0].isupper() else word

    text = re.sub(rf"\b({'|'.join(MISSPELLINGS)})\b", right, text, flags=re.IGNORECASE)
    text = re.sub(r"\b((?:opposing|general|outside|local) coun)cil\b", r"\1sel", text, flags=re.IGNORECASE)
    return re.sub(r"\b(statu)(e of limitations)", r"\1t\2", text, flags=re.IGNORECASE)


def names(text: str, house: House) -> str:
    """Write people of the roster as "F. Last".

    >>> names("Met with Margaret Okafor's team", House(roster=(("Margaret", "Okafor"),)))
    "Met with M. Okafor's team"
    """
    if not house.people:
        return text
    return house.people.sub(lambda match: house.short_names[re.sub(r"[^\w]", "", match[0]).lower()], text)


def tense(text: str) -> str:
    """Put the verbs that open an activity into the past, if they are verbs that the house lists.

    >>> tense("review and revise lease; meeting with client; draft of lease")
    'reviewed and revised lease; met with client; draft of lease'
    """

    def past(match: re.Match) -> str:
        verb, second, preposition = match[1], match[2], match[3]
        noun = NOUN_FORMS.get(f"{verb.lower()} {preposition}")
        if noun and not second:
            return _like(verb, noun)
        a_noun = text[match.end() :].startswith((" conference", " call"))
        if a_noun or preposition == "of":
            return match[0]
        opening = _like(verb, _PASTS.get(verb.lower(), verb.lower()))
        joined = f" and {_PASTS.get(second.lower(), second)}" if second else ""
        return opening + joined + (f" {preposition}" if preposition else "")

    return _OPENING.sub(past, text)


def first_letters(text: str, house: House) -> str:
    """Begin the entry with a capital, and each further activity with its verb in lower case.

    >>> first_letters("reviewed lease; Drafted letter; IRS called", House())
    'Reviewed lease; drafted letter; IRS called'
    """

    def lower(match: re.Match) -> str:
        word = match[0].lower()
        return word if is_past(word) and word not in house.proper else match[0]

    return re.sub(r"(?<=; )[A-Z][a-z-]+", lower, text[:1].upper() + text[1:])


def _like(model: str, word: str) -> str:
    return word.capitalize() if model[:1].isupper() else word


def _gerund(verb: str) -> str:
    return verb.removesuffix("e") + "ing" if verb.endswith("e") and not verb.endswith("ee") else verb + "ing"


_PASTS = PAST | {_gerund(verb): past for verb, past in PAST.items()}
