"""Evidence: what must speak for an entry before it may go out without a person.

Rules and doubts look for what is wrong, and a new author makes new mistakes. So this module asks the other
way round: are all words known, is each mark of a kind that is certain, does a listed verb open each task?
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from .explanations import distance
from .guide import Guide
from .house import House, american, base_forms, english, vocabulary
from .openings import _NAMED, DETERMINERS, INFINITIVE, PREPOSITIONS
from .verbs import base_of, is_past, nouns, pasts

_COMPANY = r"Inc|LLC|LLP|LP|Ltd|Co|Corp|PLC|plc|L\.?P|N\.A|P\.C|S\.A|GmbH|Jr|Sr|Esq|QC|KC"
_AFTER_COMMA = re.compile(rf", (?=(?:{_COMPANY})\b|Nos?\.|[$£€§]?\d)")
_IN_BRACKETS = re.compile(r"\((?:[^a-z()]|[a-z](?![a-z])|(?<=\w)[a-z])*\)")
_TIGHT = re.compile(
    r"(?<=\d)[.,:]\d+|(?<=\w)[-\u2010-\u2013'\u2019]\w+|(?<=s)['\u2019](?= |$)|\band/or\b"
    r"|(?<=[A-Z0-9])/(?=[A-Z0-9])|(?<=[a-z])/(?=[A-Z])|(?<=[A-Z])&(?=[A-Z])|(?<=[A-Z\d] )& (?=[A-Z])|[$£€§]+ ?(?=\d)|(?<=\d)%"
)
_CAPITALS_AND = re.compile(r"\b[A-Z][\w.]* & (?=[A-Z])")
_STRANGE = re.compile(r"[^\w\s\ue000-\uf8ff,;.]+")
_LETTERS = re.compile(r"(?<![\w.$/&\u2019'-])[^\W\d_]+(?:['\u2019-][^\W\d_]+)*(?![\w/])")
_ACTIVITIES_TEXT = """
review call meeting conference revision revisions research preparation prep analysis discussion discussions negotiation
negotiations drafting hearing filing correspondence exchange follow-up followup edits update updates work calls meetings
mediation deposition closing emails email attendance consideration finalization planning conversation session
"""
_ACTIVITIES = frozenset(_ACTIVITIES_TEXT.split())
_VERBS_FIRST = frozenset(["draft", "review", "email", "e-mail", "request", "contact", "visit", "attempt", "document", "prep", "interview", "counsel", "conduct", "update", "schedule", "research", "edit", "serve"])
_FREE = frozenset(["clean", "clear", "close", "complete", "correct", "direct", "separate", "present", "perfect", "single", "exam", "pay", "proof", "hand", "pass", "secure", "lower", "open", "narrow", "express", "cross", "learn"])
_BEFORE_PAST = frozenset(
    ["and", "or", "but", "first", "second", "third", "fourth", "draft", "not", "as", "be", "been", "was", "were", "is", "are", "has", "have", "had", "who", "which", "that", "what", "joint", "final", "initial", "further", "any", "no", "more"]
)
_AFTER_PAST = frozenset(["under", "against", "through", "dated", "pursuant", "after", "before", "during", "over", "upon", "within", "via", "per", "per"])
_PREFIXES = frozenset("co non sub pre anti multi inter semi mid post ex un re self cross tier let pro up in on off out".split())
_ONLY_BRITISH = frozenset(
    "acknowledgement judgement enquire enquired enquiry enquiries cheque cheques programme whilst amongst learnt instalment instalments enrolment fulfil ageing storey kerb tyre grey practise practised licence licences defence offence pretence centre mould paediatric anaesthetic sceptical aluminium artefact jewellery cancelled labelled modelled counselled travelled towards adviser advisers".split()
)
_ONLY_AMERICAN = frozenset(
    "color colors labor honor honored center centers defense offense gray mold favorable behavior neighbor harbor traveled canceled labeled modeled counseled fulfill installment installments enrollment catalog theater fiber pediatric favor favored endeavor check checks".split()
)
_EITHER = frozenset(["judgment", "inquiry", "inquiries", "program", "license", "check"])
_ALWAYS_IZE = frozenset("size sized sizes sizing seize seized seizes seizing prize prized capsize capsized".split())
_SHORT_NAMES = frozenset(
    "Mon Tue Tues Wed Thu Thur Thurs Fri Sat Det Supt Sgt Capt Lt Col Gov Sen Rep Insp Asst Assoc Dir Mgr Pres Treas Ave Blvd Apt Ste Univ Hosp Div Fed Natl Intl Govt Cir Cal Tex Fla Mass Conn Wash Jan Feb Aug Sept Oct Nov Dec Prof Dept Atty Def Pltf Ex Exh Sec Art Amend Agmt Cert Conf Corp Reg Regs Comm Gen".split()
)
_PAST_OF = frozenset(["advised", "approved", "disposed", "notified", "apprised", "informed", "complained", "learned", "thought"])
_ADJECTIVES_ED = frozenset(
    "detailed extended limited related combined expedited continued repeated scheduled proposed revised amended updated".split()
)
_FINITE = frozenset(["is", "are", "was", "were", "has", "have", "had", "does", "did", "am"])
_NEVER_PARTICIPLES = frozenset(
    "wrote spoke went took gave began drew chose drove flew saw did rode rose swore withdrew undertook knew broke came ran oversaw".split()
)
_ALWAYS_CAPITAL = frozenset(
    "monday tuesday wednesday thursday friday saturday sunday january february april june july august september october november december english french german spanish american british european delaware california london irs sec hmrc fda epa osha nda llc".split()
)
_BEFORE_BASE = frozenset(["to", "and", "or", "not", "must", "may", "can", "will", "should", "would", "could", "might", "shall"])


def missing(
    text: str, guide: Guide, house: House, new_words: int, narrative: str = "", client: str = ""
) -> Iterator[tuple]:
    """Find what nothing speaks for, in a tidied and masked entry.

    Args:
        text: The entry.
        guide: The style guide.
        house: Its words are known.
        new_words: How many words of ordinary English an entry may hold that are not words of legal work.
        narrative: The entry as it came.
        client: Its name.

    >>> guide = Guide.read("american.toml")
    >>> for entry in ("Drafted martial agreement", "Reviewed lease, calendar deadline", "Moved piano"):
    ...     print(*missing(entry, guide, House(), 0))
    ('spelling', 'martial', 8, ('marital',))
    ('separators', ', calendar', 14, ())
    ('words', 'piano', 6, ())
    """
    yield from _openings(text, guide, house, narrative)
    yield from _marks(text, guide)
    yield from _commas(text, guide)
    yield from _verbs(text, guide)
    yield from _stops(text, guide)
    yield from _words(text, guide, house, new_words, narrative)
    yield from _alike(text, client, house)


def _tasks(text: str, guide: Guide) -> Iterator[tuple[int, str]]:
    start = 0
    for task in text.split(guide.between):
        yield start, task
        start += len(task) + len(guide.between)


def _openings(text: str, guide: Guide, house: House, narrative: str) -> Iterator[tuple]:
    """A task opens with a listed verb; where it was no past before, a noun must not be as likely."""
    came = {word.casefold() for word in re.findall(r"[^\W\d_][\w'\u2019-]*", narrative)}
    for start, task in _tasks(text, guide):
        words = re.findall(r"[^\W\d_][\w'\u2019-]*", task)
        if not words or not task.startswith(words[0]) or guide.form != "past":
            continue
        first, low = words[0], words[0].lower()
        if any(
            task.casefold().startswith(said.casefold()) and re.search(rf"(?<!\w){re.escape(key)}(?!\w)", narrative, re.IGNORECASE)
            for key, said in guide.openings.items()
        ):
            continue
        base = base_of(low)
        joined = re.match(r"\w+,? (?:and|or) ([a-z-]+)", task)
        of = re.match(r"(?:\w+ and )?(\w+) of\b", task)
        if joined and not is_past(joined[1]) and joined[1] not in PREPOSITIONS:
            yield "tense", joined[1], start + joined.start(1), ()
        elif of and is_past(of[1]) and of[1].lower() not in _PAST_OF:
            yield "tense", of[1], start + of.start(1), ()
        elif low in _ADJECTIVES_ED and {word.lower() for word in words[1:4]} & _ACTIVITIES:
            yield "tense", first, start, ()
        if base is None and not (low.endswith("ed") and house.knows(low)):
            yield "tense", first, start, ()
        elif low not in came and base in came and base in nouns() and _noun_first(base, words[1:], task):
            yield "tense", first, start, ()


def _noun_first(base: str, rest: list[str], task: str) -> bool:
    """Say whether a base form that was made a past may have been a noun: "Research memo", "Draft review"."""
    phrase = []
    for word in rest:
        if word.lower() in PREPOSITIONS or word in ("and", "or"):
            break
        phrase.append(word.lower())
    documents = ("memo", "memorandum", "notes", "log") if base not in ("draft", "review", "edit", "update") else ()
    if phrase and phrase[-1] in (*_ACTIVITIES, *documents):
        return True
    bare = bool(rest) and rest[0].islower() and rest[0] not in DETERMINERS
    return bare and base not in _VERBS_FIRST and rest[0] not in PREPOSITIONS


def _marks(text: str, guide: Guide) -> Iterator[tuple]:
    """A mark of a kind that is not certain: a dash, a colon, brackets with words in them, and so on."""
    rest = list(text)
    for pattern in (_IN_BRACKETS, _CAPITALS_AND, _TIGHT):
        for match in pattern.finditer("".join(rest)):
            for place in range(*match.span()):
                if not rest[place].isspace():
                    rest[place] = "x"
    for match in _STRANGE.finditer("".join(rest)):
        yield "separators", match[0], match.start(), ()
    for match in re.finditer(r"\b(?:examiner|judge|justice|officer|captain|professor|doctor|mr|mrs|ms|dr|master|registrar)\.? (?=[A-Z])", text):
        yield "capitals", match[0], match.start(), ()
    for match in re.finditer(r"\b(?:part|regulation|form|appendix|annex) (?=\d|[A-Z]\b)", text):
        yield "capitals", match[0], match.start(), ()
    for match in re.finditer(r"(?<![\w.'\u2019-])[A-Z][a-z]+(?![\w'\u2019])", text):
        opens = match.start() == 0 or text[match.start() - 2 : match.start()] == "; "
        if match[0] + "." in guide.kept and text[match.end() : match.end() + 1] == ".":
            continue
        if match[0] in _SHORT_NAMES or (not opens and re.fullmatch(r"[B-DF-HJ-NP-TV-Z][b-df-hj-np-tv-xz]{2,}", match[0])):
            yield "abbreviations", match[0], match.start(), ()
        alone = re.search(r"(?:^|(?<![\w-])(?<!of )[a-z]+,? )$", text[: match.start()]) and re.match(
            r"(?:,? [a-z]|$)", text[match.end() :]
        )
        alone = alone and not re.search(r"[A-Z]\w* (?:of|and|for|the) (?:the )?$", text[: match.start()])
        if alone and not opens and match[0].lower() in vocabulary() | pasts().keys():
            yield "capitals", match[0], match.start(), ()
    for match in re.finditer(r"[,;](?=[^\s\d])|\.(?=[a-z]{2})|\b(\w+) \1\b|\d(?!(?:st|nd|rd|th)\b)[a-z]{2,}|\ba (?=(?!un|eu|one|us)[aeiou])|\ban (?=[^aeiouhMLSFNRXEA\W\d])", text):
        yield "separators", match[0], match.start(), ()


def _commas(text: str, guide: Guide) -> Iterator[tuple]:
    """A comma that may separate two tasks: it is not in a list of nouns that ends with "and"."""
    for start, task in _tasks(text, guide):
        commas = [match.start() for match in re.finditer(", ", task)]
        plain = [at for at in commas if not _AFTER_COMMA.match(task, at)]
        plain = [at for at in plain if not re.match(r", \d{4}\b", task[at:])]
        if not plain:
            continue
        ends = [m for m in re.finditer(r",? (?:and|or|&) ", task) if m.start() > plain[-1] - 2]
        heads = [re.match(r"[^\W\d_]*", task[at + 2 :]) for at in plain] + [
            re.match(r"[^\W\d_]*", task[ends[0].end() :]) if ends else None
        ]
        words = [head[0] for head in heads if head]
        listed = re.match(r"\w+(?:, \w+)*,? and \w+", task)
        if listed and all(is_past(word) and base_of(word) for word in re.findall(r"\w+", listed[0].replace(" and ", " "))):
            plain = [at for at in plain if at >= listed.end()]
            if not plain:
                continue
        if not ends or any(word and not _noun(word) for word in words):
            at = plain[0]
            yield "separators", re.match(r", \S*", task[at:])[0], start + at, ()


def _noun(word: str) -> bool:
    low = word.lower()
    base = base_of(low)
    return word[0].isupper() or base is None or (low != base and low.endswith("s") and base in nouns())


def _verbs(text: str, guide: Guide) -> Iterator[tuple]:
    """A verb inside a task that nothing before it explains: the separator before it may be missing."""
    for start, task in _tasks(text, guide):
        found = [match for match in re.finditer(r"[^\W\d_][\w'\u2019-]*|\d\S*|[,(]", task)]
        for at, match in enumerate(found[1:], 1):
            word, before = match[0], found[at - 1][0]
            after = found[at + 1][0].lower() if at + 1 < len(found) else ""
            base = base_of(word)
            if word == "or" and at == 1 and not is_past(after):
                yield "spelling", word, start + match.start(), ("for",)
            if word in _FINITE and not re.search(r"\b(?:whether|that|which|who|if|what|how|where|when)\b", task[: match.start()]):
                yield "remark", word, start + match.start(), ()
            if not word.islower() or base is None or before in ",(":
                continue
            if word == base and word != pasts()[base]:
                explained = before.lower() in _BEFORE_BASE or INFINITIVE.search(task[: match.start()])
                if word not in nouns() and word not in _FREE and not explained:
                    yield "tense", word, start + match.start(), ()
            elif word in _NEVER_PARTICIPLES and before not in ("and", "or", "but", "who", "which", "that"):
                yield "separators", word, start + match.start(), ()
            elif is_past(word) and word != "dated" and not _participle(before if at > 1 else before.lower(), after):
                yield "separators", word, start + match.start(), ()
            elif before in ("and", "or", "but") and word.endswith("ing") and word not in _NAMED:
                yield "tense", word, start + match.start(), ()


def _participle(before: str, after: str) -> bool:
    """Say whether a past inside a task belongs to a noun: "revised lease", "letter dated 3 May"."""
    low = before.lower()
    if before[0].isupper() and len(before) > 1:
        return after == "by"
    attached = low in _BEFORE_PAST or low.endswith(("'s", "s'", "\u2019s", "ly")) or is_past(low)
    return attached or low in PREPOSITIONS | DETERMINERS or after in (PREPOSITIONS | _AFTER_PAST) - {"regarding", "re", "concerning", "about"}


def _stops(text: str, guide: Guide) -> Iterator[tuple]:
    """A stop inside an entry that belongs to no short form that stays."""
    for match in re.finditer(r"(\S+)\. (?=\S)", text):
        word = match[1].lstrip("(")
        if f"{word}." not in guide.kept and not re.fullmatch(r"(?:[A-Z]\.)*[A-Z]", word):
            yield "separators", ".", match.end() - 2, ()


def _words(text: str, guide: Guide, house: House, new_words: int, narrative: str) -> Iterator[tuple]:
    """Words that are not words of legal work: near ones are slips, short ones are short forms."""
    new = []
    for match in re.finditer(r"(?<![\w.'\u2019(-])[b-z](?![\w.'\u2019)-])", text):
        yield "abbreviations", match[0], match.start(), ()
    for match in _LETTERS.finditer(text):
        parts = list(re.finditer(r"[^\W\d_]+(?:['\u2019](?:s|t|d|re|ve|ll)?)?", match[0]))
        for part in parts:
            word = part[0].rstrip("'\u2019")
            opens = match.start() == 0 and part.start() == 0
            low = re.sub(r"['\u2019]s?$", "", word).lower()
            at = match.start() + part.start()
            if not (word.islower() or opens) or len(low) == 1 or low in ("et", "al"):
                continue
            if _abroad(low, guide):
                yield "spelling", word, at, ()
            if word in _ALWAYS_CAPITAL:
                yield "capitals", word, at, ()
            if familiar(low, guide, house) or (len(parts) > 1 and low in _PREFIXES):
                continue
            if len(parts) > 1:
                new.append((at, word))
            elif len(low) < 4 and not opens:
                yield "abbreviations", word, at, ()
            elif near := likelier(low):
                yield "spelling", word, at, near
            elif word.islower():
                new.append((at, word))
    allowed = new_words if re.search(r"[A-Z]", narrative[1:] or text[1:]) else 0
    if len(new) > allowed:
        for at, word in new:
            yield "words", word, at, ()


def _alike(text: str, client: str, house: House) -> Iterator[tuple]:
    """Two names that differ in one letter, and the name of another client."""
    names = [match for match in re.finditer(r"(?<![\w'\u2019])[A-Z][^\W\d_]{3,}", text)]
    ours = re.findall(r"[A-Z][^\W\d_]{3,}", client)
    others = {word for name in house.clients if name != client for word in re.findall(r"[A-Z][^\W\d_]{4,}", name)}
    others -= {word for word in others if word.lower() in vocabulary() or word in ours}
    for at, match in enumerate(names):
        before = [*ours, *(other[0] for other in names[:at])]
        if any(0 < distance(match[0], other) <= (2 if len(other) > 7 else 1) and match[0].rstrip("s") != other.rstrip("s") for other in before):
            yield "names", match[0], match.start(), ()
        elif match[0] in others:
            yield "meaning", match[0], match.start(), ("another client",)


def familiar(word: str, guide: Guide, house: House) -> bool:
    """Say whether a word is one of legal work, of the guide, of the firm, or a listed verb."""
    if base_of(word) or word in vocabulary() or word in guide.words or house.owns(word):
        return True
    bases = {form for form in (*base_forms(word), american(word)) if len(form) > 2}
    known = word.endswith("s") or english().known([word]) or english().known([american(word)])
    return bool(known) and not bases.isdisjoint(vocabulary())


@cache
def _british() -> frozenset[str]:
    """Return words of legal work in the spelling that only Britain has."""
    return frozenset(word for word in vocabulary() if american(word) != word and american(word) in vocabulary())


def _abroad(word: str, guide: Guide) -> bool:
    """Say whether a word is spelled as the guide's country does not spell it."""
    low = word.lower()
    british = low in _british() | _ONLY_BRITISH or low in guide.variants
    if guide.spelling == "American":
        return british
    over = bool(re.search(r"(?:iz|yz)(?:e|ed|es|ing|ation)$", low)) and low not in _ALWAYS_IZE
    return guide.spelling == "British" and (over or low in _ONLY_AMERICAN | set(guide.variants.values()) - _EITHER)


@cache
def likelier(word: str) -> tuple[str, ...]:
    """Return the words of legal work that are one slip away from a word that is none.

    >>> likelier("casual"), likelier("piano")
    (('causal',), ())
    """
    near = english().edit_distance_1(word) & vocabulary() if len(word) > 3 else set()
    return tuple(sorted(other for other in near if other[: len(word) - 1] != word[:-1]))[:3]
