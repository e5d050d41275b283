"""Rules: what a label looks like, which words a title has, and how soon to doubt. All of it is data.

    Rules(labels=("exhibit", "tab"), doubt=5)

Change a field for the papers of another company; no other file has to change.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

_QUOTE = "[\"'\u2018\u2019\u201c\u201d\u201e]?"
_NUMBER = r"(?:no\.?|nr\.?|number|n[o\u00ba\u00b0]\.?)\s*"
WORDS = "one|two|three|four|five|six|seven|eight|nine|ten"
_IDS = (
    rf"(?i:{WORDS})(?!\w)|[IVX]{{1,6}}(?:\([a-z]\))?(?![\w'\u2019])"
    r"|(?:[A-Z]|AA|BB|CC|DD|EE|FF)(?:\s?[-.\u2013]?\s?\d{1,2}(?![\d%]))*(?:\([a-z0-9]+\))?(?![\w'\u2019])"
    r"|\d{1,3}[A-Z]?(?:[-.]\d{1,3}(?!\d)|-[A-Z](?!\w))*(?:\([a-z0-9]+\))*(?![\w%])"
)
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


@dataclass(frozen=True)
class Rules:
    """What the expressions know.

    Args:
        labels: Words in front of a letter or number: "Exhibit A".
        titles: Words that papers without a label have in their title.
        doubt: How soon to doubt, from 0 (never) to 5. 1: labels that are perhaps no heading. 2: also titles
            with one of the words, and titles that count on ("Lot 2" behind "Lot 1"). 3: also page numbers
            that begin again, footers that change, and other lines that are set as a title at the top of a
            page. 4: also such lines further down. 5: also short lines at the top of a page.
        first_lines: How many lines of a page are its top, running headers left out.
        longest: Characters of a heading, at most.
        repeated: On how many pages a line stands that is a running header.
    """

    labels: tuple[str, ...] = (
        "exhibit", "schedule", "annex", "annexure", "appendix", "attachment", "addendum", "rider",
        "enclosure", "anlage", "anhang", "beilage", "bijlage", "annexe", "allegato", "anexo",
    )  # fmt: skip
    titles: tuple[str, ...] = (
        "addendum", "agreement", "amendment", "articles of", "assignment", "bill of", "bond", "budget",
        "certificate", "charter", "checklist", "code of", "conditions", "consent", "contract", "deed",
        "description", "disclosure letter", "drawing", "form", "guarant(?:y|ee)", "guideline", "handbook",
        "indemnity", "instrument", "joinder", "lease", "letter", "licen[cs]e", "list", "manual", "map",
        "memorandum", "minutes", "mortgage", "note", "notice", "order", "particulars", "plan", "policy",
        "power of attorney", "price list", "program(?:me)?", "proposal", "protocol", "questionnaire",
        "quotation", "rate card", "rates", "release", "resolution", "rider", "rules", "side letter",
        "specifications?", "statement of work", "sublease", "supplement", "tariff", "terms", "undertaking",
        "waiver", "warranty", "work order", r"\w*vereinbarung", r"\w*vertrag", r"\w*nachtrag",
        r"\w*b\u00fcrgschaft", r"\w*vollmacht", r"\w*liste",
    )  # fmt: skip
    doubt: int = 4
    first_lines: int = 4
    longest: int = 90
    repeated: int = 3

    @cached_property
    def label(self) -> re.Pattern[str]:
        """Return the expression of a label: kind, id and what follows."""
        kinds = "|".join(sorted(set(self.labels), key=len, reverse=True))
        return re.compile(
            rf"^[^\w]*(?P<kind>(?i:{kinds}))\s*(?i:{_NUMBER})?\s*{_QUOTE}(?P<id>{_IDS}){_QUOTE}"
            r"(?P<rest>(?!\w).*)$"
        )

    @cached_property
    def title(self) -> re.Pattern[str]:
        """Return the expression of a word that titles have."""
        return re.compile(rf"(?i)\b(?:{'|'.join(self.titles)}|{'|'.join(self.labels)})s?\b")


AMENDMENT = re.compile(
    rf"(?i)^\W*(?:(?P<id>{'|'.join(_ORDINALS)}|\d+(?:st|nd|rd|th)|amended and restated)\s+)?"
    r"(?P<kind>amendment|amending agreement|supplemental agreement|nachtrag)"
    r"(?:\s*(?:agreement))?(?:\s*(?:no\.?|nr\.?|number|#)?\s*(?P<number>\d+|one|two|three|four|five|[IVX]+)(?!\w))?"
    r"(?P<rest>(?:\s+(?:to|of|and|zum|zur|agreement)\b.*|\s*[:\u2013-].*|\s*)?)$"
)
"""An amendment's heading: "Second Amendment to Lease", "AMENDMENT TO ...", "Amendment No. 3"."""


def parsed(text: str, rules: Rules) -> tuple[str, str, str] | None:
    """Return kind, letter or number, and the rest of a line that begins with a label, or None.

    >>> parsed('SCHEDULE "B" - Prices', Rules())
    ('schedule', 'B', ' - Prices')
    >>> parsed("Second Amendment to Lease", Rules())
    ('amendment', '2', ' to Lease')
    >>> parsed("Anlage 1", Rules()), parsed("ANNEXURE 2", Rules())
    (('anlage', '1', ''), ('annexure', '2', ''))
    """
    if found := rules.label.match(text):
        return found["kind"].lower(), re.sub(r"\s", "", found["id"]).upper(), found["rest"]
    if (found := AMENDMENT.match(text)) and len(text) <= rules.longest:
        name = (found["number"] or found["id"] or "").lower()
        number = str(_ORDINALS.index(name) + 1) if name in _ORDINALS else re.sub(r"\D", "", name) or name
        return "amendment", number, found["rest"]
    return None
