"""Metrics for one field agree with scores worked out by hand, and name what is missing."""

import dspy
import pytest

from kit.evaluation.fields import exact, overlap


def topics(*labels):
    return dspy.Example(topics=list(labels))


def test_equality_is_all_or_nothing():
    """The same value scores 1, any other 0, and case counts."""
    gold = dspy.Example(urgency="high")
    scores = [exact("urgency")(gold, dspy.Prediction(urgency=said)).score for said in ("high", "High", "low")]
    assert scores == [1.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("expected", "predicted", "score"),
    [
        (["a"], ["a"], 1.0),
        (["a", "b"], ["a"], 2 / 3),  # 2 * 1 shared / (2 + 1)
        (["a", "b"], ["b", "c", "d"], 0.4),  # 2 * 1 / (2 + 3)
        (["a"], ["b"], 0.0),
        (["a"], [], 0.0),
        ([], [], 1.0),
        (["a"], ["a", "a"], 1.0),  # a label named twice is one label
    ],
)
def test_overlap_by_hand(expected, predicted, score):
    """Partial credit is twice the shared labels, divided by the labels on both sides."""
    found = overlap("topics")(topics(*expected), dspy.Prediction(topics=predicted))
    assert found.score == pytest.approx(score)


def test_feedback_says_what_is_amiss():
    """GEPA's reflection model reads which labels are missing and which are too many."""
    found = overlap("topics")(topics("a", "b"), dspy.Prediction(topics=["b", "c"]))
    assert found.feedback == "missing 'a'; too many 'c'"
    assert overlap("topics")(topics("a"), dspy.Prediction(topics=["a"])).feedback == "right"


def test_a_misspelt_field_is_named_with_those_there_are():
    """A typo is an error that lists the fields, on whichever side it is missing."""
    with pytest.raises(AttributeError, match=r"The example has no field 'urgncy'; it has \['urgency'\]"):
        exact("urgncy")(dspy.Example(urgency="low"), dspy.Prediction(urgncy="low"))
    with pytest.raises(AttributeError, match=r"The prediction has no field 'urgency'; it has \['answer'\]"):
        exact("urgency")(dspy.Example(urgency="low"), dspy.Prediction(answer="low"))


@pytest.mark.parametrize("predicted", ["network", None, 3])
def test_labels_must_be_a_list(predicted):
    """A string is not taken apart into letters."""
    with pytest.raises(TypeError, match="'topics' must be a list of labels"):
        overlap("topics")(topics("network"), dspy.Prediction(topics=predicted))
