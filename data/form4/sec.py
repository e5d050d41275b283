# ruff: noqa: E501  # lines of HTML
"""Typeset filings in the SEC's own layout: the HTML page that EDGAR shows, and its print by Chromium.

    python data/form4/sec.py ID ...

Writes sec/ID.html, and sec/ID.pdf where Chromium is installed, for lines of filings.jsonl. The layout follows
the SEC's published style sheet: nested tables, an "X" in a cell of its own, column 2A, footnotes as "(1)".
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from html import escape
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
TABLE_1 = "Table I - Non-Derivative Securities Acquired, Disposed of, or Beneficially Owned"
TABLE_2 = (
    "Table II - Derivative Securities Acquired, Disposed of, or Beneficially Owned<br>"
    "(e.g., puts, calls, warrants, options, convertible securities)"
)
HEADS_1 = {
    "1. Title of Security (Instr. 3)": (),
    "2. Transaction Date (Month/Day/Year)": (),
    "2A. Deemed Execution Date, if any (Month/Day/Year)": (),
    "3. Transaction Code (Instr. 8)": ("Code", "V"),
    "4. Securities Acquired (A) or Disposed Of (D) (Instr. 3, 4 and 5)": ("Amount", "(A) or (D)", "Price"),
    "5. Amount of Securities Beneficially Owned Following Reported Transaction(s) (Instr. 3 and 4)": (),
    "6. Ownership Form: Direct (D) or Indirect (I) (Instr. 4)": (),
    "7. Nature of Indirect Beneficial Ownership (Instr. 4)": (),
}
HEADS_2 = {
    "1. Title of Derivative Security (Instr. 3)": (),
    "2. Conversion or Exercise Price of Derivative Security": (),
    "3. Transaction Date (Month/Day/Year)": (),
    "3A. Deemed Execution Date, if any (Month/Day/Year)": (),
    "4. Transaction Code (Instr. 8)": ("Code", "V"),
    "5. Number of Derivative Securities Acquired (A) or Disposed of (D) (Instr. 3, 4 and 5)": ("(A)", "(D)"),
    "6. Date Exercisable and Expiration Date (Month/Day/Year)": ("Date Exercisable", "Expiration Date"),
    "7. Title and Amount of Securities Underlying Derivative Security (Instr. 3 and 4)": (
        "Title",
        "Amount or Number of Shares",
    ),
    "8. Price of Derivative Security (Instr. 5)": (),
    "9. Number of derivative Securities Beneficially Owned Following Reported Transaction(s) (Instr. 4)": (),
    "10. Ownership Form: Direct (D) or Indirect (I) (Instr. 4)": (),
    "11. Nature of Indirect Beneficial Ownership (Instr. 4)": (),
}
STYLE = """
.FormData {color: blue; background-color: white; font-size: small; font-family: Times, serif;}
.FormDataC {color: blue; font-size: small; text-align: center;}
.SmallFormData {color: blue; font-size: x-small;}
.FootnoteData {color: green; font-size: x-small;}
.FormText {font-size: small;}
.MedSmallFormText, .SmallFormText {font-size: x-small;}
.FormName {font-size: large; font-weight: bold;}
.FormTitle {font-size: medium; font-weight: bold;}
table {border-collapse: separate;} th {font-size: x-small;}
"""


def html(filing: dict[str, Any]) -> str:
    """Return the page of a filing."""
    owners = filing.get("owners") or ["Reporting owner"]
    return (
        '<!DOCTYPE html><html><head><meta charset="utf-8"><title>SEC FORM 4</title>'
        f'<style type="text/css">{STYLE}</style></head><body>'
        '<table><tr><td colspan="4" style="font-weight: bold">SEC Form 4</td></tr></table>'
        f"{_banner()}{_boxes(filing, owners[0])}"
        + _table(TABLE_1, HEADS_1, [_row_1(row) for row in [*filing["transactions"], *filing["holdings"]]])
        + _table(TABLE_2, HEADS_2, [_row_2(row) for row in filing["derivatives"]])
        + "".join(
            f'<table border="1" width="40%"><tr><td>{_name(owner)}</td></tr></table>'
            for owner in owners
            if len(owners) > 1
        )
        + _end(filing, owners)
        + "</body></html>"
    )


def _banner() -> str:
    return (
        '<table width="100%" border="0" cellspacing="0" cellpadding="4"><tr>'
        '<td width="20%" colspan="2" valign="top" class="FormName">FORM 4</td>'
        '<td rowspan="2" width="60%" align="center"><span class="FormTitle">UNITED STATES SECURITIES AND EXCHANGE '
        'COMMISSION</span><br><span class="MedSmallFormText">Washington, D.C. 20549</span><br><br>'
        '<span class="FormTitle">STATEMENT OF CHANGES IN BENEFICIAL OWNERSHIP</span><br><br>'
        '<span class="MedSmallFormText">Filed pursuant to Section 16(a) of the Securities Exchange Act of 1934<br>'
        "or Section 30(h) of the Investment Company Act of 1940</span></td>"
        '<td rowspan="2" width="20%"><table border="1" width="100%"><tr><td class="FormTextC">OMB APPROVAL</td></tr>'
        '<tr><td><table width="100%"><tr><td colspan="3">OMB Number:</td><td>3235-0287</td></tr>'
        '<tr><td colspan="4">Estimated average burden</td></tr><tr><td colspan="3">hours per response:</td>'
        "<td>0.5</td></tr></table></td></tr></table></td></tr>"
        '<tr><td><table width="100%" border="1" cellpadding="0" cellspacing="4"><tr><td class="FormData">&nbsp;'
        '</td></tr></table></td><td class="SmallFormText">Check this box if no longer subject to Section 16. Form 4 '
        "or Form 5 obligations may continue. <i>See</i> Instruction 1(b).</td></tr></table>"
    )


def _name(owner: str) -> str:
    return (
        '<span class="MedSmallFormText">1. Name and Address of Reporting Person<sup>*</sup></span>'
        f'<table border="0" width="100%"><tr><td><a href="#">{escape(owner)}</a></td></tr></table><hr width="98%">'
        '<table border="0" width="100%"><tr class="MedSmallFormText"><td width="33%">(Last)</td><td width="33%">(First)'
        '</td><td width="33%">(Middle)</td></tr></table><table border="0" width="100%"><tr><td class="FormData">C/O '
        'THE COMPANY, 1 MAIN STREET</td></tr></table><hr width="98%"><span class="MedSmallFormText">(Street)</span>'
        '<table border="0" width="100%"><tr class="FormData"><td width="33%">SPRINGFIELD</td><td width="33%">IL</td>'
        '<td width="33%">60001</td></tr></table><hr width="98%"><table border="0" width="100%">'
        '<tr class="MedSmallFormText"><td width="33%">(City)</td><td>(State)</td><td>(Zip)</td></tr></table>'
    )


def _boxes(filing: dict[str, Any], first: str) -> str:
    owner = filing["owner"]
    said = {
        role: "X" if role in owner["roles"] else "" for role in ("Director", "10% Owner", "Officer", "Other")
    }
    cell = '<td width="15%" align="center"><span class="FormData">{}</span></td>'
    label = '<td width="35%" class="MedSmallFormText">{}</td>'
    roles = "".join(
        f"<tr>{cell.format(said[left])}{label.format(left + tail)}{cell.format(said[right])}{label.format(right + end)}</tr>"
        for left, tail, right, end in (
            ("Director", "", "10% Owner", ""),
            ("Officer", " (give title below)", "Other", " (specify below)"),
        )
    )
    titles = [escape(owner.get(name) or "") for name in ("officer_title", "other")]
    roles += (
        "<tr>"
        + "".join(f'<td width="15%"></td><td width="35%" class="FormDataC">{text}</td>' for text in titles)
        + "</tr>"
    )
    several = len(filing.get("owners") or [1]) > 1
    filers = "".join(
        f'<tr>{cell.format("X" if checked else "")}<td width="85%" class="MedSmallFormText">Form filed by {who}</td></tr>'
        for checked, who in (
            (not several, "One Reporting Person"),
            (several, "More than One Reporting Person"),
        )
    )
    return (
        '<table width="100%" border="1" cellspacing="0" cellpadding="4"><tr>'
        f'<td rowspan="3" width="35%" valign="top">{_name(first)}</td>'
        '<td width="35%" valign="top"><span class="MedSmallFormText">2. Issuer Name <b>and</b> Ticker or Trading Symbol'
        f'</span><br><a href="#">{escape(filing["issuer"])}</a> [ <span class="FormData">{escape(filing["ticker"])}</span> ]</td>'
        '<td rowspan="2" valign="top"><span class="MedSmallFormText">5. Relationship of Reporting Person(s) to Issuer'
        f'</span><br><span class="MedSmallFormText">(Check all applicable)</span><table border="0" width="100%">{roles}</table></td></tr>'
        '<tr><td valign="top"><span class="MedSmallFormText">3. Date of Earliest Transaction (Month/Day/Year)</span><br>'
        f'<span class="FormData">{_date(filing["period"])}</span></td></tr>'
        '<tr><td valign="top"><span class="MedSmallFormText">4. If Amendment, Date of Original Filed (Month/Day/Year)</span>'
        f'<br><span class="FormData">{_date(filing["original_filed"])}</span></td>'
        '<td valign="top"><span class="MedSmallFormText">6. Individual or Joint/Group Filing (Check Applicable Line)</span>'
        f'<table border="0" width="100%">{filers}</table></td></tr></table>'
    )


def _table(name: str, heads: dict[str, tuple[str, ...]], rows: list[list[str]]) -> str:
    width = sum(max(1, len(parts)) for parts in heads.values())
    top = "".join(
        f'<th colspan="{len(parts)}" valign="top">{head}</th>'
        if parts
        else f'<th rowspan="2" valign="top">{head}</th>'
        for head, parts in heads.items()
    )
    below = "".join(f"<th>{part}</th>" for parts in heads.values() for part in parts)
    body = "".join(
        "<tr>" + "".join(f'<td align="center">{cell}</td>' for cell in row) + "</tr>" for row in rows
    )
    return (
        f'<table width="100%" border="1" cellspacing="0" cellpadding="4"><thead><tr><th colspan="{width}"><b>{name}</b></th>'
        f"</tr><tr>{top}</tr><tr>{below}</tr></thead><tbody>{body}</tbody></table>"
    )


def _row_1(row: dict[str, Any]) -> list[str]:
    marks = row.get("marks") or {}
    moved = bool(row.get("date"))
    return [
        _data(row["security"], marks.get("security")),
        _data(_date(row.get("date")), marks.get("date")),
        _data(_date(row.get("deemed_date"))),
        _data(row.get("code", ""), marks.get("code")),
        "",
        _data(_number(row.get("shares")), marks.get("shares")) if moved else "",
        _data(row.get("acquired_or_disposed", "")) if moved else "",
        _money(row.get("price"), marks.get("price")) if moved else "",
        _data(_number(row["owned_after"]), marks.get("owned_after")),
        _data(row["ownership"]),
        _data(row.get("nature") or ("By Trust" if row["ownership"] == "I" else ""), marks.get("nature")),
    ]


def _row_2(row: dict[str, Any]) -> list[str]:
    marks = row.get("marks") or {}
    number = _data(_number(row.get("shares")), marks.get("shares"))
    acquired = row.get("acquired_or_disposed") == "A"
    return [
        _data(row["security"], marks.get("security")),
        _money(row.get("exercise_price"), marks.get("exercise_price")),
        _data(_date(row.get("date"))),
        _data(_date(row.get("deemed_date"))),
        _data(row.get("code") or "", marks.get("code")),
        "",
        number if acquired else "",
        "" if acquired else number,
        _data(_date(row.get("exercisable")), marks.get("exercisable")),
        _data(_date(row.get("expires")), marks.get("expires")),
        _data(row.get("underlying") or ""),
        _data(_number(row.get("underlying_shares"))),
        _money(row.get("price"), marks.get("price")),
        _data(_number(row.get("owned_after"))),
        _data(row.get("ownership") or "D"),
        _data(row.get("nature") or ""),
    ]


def _data(value: str, mark: int | list[int] | None = None) -> str:
    marks = mark if isinstance(mark, list) else [mark] if mark else []
    notes = "".join(f"({number})" for number in marks)
    return (f'<span class="FormData">{escape(value)}</span>' if value else "") + (
        f'<span class="FootnoteData"><sup>{notes}</sup></span>' if notes else ""
    )


def _money(value: float | None, mark: int | list[int] | None) -> str:
    return ("" if value is None else '<span class="FormText">$</span>') + _data(_number(value), mark)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.10g}" if value < 1e9 else f"{value:,.0f}"


def _date(day: str | None) -> str:
    return f"{day[5:7]}/{day[8:10]}/{day[:4]}" if day else ""


def _end(filing: dict[str, Any], owners: list[str]) -> str:
    notes = "".join(
        f'<tr><td class="FootnoteData">{number}. {escape(note)}</td></tr>'
        for number, note in enumerate(filing["footnotes"], 1)
    )
    signers = filing.get("signatures") or ["/s/ Attorney-in-Fact for the reporting owner" for _ in owners]
    signed = "".join(
        f"<tr><td></td><td><u>{escape(signer)}</u></td><td><u>{_date(filing['filed'])}</u></td></tr>"
        for signer in signers
    )
    return (
        f'<table border="0" width="100%"><tr><td><b>Explanation of Responses:</b></td></tr>{notes}</table>'
        + (
            f"<table><tr><td><b>Remarks:</b></td></tr><tr><td>{escape(filing['remarks'])}</td></tr></table>"
            if filing.get("remarks")
            else ""
        )
        + f'<table border="0" width="100%">{signed}<tr><td></td><td>** Signature of Reporting Person</td><td>Date</td></tr></table>'
        '<table border="0"><tr><td>Reminder: Report on a separate line for each class of securities beneficially owned directly '
        "or indirectly.</td></tr><tr><td>* If the form is filed by more than one reporting person, <i>see</i> Instruction "
        "4 (b)(v).</td></tr><tr><td>** Intentional misstatements or omissions of facts constitute Federal Criminal "
        "Violations.</td></tr></table>"
    )


def printed(page: str, landscape: bool = False) -> bytes:
    """Print a page as Chromium does."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if landscape:
        page = page.replace("<style ", "<style>@page {size: letter landscape}</style><style ", 1)
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "page.html"), Path(folder, "page.pdf")
        source.write_text(page, encoding="utf-8")
        subprocess.run(
            [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer", f"--user-data-dir={folder}/profile",
             f"--print-to-pdf={target}", source.as_uri()],
            check=True, capture_output=True, timeout=120,
        )  # fmt: skip
        return target.read_bytes()


if __name__ == "__main__":
    lines = map(json.loads, (HERE / "filings.jsonl").read_text(encoding="utf-8").splitlines())
    for filing in lines:
        if filing["id"] in sys.argv[1:]:
            (HERE / "sec").mkdir(exist_ok=True)
            (HERE / "sec" / f"{filing['id']}.html").write_text(html(filing), encoding="utf-8")
            if shutil.which("chromium") or shutil.which("google-chrome"):
                (HERE / "sec" / f"{filing['id']}.pdf").write_bytes(
                    printed(html(filing), landscape=filing["id"] > "20")
                )
