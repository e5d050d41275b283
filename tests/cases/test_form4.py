"""Form 4: the text that decides, a typed record, sums in Python, refusals, doubts, and a score by field."""

import json
from datetime import date

import dspy
import pytest
from pydantic import ValidationError
from scripted import ScriptedEngine

from kit import project
from kit.cases.form4 import (
    Claims,
    Filing,
    Form4,
    Reading,
    Transaction,
    Whole,
    agreement,
    amended,
    day,
    excerpt,
    fields,
    form4_score,
    gold,
    is_form4,
    number,
    plain,
    rows,
    top,
    totals_right,
)
from kit.documents.ocr import read
from kit.documents.pages import pages

DATA = project.ROOT / "data" / "form4"
LEASE = project.ROOT / "data" / "files" / "lease.pdf"
PROTOTYPE = project.ROOT / "kit" / "cases"
RECORDS = {
    record["id"]: record
    for record in map(json.loads, (DATA / "filings.jsonl").read_text(encoding="utf-8").splitlines())
}


def text_of(number):
    return "\n".join(page.text for page in pages(DATA / "pdf" / f"{number}.pdf"))


def told(number):
    """Return the replies of a model that makes no mistake."""
    filing = gold(RECORDS[number])
    first = {"issuer": filing.issuer, "ticker": filing.ticker}
    first |= {"officer_title": filing.owner.officer_title or "", "signed": f"{filing.filed:%m/%d/%Y}"}
    rest = [row.model_dump(mode="json", exclude={"date"}) for row in filing.transactions]
    return [json.dumps(reply) for reply in (first, *rest)]


@pytest.fixture
def ask():
    """Return a function that reads a text with scripted replies, and says what was asked."""

    def reading(text, *replies, program=None):
        engine = ScriptedEngine(*(replies or ("{}",)))
        lm = dspy.LM("scripted/model", engine=engine, cache=False)
        with dspy.context(lm=lm, adapter=dspy.JSONAdapter()):
            return (program or Form4(code_first=False))(text=text), engine.requests

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

    @pytest.mark.parametrize("text", ["31/12/2023", "02/30/2024", "00/00/0000", "13/13/1313 or 99/99/9999"])
    def test_a_day_that_does_not_exist_is_left_as_it_is(self, text):
        """Days first, or a thirtieth of February: `day` returns the text, and the schema refuses it."""
        assert day(text) == text
        assert day(f"{text}, 12/31/2023") == date(2023, 12, 31)
        with pytest.raises(ValidationError, match="date"):
            Transaction(date=text, code="S", shares=1, acquired_or_disposed="D", owned_after=0)

    @pytest.mark.parametrize("value", ["NaN", "Infinity", float("-inf")])
    def test_a_number_is_finite(self, value):
        """What a model writes for "no number" is refused, and no sum is spoilt by it."""
        with pytest.raises(ValidationError, match="finite"):
            Transaction(date="12/31/2023", code="S", shares=value, acquired_or_disposed="D", owned_after=0)


class TestSums:
    def test_totals_are_exact(self):
        """Three prices that binary fractions cannot hold add up to the cent."""
        reading = Reading.model_construct(transactions=[sale(shares=3, price=0.1), sale(shares=1, price=0.7)])
        assert (reading.sold.shares, reading.sold.value, reading.sold.average_price) == (4, 1.0, 0.25)

    def test_no_sale_has_no_average(self):
        """Nothing sold is zero shares, and no price."""
        sold = Reading.model_construct(transactions=[sale(code="M")]).sold
        assert (sold.shares, sold.average_price) == (0, None)

    @pytest.mark.parametrize(
        ("claim", "complaint"),
        [
            ({"shares_sold": 201}, r"shares_sold is 201, but the rows add up to 200"),
            ({"shares_sold": 200, "average_price": 2.5}, r"average_price is 2.5, but the rows give 2.0"),
        ],
    )
    def test_claimed_totals_must_agree_with_the_rows(self, claim, complaint):
        """A reading may claim anything; a filing is one that adds up."""
        values = gold(RECORDS["01"]).model_dump() | {"transactions": [sale(), sale()]} | claim
        assert Reading(**values).sold.shares == 200
        assert agreement({}, dspy.Prediction(filing=Reading(**values))) == 0.0
        with pytest.raises(ValidationError, match=complaint):
            Filing(**values)

    def test_right_claims_agree(self):
        """The reward that Refine is given is 1 for a reading that adds up."""
        values = gold(RECORDS["01"]).model_dump() | {"transactions": [sale(), sale()]}
        reading = Reading(**values | {"shares_sold": 200, "average_price": 2})
        assert agreement({}, dspy.Prediction(filing=reading)) == 1.0


class TestText:
    @pytest.mark.parametrize("number", [n for n, record in RECORDS.items() if not record["scanned"]])
    def test_each_transaction_has_its_row_and_holdings_have_none(self, number):
        """Code finds as many rows as there are transactions, each with its date and amounts."""
        found = rows(text_of(number))
        expected = gold(RECORDS[number]).transactions
        assert [day(row[:10]) for row in found] == [row.date for row in expected]
        assert all(f"{row.shares:,.0f}" in text for row, text in zip(expected, found, strict=True))

    def test_the_excerpt_is_short(self):
        """Boxes and rows are well below half of the page, and unchecked options are gone."""
        text = text_of("16")
        assert len(excerpt(text)) < len(text) / 2
        assert "10% Owner" not in top(text)
        assert "Signed: /s/" in top(text)

    def test_an_amendment_names_the_day_of_the_first_filing(self):
        """A 4/A is a Form 4 that says what it amends; a 4 amends nothing."""
        assert is_form4(text_of("08"))
        assert amended(text_of("08")) == "05/16/2024"
        assert amended(text_of("09")) is None

    def test_a_text_without_a_table_has_no_rows(self):
        """Dates elsewhere are no transactions."""
        assert rows("Signed on 05/04/2022") == []


class TestProgram:
    @pytest.mark.parametrize("number", ["08", "20", "40"])
    def test_right_replies_make_the_right_filing(self, ask, number):
        """One call for the boxes, one for each row, and all fields and totals are right."""
        prediction, requests = ask(text_of(number), *told(number))
        expected = gold(RECORDS[number])
        assert all(right for _, right in fields(expected, prediction.filing))
        assert totals_right(expected, prediction.filing)
        assert prediction.doubts == []
        assert len(requests) == 1 + len(expected.transactions)

    @pytest.mark.parametrize("number", ["16", "31"])
    def test_code_reads_plain_rows_without_a_model(self, ask, number):
        """With code first, the only call is that for the boxes."""
        prediction, requests = ask(text_of(number), told(number)[0], program=Form4())
        assert all(right for _, right in fields(gold(RECORDS[number]), prediction.filing))
        assert len(requests) == 1

    def test_a_row_with_a_missing_cell_goes_to_the_model(self, ask):
        """Code that cannot tell a price from a balance does not guess."""
        text = text_of("20").replace("\n$0\n", "\n", 1)
        assert plain(rows(text)[0]) is None
        prediction, requests = ask(text, *told("20"), program=Form4())
        assert len(requests) == 2
        assert prediction.filing.transactions == gold(RECORDS["20"]).transactions
        assert prediction.doubts == [f'row 1: a cell is missing or out of place in "{rows(text)[0]}"']

    def test_a_row_without_a_day_does_not_cost_the_filing(self, ask):
        """A thirteenth month is left out, shown to a person, and the other rows are read."""
        text = text_of("16")
        first = rows(text)[0]
        start = "\n".join(first.split(" | ")[:3])
        text = text.replace(start, f"13/40/2022{start[10:]}", 1)
        prediction, _ = ask(text, told("16")[0], program=Form4())
        assert prediction.filing.transactions == gold(RECORDS["16"]).transactions[1:]
        assert prediction.doubts == [f'left out, its date is no date: "13/40/2022{first[10:]}"']

    def test_a_signature_without_a_day_is_a_doubt(self, ask):
        """A model that writes the day first, or an amendment of no day, crashes nothing."""
        boxes = json.dumps(json.loads(told("16")[0]) | {"signed": "31/12/2021"})
        form = text_of("16").replace("FORM 4", "FORM 4/A 4. Date of Original Filed 31/12/2021", 1)
        prediction, _ = ask(form, boxes, program=Form4())
        assert (prediction.filing.filed, prediction.filing.amends) == (None, None)
        assert prediction.doubts == ["amends: 31/12/2021 is no date", "filed: the model found no date"]

    def test_the_result_is_reached_by_dots(self, ask):
        """Nested records need no brackets."""
        filing = ask(text_of("20"), *told("20"))[0].filing
        assert filing.owner.roles == ["Director"]
        assert filing.transactions[0].date.year == 2022

    def test_a_filing_without_transactions_is_a_filing(self, ask):
        """Holdings alone give an empty list and zero shares, with one call."""
        prediction, requests = ask(text_of("04"), *told("04"))
        assert prediction.filing.transactions == []
        assert prediction.filing.sold.shares == 0
        assert len(requests) == 1

    def test_a_scan_is_refused_without_ocr_and_read_with_it(self, ask):
        """No text is no filing; the same page through OCR has its two rows."""
        page = pages(DATA / "pdf" / "03.pdf")[0]
        prediction, requests = ask(page.text)
        assert prediction.refused == "no text: a scan needs OCR first"
        assert requests == []
        prediction, _ = ask(read(page.image), *told("03"))
        assert all(right for _, right in fields(gold(RECORDS["03"]), prediction.filing))

    @pytest.mark.parametrize("text", [None, "", "  \n"])
    def test_no_text_costs_no_call(self, ask, text):
        """Nothing to read is refused before a model is asked."""
        prediction, requests = ask(text)
        assert prediction.filing is None
        assert requests == []

    def test_another_document_is_refused_with_what_it_seems_to_be(self, ask):
        """A lease is no Form 4; the model is asked for its kind, of its first words only."""
        text = pages(LEASE)[0].text + " word" * 500
        prediction, requests = ask(text, json.dumps({"kind_of_document": "lease"}))
        assert prediction.refused == "not a Form 4; it seems to be: lease"
        assert prediction.filing is None
        assert len(requests) == 1
        assert requests[0].messages[-1].text.count(" word") < 80

    def test_a_number_that_does_not_stand_in_its_row_is_a_doubt(self, ask):
        """A digit too many is shown to a person, with the row."""
        first, row = told("20")
        wrong = json.dumps(json.loads(row) | {"shares": 9461})
        prediction, _ = ask(text_of("20"), first, wrong)
        assert len(prediction.doubts) == 1
        assert prediction.doubts[0].startswith("row 1: shares 9461.0 is not in")

    def test_a_date_that_the_model_does_not_find_is_a_doubt(self, ask):
        """What is no date is left out and named; the rest of the filing is not lost for it."""
        first, row = told("20")
        lost = json.dumps(json.loads(first) | {"signed": "unknown"})
        prediction, _ = ask(text_of("20"), lost, row)
        assert prediction.filing.filed is None
        assert prediction.doubts == ["filed: the model found no date"]
        assert len(prediction.filing.transactions) == 1

    def test_a_whole_filing_in_one_call_is_typed_too(self, ask):
        """The naive signature returns the same record."""
        filing = gold(RECORDS["20"])
        lm = dspy.LM(
            "scripted/model",
            engine=ScriptedEngine(json.dumps({"filing": filing.model_dump(mode="json")})),
            cache=False,
        )
        with dspy.context(lm=lm, adapter=dspy.JSONAdapter()):
            found = dspy.Predict(Whole)(document=excerpt(text_of("20"))).filing
        assert fields(filing, found) == [(name, True) for name, _ in fields(filing, found)]


class TestClaims:
    def claimed(self, shares):
        reading = Reading(**gold(RECORDS["18"]).model_dump())
        lm = dspy.LM(
            "scripted/model",
            engine=ScriptedEngine(json.dumps({"shares_sold": shares, "average_price": 210.559})),
            cache=False,
        )
        with dspy.context(lm=lm, adapter=dspy.JSONAdapter()):
            return Claims()(reading=reading)

    def test_a_claim_is_held_against_the_rows(self):
        """The right sum can be a filing, another cannot, and the rows are as they were."""
        assert agreement({}, self.claimed(53_602)) == 1.0
        assert agreement({}, self.claimed(53_603)) == 0.0
        assert self.claimed(1).filing.sold.shares == 53_602


class TestScore:
    def test_a_wrong_field_costs_its_share(self):
        """One price of 24 fields is wrong: 23 of 24."""
        expected = gold(RECORDS["08"])
        found = expected.model_copy(deep=True)
        found.transactions[1].price = 1.0
        scored = form4_score(dspy.Example(filing=expected), dspy.Prediction(filing=found))
        assert scored.score == pytest.approx(23 / 24)
        assert scored.objective_scores["price"] == pytest.approx(2 / 3)
        assert scored.objective_scores["totals"] == 1.0
        assert scored.feedback == "wrong: price"

    @pytest.mark.parametrize("place", [slice(0, 2), slice(0, 0)])
    def test_a_missing_row_is_wrong_in_each_field_and_in_the_totals(self, place):
        """Who leaves out a transaction does not gain by it."""
        expected = gold(RECORDS["08"])
        found = expected.model_copy(update={"transactions": expected.transactions[place]})
        wrong = [name for name, right in fields(expected, found) if not right]
        assert len(wrong) == 6 * (3 - len(found.transactions))
        assert not totals_right(expected, found)

    def test_a_row_too_many_is_wrong_as_well(self):
        """Nor does who invents one."""
        expected = gold(RECORDS["08"])
        found = expected.model_copy(
            update={"transactions": [*expected.transactions, expected.transactions[0]]}
        )
        assert sum(not right for _, right in fields(expected, found)) == 6

    def test_a_refusal_has_no_field_right(self):
        """A filing that was refused scores zero, and crashes nothing."""
        scored = form4_score(dspy.Example(filing=gold(RECORDS["08"])), dspy.Prediction(filing=None))
        assert (scored.score, scored.objective_scores["totals"]) == (0, 0)

    def test_demos_must_be_flawless(self):
        """While demos are bootstrapped, the metric passes or fails."""
        filing = gold(RECORDS["08"])
        other = filing.model_copy(update={"issuer": "Aur"})
        example = dspy.Example(filing=filing)
        assert form4_score(example, dspy.Prediction(filing=filing), trace=[]) is True
        assert form4_score(example, dspy.Prediction(filing=other), trace=[]) is False


def test_the_prototype_stands_alone():
    """What people copy imports nothing of the kit."""
    files = [*(PROTOTYPE / "form4").glob("*.py"), PROTOTYPE / "analyzer.py"]
    assert [file.name for file in files if "from kit" in file.read_text(encoding="utf-8")] == []
