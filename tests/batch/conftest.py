"""What the tests of kit.batch share: an endpoint in a process of its own, and a program that asks it."""

import dspy
import pandas
import pytest
from endpoint import Endpoint

from kit import batch


@pytest.fixture(scope="session")
def endpoint():
    with Endpoint() as endpoint:
        yield endpoint


@pytest.fixture
def ask(endpoint, tmp_path):
    """Return a function that runs `text -> answer` over texts, or over another source."""

    def ask(source, behaviour="echo", *, program=None, to=tmp_path / "out", lm=None, **options):
        source = pandas.DataFrame({"text": source}) if isinstance(source, list) else source
        options = {"inputs": ["text"], "threads": 4, "partition_rows": 10, "progress": False} | options
        program = program or dspy.Predict("text -> answer")
        with dspy.context(lm=lm or endpoint.lm(behaviour), adapter=dspy.JSONAdapter()):
            return batch.run(program, source, to=to, **options)

    return ask


@pytest.fixture
def asked(endpoint):
    """Return a function that says how often a text has arrived at the endpoint."""
    return lambda text: endpoint.seen()["texts"].get(text, 0)
