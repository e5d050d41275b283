"""What holds before a model is asked: rows fit the signature, the metric knows right, answers are typed."""

import dspy
import pytest
from dspy.utils import DummyLM
from prototype import task
from prototype.modules import served
from pydantic import TypeAdapter

(PROGRAM,) = task.programs().values()
SIGNATURE = PROGRAM.predictors()[0].signature


def answering(row: dspy.Example) -> DummyLM:
    """Return a model that gives a row's own answer."""
    return DummyLM([dict(row.labels())], adapter=dspy.JSONAdapter())


@pytest.mark.parametrize("row", task.rows())
def test_rows_fit_the_signature(row: dspy.Example) -> None:
    """Each row has every field, in its type."""
    for name, field in SIGNATURE.fields.items():
        TypeAdapter(field.annotation).validate_python(row[name], strict=True)


@pytest.mark.parametrize("row", task.rows())
def test_the_metric_knows_right_from_wrong(row: dspy.Example) -> None:
    """A row's own answer is right, and none at all is wrong."""
    nothing = dict.fromkeys(SIGNATURE.output_fields)
    assert task.score(row, dspy.Prediction(**row.labels())) == 1
    assert task.score(row, dspy.Prediction(**nothing)) < 1


@pytest.mark.parametrize("row", task.rows())
def test_the_program_answers(row: dspy.Example) -> None:
    """The program reads a reply into the signature's types."""
    with dspy.context(lm=answering(row), adapter=dspy.JSONAdapter()):
        assert task.score(row, PROGRAM(**row.inputs())) == 1


def test_what_is_served_answers_in_its_types(monkeypatch: pytest.MonkeyPatch) -> None:
    """dspy-cli's endpoint gives a typed answer."""
    row = task.rows()[0]
    monkeypatch.setattr(served, "lm", lambda: answering(row))
    (module,) = (
        found
        for found in vars(served).values()
        if isinstance(found, type) and issubclass(found, dspy.Module) and found.__module__ == served.__name__
    )
    assert task.score(row, dspy.Prediction(**module()(**row.inputs()).model_dump())) == 1
