"""Spans go by OpenTelemetry's own two settings to any backend; here it is a collector on loopback."""

import subprocess
import sys
from pathlib import Path

import dspy
import httpx
import pytest
from collector import Collector
from scripted import ScriptedEngine

from kit.engines import lm_for
from kit.tracing import otlp, trees

OWN_PROJECT = """
import dspy
from dspy.utils import DummyLM
from openinference.instrumentation.dspy import DSPyInstrumentor
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
{first}
{second}
dspy.configure(lm=DummyLM([{{"answer": "blue"}}]))
Careful("question -> answer")(question="What colour is the sky?")
provider.shutdown()
"""
SUBCLASS = "class Careful(dspy.Predict): pass"
INSTRUMENT = "DSPyInstrumentor().instrument(tracer_provider=provider)"


@pytest.fixture
def ask():
    lm = lm_for(ScriptedEngine('{"answer": "blue"}'), model="scripted/one", temperature=0.0)
    dspy.configure(lm=lm, adapter=dspy.JSONAdapter())
    return dspy.Predict("question -> answer")


@pytest.fixture
def collector(monkeypatch):
    with Collector() as running:
        for name, value in running.settings.items():
            monkeypatch.setenv(name, value)
        yield running


def shape(trace):
    return [(depth, span.name, span.input_tokens, span.outputs) for depth, span in trace._walk()]


def test_what_arrives_is_the_tree_of_the_notebook(ask, collector):
    """Names, nesting, results and tokens of the collector's tree are those of `kit.trace`."""
    with trees.trace() as seen, otlp.sending():
        ask(question="What colour is the sky?")
    assert len(seen.spans()) >= 3
    assert shape(collector.trace()) == shape(seen)
    assert collector.trace().spans("LLM")[0].answered_by == "live"


def test_afterwards_dspy_is_as_it_was(ask, collector):
    """No wrapper and no callback stays, and a later call sends nothing."""
    before = dspy.LM.__call__
    with otlp.sending():
        assert dspy.LM.__call__ is not before
    ask(question="What colour is the sky?")
    assert dspy.LM.__call__ is before
    assert dspy.settings.callbacks == []
    assert collector.taken == []


def test_no_key_is_sent(ask, collector, monkeypatch):
    """A backend is often another company's: keys stay here."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-proj-0123456789abcdefghijklmnop")
    with otlp.sending():
        ask(question="Is sk-proj-0123456789abcdefghijklmnop a key?")
    assert collector.taken
    assert b"0123456789abcdefghijklmnop" not in b"".join(span.SerializeToString() for span in collector.taken)


def test_a_backend_that_is_gone_does_not_stop_a_program(ask, monkeypatch):
    """The answer comes, and the `with` ends within the exporter's time limit."""
    with Collector() as gone:
        pass
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", gone.address)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")
    with otlp.sending():
        assert ask(question="Is anyone there?").answer == "blue"


def test_the_collector_takes_nothing_without_its_key(collector):
    """A neighbour on this machine can neither write spans nor send it nonsense."""
    url = f"{collector.address}/v1/traces"
    key = {"Authorization": f"Bearer {collector.key}"}
    assert httpx.post(url, content=b"").status_code == 401
    assert httpx.post(url, content=b"\xff\xff", headers=key).status_code == 400
    assert httpx.post(collector.address, content=b"", headers=key).status_code == 404
    assert collector.taken == []


def run(first, second, collector):
    code = OWN_PROJECT.format(first=first, second=second)
    command = [sys.executable, "-c", code]
    return subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True, timeout=120)


def test_the_same_two_settings_serve_a_project_without_the_kit(collector):
    """OpenTelemetry's exporter and OpenInference's instrumentor, as the lesson shows them."""
    ran = run(INSTRUMENT, SUBCLASS, collector)
    assert ran.returncode == 0, ran.stderr
    assert [span.name for span in collector.trace().spans("LLM")] == ["DummyLM dummy"]


def test_instrument_before_predict_is_subclassed(collector):
    """The other order fails (OpenInference 0.1.48): it looks for your class in dspy."""
    ran = run(SUBCLASS, INSTRUMENT, collector)
    assert "module 'dspy' has no attribute 'Careful'" in ran.stderr
