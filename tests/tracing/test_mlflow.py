"""MLflow traces DSPy by one line, in an environment that uv makes from a script's first lines."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "notebooks" / "mlflow_desk.py"
PLACES = re.compile(r"^(?:AGENT|CHAIN|LLM|CHAT_MODEL|TOOL) +(\S+)$", re.MULTILINE)


def test_the_script_asks_for_the_dspy_that_the_lessons_use():
    """Its own environment holds the same DSPy, so what it shows is true here."""
    (pinned,) = re.findall(r'"(dspy==\S+)"', SCRIPT.read_text(encoding="utf-8"))
    assert pinned in (ROOT / "constraints.txt").read_text(encoding="utf-8").split()


def test_autolog_traces_agent_model_and_tools(tmp_path):
    """The spans that lesson 10 prints: the agent, each call of a model, and both tools."""
    if not (uv := shutil.which("uv")):
        pytest.skip("needs uv")
    command = [uv, "run", "--offline", "--script", str(SCRIPT), f"sqlite:///{tmp_path / 'mlflow.db'}"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=600)
    if ran.returncode and "Traceback" not in ran.stderr:  # uv could not make the environment
        made = f"uv sync --script {SCRIPT.relative_to(ROOT)}"
        if os.environ.get("CI"):
            pytest.fail(f"CI tests a real MLflow: run `{made}` first.\n{ran.stderr}")
        pytest.skip(f"needs MLflow's environment: {made}")
    assert ran.returncode == 0, ran.stderr
    spans = PLACES.findall(ran.stdout)
    assert spans[0] == "ReAct.forward"
    assert spans.count("DummyLM.__call__") == 4
    assert [span for span in spans if span.startswith("Tool.")] == ["Tool.find_order", "Tool.track_parcel"]
