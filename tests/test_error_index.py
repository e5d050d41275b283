"""The index of errors in the guide leads to headings that exist, and quotes texts that are really shown."""

import re
from functools import cache
from pathlib import Path

import dspy
import nbformat
import pytest

import kit

ROOT = Path(kit.__file__).parents[1]
INDEX = ROOT / "notebooks" / "guide" / "errors.md"
ROW = re.compile(
    r"^\| (?P<seen>.+?) \| \[(?P<number>\d\d) · (?P<heading>.+?)\]\((?P<path>\S+?)#(?P<anchor>\S+)\) \|$"
)


def lines():
    return [line for line in INDEX.read_text(encoding="utf-8").splitlines() if line.startswith("| ")][1:]


ROWS = [ROW.match(line) or line for line in lines()]


@cache
def shown(path):
    """Return a lesson's prose, and what its cells show."""
    parts = []
    for cell in nbformat.read(INDEX.parent / path, as_version=4).cells:
        parts += [cell.source] if cell.cell_type == "markdown" else []
        for output in cell.get("outputs", []):
            shown = output.get("data", {}).get("text/plain", "")
            parts += [output.get("text", ""), shown, f"{output.get('ename')}: {output.get('evalue')}"]
    return "\n".join(parts)


@cache
def sources():
    """Return the source of DSPy and of kit, with strings joined that are written over several lines."""
    files = [file for package in (dspy, kit) for file in Path(package.__file__).parent.rglob("*.py")]
    return re.sub(r"[\"']\s*\n\s*f?[\"']", "", "\n".join(file.read_text(encoding="utf-8") for file in files))


def test_there_is_an_index():
    """Every line of the table is read, and there are enough to be of use."""
    assert [row for row in ROWS if isinstance(row, str)] == []
    assert len(ROWS) >= 15


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["seen"][:40])
class TestRow:
    def test_its_heading_exists(self, row):
        """The link names a lesson by its number, and a heading of it."""
        prose = [cell.source for cell in nbformat.read(INDEX.parent / row["path"], as_version=4).cells]
        headings = re.findall(r"^#{2,3} (.+)$", "\n".join(prose), re.MULTILINE)
        assert row["path"].startswith(f"../{row['number']}_")
        assert row["heading"] in headings
        assert row["anchor"] == row["heading"].replace(" ", "-")

    def test_what_it_quotes_is_shown(self, row):
        """Each text in code type stands in that lesson, or in the source of DSPy or kit."""
        for text in re.findall(r"`(.+?)`", row["seen"]):
            assert text in shown(row["path"]) or text in sources(), text
