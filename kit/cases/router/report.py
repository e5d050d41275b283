"""Report: the pile as one page of HTML that stands alone, without a script and without the network.

    Report(rows)                          # in a notebook: what needs a person first, the rest folded
    Report(rows).save("report.html")      # the same page as a file

Names and texts come from strangers' files: everything is escaped, and the page forbids scripts besides.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from .rows import Row

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_STYLE = """
body { font: 14px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem }
h1 { font-size: 1.4rem } h2 { font-size: 1.1rem } summary { margin: 1rem 0; cursor: pointer }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid #ddd }
td.n { text-align: right; white-space: nowrap } th { position: sticky; top: 0; background: #fff }
td.f { overflow-wrap: anywhere; min-width: 11rem } .bad { color: #a02020 } .doubt { color: #8a5a00 }
small { color: #666 } .tiles span { display: inline-block; margin: 0 1.2rem .6rem 0 }
.tiles b { font-size: 1.2rem }
@media (prefers-color-scheme: dark) { body { background: #181818; color: #ddd } th { background: #181818 }
 th, td { border-color: #444 } .bad { color: #ff8a8a } .doubt { color: #e0b060 } small { color: #999 } }
"""
_HEADINGS = ["file", "kind", "said by", "confidence", "key facts", "model", "tokens", "seconds", "$"]


@dataclass(frozen=True)
class Report:
    """What became of a pile: failures, then doubts, then everything else.

    >>> "<script>" in Report([Row(file="<script>", kind="letter")]).page
    False
    """

    rows: Sequence[Row]
    title: str = "The mixed pile"

    def __repr__(self) -> str:
        failed, doubted, rest = self._parted()
        return f"{len(self.rows)} files: {len(failed)} failed, {len(doubted)} to check, {len(rest)} in order"

    def _repr_html_(self) -> str:
        """Show the page in a frame, where nothing of it reaches the notebook; without frames, a line."""
        frame = f'<iframe sandbox srcdoc="{escape(self.page)}" style="width:100%;height:30rem;border:0">'
        return f"{frame}{self!r}. Run this cell to see the report.</iframe>"

    @property
    def page(self) -> str:
        """The page."""
        failed, doubted, rest = self._parted()
        return (
            f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
            f"<title>{escape(self.title)}</title>"
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}"><style>{_STYLE}</style></head>'
            f"<body><h1>{escape(self.title)}</h1>{_tiles(self.rows)}"
            f"{_part('Failed', failed)}{_part('To check', doubted)}"
            f"<details><summary>In order: {len(rest)}</summary>{_table(rest)}</details></body></html>\n"
        )

    def save(self, path: str | Path) -> Path:
        """Write the page, and return its path."""
        Path(path).write_text(self.page, encoding="utf-8")
        return Path(path)

    def _parted(self) -> tuple[list[Row], list[Row], list[Row]]:
        failed = [row for row in self.rows if row.error]
        doubted = [row for row in self.rows if row.doubts and not row.error]
        return failed, doubted, [row for row in self.rows if not row.checked]


def _part(heading: str, rows: Sequence[Row]) -> str:
    return f"<h2>{heading}: {len(rows)}</h2>{_table(rows)}" if rows else ""


def _table(rows: Sequence[Row]) -> str:
    head = "".join(f"<th>{escape(heading)}</th>" for heading in _HEADINGS)
    body = "\n".join(map(_row, rows))
    return f"<table><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table>"


def _tiles(rows: Sequence[Row]) -> str:
    facts = {
        "files": len(rows),
        "same as another": sum(bool(row.same_as) for row in rows),
        "model calls": sum(row.calls for row in rows),
        "$ by list price": f"{sum(row.usd for row in rows):.4f}",
    }
    kinds = Counter(row.kind for row in rows).most_common()
    tiles = [f"<span><b>{escape(str(value))}</b> {escape(name)}</span>" for name, value in facts.items()]
    counted = " · ".join(f"{escape(kind)} {count}" for kind, count in kinds)
    return f'<p class="tiles">{"".join(tiles)}</p><p><small>{counted}</small></p>'


def _row(row: Row) -> str:
    confidence = "" if row.confidence is None else f"{row.confidence:.2f}"
    tokens = row.input_tokens + row.output_tokens
    numbers = [
        f"{tokens:,}" if tokens else "",
        f"{row.seconds:.1f}" if row.seconds else "",
        _dollars(row.usd),
    ]
    cells = [
        f'<td class="f">{escape(row.file)}</td>',
        f"<td>{escape(row.kind)}</td>",
        f"<td>{escape(row.by)}</td>",
        f'<td class="n">{confidence}</td>',
        f'<td class="f">{_facts(row)}</td>',
        f"<td>{escape(', '.join(row.models))}</td>",
        *(f'<td class="n">{number}</td>' for number in numbers),
    ]
    return f"<tr>{''.join(cells)}</tr>"


def _facts(row: Row) -> str:
    lines = [f'<span class="bad">{escape(row.error)}</span>'] if row.error else []
    lines += [f'<span class="doubt">check: {escape(doubt)}</span>' for doubt in row.doubts]
    lines += [f"{escape(str(name))}: {escape(_said(value))}" for name, value in row.facts.items()]
    lines += [f"<small>the same content as {escape(row.same_as)}</small>"] if row.same_as else []
    return "<br>".join(lines)


def _said(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _dollars(usd: float) -> str:
    return f"{usd:.6f}" if usd else ""
