"""What each adapter would send stands side by side, whole, with its size."""

import re

import dspy
import pytest
from scripted import ScriptedEngine

from kit.display.comparisons import prompts

NOTE = {"note": "A cold <b>since</b> Monday."}


@pytest.fixture
def summaries():
    return prompts(dspy.Predict("note -> summary"), NOTE)


def test_dspys_own_adapters_are_compared(summaries):
    """Plain text begins with a table; each adapter's texts follow whole."""
    text = repr(summaries)
    assert [line.split()[0] for line in text.splitlines()[:5]] == ["adapter", "Chat", "JSON", "XML", "BAML"]
    assert text.count(NOTE["note"]) == 4
    assert "[[ ## note ## ]]" in repr(summaries["Chat"])
    assert "<note>" in repr(summaries["XML"])


def test_sizes_are_those_of_the_messages(summaries):
    """Characters are counted over all messages, and the schema, which is no message, is not counted."""
    draft = summaries["JSON"]
    assert draft.characters == sum(len(message.text) for message in draft.messages)
    assert draft.title == f"2 messages, {draft.characters:,} characters, reply bound by a schema"
    assert f"system · {len(draft.messages[0].text)} characters" in summaries._repr_html_()


def test_what_binds_the_reply_is_told(summaries):
    """JSON and BAML send a schema along, Chat and XML trust the model."""
    assert {name: draft.bound_by for name, draft in summaries.drafts.items()} == {
        "Chat": "nothing",
        "JSON": "a schema",
        "XML": "nothing",
        "BAML": "a schema",
    }


def test_a_dict_leaves_only_syntax_bound():
    """An output of free keys has no schema: JSONAdapter asks for any object, and the table says so."""
    loose = prompts(dspy.Predict("note -> facts: dict[str, str]"), NOTE)["JSON"]
    assert loose.bound_by == "JSON syntax"
    assert "schema, beside" not in repr(loose)


def test_html_stands_without_styles(summaries):
    """Headings, sizes and texts need no style; nothing in a note becomes part of the page."""
    html = summaries._repr_html_()
    assert html.startswith("<table><thead><tr><th>adapter</th>")
    assert html.count("A cold &lt;b&gt;since&lt;/b&gt; Monday.") == 4
    assert "<script" not in html


def test_four_are_chosen_from_a_list(summaries):
    """More than three have no room side by side: one of them is open, and a click opens another instead."""
    html = summaries._repr_html_()
    assert [html.count(f"<summary><b>{name}</b>") for name in ("Chat", "JSON", "XML", "BAML")] == [1] * 4
    assert len(set(re.findall(r'<details name="([^"]+)"', html))) == 1
    assert len(re.findall(r'<details name="[^"]+" open>', html)) == 1


def test_two_stand_in_the_columns_of_a_table():
    """A table keeps them side by side where styles are stripped; what both send is shown once."""
    program = dspy.Predict("note -> summary")
    program.demos = [dspy.Example(note="A broken arm.", summary="Fracture.")]
    both = {"Chat": dspy.ChatAdapter(), "again": dspy.ChatAdapter(), "XML": dspy.XMLAdapter()}
    html = prompts(program, NOTE, both)._repr_html_()
    assert html.count("<td style=") == 3
    assert "the same in all" not in html
    html = prompts(program, NOTE, dict(list(both.items())[:2]))._repr_html_()
    assert html.count("· the same in all 2") == 4
    assert html.count("A cold &lt;b&gt;since&lt;/b&gt; Monday.") == 1


def test_demos_are_folded():
    """Demos are long and alike; they are there, and shut."""
    program = dspy.Predict("note -> summary")
    program.demos = [dspy.Example(note="A broken arm.", summary="Fracture.")]
    html = prompts(program, NOTE)["Chat"]._repr_html_()
    assert html.startswith("<p><b>4 messages, ")
    assert html.count("<details style") == 2


def test_adapters_of_your_own_can_be_compared():
    """Any adapter may stand beside the others, TwoStep with its model too; no model is asked."""
    lm = dspy.LM("test/model", engine=ScriptedEngine("never"), cache=False)
    adapters = {"Chat": dspy.ChatAdapter(), "TwoStep": dspy.TwoStepAdapter(lm)}
    shown = prompts(dspy.Predict("note -> summary"), NOTE, adapters, lm=lm)
    assert list(shown.drafts) == ["Chat", "TwoStep"]
    assert lm.history == []


def test_two_adapters_are_diffed_by_name(summaries):
    """The diff bears their names; an unknown one lists those there are."""
    assert repr(summaries.diff("JSON", "BAML")).startswith("JSON → BAML: ")
    with pytest.raises(KeyError, match=r"No adapter 'json' here.+Chat, JSON, XML, BAML"):
        summaries.diff("json", "BAML")


def test_reasoning_is_part_of_the_prompt():
    """Any module can be shown; ChainOfThought asks for its extra field."""
    shown = prompts(dspy.ChainOfThought("note -> summary"), NOTE)
    assert all("reasoning" in repr(draft) for draft in shown.drafts.values())
