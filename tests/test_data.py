"""Every data set has a datasheet that describes the file that lies beside it."""

import hashlib
import json
import re

import pytest

from kit.engines.models import ROOT

SHEETS = sorted((ROOT / "data").glob("*/README.md"))


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.parent.name)
def test_datasheets_name_the_hash_of_their_file(sheet):
    """A file that was changed without its datasheet is noticed."""
    named = re.findall(r"sha256\*\* of `(.+?)`: `([0-9a-f]{64})`", sheet.read_text())
    assert named
    for name, expected in named:
        assert hashlib.sha256((sheet.parent / name).read_bytes()).hexdigest() == expected


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.parent.name)
def test_datasheets_say_first_that_data_is_authored(sheet):
    """A reader learns from the first line that nobody's real data is in here."""
    assert "Authored for this project" in sheet.read_text().split("\n\n")[1]


LINES = (ROOT / "data" / "clinical_notes" / "notes.jsonl").read_text().splitlines()
NOTES = [json.loads(line) for line in LINES]


@pytest.mark.parametrize("row", NOTES, ids=lambda row: row["record"]["name"])
def test_what_a_record_holds_stands_in_its_note(row):
    """No model is asked for a name, a blood pressure or a drug that the note does not hold."""
    note, record = row["note"].lower(), row["record"]
    pressures = [str(value) for value in record["vitals"].values() if value]
    drugs = [medication["drug"] for medication in record["medications"]]
    assert [word for word in [*record["name"].lower().split(), *pressures, *drugs] if word not in note] == []
