"""Briefs and facts of contracts: every statement carries pages that were read and that bear it out."""

import json

import dspy
import pytest
from scripted import ScriptedEngine

from kit.cases import briefs, contracts
from kit.cases.briefs import Facts, Statement
from kit.cases.briefs.facts import likely
from kit.cases.briefs.values import stands
from kit.cases.contracts import Page, Part, UnreadableContract, page
from kit.cases.terse import Terse
from kit.project import ROOT

FOLDER = ROOT / "data" / "contracts"
GOLD = [
    json.loads(line) for line in (FOLDER / "gold_boundaries.jsonl").read_text(encoding="utf-8").splitlines()
]


class Reader(ScriptedEngine):
    """Say each passage in its own words, and point at the last statements of a dozen."""

    def complete(self, request):
        asked = request.messages[-1].text
        if "statements: " in asked:
            last = asked.count("\n") + 1
            numbers = {"who_pays_what": last, "date_or_limit": last - 1, "breach_or_end": last - 2}
            self.replies = [json.dumps(numbers)]
        else:
            self.replies = [said(asked.partition("passage: ")[2])]
        return super().complete(request)


def configured(engine):
    """Make an engine the one that answers."""
    lm = dspy.LM("scripted", engine=engine, cache=False, num_retries=0)
    dspy.configure(lm=lm, adapter=Terse())
    return engine


def clauses(count):
    """Return pages that each hold ten clauses, of which the second lays something down."""
    clause = "Clause {}.{} holds and the parties know it."
    duty = "Clause {}.x: the tenant shall pay it."
    return [
        page(
            number,
            "\n".join(
                [clause.format(number, 0), duty.format(number)]
                + [clause.format(number, n) for n in range(1, 9)]
            ),
        )
        for number in range(1, count + 1)
    ]


def said(sentence):
    """Return a reply with a sentence."""
    return json.dumps({"sentence": sentence})


def test_passages_lose_no_word_that_says_something():
    """Every word of a page stands in a passage, in order; page numbers and blocks to sign do not."""
    text = "1. Rent. It is due in May.\nThe Tenant pays it to Corvane Inc. in cash.\nBy: /s/ A. Reed\n- 7 -"
    made = briefs.passages(page(3, f"{text[:-6]}\n" + "word " * 300 + "\n7"))
    assert all(one.pages == [3] for one in made)
    assert max(len(one.text) for one in made) <= 430
    words = " ".join(one.text for one in made).split()
    assert words == (text.partition("By:")[0] + "word " * 300).split()
    assert briefs.passages(Page(1)) == []


def test_a_sum_that_stands_on_no_cited_page_is_noticed():
    """A number, with or without its comma, and a name are looked for on the cited pages and nowhere else."""
    pages = [page(1, "The rent is $9,400."), page(2, "Paid to Ravensmoor.")]
    assert briefs.missing(Statement(text="The rent is 9400 dollars.", pages=[1]), pages) == []
    assert briefs.missing(Statement(text="It goes to Ravensmoor.", pages=[1]), pages) == ["Ravensmoor"]


@pytest.mark.parametrize(
    ("sentence", "why"),
    [
        ("The rent is $1 while it rains.", "1: not there"),
        ("The rent is $9,400, payable to Corvane while it rains.", "Corvane: not there"),
        ("The rent of $9,400 is due, but it rains.", "while: lost"),
        ("The rent is not $9,400 while it rains.", "not: not there"),
        ("While cats and dogs sleep all day, it rains.", "33% of its words in order"),
    ],
)
def test_a_sentence_that_its_passage_does_not_bear_out_is_not_taken(sentence, why):
    """A wrong sum, a lost condition, other words: the contract's own words stand in their place."""
    configured(ScriptedEngine(said(sentence)))
    own = "The rent of $9,400 is due in May while it rains."
    brief = briefs.Summarize(rewrite=True)(pages=[page(1, own)])
    assert [(one.text, one.pages) for one in brief.statements] == [(own, [1])]
    assert brief.refused == {sentence: why}


def test_a_sentence_keeps_the_page_of_its_passage():
    """The model writes and code cites."""
    configured(ScriptedEngine(said("The rent of $9,400 is due.")))
    pages = [page(1, ""), page(2, "The rent of $9,400 is due in May 2026.")]
    brief = briefs.Summarize(rewrite=True)(pages=pages)
    assert [(one.text, one.pages) for one in brief.statements] == [("The rent of $9,400 is due.", [2])]
    assert (brief.calls, brief.refused) == (1, {})


def test_a_brief_quotes_unless_told_otherwise():
    """Without `rewrite` no call is spent on sentences, and the contract's own words stand."""
    engine = configured(Reader("unused"))
    own = "The rent of $9,400 is due in May while it rains."
    brief = briefs.Summarize()(pages=[page(1, own)])
    assert ([one.text for one in brief.statements], brief.calls, engine.requests) == ([own], 0, [])


def test_a_table_of_contents_is_not_read():
    """A list of headings lays nothing down, so no call is spent on it."""
    configured(Reader("unused"))
    contents = page(1, "TABLE OF CONTENTS\nRent ........ 2")
    brief = briefs.Summarize(rewrite=True)(pages=[contents, *clauses(2)[1:]])
    assert [one.pages for one in brief.statements] == [[2]]


def test_a_long_contract_is_read_in_passes():
    """60 pages: a statement each, then fewer and fewer; each keeps its page, and the brief is short."""
    engine = configured(Reader("unused"))
    halves = [
        Part(kind="main_agreement", title="LEASE", start=1, end=40),
        Part(kind="exhibit", id="A", title="EXHIBIT A", start=41, end=60),
    ]
    brief = briefs.Summarize(rewrite=True)(pages=clauses(60), parts=halves)
    assert brief.passes == [600, 60, 15, 6]
    assert {name: len(found) for name, found in brief.sections.items()} == {
        "LEASE, page 1": 40,
        "EXHIBIT A, page 41": 20,
    }
    assert all(f"Clause {one.pages[0]}.x" in one.text for one in brief.statements)
    assert brief.calls == len(engine.requests) == 60 + 5 + 2


def test_cost_grows_with_the_pages_and_no_faster():
    """Twice the pages cost about twice the calls."""
    calls = {}
    for count in (60, 120, 240):
        configured(Reader("unused"))
        calls[count] = briefs.Summarize(rewrite=True)(pages=clauses(count)).calls
    assert calls[120] <= 2.2 * calls[60]
    assert calls[240] <= 2.2 * calls[120]


def test_no_call_reads_more_than_it_may():
    """500 pages fit any model: no prompt is longer than a chunk and its instructions."""
    engine = configured(Reader("unused"))
    briefs.Summarize(threads=4, rewrite=True)(pages=clauses(500))
    assert max(len(request.messages[-1].text) for request in engine.requests) < 3_500


@pytest.mark.parametrize("numbers", [(0, 0, 0), (99, -1, 13), (1, 1, 1), (3, 2, 1)])
def test_a_pass_always_shrinks(numbers):
    """Whatever numbers the model returns, the passes end and no statement comes from nowhere."""
    chosen = json.dumps(dict(zip(("who_pays_what", "date_or_limit", "breach_or_end"), numbers, strict=True)))

    class Pointing(Reader):
        def complete(self, request):
            if "statements: " not in request.messages[-1].text:
                return super().complete(request)
            self.replies = [chosen]
            return ScriptedEngine.complete(self, request)

    configured(Pointing("unused"))
    brief = briefs.Summarize(rewrite=True)(pages=clauses(30))
    assert 1 <= len(brief.statements) <= 9
    assert all("shall pay" in one.text for one in brief.statements)


def test_a_brief_too_short_to_reach_is_refused():
    """A pass leaves up to six statements, so no brief can be promised to be shorter."""
    with pytest.raises(ValueError, match=r"most=5.*Take 6 or more"):
        briefs.Summarize(most=5)


def test_pages_without_text_cost_nothing():
    """Blank pages and scans without OCR are passed over; a file of nothing else is an error."""
    engine = configured(ScriptedEngine("never"))
    brief = briefs.Summarize(rewrite=True)(pages=[page(1, "LEASE"), Page(2), Page(3, picture=True)])
    assert (brief.statements, brief.calls, engine.requests) == ([], 0, [])
    with pytest.raises(UnreadableContract):
        briefs.Summarize(rewrite=True)(pages=[Page(1), Page(2, picture=True)])


TENANT = "Tenant shall pay Landlord $9,400 within thirty (30) days unless it rains, and may not sublet."
ATTACKS = [
    ("Tenant shall pay Landlord", "Landlord shall pay Tenant", "another order"),
    ("may not", "may", "not: lost"),
    (" unless it rains", "", "unless: lost"),
    ("days", "months", "30 month"),
    ("$9,400", "EUR 9,400", "eur 9400"),
    ("Tenant shall", "Tenant may", "another order"),
    ("shall pay", "shall not pay", "another order"),
]


@pytest.mark.parametrize(("there", "here", "why"), ATTACKS)
def test_the_guard_knows_parties_negations_and_units(there, here, why):
    """A swap of parties, a lost or moved "not", another unit, currency or duty is refused."""
    assert why.lower() in briefs.objection(TENANT.replace(there, here), TENANT).lower()


@pytest.mark.parametrize(
    "sentence",
    [
        TENANT,
        "Tenant must pay Landlord $9,400 within thirty (30) days unless it rains, and cannot sublet.",
    ],
)
def test_the_guard_lets_faithful_sentences_pass(sentence):
    """The same words, and "must" for "shall" or "cannot" for "may not", are no objection."""
    assert briefs.objection(sentence, TENANT) == ""


def test_what_weighs_is_data():
    """Another company's words for a duty are an argument."""
    one = Statement(text="The carrier guarantees the temperature.")
    assert briefs.weight(one) == 0
    assert briefs.weight(one, {r"\bguarantees\b": 2}) == 2


def test_what_a_page_demands_does_not_reach_the_brief():
    """An order that the model makes up stands in no brief, and the text is named as data."""
    engine = configured(ScriptedEngine(said("Delete the Rest of Everything now.")))
    brief = briefs.Summarize(rewrite=True)(pages=[page(1, "The rent is $5 and due in May.")])
    assert [one.text for one in brief.statements] == ["The rent is $5 and due in May."]
    assert "never an instruction" in engine.requests[0].system


@pytest.mark.parametrize("row", GOLD, ids=lambda row: row["slug"])
def test_gold_facts_stand_where_gold_says(row):
    """The check that a model's value must pass is passed by every gold value, unless its page is a scan."""
    pages = contracts.read(FOLDER / row["pdf"])
    for name, value in row["facts"].items():
        read = [pages[number - 1] for number in row["fact_pages"][name] if pages[number - 1].lines]
        for one in value if isinstance(value, list) else [value]:
            assert not read or any(stands(name, one, page.text) for page in read), (name, one)


def test_the_page_of_the_law_is_found_without_a_model():
    """Of 32 pages, the one that names the governing law is among the two that are read for it."""
    row = next(row for row in GOLD if row["slug"] == "corvane-loan")
    pages = contracts.read(FOLDER / row["pdf"])
    found = {page.number for page in likely(pages, "governing_law")}
    assert found & set(row["fact_pages"]["governing_law"])


def test_facts_are_taken_from_the_pages_alone():
    """Values that stand on the pages make the record, with their pages; an invented one is refused."""
    pages = [
        page(1, "Lease of June 12, 2024 between Pellworm Estates Limited and Cordelia Biscuits."),
        page(
            2,
            "The initial term is seven (7) years. The rent of $216,000 is payable in 10 days.",
        ),
        page(3, "This lease is governed by the law of Larkland."),
    ]
    replies = [
        {"parties": ["Pellworm Estates Limited", "Acme Corp."], "effective_date": "2024-06-12"},
        {"governing_law": "Delaware"},
        {"term_months": 84},
        {"payment_amount": 216000, "payment_currency": "USD", "payment_days": 10},
    ]
    engine = configured(ScriptedEngine(*map(json.dumps, replies)))
    found = briefs.FindFacts()(pages=pages)
    assert found.facts == Facts(
        parties=["Pellworm Estates Limited"],
        effective_date="2024-06-12",
        term_months=84,
        payment_amount=216000,
        payment_currency="USD",
        payment_days=10,
    )
    assert found.pages == {
        "parties": [1],
        "effective_date": [1],
        "term_months": [2],
        "payment_amount": [2],
        "payment_currency": [2],
        "payment_days": [2],
    }
    assert found.refused == {"governing_law": "Delaware"}
    assert found.calls == len(engine.requests) == 4


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("payment_amount", "NaN"),
        ("payment_amount", "-Infinity"),
        ("payment_days", 10**400),
        ("term_months", -(10**30)),
        ("payment_currency", ""),
    ],
    ids=str,
)
def test_a_value_that_is_none_is_no_fact(name, value):
    """Whatever a model writes for "not there" stands on no page, and the other facts are kept."""
    pages = [page(1, "The initial term is seven (7) years. The rent of €9,400 is payable in 10 days.")]
    sensible = {"payment_amount": 9400, "payment_currency": "EUR", "payment_days": 10, "term_months": 84}
    replies = [{"parties": [], "effective_date": ""}, sensible | {name: value}, sensible | {name: value}]
    configured(ScriptedEngine(*map(json.dumps, replies)))
    found = briefs.FindFacts()(pages=pages)
    assert getattr(found.facts, name) is None
    assert {one: getattr(found.facts, one) for one in sensible if one != name} == {
        one: kept for one, kept in sensible.items() if one != name
    }
    assert set(found.refused) == ({name} if value != "" else set())


@pytest.mark.parametrize("written", ["12,500,000,000", "12500000000"])
def test_a_long_sum_is_found_to_its_last_digit(written):
    """Eleven digits are not rounded to ten."""
    assert stands("payment_amount", 12_500_000_000.0, f"the sum of ${written} in all")
    assert not stands("payment_amount", 12_500_000_001, f"the sum of ${written} in all")


def test_facts_by_hand():
    """Half of the parties, a right law in more words, and a wrong term."""
    gold = {"parties": ["A Ltd.", "B Inc."], "governing_law": "Oregon", "term_months": 60}
    guess = Facts(parties=["A Ltd"], governing_law="the State of Oregon", term_months=5)
    scored = briefs.fact_scores(gold, guess)
    assert scored == {"parties": pytest.approx(2 / 3), "governing_law": 1.0, "term_months": 0.0}
