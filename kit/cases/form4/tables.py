"""Tables I and II: rows by the columns of their heads, each a transaction or a holding, or a doubt.

    found, doubts = rows(page)

A column is known by the words of its head; a value belongs to the narrowest head above it.
Plain text has no columns: there a row is read only if it can be read in one way.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from .filing import Holding, Transaction
from .layout import EDGE, Cell, Page

Found = list[Transaction | Holding]
Heads = Mapping[str, dict[str, str]]
PRICED = ("P", "S")  # bought or sold: there is a price, or the mark of a footnote that gives it
DATE = r"\d\d/\d\d/\d{4}"
MARKS = r"(?:\s*\(\d{1,2}\))+"
TITLE = r"Table(II?)-(?:Non-)?Derivative"
END = r"ExplanationofResponses|1\.Nameand"  # further owners have their boxes below the tables
HEADS = {
    "I": {
        "security": r"1\.TitleofSec",
        "date": r"2\.TransactionDate",
        "deemed_date": r"2A\.",
        "code": r"Code$|3\.TransactionCode",
        "v": r"V$",
        "": r"4\.Securities",
        "shares": r"(?:4\.)?Amount$",
        "acquired_or_disposed": r"\(A\)or\(D\)$",
        "price": r"Price$",
        "owned_after": r"5\.Amount",
        "ownership": r"6\.Ownership",
        "nature": r"7\.Nature",
    },
    "II": {
        "security": r"1\.TitleofDer",
        "exercise_price": r"2\.Conv",
        "date": r"3\.TransactionDate",
        "deemed_date": r"3A\.",
        "code": r"Code$|4\.TransactionCode",
        "v": r"V$",
        "shares": r"5\.Number$",
        "acquired_or_disposed": r"\(A\)or\(D\)$",
        "": r"5\.NumberofDer|6\.DateExercisableand|7\.TitleandAmount",
        "acquired": r"\(A\)$",
        "disposed": r"\(D\)$",
        "exercisable": r"DateExercisable$",
        "expires": r"(?:6\.)?ExpirationDate$",
        "underlying": r"Title$|7\.TitleofUnder",
        "underlying_shares": r"Amountor|AmountofUnder",
        "price": r"8\.Price",
        "owned_after": r"9\.Number",
        "ownership": r"10\.Ownership",
        "nature": r"11\.Nature",
    },
}
_SEC = {
    table: [
        name for name in heads if name and not (table == "II" and name in ("shares", "acquired_or_disposed"))
    ]
    for table, heads in HEADS.items()
}
"""The columns of the SEC's own form, in their order."""


def rows(page: Page, heads: Heads = HEADS) -> tuple[Found, list[str]]:
    """Return the rows of both tables in their order, and what a person should look at.

    Args:
        page: A filing.
        heads: For each table, a field's name and an expression for its head, without spaces.
    """
    columns = any(re.match(TITLE, _tight(cell.text)) for cell in page.cells)
    found: Found = []
    doubts: list[str] = []
    for table, values in _by_columns(page.cells, heads) if columns else _by_lines(page.text, doubts):
        if doubt := values.pop("doubt", None):
            doubts.append(f"row {_count(found) + 1}: {doubt}")
        if not any(values.values()):
            continue
        if values.get("code", "").strip()[:1] in PRICED and not values.get("price", "").strip():
            doubts.append(f"row {_count(found) + 1}: price is missing")
        try:
            found.append(_row(table, values))
        except (ValidationError, ValueError) as error:
            kind = "transactions" if {"date", "code", "shares"} & set(values) else "holdings"
            doubts.append(
                f"{kind}: left out, {_why(error)}, in {' | '.join(filter(None, values.values()))!r}"
            )
    return found, doubts


def _count(found: Found) -> int:
    return sum(isinstance(row, Transaction) for row in found)


def _why(error: ValueError) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc']))} is {first['input']!r}"
    return str(error)


def _tight(text: str) -> str:
    return "".join(text.split())


def _row(table: str, values: dict[str, str]) -> Transaction | Holding:
    """Make a transaction or a holding of the texts of a row.

    Raises:
        ValueError: If a text is not of its kind.
    """
    values = {name: re.sub(f"{MARKS}$", "", text.strip()).strip() for name, text in values.items()}
    values = {name: text for name, text in values.items() if text not in ("", "$")}
    sides = [side for side in ("acquired", "disposed") if side in values]
    if len(sides) > 1:
        raise ValueError("both (A) and (D) have a number")
    if sides:
        values |= {"shares": values.pop(sides[0]), "acquired_or_disposed": sides[0][0].upper()}
    values.pop("v", None)
    if not {"date", "code", "shares"} & set(values):
        if not values.get("security") or not {"owned_after", "ownership"} & set(values):
            raise ValueError("it is neither a transaction nor a holding")
        kept = {name: values[name] for name in ("security", "owned_after", "ownership") if name in values}
        return Holding(table=table, **kept)  # ty: ignore
    return Transaction(table=table, **values)  # ty: ignore


def _by_columns(cells: Iterable[Cell], known: Heads) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the rows of each table; a row with two known heads or more is a row of heads."""
    lines: dict[tuple[int, int], list[Cell]] = {}
    for cell in sorted(cells, key=lambda cell: (cell.sheet, round(cell.top), cell.left)):
        lines.setdefault((cell.sheet, round(cell.top)), []).append(cell)
    table, heads, rows = "", [], {}
    for place, line in lines.items():
        tight = _tight(line[0].text)
        title = re.match(TITLE, tight)
        if re.match(END, tight) or (title and title[1] != table):
            yield from _named(table, heads, rows)
            rows = {}
        if re.match(END, tight) or title:
            table, heads = title[1] if title else "", []
            continue
        if not table:
            continue
        names = [_head(known[table], _tight(cell.text)) for cell in line]
        if sum(name is not None for name in names) > 1:
            heads += [(name, cell) for name, cell in zip(names, line, strict=True) if name is not None]
            unknown = [
                cell.flat for name, cell in zip(names, line, strict=True) if name is None and cell.flat
            ]
            yield from ((table, {"doubt": f"the head {words!r} is not known"}) for words in unknown)
        else:
            rows[place] = [(cell, heads) for cell in line if cell.left >= 0]
    yield from _named(table, heads, rows)


def _head(known: dict[str, str], tight: str) -> str | None:
    return next((name for name, words in known.items() if re.match(words, tight)), None)


def _named(table: str, heads: list, rows: dict[Any, list]) -> Iterator[tuple[str, dict[str, str]]]:
    """Name the cells of each row by the narrowest head above them."""
    last: dict[str, str] | None = None
    cut = False  # the row before has no line below it: the page ended
    for row in filter(None, rows.values()):
        values: dict[str, str] = {}
        for cell, above in row:
            middle = (cell.left + cell.right) / 2
            over = [
                (head.right - head.left, -head.top, name)
                for name, head in above
                if head.left <= middle <= head.right
            ]
            name = min(over)[2] if over else ""
            if not name and cell.flat:
                values["doubt"] = f"{cell.flat!r} is below no head"
            elif cell.flat:
                values[name] = f"{values[name]} {cell.flat}" if name in values else cell.flat
        goes_on = last is not None and (cut or row[0][0].top < 0)
        cut = any(cell.bottom == EDGE for cell, _ in row)
        if goes_on:
            last |= {name: f"{last[name]} {text}" if name in last else text for name, text in values.items()}
            continue
        if last is not None:
            yield table, last
        last = values
    if last is not None:
        yield table, last


_MARKS = rf"(?:{MARKS})?"
_NUMBER = rf"\(?[\d,]*\.?\d+\)?{_MARKS}"
_LINE = re.compile(
    rf"(?m)^(?P<security>[^\t\n|]{{0,120}}?)[ |]{{0,9}}(?P<date>{DATE}){_MARKS}\s+"
    rf"(?:(?P<deemed_date>{DATE}){_MARKS}\s+)?(?P<code>[A-Z]){_MARKS}\s+(?:V\s+)?(?P<shares>{_NUMBER})\s+"
    rf"(?P<acquired_or_disposed>[AD]){_MARKS}\s+(?:(?P<price>\$\s?{_NUMBER}|\$?{MARKS}|{_NUMBER})\s+)?"
    rf"(?P<owned_after>{_NUMBER})\s+(?P<ownership>[DI]){_MARKS}"
    r"(?![\w.,])(?P<nature>[^\n]*)"
)


def _by_lines(text: str, doubts: list[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the rows of plain text: cells parted by tabs, or a line that can be read in one way."""
    for table, part in parts(text).items():
        dates = 0
        rest = []
        for line in part.splitlines():
            cells = [cell.strip() for cell in line.split("\t")]
            if len(_SEC[table]) - 2 <= len(cells) <= len(_SEC[table]) and not re.match(r"\d+\.", line):
                dates += len(re.findall(DATE, line))
                yield table, dict(zip(_SEC[table], cells, strict=False))
            else:
                rest.append(line)
        left = "\n".join(rest)
        for found in _LINE.finditer(left) if table == "I" else ():
            values = {name: text or "" for name, text in found.groupdict().items()}
            dates += len(re.findall(DATE, found[0]))
            if not values["price"].startswith("$"):
                values["doubt"] = f"which of its numbers is the price is not certain, in {found[0]!r}"
            yield table, values
        if len(re.findall(DATE, part)) > dates:
            doubts.append(f"transactions: Table {table} has dates outside of the rows that were read")
        elif table == "I" and rest:
            bare = _LINE.sub("", left)
            if re.search(r"(?m)^[^\n\d(]*[A-Za-z][^\n\d]*\s[\d,]{3,}(?:\(\d\))?\s+[DI]\b", bare):
                doubts.append("holdings: rows without a transaction are not read in plain text")


def parts(text: str) -> dict[str, str]:
    """Cut the text of each table out, without its heads."""
    found = {}
    for table, title in (("I", r"Table I\b"), ("II", r"Table II\b")):
        part = re.search(
            rf"{title}(.*?)(?=Table II\b|Explanation of Responses|/s/|\*\* Sig|\Z)",
            text,
            re.DOTALL | re.IGNORECASE,
        )
        found[table] = part[1] if part else ""
    return found
