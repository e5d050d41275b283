"""The tree of a trace: its shape, its sums, and what its two views show."""

import re

import pytest

from kit.display.traces import RecordedSpan, Trace, tree


def recorded(name, parent=None, start=0.0, end=1.0, error="", **attributes):
    kind = attributes.pop("kind", "CHAIN")
    return RecordedSpan(name, parent, name, start, end, {"openinference.span.kind": kind} | attributes, error)


def model_call(parent, start, tokens, answered_by="replayed", seconds=2.0):
    counts = {
        "llm.token_count.prompt": tokens,
        "llm.token_count.completion": 10 if tokens else 0,
        "llm.model_name": "small",
    }
    ours = {"kit.answered_by": answered_by, "kit.seconds": seconds}
    said = {
        "llm.input_messages.0.message.content": "Label it.",
        "llm.input_messages.1.message.content": "<b>late</b>",
        "llm.output_messages.0.message.content": '{"label": "x"}',
    }
    one = recorded("LM.__call__", parent, start, start + 0.5, kind="LLM", **counts, **ours, **said)
    return RecordedSpan(f"LM{start}", parent, one.name, one.start, one.end, one.attributes)


@pytest.fixture
def trace():
    return tree(
        [
            model_call("Desk.forward", 0.3, 200),
            recorded("find.__call__", "Desk.forward", 0.2, 0.25, "ValueError: no order", kind="TOOL"),
            model_call("Desk.forward", 0.1, 1000),
            recorded("Desk.forward", None, 0.0, 1.0, **{"output.value": '{"answer": "soon"}'}),
        ]
    )


def test_text_is_a_table_with_the_tree_at_its_left(trace):
    """Spans stand in the order in which they began; tokens and seconds add up; a failure says why."""
    assert re.sub(r"-{2,}", "-", repr(trace)).splitlines() == [
        "span        kind   answered by  tokens in  tokens out  seconds  result",
        'Desk        CHAIN                   1,200          20      4.0  answer="soon"',
        '  LM small  LLM    replayed         1,000          10      2.0  {"label": "x"}',
        "  find      TOOL                        -           -        -  ValueError: no order",
        '  LM small  LLM    replayed           200          10      2.0  {"label": "x"}',
    ]


def test_html_folds_and_lets_no_markup_through(trace):
    """The page has one foldable line for each span, and text from a model stays text."""
    page = trace._repr_html_()
    assert page.count("<details><summary>") == 4
    assert "4 spans, 2 model calls, 1,200 tokens in, 20 out, 4.0 s of computing" in page
    assert "<b>late</b>" not in page
    assert "&lt;b&gt;late&lt;/b&gt;" in page
    assert "error: ValueError: no order" in page


def test_an_adapter_and_its_call_are_one_line():
    """The line names the adapter, and holds what it made of the reply; retries keep their own."""
    spans = [
        recorded("Predict.forward"),
        recorded("ChatAdapter.__call__", "Predict.forward", 0.1, 0.9),
        recorded("LM.__call__", "ChatAdapter.__call__", 0.2, 0.8, kind="LLM"),
    ]
    page = tree(spans)._repr_html_()
    assert page.count("<details><summary>") == 2
    assert "<small>ChatAdapter</small>" in page
    again = recorded("LM.acall", "ChatAdapter.__call__", 0.3, 0.4, kind="LLM")
    assert tree([*spans, again])._repr_html_().count("<details><summary>") == 4


def test_a_call_that_is_seen_twice_is_shown_once():
    """OpenInference wraps Predict's __call__ and its forward: two spans, one call."""
    twice = [recorded("Predict.forward"), recorded("Predict(Triage).forward", "Predict.forward", 0.1, 0.9)]
    assert [span.name for span in tree(twice).spans()] == ["Predict(Triage)"]


def test_an_orphan_starts_a_tree_of_its_own():
    """A span whose parent was never seen is kept."""
    assert [root.name for root in tree([recorded("a", "lost"), recorded("b")]).roots] == ["a", "b"]


def test_a_cached_call_has_no_tokens_and_no_seconds():
    """A hit costs nothing, and the tree says so."""
    line = repr(tree([model_call(None, 0.0, 0, "cached", 0.0)])).splitlines()[1]
    assert line.split()[:7] == ["LM", "small", "LLM", "cached", "-", "-", "-"]


def test_a_live_model_that_notes_no_seconds_is_timed_by_the_clock():
    """Providers do not say how long they computed."""
    (call,) = tree([model_call(None, 0.0, 100, "live", 0.0)]).spans()
    assert call.seconds == call.clock_seconds == 0.5


def test_spans_can_be_asked_for_by_kind(trace):
    """Tools, models and the rest can be looked at apart."""
    assert [span.name for span in trace.spans("TOOL")] == ["find"]
    assert len(trace.spans()) == 4


def test_a_frame_has_a_row_for_each_span(trace):
    """pandas takes it from there."""
    frame = trace.to_frame()
    assert list(frame["depth"]) == [0, 1, 1, 1]
    assert list(Trace().to_frame().columns) == list(frame.columns)


def test_an_empty_trace_shows_its_headings():
    """Nothing ran: nothing is shown, and nothing fails."""
    assert repr(Trace()).startswith("span  kind")
    assert "0 spans" in Trace()._repr_html_()
