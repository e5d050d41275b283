"""Kinds: what files are told apart, what each is for, and how a page of it is headed. Data: put in your own.

mine = KINDS | {"purchase order": "orders goods or work, before they are delivered"}
Router(kinds=mine, voters=voters(models, known, kinds=mine), ...)
"""

from __future__ import annotations

OTHER = "other"
"""What fits no kind."""

CODED = ("archive", "no text", "unreadable")
"""Kinds that code gives to files without a word to judge."""

KINDS = {
    "contract": "sets down terms that two parties agree on, such as an agreement or a lease",
    "invoice": "asks to be paid for goods or work; not a receipt, an order or an offer",
    "letter": "somebody writes to somebody, also a mail, a memo or a notice",
    "manual": "how to use, install or repair a thing",
    "minutes": "what was said and decided at a meeting",
    "patent": "describes an invention",
    "resume": "one person's career and skills",
    "filing": "a form filed with a stock exchange regulator",
    "sign": "the words on a street sign",
    "slides": "pages of a talk",
    "table": "rows of data",
}
"""Each kind with what it is for; the voters get these words."""

TITLES = {
    "contract": r"agreement|contract|lease|(miet)?vertrag|contrat|contrato|contratto|overeenkomst",
    "invoice": r"(tax |proforma )?invoice|bill(?! of)|rechnung|facture|factura|fattura|fatura|faktura"
    r"|factuur",
    "letter": r"memo|memorandum|notice",
    "manual": r"(user|owner'?s|service|operating|installation) (manual|guide)|manual|instructions"
    r"|(bedienungs|gebrauchs|betriebs)anleitung|mode d'emploi",
    "minutes": r"minutes|(sitzungs)?protokoll|procès-verbal|proces-verbal|notulen|ata|acta",
    "patent": r"patent|patent application( publication)?|patentschrift",
    "resume": r"curriculum vitae|cv|résumé|resume|lebenslauf",
    OTHER: r"receipt|quittung|reçu|quotation|quote|estimate|offer|angebot|devis|purchase order"
    r"|order confirmation|bestellung|delivery note|packing (slip|list)|lieferschein|(bank )?statement"
    r"|kontoauszug|certificate|licen[cs]e|timetable|abstract|chapter \w+|contents|recipe|press release"
    r"|privacy policy|syllabus|questionnaire|application form|prescription|ticket|menu|newsletter"
    r"|changelog|readme",
}
"""Words that head a page of a kind; case does not matter."""
