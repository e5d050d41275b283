"""Rows that stand in two splits are found, the nearly equal ones too, and no others."""

import itertools
import random

import dspy
import pytest
from splits import leaks, words

TRAIN = ["The printer on floor two jams.", "I cannot log in since this morning, please help."]


def test_the_same_text_is_found_whatever_its_case_and_marks():
    """Case, punctuation and spaces do not make another row."""
    found = leaks(train=TRAIN, test=["A new screen, please.", "the PRINTER on\nfloor two jams!!!"])
    assert found[["split", "row", "also_split", "also_row", "alike", "kind"]].values.tolist() == [
        ["train", 0, "test", 1, 1.0, "same"]
    ]


def test_near_by_hand():
    """Nine words, one changed: 8 shared of 10 different ones are 0.8."""
    near = "I cannot log in since this evening, please help."
    found = leaks(train=TRAIN, test=[near, "No."])
    assert found.alike.tolist() == [0.8]
    assert found.kind.tolist() == ["near"]
    assert leaks(train=TRAIN, test=[near, "No."], similarity=0.81).empty


def test_another_order_is_near_and_not_the_same():
    """The same words in another order are alike to 1.0, yet another text."""
    found = leaks(train=["cat bites dog", "x"], test=["dog bites cat", "y"])
    assert (found.alike[0], found.kind[0]) == (1.0, "near")


def test_examples_are_compared_by_their_inputs():
    """Labels that differ do not hide that two rows ask the same."""
    train, test = (
        [dspy.Example(text=t, label=s).with_inputs("text") for t in (f"{s} row", "both")] for s in "ab"
    )
    assert leaks(train=train, test=test)[["row", "also_row"]].values.tolist() == [[1, 1]]


def test_three_splits_make_three_pairs():
    """Every split is compared with every other, and most alike come first."""
    found = leaks(
        a=["one two three four five", "x"], b=["one two three four", "y"], c=["x!", "one two three four"]
    )
    assert found[["split", "also_split"]].values.tolist() == [["a", "c"], ["b", "c"], ["a", "b"], ["a", "c"]]
    assert found.alike.tolist() == [1.0, 1.0, 0.8, 0.8]


def test_twins_within_a_split_are_no_leak():
    """A training set may say a thing twice; nothing crosses over."""
    assert leaks(train=["same", "same"], test=["other", "another"]).empty


def test_texts_without_words_are_compared_as_they_stand():
    """Two different signs are not the same empty text."""
    found = leaks(train=["?!", "..."], test=["?!", "--"])
    assert found[["row", "also_row"]].values.tolist() == [[0, 0]]


def test_a_table_without_leaks_has_its_columns():
    """Code that reads the table works on good data too."""
    assert list(leaks(train=TRAIN, test=["a", "b"]).columns[:4]) == ["split", "row", "also_split", "also_row"]


@pytest.mark.parametrize("similarity", [0.5, 0.55, 0.7, 0.8, 1.0])
def test_the_short_cut_misses_no_pair(similarity):
    """Comparing rarest words first finds exactly what comparing all pairs finds."""
    draw = random.Random(0)
    left, right = (
        [" ".join(draw.choices("abcdefgh", k=draw.randint(1, 9))) for _ in range(60)] for _ in "lr"
    )
    pairs = itertools.product(enumerate(left), enumerate(right))
    alike = {
        (i, j): len({*a.split()} & {*b.split()}) / len({*a.split()} | {*b.split()})
        for (i, a), (j, b) in pairs
    }
    found = leaks(left=left, right=right, similarity=similarity)
    expected = {pair for pair, share in alike.items() if share >= similarity}
    assert set(zip(found.row, found.also_row, strict=True)) == expected


@pytest.mark.parametrize(("rows", "count"), [([], "0 rows"), (["one"], "1 row")])
def test_a_split_of_none_or_one_is_refused(rows, count):
    """An empty file or a filter that kept nothing is named before any score is made of it."""
    with pytest.raises(ValueError, match=f"Split 'validation' has {count}; expected at least 2"):
        leaks(train=TRAIN, validation=rows)


def test_one_split_has_nothing_to_leak_into():
    """Two splits are the least."""
    with pytest.raises(ValueError, match="two splits or more"):
        leaks(train=TRAIN)


@pytest.mark.parametrize("similarity", [0, 1.5, 80])
def test_a_similarity_is_a_share(similarity):
    """80 is not 80 %."""
    with pytest.raises(ValueError, match="share in"):
        leaks(train=TRAIN, test=TRAIN, similarity=similarity)


def test_forgotten_inputs_are_an_error():
    """Which fields are inputs must be said, or labels would be compared."""
    with pytest.raises(ValueError, match="with_inputs"):
        leaks(train=[dspy.Example(text="a")] * 2, test=TRAIN)


def test_words_of_other_scripts_count():
    """Umlauts, full-width letters and Cyrillic are words too."""
    assert words("Straße, \uff21\uff22\uff23 — Да!") == ["strasse", "abc", "да"]
