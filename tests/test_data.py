"""Every data set has a datasheet that describes the file that lies beside it."""

import hashlib
import importlib.util
import json
import re
from collections import Counter

import pytest
from splits import leaks

from kit.project import ROOT

SHEETS = sorted((ROOT / "data").glob("*/README.md"))


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.parent.name)
def test_datasheets_name_the_hash_of_their_file(sheet):
    """A file that was changed without its datasheet is noticed."""
    named = re.findall(r"sha256\*\* of `(.+?)`: `([0-9a-f]{64})`", sheet.read_text(encoding="utf-8"))
    assert named
    for name, expected in named:
        assert hashlib.sha256((sheet.parent / name).read_bytes()).hexdigest() == expected


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.parent.name)
def test_datasheets_say_first_that_data_is_authored(sheet):
    """A reader learns from the first line that nobody's real data is in here."""
    assert "Authored for this project" in sheet.read_text(encoding="utf-8").split("\n\n")[1]


LINES = (ROOT / "data" / "clinical_notes" / "notes.jsonl").read_text(encoding="utf-8").splitlines()
NOTES = [json.loads(line) for line in LINES]


@pytest.mark.parametrize("row", NOTES, ids=lambda row: row["record"]["name"])
def test_what_a_record_holds_stands_in_its_note(row):
    """No model is asked for a name, a blood pressure or a drug that the note does not hold."""
    note, record = row["note"].lower(), row["record"]
    pressures = [str(value) for value in record["vitals"].values() if value]
    drugs = [medication["drug"] for medication in record["medications"]]
    assert [word for word in [*record["name"].lower().split(), *pressures, *drugs] if word not in note] == []


BOOKINGS = ROOT / "data" / "bookings"


class TestBookings:
    ROWS = tuple(json.loads(line) for line in (BOOKINGS / "bookings.jsonl").read_text().splitlines())

    @pytest.fixture
    def build(self, tmp_path, monkeypatch):
        """Return the module that computes the forms, which writes into a folder of its own."""
        spec = importlib.util.spec_from_file_location("build_bookings", BOOKINGS / "build.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        for name in ("facts.jsonl", "comments.txt"):
            (tmp_path / name).write_text((BOOKINGS / name).read_text())
        monkeypatch.setattr(module, "HERE", tmp_path)
        return module

    def test_the_file_is_what_the_facts_and_the_rules_make(self, build, tmp_path):
        """Nobody has edited a form or moved a row to another split by hand."""
        facts = build.read("facts.jsonl")
        build.write("bookings.jsonl", facts, build.split(facts, build.random.Random(build.SEED)))
        assert (tmp_path / "bookings.jsonl").read_bytes() == (BOOKINGS / "bookings.jsonl").read_bytes()

    def test_each_split_has_its_share_of_the_rare_forms(self):
        """A validation or test score says something about rare forms as well."""
        rows = Counter(row["split"] for row in self.ROWS)
        assert rows == {"train": 80, "validation": 60, "unlabelled": 40, "test": 120}
        for desk in ("LATE", "GROUP", "BACK"):
            share = dict.fromkeys(rows, 0) | Counter(row["split"] for row in self.ROWS if row["desk"] == desk)
            assert all(0.09 <= share[split] / rows[split] <= 0.14 for split in rows), (desk, share)

    def test_no_request_is_in_two_splits(self):
        """A score on test rows is no memory of training rows, not even of similar ones."""
        unseen = [json.loads(line) for line in (BOOKINGS / "unseen.jsonl").read_text().splitlines()]
        splits = {}
        for row in [*self.ROWS, *unseen]:
            splits.setdefault(row["split"], []).append(row["message"])
        assert list(splits) == ["train", "validation", "unlabelled", "test", "unseen"]
        assert leaks(**splits).empty

    def test_a_name_is_in_its_request(self):
        """No program is asked for a name that the request does not hold."""
        for row in self.ROWS:
            family, first = row["guest"].split(", ")
            message = row["message"].lower().replace("-", "")
            assert first.lower().split()[0].replace("-", "") in message
            assert family.lower().split()[-1].replace("-", "") in message

    def test_every_field_has_a_comment_that_fits_its_form(self):
        """Feedback about a rare form names it, so that an optimizer can learn the form from it."""
        for row in self.ROWS:
            assert set(row["comments"]) == {"guest", "arrival", "nights", "room", "desk"}
            if row["desk"] != "-":
                assert row["desk"] in row["comments"]["desk"]

    @pytest.mark.parametrize(
        ("facts", "desk"),
        [
            ({"rooms": 3}, "-"),
            ({"rooms": 4}, "GROUP"),
            ({"rooms": 4, "late": True, "returning": True}, "GROUP"),
            ({"rooms": 1, "late": True, "returning": True}, "LATE"),
            ({"rooms": 1, "returning": True}, "BACK"),
        ],
    )
    def test_one_word_for_the_desk(self, build, facts, desk):
        """Where several words for the desk would be right, the order of the datasheet decides."""
        assert build.desk({"late": False, "returning": False} | facts) == desk


SUMMARIES = [
    json.loads(line)
    for line in (ROOT / "data" / "verdicts" / "verdicts.jsonl").read_text(encoding="utf-8").splitlines()
]
REPLIES = (ROOT / "data" / "replies" / "14.jsonl").read_text(encoding="utf-8")


def test_summaries_that_were_judged_are_those_that_were_recorded():
    """A label belongs to the very words that a model wrote: a new recording asks for a new label."""
    escaped = [json.dumps(json.dumps(row["summary"])[1:-1])[1:-1] for row in SUMMARIES]
    assert [text for text in escaped if text not in REPLIES] == []


def test_every_summary_that_is_not_good_has_a_reason():
    """A label that is not `good` says why, and a good one needs no reason."""
    assert {row["label"] == "good" for row in SUMMARIES if row["good"]} == {True}
    assert {bool(row["why"]) != row["good"] for row in SUMMARIES} == {True}


def test_the_judge_is_measured_on_other_tickets_than_it_is_aligned_on():
    """No ticket is in both splits of the summaries."""
    tickets = {
        split: {row["id"] for row in SUMMARIES if row["split"] == split} for split in ("train", "test")
    }
    assert tickets["train"] & tickets["test"] == set()
