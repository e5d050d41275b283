"""Form 4: every layout gives one record; sums in Python; refusals, doubts, and a score of silent errors."""

import base64
import json
import re
import runpy
import sys
import types
from datetime import date

import dspy
import pytest
from pydantic import ValidationError
from scripted import ScriptedEngine

from kit import project
from kit.cases.form4 import (
    HEADS,
    Filing,
    Form4,
    Page,
    Transaction,
    by_code,
    day,
    fields,
    form4_score,
    gold,
    is_form4,
    number,
    read,
    totals_right,
    uncited,
)
from kit.documents.ocr import read as ocr
from kit.documents.pages import pages

DATA = project.ROOT / "data" / "form4"
LEASE = project.ROOT / "data" / "files" / "lease.pdf"
PROTOTYPE = project.ROOT / "kit" / "cases"
SERVED = project.ROOT / "kit" / "export" / "skeleton" / "cases" / "form4" / "served.py"
RECORDS = {
    record["id"]: record
    for record in map(json.loads, (DATA / "filings.jsonl").read_text(encoding="utf-8").splitlines())
}
TYPED = [number for number, record in RECORDS.items() if not record["scanned"]]
COPIED = (DATA / "copied.txt").read_text(encoding="utf-8")
BOXES = COPIED[: COPIED.index("Common Stock\t")]
END = COPIED[COPIED.index("Explanation") :]


def silently_wrong(number, document):
    """Return the fields of a filing that are wrong without a doubt."""
    filing, doubts = by_code(read(document))
    return [
        name for name, outcome in fields(gold(RECORDS[number]), filing, doubts) if outcome == "silently wrong"
    ]


def reply(filing):
    return json.dumps({"filing": filing.model_dump(mode="json")})


@pytest.fixture
def ask():
    """Return a function that reads a document with scripted replies, and says what was asked."""

    def reading(document, *replies, program=None):
        engine = ScriptedEngine(*(replies or ("{}",)))
        lm = dspy.LM("scripted/model", engine=engine, cache=False)
        with dspy.context(lm=lm, adapter=dspy.JSONAdapter()):
            return (program or Form4())(document=document), engine.requests

    return reading


def sale(**changes):
    values = {
        "date": "05/04/2022",
        "code": "S",
        "shares": 100,
        "acquired_or_disposed": "D",
        "price": 2,
        "owned_after": 0,
    }
    return Transaction(**values | changes)


class TestNumbers:
    @pytest.mark.parametrize(
        ("printed", "expected"),
        [
            ("9,136", 9136),
            ("$159.94(2)", 159.94),
            ("1,500(1)(4)", 1500),
            ("(1,200)", 1200),
            ("$ 0", 0),
            ("(3)", None),
            ("$(3)", None),
            ("", None),
            (25, 25),
            ("twelve", "twelve"),
        ],
    )
    def test_numbers_are_read_as_the_form_prints_them(self, printed, expected):
        """Commas, dollars, parentheses and the marks of footnotes are no part of a value."""
        assert number(printed) == expected

    def test_what_is_no_number_is_refused_by_the_schema(self):
        """A word in the place of an amount is an error, not a zero."""
        with pytest.raises(ValidationError, match="valid number"):
            sale(shares="twelve")

    def test_dates_are_read_as_printed_and_as_iso(self):
        """Both ways of writing a day make the same record."""
        assert sale(date="05/04/2022") == sale(date="2022-05-04")
        assert day("soon") == "soon"

    @pytest.mark.parametrize("text", ["31/12/2023", "25/05/2022", "02/30/2024", "00/00/0000"])
    def test_a_day_that_does_not_exist_is_left_as_it_is(self, text):
        """Days first, or a thirtieth of February: `day` returns the text, and the schema refuses it."""
        assert day(text) == text
        assert day(f"{text}, 12/31/2023") == date(2023, 12, 31)
        with pytest.raises(ValidationError, match="date"):
            sale(date=text)

    @pytest.mark.parametrize("value", ["NaN", "Infinity", float("-inf")])
    def test_a_number_is_finite(self, value):
        """What a model writes for "no number" is refused, and no sum is spoilt by it."""
        with pytest.raises(ValidationError, match="finite"):
            sale(shares=value)


class TestSums:
    def test_totals_are_exact(self):
        """Three prices that binary fractions cannot hold add up to the cent."""
        filing = Filing.model_construct(transactions=[sale(shares=3, price=0.1), sale(shares=1, price=0.7)])
        assert (filing.sold.shares, filing.sold.value, filing.sold.average_price) == (4, 1.0, 0.25)

    def test_no_sale_has_no_average(self):
        """Nothing sold is zero shares, and no price."""
        sold = Filing.model_construct(transactions=[sale(code="M")]).sold
        assert (sold.shares, sold.average_price) == (0, None)

    def test_a_price_that_only_a_footnote_knows_makes_no_average(self):
        """A sum over prices of which one is not printed is not a number."""
        sold = Filing.model_construct(transactions=[sale(), sale(price="(1)")]).sold
        assert (sold.shares, sold.value, sold.average_price) == (200, None, None)

    def test_options_are_not_shares(self):
        """What Table II moved is not in the sum of Table I."""
        filing = Filing.model_construct(transactions=[sale(), sale(table="II")])
        assert (filing.sold.shares, filing.total("S", table="II").shares) == (100, 100)


class TestLayouts:
    @pytest.mark.parametrize("number", TYPED)
    def test_the_projects_own_layout(self, number):
        """Every field of every printed filing is right, Table II too, and nothing is in doubt."""
        filing, doubts = by_code(read(DATA / "pdf" / f"{number}.pdf"))
        assert all(outcome == "right" for _, outcome in fields(gold(RECORDS[number]), filing))
        assert len(filing.holdings) == len(RECORDS[number]["holdings"])
        assert doubts == []

    @pytest.mark.parametrize("path", sorted((DATA / "sec").iterdir()), ids=lambda path: path.name)
    def test_the_secs_layout(self, path):
        """The SEC's HTML and its print have nested tables, column 2A and an "X" in a cell of its own."""
        filing, doubts = by_code(read(path))
        assert all(outcome == "right" for _, outcome in fields(gold(RECORDS[path.stem]), filing))
        assert filing.footnotes == RECORDS[path.stem]["footnotes"]
        assert doubts == []

    @pytest.mark.parametrize("number", TYPED)
    def test_text_without_a_layout_is_right_or_in_doubt(self, number):
        """A row a line, as pypdf gives it: nothing is silently wrong."""
        text = "\n".join(page.text for page in pages(DATA / "pdf" / f"{number}.pdf"))
        assert silently_wrong(number, text) == []

    def test_a_copy_from_a_browser(self):
        """Tabs part the cells; an empty 2A is a cell too."""
        filing, doubts = by_code(read(DATA / "copied.txt"))
        assert (filing.owner.names, filing.owner.roles) == (["Ferrow Lind A"], ["Officer"])
        assert filing.owner.officer_title == "Chief Financial Officer"
        assert (filing.sold.shares, filing.sold.average_price) == (2_000, 13.175)
        assert [(row.table, row.acquired_or_disposed) for row in filing.transactions][-1] == ("II", "D")
        assert [holding.owned_after for holding in filing.holdings] == [1_200]
        assert (str(filing.signed), doubts) == ("2026-03-16", [])

    @pytest.mark.parametrize(
        ("row", "read_as"),
        [
            ("Common Stock 03/14/2026 S 500 D $13.1(1) 44,500 D", (500, 13.1, 44_500)),
            ("Common Stock 03/14/2026 03/16/2026 S V 500 D $13.1 44,500 I By Trust", (500, 13.1, 44_500)),
            ("Common Stock 03/14/2026 G(2) 500 D (3) 44,500 D", (500, None, 44_500)),
        ],
    )
    def test_single_spaces(self, row, read_as):
        """A row that can be read in one way is read; 2A makes no row of its own."""
        (found,) = by_code(Page(f"{BOXES}{row}\n{END}"))[0].transactions
        assert (found.shares, found.price, found.owned_after) == read_as

    @pytest.mark.parametrize(
        ("rows", "doubt"),
        [
            (
                "Common Stock 03/14/2026 S 500 D 44,500 D",
                "row 1: which of its numbers is the price is not certain",
            ),
            ("Common Stock 13/40/2026 S 500 D $1 44,500 D", "transactions: left out, date is '13/40/2026'"),
            ("Common Stock 03/14/2026 S D 44,500 D", "transactions: Table I has dates outside of the rows"),
            ("", "transactions: no row was read"),
            (
                "Table II - Derivative Securities Acquired\nOption\n$10.00\n03/14/2026\nM\n2,000",
                "transactions: Table II has dates outside of the rows",
            ),
        ],
    )
    def test_what_cannot_be_read_is_a_doubt(self, rows, doubt):
        """A cell that is missing, a day that does not exist, no row at all, Table II without cells."""
        doubts = by_code(Page(f"{BOXES}{rows}\n{END}"))[1]
        assert any(one.startswith(doubt) for one in doubts), doubts

    @pytest.mark.parametrize("whole", [False, True], ids=["emptied", "removed"])
    def test_a_cell_that_is_lost_is_a_doubt(self, whole):
        """Each filled cell of the table is emptied, or taken out: nothing is silently wrong."""
        source = (DATA / "sec" / "08.html").read_text(encoding="utf-8")
        cells = [cell for cell in re.finditer(r'<td align="center">(.*?)</td>', source) if "<span" in cell[1]]
        places = [cell.span(0 if whole else 1) for cell in cells]
        assert len(places) == 35
        assert [
            name for start, end in places for name in silently_wrong("08", source[:start] + source[end:])
        ] == []

    @pytest.mark.parametrize("kept", [0, 500, 4_000])
    def test_a_page_that_ends_early_is_a_doubt(self, kept):
        """Half of a page crashes nothing and is never certain."""
        assert by_code(read((DATA / "sec" / "20.html").read_text(encoding="utf-8")[:kept]))[1]

    def test_two_forms_in_one_file_are_a_doubt(self):
        """Rows of two filings are not silently added up."""
        both = (DATA / "sec" / "08.html").read_text(encoding="utf-8") * 2
        assert (
            by_code(read(both))[1][0] == "filing: 2 forms are in one file, and their rows are together here"
        )

    def test_no_role_is_a_doubt(self):
        """A form whose boxes cannot be read says so."""
        assert "roles: it is missing" in by_code(Page(BOXES.replace("X\tOff", "\tOff") + END))[1]

    def test_the_signatures_date_is_not_that_of_a_transaction(self):
        """Neither a footnote's date nor a row's is taken for it; a day first is no date and no crash."""
        end = END.replace("03/16/2026", "25/05/2022")
        filing, doubts = by_code(Page(f"{BOXES}Common Stock 03/14/2026 S 500 D $13.1 44,500 D\n{end}"))
        assert filing.signed is None
        assert "signed: it is missing" in doubts

    def test_other_heads(self):
        """A page with its own words for a column is read with them, and is in doubt without."""
        source = (DATA / "sec" / "16.html").read_text(encoding="utf-8")
        page = read(source.replace("2. Transaction Date (Month/Day/Year)", "Trade date"))
        assert "row 1: the head 'Trade date' is not known" in by_code(page)[1]
        own = HEADS | {"I": HEADS["I"] | {"date": "Tradedate"}}
        assert by_code(page, own)[0] == by_code(read(source))[0]

    def test_several_owners(self):
        """Owners below the tables are owners; box 6 must agree."""
        record = RECORDS["16"] | {"owners": ["Larkspur LP", "Larkspur GP LLC"]}
        page = read(_sec().html(record))
        filing, doubts = by_code(page)
        assert (filing.owner.names, doubts) == (["Larkspur LP", "Larkspur GP LLC"], [])
        assert len(filing.transactions) == len(gold(record).transactions)


def _sec():
    import importlib.util

    spec = importlib.util.spec_from_file_location("sec_form4", DATA / "sec.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class TestOneCall:
    PAGE = read(DATA / "sec" / "08.html")

    def test_a_right_reading_is_asked_for_once(self, ask):
        """Rows that stand on the page need no second try."""
        expected = by_code(self.PAGE)[0]
        found, requests = ask(DATA / "sec" / "08.html", reply(expected), program=Form4(code_first=False))
        assert (found.filing, found.doubts, found.read_by) == (expected, [], "model")
        assert len(requests) == 1

    def test_a_wrong_row_is_sent_back(self, ask):
        """The second prompt holds what was wrong; a second, right reading is taken."""
        expected = by_code(self.PAGE)[0]
        wrong = expected.model_copy(deep=True)
        wrong.transactions[0].shares = 41_041
        found, requests = ask(
            DATA / "sec" / "08.html", reply(wrong), reply(expected), program=Form4(code_first=False)
        )
        assert (found.filing, found.doubts) == (expected, [])
        assert "row 1: no line of the page holds 2024-05-15, 41,041" in requests[1].messages[-1].text

    def test_a_reading_that_stays_wrong_is_a_doubt(self, ask):
        """A row that was left out twice is named, with how many there are."""
        wrong = by_code(self.PAGE)[0].model_copy(deep=True)
        wrong.transactions.pop()
        found, requests = ask(
            DATA / "sec" / "08.html", reply(wrong), reply(wrong), program=Form4(code_first=False)
        )
        assert found.doubts == ["transactions: 3 lines of the tables hold a date, 2 rows were read"]
        assert len(requests) == 2

    def test_a_reply_that_the_schema_refuses_is_sent_back(self, ask):
        """The validator's words are the complaint."""
        expected = by_code(self.PAGE)[0]
        broken = reply(expected).replace("2024-05-15", "the Ides of May")
        found, requests = ask(
            DATA / "sec" / "08.html",
            broken,
            broken,
            reply(expected),
            program=Form4(code_first=False, tries=3),
        )
        assert found.filing == expected
        assert "Failed to parse field filing" in requests[-1].messages[-1].text

    @pytest.mark.parametrize("number", TYPED)
    def test_right_readings_are_cited(self, number):
        """The check against the page doubts no right row."""
        page = read(DATA / "pdf" / f"{number}.pdf")
        assert uncited(by_code(page)[0], page.text) == []


class TestProgram:
    def test_known_layouts_cost_no_call(self, ask):
        """Code reads them, so no model is asked."""
        found, requests = ask(DATA / "sec" / "16.html")
        assert (found.read_by, found.doubts, requests) == ("code", [], [])

    def test_a_model_is_asked_where_code_is_in_doubt(self, ask):
        """Its reading is taken, and a person looks at all of it."""
        text = (
            f"{BOXES}Table II - Derivative Securities Acquired\nOption\n$10.00\n03/14/2026\nM\n2,000\n{END}"
        )
        filing = by_code(Page(BOXES + "Option 03/14/2026 M 2,000 D $0 8,000 D\n" + END))[0]
        found, requests = ask(text, reply(filing), reply(filing))
        assert (found.read_by, len(requests), found.filing) == ("model", 2, filing)
        assert found.doubts[0].startswith("filing: code could not read every row")

    def test_without_a_model_code_keeps_its_doubts(self, ask):
        """`ask=False` costs nothing, ever."""
        found, requests = ask(BOXES + END, program=Form4(ask=False))
        assert (found.read_by, requests, found.doubts) == ("code", [], ["transactions: no row was read"])

    def test_a_pdf_as_a_data_address_is_the_same_filing(self, ask):
        """What a service is sent is read as the file is."""
        path = DATA / "sec" / "40.pdf"
        assert ask(as_address(path))[0].filing == ask(path)[0].filing == ask(path.read_bytes())[0].filing

    def test_a_scan_is_refused_without_ocr_and_read_with_it(self, ask):
        """No text is no filing; the same page through OCR is right or in doubt."""
        path = DATA / "pdf" / "03.pdf"
        assert ask(path)[0].refused == "no text: a scan needs OCR first"
        assert silently_wrong("03", ocr(pages(path)[0].image)) == []

    @pytest.mark.parametrize(
        ("document", "reason"),
        [
            ("", "no text"),
            ("  \n", "no text"),
            ("data:application/pdf;base64,***", "not base64"),
            (b"%PDF-1.7 broken", "PDFium cannot open it"),
            ("<ownershipDocument><schemaVersion>", "parse it"),
            ("a " * 3_000_000, "at most"),
            ("a " * 10_000, "not a Form 4"),
        ],
    )
    def test_what_is_no_filing_is_refused_at_once(self, ask, document, reason):
        """Nothing, a broken file, XML, a text that is too long or about something else: no call is made."""
        found, requests = ask(document)
        assert reason in found.refused
        assert (found.filing, requests) == (None, [])

    def test_another_document_is_refused_with_its_first_words(self, ask):
        """A lease is no Form 4."""
        assert ask(LEASE)[0].refused.startswith("not a Form 4: it begins '1. The space")

    def test_an_amendment_is_known_by_box_4(self):
        """The page says FORM 4 also for a 4/A: only box 4 tells."""
        assert is_form4(read(DATA / "sec" / "08.html").text)
        assert str(by_code(read(DATA / "sec" / "08.html"))[0].amends) == "2024-05-16"
        assert by_code(read(DATA / "sec" / "16.html"))[0].amends is None


class TestScore:
    def test_a_wrong_field_costs_its_share(self):
        """One price of 27 fields is wrong, and nothing doubts it."""
        expected = gold(RECORDS["08"])
        found = expected.model_copy(deep=True)
        found.transactions[1].price = 1.0
        scored = form4_score(dspy.Example(filing=expected), dspy.Prediction(filing=found, doubts=[]))
        assert scored.score == pytest.approx(26 / 27)
        assert scored.objective_scores["price"] == pytest.approx(2 / 3)
        assert scored.objective_scores["totals"] == 1.0
        assert scored.objective_scores["not silently wrong"] == 0.0
        assert scored.feedback == "wrong: price"

    def test_a_doubt_turns_a_silent_error_into_a_flag(self):
        """The row's own doubt counts; another row's does not."""
        expected = gold(RECORDS["08"])
        found = expected.model_copy(deep=True)
        found.transactions[1].price = 1.0
        assert ("price", "flagged") in fields(expected, found, ["row 2: look"])
        assert ("price", "silently wrong") in fields(expected, found, ["row 1: look"])

    @pytest.mark.parametrize("place", [slice(0, 2), slice(0, 0)])
    def test_a_missing_row_is_wrong_in_each_field_and_in_the_totals(self, place):
        """A reading does not gain by leaving a transaction out."""
        expected = gold(RECORDS["08"])
        found = expected.model_copy(update={"transactions": expected.transactions[place]})
        wrong = [name for name, outcome in fields(expected, found) if outcome != "right"]
        assert len(wrong) == 7 * (3 - len(found.transactions))
        assert not totals_right(expected, found)

    def test_a_refusal_has_no_field_right(self):
        """A filing that was refused scores zero, and crashes nothing."""
        refused = dspy.Prediction(filing=None, doubts=["filing: refused"])
        scored = form4_score(dspy.Example(filing=gold(RECORDS["08"])), refused)
        assert (scored.score, scored.objective_scores["totals"]) == (0, 0)
        assert scored.objective_scores["not silently wrong"] == 1.0

    def test_demos_must_be_flawless(self):
        """While demos are bootstrapped, the metric passes or fails."""
        filing = gold(RECORDS["08"])
        other = filing.model_copy(update={"issuer": "Aur"})
        example = dspy.Example(filing=filing)
        assert form4_score(example, dspy.Prediction(filing=filing, doubts=[]), trace=[]) is True
        assert form4_score(example, dspy.Prediction(filing=other, doubts=[]), trace=[]) is False


@pytest.fixture
def served(monkeypatch):
    """Return the module that an exported project serves, as it is, with no model to ask."""
    import kit.cases.form4 as prototype

    model = types.ModuleType("prototype.model")
    model.lm = lambda: None
    task = types.ModuleType("prototype.task")
    task.best, task.ADAPTER = Form4, dspy.JSONAdapter()
    monkeypatch.setattr(prototype, "task", task, raising=False)
    for name, module in (("prototype", prototype), ("prototype.task", task), ("prototype.model", model)):
        monkeypatch.setitem(sys.modules, name, module)
    return runpy.run_path(str(SERVED))["Reader"]()


class TestServed:
    @pytest.mark.parametrize("path", sorted((DATA / "sec").iterdir()), ids=lambda path: path.name)
    def test_what_is_served_scores_as_what_the_lesson_measures(self, served, path):
        """A file sent as text or as a data: address is as right as the file itself."""
        sent = path.read_text(encoding="utf-8") if path.suffix == ".html" else as_address(path)
        answer, measured = served(document=sent), Form4()(document=path)
        assert answer.model_dump() == {**dict(measured), "filing": measured.filing.model_dump()}
        assert {outcome for _, outcome in fields(gold(RECORDS[path.stem]), answer.filing)} == {"right"}

    def test_the_test_filings_as_files(self, served):
        """Test filings that have text, sent as PDFs: every field is right, as in the lesson's table."""
        sent = [number for number in TYPED if RECORDS[number]["split"] == "test"]
        answers = {
            number: served(document=as_address(DATA / "pdf" / f"{number}.pdf")).filing for number in sent
        }
        assert len(sent) == 29
        assert {
            outcome for number in sent for _, outcome in fields(gold(RECORDS[number]), answers[number])
        } == {"right"}


def as_address(path):
    return f"data:application/pdf;base64,{base64.b64encode(path.read_bytes()).decode()}"


def test_the_prototype_stands_alone():
    """What people copy imports nothing of the kit."""
    files = [
        *(PROTOTYPE / "form4").glob("*.py"),
        *(PROTOTYPE / "parking").glob("*.py"),
        PROTOTYPE / "analyzer.py",
    ]
    assert [file.name for file in files if "from kit" in file.read_text(encoding="utf-8")] == []
