"""A diff says with signs what its colours say, and leaves nothing out."""

import dspy
import pytest

from kit.display.comparisons import prompts
from kit.display.diffs import diff
from kit.display.prompts import Message, Prompt

LINES = [f"line {number}" for number in range(1, 10)]


def test_changes_are_signed_and_the_rest_is_counted():
    """Two lines around a change are shown; how many are not is said."""
    after = "\n".join(LINES).replace("line 5", "line five")
    assert repr(diff("\n".join(LINES), after)).splitlines() == [
        "before → after: 1 line out, 1 in",
        "  ... 2 lines the same",
        "  line 3",
        "  line 4",
        "- line 5",
        "+ line five",
        "  line 6",
        "  line 7",
        "  ... 2 lines the same",
    ]


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        ("", "a", ["before → after: 0 lines out, 1 in", "+ a"]),
        ("a\nb", "", ["before → after: 2 lines out, 0 in", "- a", "- b"]),
        ("a", "a", ["before → after: the same"]),
        ("", "", ["before → after: the same"]),
    ],
)
def test_texts_may_be_empty_or_the_same(before, after, shown):
    """All of it new, all of it gone, nothing changed: each has its form."""
    assert repr(diff(before, after)).splitlines() == shown
    assert diff(before, after)._repr_html_().startswith(f"<p><b>{shown[0]}</b></p><pre")


def test_changed_words_are_bold_in_html():
    """In a long line that changes a little, the eye finds the word; where all changes, nothing is bold."""
    html = diff("Label the message in one word.", "Label the urgent message in one word.")._repr_html_()
    assert "+ Label the<b> urgent</b> message in one word.</span>" in html
    assert "<b>" not in diff("red green", "one two")._repr_html_().partition("<pre")[2]


def test_empty_lines_and_brackets_tie_nothing_together():
    """Lines without a word are no anchors: a block that is replaced stays in one piece."""
    lines = repr(diff("one\n\n{\ntwo\n}", "three\n\n{\nfour\n}")).splitlines()[1:]
    assert [line[0] for line in lines] == ["-"] * 5 + ["+"] * 5


def test_markup_is_escaped():
    """What stands in a prompt cannot become part of the page, changed or not."""
    html = diff("<i>a</i>\n<script>", "<i>b</i>\n<script>")._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_long_texts_are_compared_quickly():
    """A replaced text of many words is shown without looking for words that moved."""
    before, after = (" ".join(f"{word}{number}" for number in range(20_000)) for word in "ab")
    assert repr(diff(before, after)).startswith("before → after: 1 line out, 1 in")
    assert "<b>a" not in diff(before, after)._repr_html_()


def sent(text, reply, tokens):
    return Prompt("m", [Message("system", text, tokens), Message("user", "Sky?", 2)], None, reply, tokens, 3)


def test_only_what_was_sent_is_compared():
    """Two prompts with the same messages are the same, whatever was counted or answered."""
    assert (
        repr(diff(sent("Be brief.", "Blue.", 4), sent("Be brief.", "Grey.", 5))) == "before → after: the same"
    )
    changed = repr(diff(sent("Be brief.", "Blue.", 4), sent("Be kind.", "Blue.", 4)))
    assert changed.splitlines()[1:4] == ["  --- system ---", "- Be brief.", "+ Be kind."]


def test_a_changed_signature_shows_in_messages_and_schema():
    """The same adapter before and after: drafts are compared like prompts, the schema with them."""
    before, after = (
        prompts(dspy.Predict(signature), {"note": "A cold."})["JSON"]
        for signature in ("note -> summary", "note -> summary, urgent: bool")
    )
    gone_and_new = [line for line in repr(diff(before, after)).splitlines() if line.startswith(("+", "-"))]
    assert any(line.startswith("+ 2. `urgent` (bool)") for line in gone_and_new)
    assert any(line.startswith('+ {"additionalProperties"') and "urgent" in line for line in gone_and_new)


def test_messages_of_one_title_are_all_compared():
    """A history may hold two messages of the same title; neither hides the other."""
    twice = Prompt("m", [Message("user", "one"), Message("user", "two")], None, "", None, None)
    assert repr(diff("", twice)).splitlines()[1:] == [
        "+ --- user ---",
        "+ one",
        "+",
        "+ --- user, more ---",
        "+ two",
    ]
