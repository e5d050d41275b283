"""A run that is killed without warning goes on where it stopped."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "batch_kill.py"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs POSIX, for fork and kill -9; nothing to install")
def test_five_kills_lose_no_row_and_repeat_no_partition():
    """Each row is in the output once, with its own answer; finished partitions are left alone."""
    run = subprocess.run([sys.executable, SCRIPT, "--rows", "1600"], capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.count("killed") >= 3, "a kill came too late to test anything"
    assert "1,600          1,600           1         1,600         0" in run.stdout
