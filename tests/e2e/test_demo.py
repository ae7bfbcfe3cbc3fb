"""The demo does what it says, and reports it when it cannot."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DEMO = (sys.executable, "-m", "examples.demo")


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize("options", [(), ("--server",)])
def test_demo_shows_one_wait_over_two_processes(options: tuple[str, ...]) -> None:
    demo = subprocess.run(
        [*DEMO, *options], cwd=ROOT, capture_output=True, text=True, timeout=100, check=False
    )

    assert demo.returncode == 0, demo.stdout + demo.stderr
    assert "a standing desk, 300 EUR: approved by Ada" in demo.stdout
    assert demo.stderr == ""


@pytest.mark.slow
def test_demo_without_curl_fails_with_a_reason(tmp_path: Path) -> None:
    demo = subprocess.run(
        DEMO, cwd=ROOT, env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False
    )

    assert demo.returncode == 1
    assert "demo: curl is not on the PATH" in demo.stderr
