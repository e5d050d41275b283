"""What the builders of signs and files make is what is committed, and the gold follows from the rules."""

import importlib.util
import json
import sys
from collections import Counter

import dspy
import pytest

from kit import project
from kit.documents import ocr
from kit.documents.pages import pages, read_all

DATA = project.ROOT / "data"
KEPT = json.loads(ocr.KEPT.read_text(encoding="utf-8"))


def built(folder):
    spec = importlib.util.spec_from_file_location(f"build_{folder}", DATA / folder / "build.py")
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def read(picture):
    """Return what OCR reads now, which is what is kept."""
    text = ocr._read(picture.url)
    assert KEPT[ocr.digest(picture.url)] == text
    return text


@pytest.fixture(scope="module")
def signs():
    return built("parking_signs")


@pytest.fixture(scope="module")
def rows(signs):
    """Return the gold as the builder computes it in eleven seconds of a processor."""
    return signs.rows()


@pytest.fixture(scope="module")
def files():
    return built("files")


@pytest.fixture(scope="module")
def form4():
    return built("form4")


class TestSigns:
    def test_the_gold_is_what_the_builder_computes(self, rows):
        """Nobody edited an answer by hand."""
        committed = [
            json.loads(line)
            for line in (DATA / "parking_signs" / "signs.jsonl").read_text(encoding="utf-8").splitlines()
        ]
        assert committed == rows

    @pytest.mark.parametrize(
        ("day", "hour", "expected"),
        [
            ("Tuesday", 7, (True, "08:00")),  # cleaning begins before the two hours of the limit do
            ("Tuesday", 9, (False, "10:00")),
            ("Tuesday", 10, (True, "12:00")),
            ("Monday", 8, (True, "11:00")),  # the limit counts from 9
            ("Monday", 17, (True, "24:00")),  # and ends before it is used up
            ("Sunday", 12, (True, "24:00")),
        ],
    )
    def test_answers_agree_with_answers_by_hand(self, signs, day, hour, expected):
        """Sign 13: two hours from 9 to 6, Monday to Saturday; none on Tuesdays from 8 to 10."""
        assert signs.answer(signs.SIGNS[12], day, hour * 60) == expected

    def test_one_answer_for_all_scores_no_better_than_a_coin(self, rows):
        """The moments are balanced: neither yes nor any single time of day is often right."""
        asked = [question for row in rows[:32] for question in row["questions"]]
        assert sum(question["may_park"] for question in asked) == 35
        untils = Counter(question["until"] for question in asked)
        assert untils.most_common(1)[0][1] <= 8

    @pytest.mark.parametrize("number", [1, 13, 32])
    def test_the_committed_pictures_say_what_the_rules_say(self, signs, number):
        """OCR reads every line of every plate, in order, with a gap between plates."""
        plates = ["\n".join(text for text, _ in signs.lines(rule)) for rule in signs.SIGNS[number - 1]]
        picture = dspy.Image.from_path(str(DATA / "parking_signs" / f"{number:02}.png"))
        assert read(picture) == "\n\n".join(plates)

    def test_the_text_of_every_sign_is_kept(self):
        """No lesson waits for OCR of a committed sign; a sign that changed needs `python data/read.py`."""
        pictures = map(dspy.Image.from_path, map(str, (DATA / "parking_signs").glob("*.png")))
        assert {ocr.digest(picture.url) for picture in pictures} <= set(KEPT)

    def test_a_sign_is_drawn_anew_at_the_same_size(self, signs, tmp_path):
        """The builder runs, with no font but matplotlib's."""
        from PIL import Image

        with Image.open(DATA / "parking_signs" / "13.png") as committed:
            assert signs.draw(signs.SIGNS[12]).size == committed.size

    def test_pictures_are_small(self):
        """Each is below 25 KB."""
        assert max(path.stat().st_size for path in (DATA / "parking_signs").glob("*.png")) < 25_000


class TestFiles:
    def test_committed_files_hold_what_the_builder_writes(self, files, tmp_path):
        """Every good file gives the same text as one made now."""
        for name, data in files.good().items():
            (tmp_path / name).write_bytes(data)
            new, committed = pages(tmp_path / name), pages(DATA / "files" / name)
            assert [page.text for page in new] == [page.text for page in committed], name

    def test_the_sold_shares_are_those_of_the_filing(self, files):
        """The gold is the sum over rows with code S, and each row stands in the PDF."""
        text = pages(DATA / "files" / "form4.pdf")[0].text
        assert json.loads((DATA / "files" / "form4.json").read_text(encoding="utf-8")) == {
            "shares_sold": 7625
        }
        assert all(f"{shares:,}" in text for _, _, shares, *_ in files.SALES)

    def test_each_bad_file_fails_in_its_own_way(self, files, tmp_path):
        """Made anew or committed, the eight files give the same two readings and six errors."""
        for name, data in files.bad().items():
            (tmp_path / name).write_bytes(data)
        ends = [
            {outcome.source: type(outcome.error).__name__ for outcome in read_all(sorted(folder.iterdir()))}
            for folder in (tmp_path, DATA / "files" / "bad")
        ]
        assert ends[0] == ends[1]
        assert len(set(ends[0].values())) == 7

    def test_the_clip_is_small_and_can_be_sent(self):
        """Two seconds as WAV stay below 100 KB, in a format that providers take."""
        clip = dspy.Audio.from_path(str(DATA / "audio" / "attendant.wav"))
        assert clip.audio_format == "wav"
        assert len(clip.data) < 134_000


class TestForm4:
    def test_committed_filings_are_what_the_builder_writes(self, form4):
        """A filing that was changed without its facts, or facts without their filing, is noticed."""
        for filing in form4.filings():
            committed = (DATA / "form4" / "pdf" / f"{filing['id']}.pdf").read_bytes()
            if not filing["scanned"]:  # pictures differ with the version of the library that draws them
                assert form4.pdf(filing) == committed, filing["id"]

    def test_every_number_stands_in_its_filing(self, form4):
        """The gold can be read from the page: no model is asked for what is not there."""
        for filing in form4.filings():
            if filing["scanned"]:
                continue
            text = "".join(page.text for page in pages(DATA / "form4" / "pdf" / f"{filing['id']}.pdf"))
            for row in filing["transactions"]:
                assert all(f"{row[name]:,}" in text for name in ("shares", "price", "owned_after"))

    def test_the_set_holds_what_its_datasheet_promises(self, form4):
        """At least 40 filings, 25 with several transactions, and one of each odd kind."""
        filings = form4.filings()
        assert len(filings) >= 40
        assert sum(len(filing["transactions"]) > 1 for filing in filings) >= 25
        assert sum(filing["form"] == "4/A" for filing in filings) == 1
        assert sum(filing["scanned"] for filing in filings) == 1
        assert sum(not filing["transactions"] for filing in filings) == 1

    def test_the_scan_has_no_text_and_is_read_by_ocr(self, form4):
        """The page is a picture; OCR gives back its rows."""
        scan = next(filing for filing in form4.filings() if filing["scanned"])
        page = pages(DATA / "form4" / "pdf" / f"{scan['id']}.pdf")[0]
        assert page.needs_ocr
        assert "09/06/2023   A   138,334(1)" in read(page.image)

    def test_filings_are_small(self):
        """Together they stay below a megabyte."""
        assert sum(path.stat().st_size for path in (DATA / "form4").rglob("*.*")) < 1_000_000
