"""The router: nothing in a folder stops it, nothing is lost or paid twice, and nothing runs in its report."""

import csv
import io
import json
import os
import subprocess
import sys
import time
import zipfile
from dataclasses import dataclass

import dspy
import pytest
from pydantic import ValidationError
from scripted import ScriptedEngine

from kit import project
from kit.cases.router import (
    KINDS,
    TITLES,
    Asked,
    Document,
    Namer,
    Pile,
    Report,
    Results,
    Router,
    Row,
    Twice,
    WordCounts,
    found,
    frame,
    heading,
    kind_by_form,
    kind_by_style,
    mark,
    prototypes,
    standard,
    voters,
)
from kit.cases.router import folder as folders
from kit.cases.router.processors import MOST_TOKENS
from kit.documents.pages import pages

ROOT = project.ROOT
DATA = ROOT / "data" / "pile"
GOLD = {
    row["name"]: row for row in csv.DictReader((DATA / "pile.csv").read_text(encoding="utf-8").splitlines())
}
KNOWN = [("please pay this bill", "invoice"), ("dear aunt, yours", "letter")]
LETTER = '{"kind": "letter"}'
REFUSAL = """HARBOUR STREET GARAGE
Meyl Joinery, 14 Tannery Lane
Dear Mr. Meyl,
Thank you for your invoice 2231. We cannot pay it as it stands. Please send a new one.
Yours sincerely,
Ines Falk"""
NO_WRITER = "written_by is not in the place of a writer"


@dataclass
class Page:
    """A page as a reader gives it."""

    text: str
    needs_ocr: bool = False
    image: str = "a picture"


def plain(path, last):
    """Read a text file as one page; a picture has none."""
    picture = path.suffix == ".png"
    return [Page("" if picture else path.read_text(encoding="utf-8"), needs_ocr=picture)]


def lm(*replies, name="scripted/model"):
    engine = ScriptedEngine(*(replies or (LETTER,)))
    return dspy.LM(name, engine=engine, cache=False), engine


def router(*replies, small=None, large=None, known=KNOWN, process=False, **options):
    models = {
        "small": small or lm(*replies, name="x/small")[0],
        "large": large or lm(*replies, name="x/large")[0],
    }
    who = voters(models, known)
    who |= {"words": words(known)} if known else {}
    reads = standard(models) | prototypes(models) if process else {}
    return Router(**{"read": plain, "voters": who, "processors": reads} | options)


def words(known):
    """Return a voter that counts words and never abstains."""
    counts = WordCounts.learn(known)
    return lambda document: counts.suggest(document.opening, least=0.0)


@pytest.fixture
def inbox(tmp_path):
    """Return a function that puts a file into a folder, and the folder."""
    place = tmp_path / "inbox"

    def put(name, content):
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return place

    return put


@pytest.fixture(scope="module")
def pile(tmp_path_factory):
    """Return the pile of the lesson, laid out."""
    place = tmp_path_factory.mktemp("pile") / "pile"
    subprocess.run([sys.executable, DATA / "lay.py", place], check=True)
    return place


@pytest.fixture(scope="module")
def laid(pile, tmp_path_factory):
    """Return what is found in it, by name."""
    return {one.name: one for one in found(pile, tmp_path_factory.mktemp("unpacked"))}


def listed(place, tmp_path):
    return {one.name: one for one in found(place, tmp_path / "unpacked")}


class TestFolder:
    def test_every_file_of_the_pile_is_found(self, laid):
        """What pile.csv lists is what there is, members of the archive included."""
        assert set(laid) == set(GOLD)
        assert len(laid) >= 60

    def test_what_must_stay_shut_is_refused_with_a_reason(self, laid):
        """A bomb, an archive that swells, a torn one and a link out of the folder are not opened."""
        shut = {name: one.refused for name, one in laid.items() if one.refused}
        assert set(shut) == {"poster.pdf", "backup.zip", "half.zip", "shortcut.pdf"}
        assert all(GOLD[name]["reason"] in reason for name, reason in shut.items())

    def test_the_same_content_has_the_same_hash(self, laid):
        """Names do not matter, nor does it matter that one lies in an archive."""
        assert laid["inv-2231.pdf"].digest == laid["old/inv-2231 (copy).pdf"].digest
        assert laid["memo.docx"].digest == laid["bundle.zip/memo.docx"].digest
        assert laid["street/north/photo.png"].digest != laid["street/south/photo.png"].digest

    def test_an_extension_that_lies_is_seen_through(self, laid):
        """A picture called .pdf is a picture, a PDF called .txt a PDF."""
        assert (laid["contract.pdf"].format, laid["filings/report.txt"].format) == (".png", ".pdf")

    def test_links_inside_the_folder_are_files(self, inbox, tmp_path):
        """Only links that lead out, to folders or nowhere are refused; nothing loops."""
        place = inbox("a.txt", "dear aunt")
        for name, target in {"b.txt": "a.txt", "c.txt": "none.txt", "d": ".", "e.txt": "e.txt"}.items():
            (place / name).symlink_to(target)
        files = listed(place, tmp_path)
        assert files["b.txt"].digest == files["a.txt"].digest
        assert files["c.txt"].refused == "the link leads nowhere"
        assert files["d"].refused == "a link to a folder is not followed"
        assert files["e.txt"].refused

    @pytest.mark.skipif(os.name == "nt", reason="Windows has no named pipes in folders.")
    def test_a_pipe_does_not_block(self, inbox, tmp_path):
        """Reading a pipe would wait for ever."""
        place = inbox("a.txt", "dear aunt")
        os.mkfifo(place / "pipe")
        assert listed(place, tmp_path)["pipe"].refused == "it is not a regular file"

    def test_names_in_an_archive_are_no_paths(self, tmp_path, inbox):
        """A member that wants to be written elsewhere is unpacked where all are."""
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("../../outside.txt", "dear aunt")
            archive.writestr("inner.zip", b"PK\x03\x04")
        files = listed(inbox("a.zip", packed.getvalue()), tmp_path)
        member = files["a.zip/../../outside.txt"]
        assert member.path.resolve().is_relative_to((tmp_path / "unpacked").resolve())
        assert "archive in an archive" in files["a.zip/inner.zip"].refused

    def test_an_archive_with_too_many_files_is_refused(self, tmp_path, inbox):
        """Ten thousand small files are a bomb, too."""
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for number in range(folders.MOST_MEMBERS + 1):
                archive.writestr(f"{number}.txt", "")
        assert "unpacks to more than" in listed(inbox("a.zip", packed.getvalue()), tmp_path)["a.zip"].refused

    def test_a_file_that_is_too_large_is_not_read(self, inbox, tmp_path, monkeypatch):
        """Its size is known before its content."""
        monkeypatch.setattr(folders, "MOST_BYTES", 5)
        assert listed(inbox("a.txt", "dear aunt"), tmp_path)["a.txt"].refused.startswith("9 bytes are more")


class TestReading:
    @pytest.mark.parametrize("name", [name for name, row in GOLD.items() if row["kind"] == "unreadable"])
    def test_each_bad_file_is_a_row_with_its_reason(self, laid, name):
        """Nothing raises, no model is asked, and the reason is that of pile.csv."""
        model, engine = lm()
        said = router(small=model, read=pages)(file=laid[name])
        assert said.kind == "unreadable"
        assert GOLD[name]["reason"] in said.error
        assert str(ROOT) not in said.error
        assert engine.requests == []

    def test_a_reader_may_raise_what_it_likes(self, inbox, tmp_path):
        """An unforeseen error is named with its type."""

        def broken(path, last):
            raise IndexError("list index out of range")

        (file,) = found(inbox("a.txt", "dear aunt"), tmp_path)
        said = router(read=broken)(file=file)
        assert (said.kind, said.error) == ("unreadable", "IndexError: list index out of range")

    def test_half_a_character_stops_nothing(self, inbox, tmp_path):
        """Some PDFs hold lone surrogates, which no provider takes."""
        (file,) = found(inbox("a.txt", "dear aunt"), tmp_path)
        said = router(read=lambda path, last: [Page("dear aunt \ud83d, yours")])(file=file)
        assert (said.kind, said.opening) == ("letter", "dear aunt ?, yours")

    def test_a_voter_that_fails_is_a_row(self, inbox, tmp_path):
        """Nothing stops the pile but a kind that does not exist, and a model that is away."""

        def broken(document):
            raise IndexError("list index out of range")

        (row,) = Pile(Router(plain, voters={"mine": broken}), tmp_path / "r")(
            folder=inbox("a.txt", "dear")
        ).rows
        assert (row.kind, row.error) == ("unknown", "IndexError: list index out of range")

    def test_a_picture_is_read_by_ocr(self, inbox, tmp_path):
        """A sign becomes its words; a cloud in which OCR finds a letter is a picture without text."""
        (file,) = found(inbox("a.png", b"\x89PNG"), tmp_path)
        said = [
            router(read_picture=lambda image, text=text: text)(file=file).kind
            for text in ("NO PARKING\n8AM TO 10AM", "O I")
        ]
        assert said == ["sign", "no text"]

    def test_a_file_that_takes_too_long_is_a_row(self, inbox, tmp_path):
        """Reading ends for the pile after some seconds, and the row says so."""
        (file,) = found(inbox("a.txt", "dear aunt"), tmp_path)
        said = router(read=lambda path, last: time.sleep(1), seconds=0.05)(file=file)
        assert (said.kind, said.error[:25]) == ("unreadable", "reading took more than 0 ")

    @pytest.mark.parametrize(
        ("text", "opening"),
        [
            ("{\\rtf1\\ansi\\b Invoice\\b0\\par for chairs}", "Invoice for chairs"),
            ("<html><style>p {}</style><p>Dear <b>aunt</b></p>", "Dear aunt"),
            ("Received: from x\n by y\nFrom: a\n\nDear b", "From: a Dear b"),
            ("x" * 9_000, "x" * 600),
        ],
    )
    def test_an_opening_is_short_and_without_markup(self, tmp_path, text, opening):
        """RTF, HTML and the way of a mail are no words, and characters are bounded, too."""
        assert Document(tmp_path, ".txt", (text,)).opening == opening

    def test_the_first_pages_decide(self, laid):
        """500 pages are routed by three."""
        said = router('{"kind": "contract"}', read=pages, known=())(file=laid["plots.pdf"])
        assert said.kind == "contract"
        assert said.opening.startswith("GROUND LEASE This Ground Lease is made")


class TestRules:
    @pytest.mark.parametrize(
        ("kind_of_file", "text", "kind"),
        [
            (".pdf", "FORM 4\nSTATEMENT OF CHANGES IN BENEFICIAL OWNERSHIP", "filing"),
            (".pdf", "\n".join(f"({code}) x" for code in (10, 45, 54, 72, 57)), "patent"),
            (".png", "NO STOPPING\n7AM TO 9AM", "sign"),
            (".csv", "day,litres\nMonday,112\nTuesday,98", "table"),
            (".ppt", "Our plans", "slides"),
            (".xml", "<?xml version='1.0'?><ownershipDocument><x/></ownershipDocument>", "filing"),
            (".xml", "<rsm:CrossIndustryInvoice xmlns:rsm='a'><x/></rsm:CrossIndustryInvoice>", "invoice"),
            (".pdf", " \n", "no text"),
        ],
    )
    def test_a_rule_names_what_is_certain(self, tmp_path, kind_of_file, text, kind):
        """By the form's own words, or by what the file is."""
        assert kind_by_form(Document(tmp_path, kind_of_file, (text,)))[0] == kind

    @pytest.mark.parametrize(
        ("kind_of_file", "text"),
        [
            (".pdf", "NO PARKING\n8AM TO 10AM"),
            (".png", "HARBOUR STREET GARAGE\nPAID 6.40 EUR"),
            (".xlsx", "# Sheet\nINVOICE,88"),
            (".pdf", "(10) ten litres\n(12) a dozen"),
            (".txt", "He filed a Form 4, a statement of changes."),
        ],
    )
    def test_a_rule_is_silent_where_it_could_be_wrong(self, tmp_path, kind_of_file, text):
        """An invoice in a workbook is an invoice: voters decide."""
        assert kind_by_form(Document(tmp_path, kind_of_file, (text,))) is None

    @pytest.mark.parametrize(
        ("text", "kind"),
        [
            ("Dear Ms. Falk,\nI give the space back.\nWith kind regards,\nP. Quist", "letter"),
            ('Harrow Estates ("the Owner") lets to Corvane Inc. ("the Tenant") a barn.', "contract"),
            ("Dear diary,\ntoday it rained.", None),
            ('The Owner ("the Owner") lets a barn.', None),
            ('Dear Sirs,\nAlpha Ltd. ("Alpha") and Beta Ltd. ("Beta") agree.\nYours truly', None),
        ],
    )
    def test_manners_give_letters_and_contracts_away(self, tmp_path, text, kind):
        """Where a text has both manners, or half of one, the rule is silent."""
        said = kind_by_style(Document(tmp_path, ".pdf", (text,)))
        assert (said and said[0]) == kind

    def test_no_rule_names_a_file_of_the_pile_wrongly(self, laid):
        """What they name is what pile.csv says; pictures are left out, for they need OCR."""
        seen = 0
        for name, file in laid.items():
            kind = GOLD[name]["kind"]
            if kind in ("filing", "patent", "table", "invoice", "letter") and file.format != ".png":
                text = tuple(page.text for page in pages(file.path, last=3))
                named = kind_by_form(Document(file.path, file.format, text))
                assert named is None or named[0] in (kind, "no text")
                seen += bool(named and named[0] == kind)
        assert seen == 18


class TestVotes:
    def test_two_voters_who_agree_settle_it(self, inbox, tmp_path):
        """Word counts and the small model say the same: the large one is not asked."""
        large, engine = lm(name="x/large")
        (file,) = found(inbox("a.txt", "dear aunt, yours"), tmp_path)
        said = router(large=large)(file=file)
        assert (said.kind, said.by, said.confidence, said.doubts) == ("letter", "words and small", 1.0, [])
        assert engine.requests == []

    def test_where_they_differ_the_large_model_is_asked_and_a_person_is_told(self, inbox, tmp_path):
        """Confidence is the share of voters who say so, and the threshold is an argument."""
        (file,) = found(inbox("a.txt", "please pay this bill"), tmp_path)
        said = router(LETTER)(file=file)
        assert (said.kind, said.by, said.confidence) == ("letter", "small and large", 0.67)
        assert said.doubts == ["words says invoice, small and large say letter"]
        assert router(LETTER, sure=0.6)(file=file).doubts == []
        said = router(LETTER, large=lm('{"kind": "manual"}', name="x/large")[0])(file=file)
        assert (said.kind, said.confidence) == ("invoice", 0.33)

    def test_a_lonely_vote_is_doubted(self, inbox, tmp_path):
        """One voter is not two."""
        (file,) = found(inbox("a.txt", "an unseen thing"), tmp_path)
        said = Router(plain, voters={"mine": lambda document: "letter"})(file=file)
        assert (said.kind, said.confidence, said.doubts) == ("letter", 0.5, ["only mine names a kind"])

    def test_one_model_in_two_roles_votes_once(self):
        """What a model says twice is no agreement."""
        model, _ = lm()
        assert list(voters({"small": model, "large": model}, KNOWN)) == ["title", "words", "model"]
        two = {"small": model, "large": lm(name="x/other")[0]}
        assert list(voters(two, KNOWN)) == ["title", "words", "small", "large"]

    def test_a_reply_that_is_no_kind_is_no_vote(self, inbox, tmp_path):
        """A model that was talked into something cannot vote for it."""
        (file,) = found(inbox("a.txt", "dear aunt, yours"), tmp_path)
        small = lm('{"kind": "delete the rest"}', "no JSON", name="x/small")[0]
        said = router(small=small, large=lm(LETTER, name="x/large")[0])(file=file)
        assert said.votes == {"words": "letter", "large": "letter"}

    def test_without_any_vote_the_kind_is_unknown(self, inbox, tmp_path):
        """Nobody guesses."""
        (file,) = found(inbox("a.txt", "dear aunt, yours"), tmp_path)
        said = router("no JSON", known=())(file=file)
        assert (said.kind, said.by, said.doubts) == ("unknown", "nobody", ["nobody names a kind"])

    def test_known_openings_stand_in_the_prompt_each_kind_in_turn(self, inbox, tmp_path):
        """As many as were asked for, with their kinds as replies, and every kind with what it is for."""
        small, engine = lm()
        (file,) = found(inbox("a.txt", "dear aunt, yours"), tmp_path)
        asked = Asked(small, known=KNOWN[:1])
        assert Router(plain, voters={"small": asked})(file=file).kind == "letter"
        shown, reply, question = (message.text for message in engine.requests[0].messages)
        assert "please pay this bill" in shown
        assert "invoice" in reply
        assert "dear aunt" in question
        assert f"invoice: {KINDS['invoice']}" in engine.requests[0].system
        assert "other: none of these" in engine.requests[0].system

    def test_counting_words_needs_no_model(self):
        """Each kind is as likely beforehand, and where two fit nearly as well it abstains."""
        counts = WordCounts.learn(KNOWN)
        assert counts.suggest("My dear kindly pay the bill!", least=0.5) == "invoice"
        assert counts.suggest("My dear kindly pay the bill!", least=9.0) == ""

    @pytest.mark.parametrize(
        ("text", "kind"),
        [
            ("INVOICE\nMeyl Joinery\n88", "invoice"),
            ("Rechnung Nr. 88\nMeyl", "invoice"),
            ("From: a\nTo: b\nSubject: your invoice\n\nDear b", "letter"),
            ("Receipt\nPaid 6.40", "other"),
            ("Dear all,\nplease find the invoice attached to this letter today.", ""),
            ("Lease\nInvoice", "contract"),
            ("Invoice Agreement", ""),
        ],
    )
    def test_a_heading_names_a_kind(self, tmp_path, text, kind):
        """The first that speaks; a line of two kinds names none."""
        assert heading(Document(tmp_path, ".txt", (text,))) == kind


class TestNamer:
    def test_it_is_sure_if_two_answers_agree_and_the_evidence_stands_there(self):
        """One signature, asked twice with the kinds in two orders."""
        first = '{"evidence": "please pay", "kind": "invoice"}'
        model, engine = lm(first, '{"kind": "invoice"}')
        with dspy.context(lm=model, adapter=dspy.JSONAdapter()):
            said = Namer()(opening="please pay this bill")
        assert (said.kind, said.confidence, said.doubts) == ("invoice", 1.0, [])
        one, two = (request.system for request in engine.requests)
        assert one.index("contract:") < one.index("table:")
        assert two.index("table:") < two.index("contract:")

    def test_what_it_cannot_show_is_a_doubt(self):
        """Evidence that is not in the opening, and a second answer that differs."""
        model, _ = lm('{"evidence": "remit now", "kind": "invoice"}', '{"kind": "letter"}')
        with dspy.context(lm=model, adapter=dspy.JSONAdapter()):
            said = Namer()(opening="please pay this bill")
        assert said.confidence == 0.5
        assert said.doubts == ["asked again, it says letter", "the evidence is not in it"]

    def test_it_votes_if_it_has_no_doubt(self, inbox, tmp_path):
        """`Twice` is a voter: two answers that agree and evidence that stands there, or nothing."""
        sure = ('{"evidence": "please pay", "kind": "invoice"}', '{"kind": "invoice"}')
        (file,) = found(inbox("a.txt", "please pay this bill"), tmp_path)
        for replies, votes in ((sure, {"namer": "invoice"}), ((sure[0], LETTER), {}), (("no JSON",), {})):
            mine = Router(plain, voters={"namer": Twice(lm(*replies)[0])})
            assert mine(file=file).votes == votes


class TestYours:
    def test_a_new_kind_is_one_entry(self, inbox, tmp_path):
        """A purchase order has a meaning, a heading and a processor, and nothing else changes."""
        kinds = KINDS | {"purchase order": "orders goods or work, before they are delivered"}
        titles = TITLES | {"purchase order": "purchase order|bestellung"}
        model, engine = lm('{"kind": "purchase order"}')

        class Orders(dspy.Module):
            def forward(self, document):
                return dspy.Prediction(facts={"lines": document.text.count("\n")}, doubts=[])

        mine = Router(
            plain,
            kinds=kinds,
            voters=voters({"small": model}, KNOWN, kinds=kinds, titles=titles),
            processors={"purchase order": Orders()},
        )
        (file,) = found(inbox("a.txt", "PURCHASE ORDER 7\n40 chairs\n"), tmp_path)
        said = mine(file=file)
        assert (said.kind, said.by, said.facts) == ("purchase order", "title and small", {"lines": 1})
        assert "purchase order: orders goods" in engine.requests[0].system

    def test_a_foreign_kind_is_named(self, inbox, tmp_path):
        """In what is known, in titles, in processors, in rules and in votes."""
        with pytest.raises(ValueError, match="No such kind: recipe"):
            voters({}, [("two eggs", "recipe")])
        with pytest.raises(ValueError, match="No such kind: recipe"):
            voters({}, titles=TITLES | {"recipe": "recipe"})
        with pytest.raises(ValueError, match="no kind 'recipe' \\(a processor\\)"):
            Router(plain, voters={}, processors={"recipe": dspy.Module()})
        (file,) = found(inbox("a.txt", "two eggs"), tmp_path)
        with pytest.raises(ValueError, match="no kind 'recipe' \\(a rule\\)"):
            Router(plain, voters={}, rules=[lambda document: ("recipe", "eggs")])(file=file)
        with pytest.raises(ValueError, match="no kind 'recipe' \\(cook\\)"):
            Router(plain, voters={"cook": lambda document: "recipe"})(file=file)

    def test_the_adapter_is_an_argument(self, inbox, tmp_path):
        """Voters and processors ask by the one that they are given."""
        model, engine = lm('{"kind": "letter"}', '{"written_by": "aunt", "about": "weather"}')
        adapter = dspy.JSONAdapter()
        mine = Router(
            plain,
            voters=voters({"small": model}, adapter=adapter),
            processors=standard({"small": model}, adapter),
        )
        mine(file=next(iter(found(inbox("a.txt", "dear aunt, yours"), tmp_path))))
        assert all("Respond with a JSON object" in request.messages[-1].text for request in engine.requests)


class TestPile:
    def test_the_same_content_costs_once(self, inbox, tmp_path):
        """Copies get the same answer, say whose it is, and cost nothing."""
        small, engine = lm()
        for name in ("a.txt", "b/a.txt", "c.txt"):
            place = inbox(name, "dear aunt, yours")
        rows = Pile(router(small=small), tmp_path / "r.jsonl")(folder=place).rows
        assert [(row.file, row.kind, row.same_as, row.calls) for row in rows] == [
            ("a.txt", "letter", "", 1),
            ("c.txt", "letter", "a.txt", 0),
            ("b/a.txt", "letter", "a.txt", 0),
        ]
        assert len(engine.requests) == 1

    def test_an_interrupted_run_goes_on(self, inbox, tmp_path):
        """Ctrl-C in the middle: what was answered is kept, and only the rest is asked."""
        for name, text in {"a": "dear aunt", "b": "dear uncle", "c": "dear all"}.items():
            place = inbox(f"{name}.txt", text)

        def stopped(path, last):
            if path.name == "b.txt":
                raise KeyboardInterrupt
            return plain(path, last)

        with pytest.raises(KeyboardInterrupt):
            Pile(router(read=stopped), tmp_path / "r.jsonl")(folder=place)
        small, engine = lm(name="x/small")
        rows = Pile(router(small=small), tmp_path / "r.jsonl")(folder=place).rows
        assert [row.file for row in rows] == ["a.txt", "b.txt", "c.txt"]
        assert len(engine.requests) == 2

    def test_a_torn_line_is_asked_again(self, inbox, tmp_path):
        """A kill in the middle of writing costs one row, and the next line begins on its own."""
        place = inbox("a.txt", "dear aunt, yours")
        whole = Pile(router(), tmp_path / "r.jsonl")(folder=place).rows
        path = tmp_path / "r.jsonl"
        path.write_bytes(path.read_bytes()[:40])
        again = Pile(router(), path)(folder=place).rows
        assert again == whole
        assert len(path.read_text(encoding="utf-8").splitlines()) == 2
        assert list(Results(path, mark(router())).known) == [whole[0].content]

    def test_another_program_answers_anew(self, inbox, tmp_path):
        """Rows of a router with another model are not taken for those of this one."""
        place = inbox("a.txt", "dear aunt, yours")
        Pile(router(), tmp_path / "r.jsonl")(folder=place)
        small, engine = lm(name="scripted/other")
        Pile(router(small=small), tmp_path / "r.jsonl")(folder=place)
        assert len(engine.requests) == 1

    def test_a_mended_rule_runs_again(self, inbox, tmp_path):
        """The mark is of a rule's code and of what it names, not of its name."""
        place = inbox("a.txt", "dear aunt, yours")
        kinds = []
        for kind in ("letter", "manual"):
            space = {"KIND": kind}
            exec("def rule(document): return KIND, 'mine'", space)
            mine = Router(plain, voters={}, rules=[space["rule"]])
            kinds += [row.kind for row in Pile(mine, tmp_path / "r.jsonl")(folder=place).rows]
        assert kinds == ["letter", "manual"]

    def test_another_process_knows_the_rows(self):
        """The mark of a program is the same wherever it is made."""
        code = (
            "from kit.cases.router import Router, mark, voters\n"
            "print(mark(Router(None, voters=voters({}, [('a b c d e f g', 'letter'), ('h i', 'invoice')]))))"
        )
        runs = [
            subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
            for _ in range(2)
        ]
        assert runs[0] == runs[1]

    def test_the_same_bytes_under_another_ending_are_another_file(self, inbox, tmp_path):
        """What a text is depends on its ending, too."""
        inbox("a.csv", "day,litres\nMonday,112\nTuesday,98")
        place = inbox("b.txt", "day,litres\nMonday,112\nTuesday,98")
        rows = Pile(router(), tmp_path / "r.jsonl")(folder=place).rows
        assert [(row.kind, row.same_as) for row in rows] == [("table", ""), ("letter", "")]

    def test_a_model_that_is_away_is_asked_again(self, inbox, tmp_path):
        """The row says so, the other files go on, and the next run tries once more."""
        inbox("a.txt", "dear aunt, yours")
        place = inbox("b.csv", "day,litres\nMonday,112\nTuesday,98")
        away = router(small=lm(dspy.LMError("nobody answers", model="m"))[0])
        rows = Pile(away, tmp_path / "r.jsonl")(folder=place).rows
        assert [(row.kind, row.again) for row in rows] == [("unknown", True), ("table", False)]
        assert "nobody answers" in rows[0].error
        assert Pile(router(), tmp_path / "r.jsonl")(folder=place).rows[0].kind == "letter"

    def test_a_processor_that_fails_leaves_the_kind(self, inbox, tmp_path):
        """What was routed stays routed, and the reason stands beside it."""
        blind = router(process=True, read_picture=lambda image: "")
        (row,) = Pile(blind, tmp_path / "r.jsonl")(folder=inbox("a.png", b"\x89PNG")).rows
        assert row.kind == "no text"
        assert "cannot see" in row.error

    def test_what_a_file_took_is_in_its_row(self, inbox, tmp_path):
        """Tokens and seconds are those of its own calls, and dollars those of the list."""
        inbox("a.txt", "dear aunt, yours")
        place = inbox("b.txt", "please pay this bill")
        small, large = lm(LETTER, name="x/small")[0], lm(LETTER, name="x/large")[0]
        prices = {"x/small": (1.0, 2.0), "x/large": (10.0, 20.0)}
        one, two = Pile(router(small=small, large=large), tmp_path / "r.jsonl", prices)(folder=place).rows
        assert (one.models, one.calls, one.seconds) == (["small"], 1, 0.5)
        assert one.usd == pytest.approx((one.input_tokens + 2 * one.output_tokens) / 1e6)
        assert (two.models, two.calls, two.seconds) == (["large", "small"], 2, 1.0)
        assert two.usd > 5 * one.usd

    def test_the_table_has_a_row_for_each_file(self, inbox, tmp_path):
        """Failures too, with their reason."""
        inbox("a.txt", "dear aunt, yours")
        place = inbox("b.zip", b"PK\x03\x04 torn")
        table = frame(Pile(router(), tmp_path / "r.jsonl")(folder=place).rows)
        assert list(table.file) == ["a.txt", "b.zip"]
        assert list(table.kind) == ["letter", "unreadable"]
        assert table.error[1] == "the archive does not open (BadZipFile)"

    def test_a_folder_that_is_not_there_is_named(self, tmp_path):
        """A typo is no empty pile."""
        with pytest.raises(NotADirectoryError, match="Check the path"):
            Pile(router(), tmp_path / "r.jsonl")(folder=tmp_path / "none")


class TestProcessors:
    def ask(self, laid, name, *replies):
        model = lm(*replies)[0]
        reads = standard({"small": model}) | prototypes({"large": model})
        return Router(pages, voters={"model": Asked(model)}, processors=reads)(file=laid[name])

    def test_a_filing_is_read_by_its_prototype(self, laid):
        """The model reads the boxes, code the rows."""
        top = {"issuer": "Natera, Inc.", "ticker": "NTRA", "officer_title": "", "signed": "05/04/2022"}
        said = self.ask(laid, "0412 natera.pdf", json.dumps(top))
        assert said.facts["issuer"] == "Natera, Inc."
        assert sum(said.facts["shares"].values()) > 0

    def test_a_contract_is_split_by_its_prototype(self, laid):
        """Plain headings need no model beyond the one that named the kind."""
        said = self.ask(laid, "Invoice terms.pdf", '{"kind": "contract"}')
        assert (said.facts["pages"], len(said.facts["parts"])) == (17, 6)

    def test_a_contract_may_be_a_word_file(self, laid):
        """It has no layout, and is split by its text."""
        said = self.ask(laid, "memo.docx", '{"kind": "contract"}')
        assert (said.kind, said.error, said.facts["pages"]) == ("contract", "", 1)

    def test_a_contract_of_500_pages_is_read_to_its_end(self, laid):
        """Three pages name its kind; its prototype reads the rest, and no page goes to a model."""
        said = self.ask(laid, "plots.pdf", '{"kind": "contract"}')
        assert (said.kind, said.error, said.facts["pages"]) == ("contract", "", 500)

    def test_a_contract_of_pictures_keeps_its_kind(self, laid):
        """It is routed, and a person is told what to do."""
        looks = {"read": pages, "read_picture": lambda image: "RENTAL AGREEMENT", "process": True}
        said = router('{"kind": "contract"}', **looks)(file=laid["contracts/rental.pdf"])
        assert (said.kind, said.facts) == ("contract", {})
        assert said.error == "8 of 8 pages are pictures. Run OCR over the whole file."

    def test_a_value_that_was_invented_is_doubted(self, laid):
        """What a model read must stand in the invoice."""
        read = {"issued_by": "Meyl Joinery", "amount_due": "EUR 9,948.50", "due": "30 October 2026"}
        said = self.ask(laid, "inv-2231.pdf", '{"kind": "invoice"}', json.dumps(read))
        assert said.doubts == ["only model names a kind", "amount_due is not in it"]

    @pytest.mark.parametrize(
        ("read", "doubts"),
        [
            ({"due": "10:00:37"}, ["due is no date"]),
            ({"amount_due": "948"}, ["amount_due has no currency"]),
            ({"issued_by": "Larkspur"}, ["issued_by is in the place of the customer"]),
            ({"issued_by": ""}, ["issued_by is empty"]),
            ({"due": ""}, []),
        ],
    )
    def test_a_value_of_another_form_is_doubted(self, inbox, tmp_path, read, doubts):
        """A date is a day, an amount has a currency, and who is to pay is not who wants to be paid."""
        text = "Meyl Joinery\nBill to: Larkspur\nEUR 948 due 30 October 2026, printed 10:00:37"
        right = {"issued_by": "Meyl Joinery", "amount_due": "EUR 948", "due": "30 October 2026"}
        model = lm(json.dumps(right | read))[0]
        mine = Router(
            plain,
            voters={"a": lambda document: "invoice", "b": lambda document: "invoice"},
            processors=standard({"small": model}),
        )
        (file,) = found(inbox("a.txt", text), tmp_path)
        assert mine(file=file).doubts == doubts

    @pytest.mark.parametrize(
        ("read", "doubts"),
        [
            ({}, []),
            ({"written_by": "Meyl Joinery"}, [NO_WRITER]),
            ({"written_by": "Mr. Meyl"}, [NO_WRITER]),
            ({"written_by": "Ann Other"}, [NO_WRITER]),
            ({"written_by": ""}, ["written_by is empty"]),
            ({"about": "Please send a new one. We cannot pay it as it stands."}, []),
            ({"about": "I hope you are well."}, ["about is not in the words of the letter"]),
            ({"about": "We cannot pay 2231 as it stands."}, ["about is not in the words of the letter"]),
            ({"about": "We cannot pay it as it stands. " * 2}, ["about repeats itself"]),
        ],
    )
    def test_what_is_not_a_letters_own_is_doubted(self, inbox, tmp_path, read, doubts):
        """Who gets a letter did not write it, and what it says is said in its own words, once."""
        right = {"written_by": "Ines Falk", "about": "We cannot pay it as it stands."}
        said = self.read_a_letter(inbox("a.txt", REFUSAL), tmp_path, json.dumps(right | read))
        assert said.doubts == doubts

    @pytest.mark.parametrize(("writer", "doubts"), [("Mira Ostrow", []), ("Lukas", [NO_WRITER])])
    def test_a_mail_is_from_who_sent_it(self, inbox, tmp_path, writer, doubts):
        """A line From: names the writer, a line To: does not."""
        text = (
            "From: Mira Ostrow\nTo: Lukas\nSubject: cable\n\nLukas, bring the long cable from the workshop."
        )
        read = {"written_by": writer, "about": "bring the long cable"}
        assert self.read_a_letter(inbox("a.txt", text), tmp_path, json.dumps(read)).doubts == doubts

    def test_a_reply_that_was_cut_is_doubted(self, inbox, tmp_path):
        """DSPy only logs it; the limit stands in the processor, for each field of the reply."""
        model, engine = lm('{"written_by": "Ines Falk", "about": "We cannot')
        engine.finish = "length"
        said = self.read_a_letter(inbox("a.txt", REFUSAL), tmp_path, model=model)
        assert said.doubts == ["the reply was cut at 6 tokens"]
        assert engine.requests[0].config.max_tokens == 2 * MOST_TOKENS

    def test_the_unread_end_of_a_letter_is_doubted(self, inbox, tmp_path):
        """A model sees the first 1,500 characters."""
        text = REFUSAL.replace("Yours", "We cannot. " * 200 + "\nYours")
        read = {"written_by": "Ines Falk", "about": "We cannot pay it as it stands."}
        (doubt,) = self.read_a_letter(inbox("a.txt", text), tmp_path, json.dumps(read)).doubts
        assert doubt.endswith("characters were not read")

    def read_a_letter(self, place, tmp_path, *replies, model=None):
        mine = Router(
            plain,
            voters={"a": lambda document: "letter", "b": lambda document: "letter"},
            processors=standard({"small": model or lm(*replies)[0]}),
        )
        (file,) = found(place, tmp_path)
        return mine(file=file)

    def test_a_customer_in_the_line_of_the_number_is_no_issuer(self, laid):
        """An invoice may say "Invoice 31 of 6 November, to Press & Fold" in one line."""
        read = {"issued_by": "Press & Fold", "amount_due": "EUR 950.00", "due": "20 November 2026"}
        said = self.ask(laid, "final_FINAL.docx", '{"kind": "invoice"}', json.dumps(read))
        assert "issued_by is in the place of the customer" in said.doubts

    def test_a_patent_is_read_by_its_codes(self, laid):
        """No model is asked."""
        said = self.ask(laid, "p_0093.pdf")
        assert said.facts["title"] == "BICYCLE STAND THAT LOCKS UNDER LOAD"
        assert said.facts["number"] == "US 99,093,004 B2"

    def test_a_table_has_columns_and_rows(self, laid):
        """As CSV and as a workbook."""
        assert self.ask(laid, "readings.csv").facts["columns"] == ["day", "barrel", "litres", "sieve"]
        assert self.ask(laid, "orders.xlsx").facts == {"columns": ["item", "pieces", "euros"], "rows": 3}

    def test_an_instruction_in_a_file_moves_nothing(self, laid, pile):
        """Whatever the model is talked into, it can only name a kind; the folder stays as it is."""
        before = sorted(path.name for path in pile.rglob("*"))
        said = self.ask(laid, "please read.txt", '{"kind": "invoice"}', '{"kind": "letter"}', "{}")
        assert said.kind in ("invoice", "letter")
        assert sorted(path.name for path in pile.rglob("*")) == before


class TestReport:
    def test_nothing_from_a_file_runs(self):
        """Names, facts, doubts and reasons are text, and the page forbids scripts besides."""
        evil = "<script>alert(1)</script>"
        texts = dict.fromkeys(("file", "kind", "by", "error", "same_as"), evil)
        row = Row(**texts, facts={evil: [evil]}, doubts=[evil])
        page = Report([row], title=evil).page
        assert "<script" not in page
        assert page.count("&lt;script&gt;") >= 8
        assert "default-src 'none'" in page
        assert "<script" not in Report([row])._repr_html_()

    def test_failures_and_doubts_come_first(self, tmp_path):
        """What is in order is folded below them, and the count says how much that is."""
        rows = [
            Row(file="good.txt", kind="letter", confidence=0.67),
            Row(file="odd.txt", kind="letter", doubts=["nobody names a kind"]),
            Row(file="bad.pdf", kind="unreadable", error="no bytes"),
        ]
        page = Report(rows).save(tmp_path / "r.html").read_text(encoding="utf-8")
        places = [page.index(name) for name in ("bad.pdf", "odd.txt", "<details>", "good.txt")]
        assert places == sorted(places)
        assert repr(Report(rows)) == "3 files: 1 failed, 1 to check, 1 in order"
        assert "0.67" in page

    def test_it_stands_alone(self):
        """No address, no picture, no style from elsewhere."""
        page = Report([Row(file="a.txt", kind="letter", usd=0.001)]).page
        assert not any(word in page for word in ("http://", "https://", "src=", "url("))

    def test_a_row_of_another_form_is_refused(self):
        """Types are checked when rows are read back."""
        with pytest.raises(ValidationError):
            Row.model_validate_json('{"file": "a.txt"}')
