"""The committed stubs are generated from the current `.proto` files."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.mark.slow
def test_stubs_are_current(tmp_path: Path) -> None:
    script = str(ROOT / "scripts" / "generate_control.py")
    subprocess.run([sys.executable, script, str(tmp_path)], check=True)

    generated = {path.name: path.read_text() for path in (tmp_path / "awaken/control/v1").iterdir()}
    committed = {
        path.name: path.read_text()
        for path in (ROOT / "python/awaken/control/v1").iterdir()
        if "_pb2" in path.name
    }

    assert committed == generated
