"""No key survives in a text that is shown, stored or sent."""

import time

import pytest

from kit.redaction import HIDDEN, hide


@pytest.mark.parametrize(
    "text",
    [
        '{"api_key": "s3cr3t-value"}',
        r'{"kwargs": "{\"api_key\": \"s3cr3t-value\"}"}',
        "{'Authorization': 'Bearer s3cr3t-value'}",
        "aws_secret_access_key=s3cr3t-value, region=eu",
        "azure_ad_token: s3cr3t-value",
        "curl -H 'X: Bearer s3cr3t-value'",
        "Incorrect API key provided: sk-s3cr3t-value.",
    ],
)
def test_a_key_is_hidden_however_it_is_written(text):
    """JSON, JSON inside JSON, a dict's repr, a header, an error message."""
    assert "s3cr3t-value" not in hide(text)
    assert HIDDEN in hide(text)


def test_the_environments_keys_are_hidden_anywhere(monkeypatch):
    """The value of a variable named ..._KEY goes even where nothing says that it is a key."""
    monkeypatch.setenv("LOCAL_SERVER_KEY", "plain-looking")
    assert hide("refused: plain-looking!") == "refused: (hidden)!"


@pytest.mark.parametrize(
    "text", ['{"max_tokens": 1000, "temperature": 0.0}', "the key question: who pays?", ""]
)
def test_all_else_stays(text):
    """Token counts and plain words are no secrets."""
    assert hide(text) == text


@pytest.mark.parametrize("letter", ["a", "A", "api", "secret"])
def test_a_picture_in_base64_takes_no_time(letter):
    """Spans may hold megabytes without a space; each character is looked at once."""
    began = time.perf_counter()
    assert hide(letter * 1_000_000) is not None
    assert time.perf_counter() - began < 5
