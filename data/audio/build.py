"""Speak the clip with espeak-ng (in most Linux distributions; `brew install espeak-ng` on macOS).

python data/audio/build.py
"""

from __future__ import annotations

import subprocess
from pathlib import Path

HERE = Path(__file__).parent


def main() -> None:
    """Write attendant.wav from attendant.txt."""
    text = (HERE / "attendant.txt").read_text(encoding="utf-8").strip()
    subprocess.run(
        ["espeak-ng", "-v", "en-gb", "-s", "165", "-w", str(HERE / "attendant.wav"), text], check=True
    )


if __name__ == "__main__":
    main()
