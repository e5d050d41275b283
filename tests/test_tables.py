"""Tables read well as text and as HTML, and let no markup through."""

import pytest

from kit import tables


def test_numbers_stand_to_the_right():
    """Text is aligned to the left, a column of numbers to the right, with its heading."""
    assert tables.columns(["model", "calls"], [["small", 12], ["large", 1234]]).splitlines() == [
        "model  calls",
        "small     12",
        "large  1,234",
    ]


def test_one_word_makes_a_column_text():
    """A column that is not numbers throughout is text."""
    assert tables.columns(["n"], [[1], ["none"]]).splitlines() == ["n", "1", "none"]


def test_a_table_may_be_empty():
    """Without rows, the headings stay."""
    assert tables.columns(["model", "calls"], []) == "model  calls"
    assert tables.table(["n"], []) == "<table><thead><tr><th>n</th></tr></thead><tbody></tbody></table>"


@pytest.mark.parametrize(
    ("value", "text"),
    [(True, "True"), (1234567, "1,234,567"), (0.5, "0.5"), (None, "None"), ("≈ 12 %", "≈ 12 %")],
)
def test_values_are_shown_as_they_read(value, text):
    """Whole numbers get their commas; a boolean stays a word."""
    assert tables.columns(["v"], [[value]]).splitlines()[1].strip() == text


def test_markup_is_escaped():
    """What a model wrote cannot become part of the page."""
    assert "<script>" not in tables.table(["<script>"], [["<script>"]])
    assert "<script>" not in tables.section("<script>", "<script>")
    assert "&lt;script&gt;" in tables.section("", "<script>")


def test_sections_can_be_folded():
    """A folded section has no `open`, so the page shows its title alone."""
    assert tables.section("title", "text").startswith("<details open ")
    assert tables.section("title", "text", folded=True).startswith("<details style")
