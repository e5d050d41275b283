"""Rules: what can be put right for certain under a guide, one function for each thing, without a call.

Quotations, the client's name and other protected words are masked first. What is not certain is left as it
is, and is a doubt.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from .guide import Guide
from .house import House, american, english
from .openings import INFINITIVE, NO_VERBS, PREPOSITIONS, opened
from .people import short_forms
from .verbs import base_of, is_past

MASK = "\ue000-\uf8ff"
_NUMBERED = {"ex": "Exhibit", "exh": "Exhibit", "sec": "Section", "sched": "Schedule", "art": "Article"}
_NUMBERED |= {"para": "paragraph", "paras": "paragraphs", "cl": "clause", "p": "page", "pp": "pages"}
_NUMBERED_PART = re.compile(
    r"\b(sections?|exhibits?|articles?|rules?|title|chapter|schedule(?= [A-Z]\b))"
    r"( (?:(?=\d)|[b-zA-Z]\b|[ivx]{2,}\b))",
    re.IGNORECASE,
)
_PHRASES_TEXT = """
ad hoc, ad litem, ex parte, ex post facto, ex gratia, ex officio, pro hac vice, pro rata, pro se, pro
forma, pro tem, pro bono, de novo, de facto, de jure, de minimis, in rem, in limine, in camera, in forma
pauperis, res judicata, res ipsa loquitur, res gestae, per stirpes, per se, per diem, per capita, per
annum, per curiam, cy pres, mens rea, actus reus, et al, et seq, inter alia, inter partes, status quo,
quid pro quo, nunc pro tunc, sua sponte, lis pendens, voir dire, duces tecum, vice versa, ab initio,
ultra vires, bill of lading, bills of lading, bill of sale, bill of exchange, bill of costs
"""
_PHRASES = rf"\b(?:{'|'.join(' '.join(_PHRASES_TEXT.split()).split(', '))})\b"
_MONTHS = {"jan": "January", "feb": "February", "mar": "March", "apr": "April", "jun": "June", "jul": "July"}
_MONTHS |= {"aug": "August"}
_MONTHS |= {"sep": "September", "sept": "September", "oct": "October", "nov": "November", "dec": "December"}
_TASKS = "emailed|called|telephoned|met|conferred|sent|circulated|discussed|drafted|prepared|revised|flagged"
_TASKS += "|reviewed|researched|analyzed|advised|filed"
_TWO_WAYS = frozenset({"check", "program", "license", "judgment", "inquiry", "inquiries", "center"})


def tidy(text: str, guide: Guide, house: House, client: str = "", protected: Collection[str] = ()) -> str:
    """Apply every certain rule.

    >>> house = House(roster=(("Margaret", "Okafor"),))
    >>> tidy("mtg w/ okafor, margaret re Ex. B - review lease", Guide.read("house.toml"), house)
    'Met with M. Okafor regarding Exhibit B; reviewed lease.'
    >>> tidy("mtg w/ Margaret Okafor re Ex. B - review lease", Guide.read("brandt_okafor.toml"), house)
    'Meeting with Margaret Okafor re Exhibit B - Reviewing lease.'
    """
    masked, hidden = mask(printable(text), client, protected)
    masked = capitals(spaces(masked), house)
    masked = stops(separators(masked, guide), guide, house)
    for edit in (abbreviations, spellings, dates):
        masked = edit(masked, guide)
    masked = names(masked, guide, house)
    tasks = [opened(task, guide) for task in masked.split("; ")]
    masked = replaced(joined(tasks, guide, house), guide)
    return closing(unmask(masked, hidden), guide)


def mask(text: str, client: str, protected: Collection[str] = ()) -> tuple[str, list[str]]:
    """Return a text in which each protected part is one private character, and what they hide.

    The client's name is written as the client writes it.

    >>> masked, hidden = mask('Sent "Re: x" to NVISTA', "nVista")
    >>> len(masked), hidden
    (11, ['"Re: x"', 'nVista'])
    """
    whole = sorted({name for name in (client, *protected) if name}, key=len, reverse=True)
    names = "|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in whole)
    fixed = r'"[^"]*"|\u201c[^\u201d]*\u201d|\S+@\S+\.\w+|https?://\S+'
    fixed += r"|\bFed\. R\. (?:(?:Civ|Crim|App|Bankr)\. P|Evid)\.|" + _PHRASES
    hidden: list[str] = []

    def hide(match: re.Match) -> str:
        folded = {name.casefold(): name for name in whole}
        hidden.append(folded.get(match[0].casefold(), match[0]))
        return chr(0xE000 + len(hidden) - 1)

    return re.sub(f"{fixed}|{names}" if names else fixed, hide, text, flags=re.IGNORECASE), hidden


def unmask(text: str, hidden: list[str]) -> str:
    """Put the hidden parts back."""
    return re.sub(f"[{MASK}]", lambda match: hidden[ord(match[0]) - 0xE000], text)


def printable(text: str) -> str:
    r"""Remove control characters and marks that nobody sees.

    >>> printable("Reviewed\x00 lease\u200b")
    'Reviewed lease'
    """
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b-\u200f\ufeff\ue000-\uf8ff]", "", text)


def spaces(text: str) -> str:
    r"""Remove doubled spaces and spaces before a mark; a new line stays.

    >>> spaces("Reviewed  lease , twice")
    'Reviewed lease, twice'
    """
    return re.sub(r"[^\S\n]+([.,;:])(?=\s|$)", r"\1", re.sub(r"[^\S\n\r]+", " ", text)).strip()


def separators(text: str, guide: Guide) -> str:
    r"""Put "; " where a dash, a slash, a stop or a new line separates two tasks.

    A dash, a slash or a stop does so only outside of brackets, and only before a word that opens a task; a
    comma before a verb in the past that has an object, where no "and" ends a list.

    >>> guide = Guide.read("american.toml")
    >>> separators("Reviewed lease - drafted letter / Fox / Adair;call client. Sent it.", guide)
    'Reviewed lease; drafted letter / Fox / Adair; call client; Sent it.'
    """
    text = re.sub(r"\s*;\s*(?=\S)|\s*[\r\n]+\s*", "; ", text)

    def part(match: re.Match) -> str:
        before, after = text[: match.start()], text[match.end() :]
        if before.count("(") > before.count(")") or not opens(after, guide):
            return match[0]
        last = before.rsplit(" ", 1)[-1]
        if match[0].startswith(".") and (after[:1].islower() or shortened(last, guide)):
            return match[0]
        if "then" in match[0] and INFINITIVE.search(before.rsplit(";", 1)[-1]):
            return match[0]
        return "; "

    text = re.sub(r";? (?:[-\u2013\u2014/+]|--) |\. +|,? (?:and )?then (?=\w)", part, text)
    if guide.form != "past":
        return text
    comma = re.compile(
        rf"(?<!and) ?, (?=(?:{_TASKS}) (?!(?:{'|'.join(PREPOSITIONS)}|under|before|and|or)\b)"
        r"[a-z]+ ?(?![^;(]* and ))",
        re.IGNORECASE,
    )
    return "; ".join(comma.sub("; ", task) if opens(task, guide) else task for task in text.split("; "))


def shortened(word: str, guide: Guide) -> bool:
    """Say whether a word before a stop is an abbreviation or an initial, and not the end of a sentence.

    >>> [shortened(word, Guide.read("american.toml")) for word in ("dep", "J", "Inc", "lease", "6")]
    [True, True, True, False, False]
    """
    strange = len(word) < 5 and word.isalpha() and not english().known([word.lower()])
    initial = bool(re.fullmatch(r"(?:[^\W\d_]\.)*[^\W\d_]", word))
    return f"{word}." in guide.kept or initial or strange or _short(word, guide)


def stops(text: str, guide: Guide, house: House) -> str:
    """Remove a stop before a semicolon, unless it may belong to an abbreviation.

    >>> stops("Read lease.; met dep.; left", Guide.read("american.toml"), House(words=frozenset({"lease"})))
    'Read lease; met dep.; left'
    """

    def plain(match: re.Match) -> str:
        known = house.knows(match[1]) and not _short(match[1], guide) and match[0] not in guide.kept
        return match[1] if known else match[0]

    return re.sub(r"\b([^\W\d_]{5,})\.(?=;)", plain, text)


def opens(text: str, guide: Guide) -> bool:
    """Say whether a text begins as a task does.

    >>> [opens(text, Guide.read("american.toml")) for text in ("Draft lease", "mtg w/ Smith", "Smith lease")]
    [True, True, False]
    """
    words = re.findall(r"[\w'\u2019/-]+", text.lower())[:2]
    if not words:
        return False
    firsts = {phrase.split()[0] for phrase in (*guide.openings, *guide.openings.values())}
    known = words[0] in firsts | {"meeting", "telephone", "call", "t/c", "mtg", "email", "tel", "conf"}
    return known or (words[0] not in NO_VERBS and (base_of(words[0]) is not None or is_past(words[0])))


def capitals(text: str, house: House) -> str:
    """Lower an entry that is all capitals, and capitalize words that always are.

    >>> capitals("REVIEWED SECTION 4 IN DELAWARE", House(words=frozenset({"Delaware"})))
    'reviewed Section 4 in Delaware'
    >>> capitals("compared exhibit b with title ix", House())
    'compared Exhibit B with Title IX'
    """
    if shouted(text):
        text = text.lower()
    text = re.sub(r"[^\W\d_]+", lambda match: house.proper.get(match[0], match[0]), text)
    return _NUMBERED_PART.sub(_numbered, text)


def _numbered(match: re.Match) -> str:
    a_letter = match[1].lower().startswith("schedule")
    return match[0] if a_letter and match[2].islower() else match[1].capitalize() + match[2].upper()


def shouted(text: str) -> bool:
    """Say whether an entry is written in capitals throughout."""
    return len(text) > 3 and text.isupper() and len(text.split()) > 1


def abbreviations(text: str, guide: Guide) -> str:
    """Write out abbreviations that can mean one thing only; "In re" is a case's name.

    >>> abbreviations("Mtg. w/ opp. counsel re Sec. 9 on Dec. 5; In re Caremark", Guide.read("house.toml"))
    'meeting with opposing counsel regarding Section 9 on December 5; In re Caremark'
    """
    if guide.spelling == "American":
        text = re.sub(r"\b(Mr|Mrs|Ms|Dr) (?=[A-Z])", r"\1. ", text)
    numbered = "|".join(_NUMBERED)
    text = re.sub(
        rf"\b({numbered})(\.?) ?(?=\d|((?-i:[A-Z])\b))",
        lambda m: (
            m[0]
            if (m[3] and m[1].islower()) or (not m[2] and len(m[1]) < 3) or m[1] == "P"
            else _NUMBERED[m[1].lower()] + " "
        ),
        text,
        flags=re.IGNORECASE,
    )
    months = "|".join(sorted(_MONTHS, key=len, reverse=True))
    text = re.sub(
        rf"\b({months})\b\.?(?= \d)|(?<=\d )({months})\b\.?(?= \d|$|[,;])",
        lambda m: _MONTHS[(m[1] or m[2]).lower()] if m[0][0].isupper() or m[1] else m[0],
        text,
        flags=re.IGNORECASE,
    )

    def written_out(match: re.Match) -> str:
        acronym = match[1].isupper() and len(match[1]) > 1 and "/" not in match[1]
        full = guide.abbreviations[match[1].lower()]
        named = match[1].istitle() and match.start() > 0 and text[match.start() - 2] != ";"
        return match[0] if acronym else full.capitalize() if named else full

    short = "|".join(sorted(map(re.escape, guide.abbreviations), key=len, reverse=True))
    pattern = rf"(?<![\w/.'\u2019])(?<!In )({short})(?![\w/'\u2019])[.:]?(?=[\s,;)]|$)"
    text = re.sub(pattern, written_out, text, flags=re.IGNORECASE)
    text = re.sub(r"(?<![\w/])(w/o?)(?=[a-zA-Z])", lambda m: {"w/": "with ", "w/o": "without "}[m[1]], text)
    return re.sub(r"(?<=[a-z0-9]) & (?=[a-z])", " and ", text)


def spellings(text: str, guide: Guide) -> str:
    """Put misspellings right that are no other word, and the other country's spelling; names stay.

    >>> guides = [Guide.read(name) for name in ("american.toml", "british.toml")]
    >>> [spellings("recieved from opposing council; travelled; favor", guide) for guide in guides]
    ['received from opposing counsel; traveled; favor', 'received from opposing counsel; travelled; favour']
    """
    table = dict(guide.spellings)
    if guide.spelling == "American":
        table |= guide.variants
    if guide.spelling == "British":
        back = {value: key for key, value in guide.variants.items()}
        table |= {a: b for a, b in back.items() if a not in _TWO_WAYS and (a[:4] == "anal" or "iz" not in a)}

    def right(match: re.Match) -> str:
        word = table.get(match[0].lower()) or foreign(match[0], guide)
        if word is None or (match[0][0].isupper() and match.start() and text[match.start() - 2] != ";"):
            return match[0]
        return word.capitalize() if match[0][0].isupper() else word

    text = re.sub(r"[^\W\d_]{3,}", right, text)
    text = re.sub(r"\b((?:opposing|general|outside|local|leading) coun)cil\b", r"\1sel", text, flags=re.I)
    return re.sub(r"\b(statu)(e of (?:limitations|frauds))", r"\1t\2", text, flags=re.IGNORECASE)


def foreign(word: str, guide: Guide) -> str | None:
    """Return the American form of a word that no American dictionary has, if the guide wants that.

    >>> guide = Guide.read("american.toml")
    >>> foreign("apologised", guide), foreign("franchise", guide)
    ('apologized', None)
    """
    other = american(word.lower())
    if guide.spelling != "American" or other == word.lower():
        return None
    return other if english().known([other]) and not english().known([word.lower()]) else None


def dates(text: str, guide: Guide) -> str:
    """Write dates as the guide wants, if it wants that and the day is certain.

    >>> dates("on 3/14/26 and March 3, 2026, and 3/4/26", Guide.read("brandt_okafor.toml"))
    'on 14 March 2026 and 3 March 2026, and 3/4/26'
    """
    if not guide.dates:
        return text
    named_months = list(dict.fromkeys(_MONTHS.values()))
    months = [*named_months[:4], "May", *named_months[4:]]
    named = "|".join(months)

    def numeric(match: re.Match) -> str:
        one, two, year = (int(part) for part in match.groups())
        if one > 12 >= two or two > 12 >= one:
            day, month = max(one, two), min(one, two)
            return f"{day} {months[month - 1]} {year + 2000 if year < 100 else year}"
        return match[0]

    text = re.sub(r"\b(\d{1,2})/(\d{1,2})/(\d{4}|\d{2})\b", numeric, text)
    return re.sub(rf"\b({named}) (\d{{1,2}}), (\d{{4}})\b", r"\2 \1 \3", text)


def names(text: str, guide: Guide, house: House) -> str:
    """Write people of the roster as "F. Last", if the guide wants that.

    >>> house = House(roster=(("Margaret", "Okafor"),))
    >>> names("Met with Margaret Okafor's team", Guide.read("house.toml"), house)
    "Met with M. Okafor's team"
    >>> names("Read will of Estate of Margaret Okafor", Guide.read("house.toml"), house)
    'Read will of Estate of Margaret Okafor'
    """
    if guide.people != "F. Last":
        return text
    found = short_forms(text, house)
    for full, form in found.items():
        text = re.sub(
            rf"(?<![\w'\u2019.-]){re.escape(full)}(?![\w-])",
            lambda m, form=form: m[0] if of_entity(m.string[: m.start()], m.string[m.end() :]) else form,
            text,
        )
    text = re.sub(r"(?<=\b[A-Z]\. )([\w'\u2019-]+) & (?=[A-Z]\. )", r"\1 and ", text) if found else text
    if not house.people:
        return text

    def short(match: re.Match) -> str:
        if of_entity(text[: match.start()], text[match.end() :]):
            return match[0]
        return house.short_names[re.sub(r"[^\w]", "", match[0]).lower()]

    return house.people.sub(short, text)


def of_entity(before: str, after: str) -> bool:
    """Say whether a name belongs to an estate, a trust, a case or a company.

    >>> of_entity("Read Estate of ", " will"), of_entity("Met ", ", LLC"), of_entity("Met ", " in Reno")
    (True, True, False)
    """
    company = (
        r",? (?:&(?! [A-Z]\w+ [^\W\d_a-z])|(?:Inc|LLC|LLP|Co|Corp|Ltd|Trust|Estate|Foundation|Family)\b|v\.)"
    )
    return bool(
        re.search(r"\b(?:Estate|Trust) of (?:the )?$|\bIn re $|\bv\. $", before) or re.match(company, after)
    )


def replaced(text: str, guide: Guide) -> str:
    """Write words as the guide always writes them."""
    for word, other in guide.replace.items():
        text = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", other, text)
    return text


def joined(tasks: list[str], guide: Guide, house: House) -> str:
    """Put tasks together: the first begins with a capital, later ones as the guide wants.

    >>> joined(["reviewed lease", "Drafted letter", "IRS called"], Guide.read("american.toml"), House())
    'Reviewed lease; drafted letter; IRS called'
    """
    first, *later = tasks

    def lower(task: str) -> str:
        word = re.match(r"[A-Z][a-z-]+(?!\w)", task)
        verb = word and word[0].lower() not in house.proper and (base_of(word[0]) or is_past(word[0]))
        return task[:1].lower() + task[1:] if verb else task

    begin = (lambda task: task[:1].upper() + task[1:]) if guide.capital_each else lower
    return guide.between.join([first[:1].upper() + first[1:], *map(begin, later)])


def closing(text: str, guide: Guide) -> str:
    """Close as the guide wants: with one full stop, or without; the stop of an abbreviation stays.

    >>> [closing(text, Guide.read("american.toml")) for text in ("Read lease..", "Met at 3 p.m.", "Met;")]
    ['Read lease', 'Met at 3 p.m.', 'Met']
    """
    body = text.rstrip(" .;,:-")
    short = text.split()[-1].rstrip(";,:") if text.split() else ""
    if short in guide.kept or re.fullmatch(r"(?:[A-Z]\.)+", short):
        return text.rstrip(" ;,:")
    return body and body + guide.stop


def _short(word: str, guide: Guide) -> bool:
    """Say whether a word before a stop is an abbreviation rather than the end of a sentence."""
    low = word.lower().lstrip("(")
    return low in guide.ambiguous or f"{low}." in guide.ambiguous or not re.search(r"[aeiouy\d)]", low)
