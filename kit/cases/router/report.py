"""Report: the pile's table as one page of HTML that stands alone, without a script and without the network.

    Path("report.html").write_text(report(rows), encoding="utf-8")

Names and texts come from strangers' files: everything is escaped, and the page forbids scripts besides.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from html import escape
from typing import Any

from .rows import Row

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_STYLE = """
body { font: 14px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem }
h1 { font-size: 1.4rem } table { border-collapse: collapse; width: 100% }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid #ddd }
td.n { text-align: right; white-space: nowrap } th { position: sticky; top: 0; background: #fff }
td.f { overflow-wrap: anywhere; min-width: 11rem } .bad { color: #a02020 } .doubt { color: #8a5a00 }
small { color: #666 } .tiles span { display: inline-block; margin: 0 1.2rem .6rem 0 }
.tiles b { font-size: 1.2rem }
@media (prefers-color-scheme: dark) { body { background: #181818; color: #ddd } th { background: #181818 }
 th, td { border-color: #444 } .bad { color: #ff8a8a } .doubt { color: #e0b060 } small { color: #999 } }
"""
_HEADINGS = ["file", "kind", "said by", "confidence", "key facts", "model", "tokens", "seconds", "$"]


def report(rows: Sequence[Row], title: str = "The mixed pile") -> str:
    """Return the page.

    >>> "<script>" in report([Row(file="<script>", kind="letter")])
    False
    """
    head = "".join(f"<th>{escape(heading)}</th>" for heading in _HEADINGS)
    body = "\n".join(map(_row, rows))
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}"><style>{_STYLE}</style></head>'
        f"<body><h1>{escape(title)}</h1>{_tiles(rows)}"
        f"<table><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table></body></html>\n"
    )


def _tiles(rows: Sequence[Row]) -> str:
    facts = {
        "files": len(rows),
        "failed": sum(bool(row.error) for row in rows),
        "to check": sum(bool(row.doubts) for row in rows),
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
    lines = [f"{escape(str(name))}: {escape(_said(value))}" for name, value in row.facts.items()]
    lines += [f'<span class="doubt">check: {escape(doubt)}</span>' for doubt in row.doubts]
    lines += [f'<span class="bad">{escape(row.error)}</span>'] if row.error else []
    lines += [f"<small>the same content as {escape(row.same_as)}</small>"] if row.same_as else []
    return "<br>".join(lines)


def _said(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _dollars(usd: float) -> str:
    return f"{usd:.6f}" if usd else ""
