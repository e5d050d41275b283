"""The boxes above the tables, and footnotes and signature below them.

boxes(page)["issuer"]
"""

from __future__ import annotations

import re
from typing import Any

from .filing import day
from .layout import Page
from .tables import DATE

LABEL = re.compile(
    r"(?m)^\W*([1-6])\.\s*(?=Name|Issuer|Date of Earl|If Amend|Relation|Individual)", re.IGNORECASE
)
ROLES = {
    "Director": r"Director",
    "10% Owner": r"10\s?%\s?Owner",
    "Officer": r"Officer\s*\(",
    "Other": r"Other\s*\(",
}


def boxes(page: Page) -> dict[str, Any]:
    """Return what the boxes say, whether box 6 says several owners, and how many forms the file holds."""
    whole = "\n".join(cell.text for cell in page.cells) if page.cells else page.text
    text = re.split(r"(?i)Explanation\s+of\s+Responses", whole, maxsplit=1)[0]
    text = re.sub(r"(?is)\bTable\s+I\b.*?(?=^\W*1\.\s*Name|\Z)", "", text, flags=re.MULTILINE)
    starts = list(LABEL.finditer(text))
    ends = [*(match.start() for match in starts[1:]), len(text)]
    parts: dict[str, list[str]] = {}
    for match, end in zip(starts, ends, strict=False):
        parts.setdefault(match[1], []).append(text[match.end() : end])
    issuer = re.search(r"Symbol\s*(.*?)\s*\[\s*(.*?)\s*\]", _flat(parts.get("2")))
    five = re.sub(r"\[\s*\]|☐", " ", re.sub(r"\[\s*[Xx]\s*\]|☒", "X ", "\n".join(parts.get("5", []))))
    roles = [role for role, words in ROLES.items() if re.search(rf"\bX\s+{words}", five)]
    return {
        "forms": len(re.findall(r"2\.\s*Issuer\s+Name", whole)),
        "issuer": issuer[1] if issuer else "",
        "ticker": issuer[2] if issuer else "",
        "names": list(dict.fromkeys(name for part in parts.get("1", []) if (name := _name(part)))),
        "roles": roles,
        **_titles(five, roles),
        "period": _date(parts.get("3")),
        "amends": _date(parts.get("4")),
        "several": bool(re.search(r"X\W+Form filed by More", re.sub(r"\[\s*\]", "", _flat(parts.get("6"))))),
    }


def _flat(parts: list[str] | None) -> str:
    return " ".join(" ".join(parts or []).split())


def _name(part: str) -> str:
    after = re.sub(r"(?is)^.*?Reporting\s+Person\s*\*?", "", part, count=1)
    return (
        " ".join(re.split(r"\(\s*Last\s*\)|\n\s*\n", after)[0].split())
        if "(Last)" in after
        else next((line.strip() for line in after.splitlines() if line.strip()), "")
    )


def _date(parts: list[str] | None) -> str | None:
    found = re.search(DATE, _flat(parts))
    return found[0] if found else None


def _titles(five: str, roles: list[str]) -> dict[str, str | None]:
    """Return the titles below the boxes Officer and Other; with one of them checked there is no question."""
    after = re.split(r"\(\s*specify\s*below\s*\)", five)[-1].strip("\n ")
    sides = [" ".join(part.split()) for part in after.split("\t")] if "\n" not in after.strip() else []
    whole = " ".join(after.split()) or None
    if "Officer" in roles and "Other" in roles:
        two = [side for side in sides if side]
        return (
            {"officer_title": two[0], "other": two[1]}
            if len(two) == 2
            else {"officer_title": whole, "other": None}
        )
    return {
        "officer_title": whole if "Officer" in roles else None,
        "other": whole if "Other" in roles else None,
    }


def footnotes(text: str) -> list[str]:
    """Return the explanations, in the order of their numbers."""
    part = re.search(
        r"(?is)Explanation\s+of\s+Responses\s*:?(.*?)(?=\bRemarks\s*:|\n[^\n]*/s/|\*\*\s*Signature|\Z)", text
    )
    found: list[str] = []
    for line in (part[1] if part else "").splitlines():
        line = line.strip(" |\t")
        if match := re.match(rf"{len(found) + 1}\.\s+(.*)", line):
            found.append(match[1])
        elif found and line:
            found[-1] += f" {line}"
    return found


def signed(text: str) -> list[str]:
    r"""Return the dates beside the signatures, the last one first.

    >>> signed("Common | 05/02/2022 | S | 9\n/s/ Jane Doe | 05/04/2022\n** Signature of Reporting Person")
    ['05/04/2022']
    """
    before = re.split(r"\*\*\s*Signature\s+of\s+Reporting", text)[0]
    dates: list[str] = []
    for line in reversed(before.rstrip(" |\n").splitlines()):
        found = re.findall(DATE, line)
        words = re.sub(DATE, "", line)
        if (
            len(words) > 200
            or re.search(r"^\s*\d+\.\s|Explanation of|Remarks:", words)
            or (dates and not found)
        ):
            break
        if (dates or line.count(" | ") > 3) and re.search(r"\d", words):  # a row of a table
            break
        dates += found
    return [date for date in dates if day(date) != date]
