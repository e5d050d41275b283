"""Prototypes: filings and contracts have programs of their own; here they become processors.

    standard(models) | prototypes(models)

Left out of an export: there, hand in the packages that `kit export form4` and `kit export contracts` write.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dspy

from .. import contracts
from ..form4 import Form4
from .processors import Unprocessed
from .typed import Document


class Filings(dspy.Module):
    """Read a Form 4: issuer, sums."""

    def __init__(self, read: dspy.Module, adapter: dspy.Adapter | None = None) -> None:
        super().__init__()
        self.read, self.adapter = read, adapter or dspy.JSONAdapter()

    def forward(self, document: Document) -> dspy.Prediction:
        """Read one."""
        whole = document.format in (".pdf", ".html") and not document.looked
        with dspy.context(adapter=self.adapter):
            found = self.read(document=document.path if whole else document.text)
        if found.refused:
            raise Unprocessed(found.refused)
        filing = found.filing
        codes = {row.code for row in filing.transactions if row.table == "I"}
        sums = {code: filing.total(code).shares for code in sorted(codes)}
        facts = {"issuer": filing.issuer, "ticker": filing.ticker, "filed": str(filing.signed)}
        return dspy.Prediction(facts=facts | {"shares": sums}, doubts=found.doubts)


class Contracts(dspy.Module):
    """Split a contract into its parts, as far as expressions and evidence go; no model is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.split = contracts.Boundaries()

    def forward(self, document: Document) -> dspy.Prediction:
        """Split one."""
        pages = _pages(document)
        unread = [page.number for page in pages if page.blind]
        if len(unread) > len(pages) / 2:
            raise Unprocessed(
                f"{len(unread)} of {len(pages)} pages are pictures. Run OCR over the whole file."
            )
        found = self.split(pages=pages)
        title = pages[0].lines[0].text if pages[0].lines else ""
        attached = [f"{part.title or part.kind} p. {part.start}" for part in found.parts[1:]]
        doubts = [f"pages {unread} are pictures"] if unread else []
        return dspy.Prediction(facts={"title": title, "pages": len(pages), "parts": attached}, doubts=doubts)


def prototypes(models: Mapping[str, Any]) -> dict[str, dspy.Module]:
    """Return the processors of filings and contracts; the large model reads what code cannot."""
    found: dict[str, dspy.Module] = {"filing": Filings(Form4()), "contract": Contracts()}
    found["filing"].set_lm(models["large"])
    return found


def _pages(document: Document) -> list[contracts.Page]:
    """Return a PDF's pages with their layout, or the pages of another file as they were read."""
    if document.format == ".pdf":
        return contracts.read(document.path)
    return [contracts.page(number, text) for number, text in enumerate(document.texts, 1)]
