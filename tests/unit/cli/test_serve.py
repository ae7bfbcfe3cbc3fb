"""`awaken serve` as a process."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests import frames

pytestmark = pytest.mark.slow


def test_blocked_thread_does_not_keep_the_process_alive() -> None:
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "awaken.cli",
            "serve",
            "blocking_app:app",
            "--bind",
            "127.0.0.1:0",
            "--grace",
            "0.2",
        ],
        cwd=Path(__file__).parent,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        port = int(process.stdout.readline().rsplit(":", 1)[1])
        client = http.client.HTTPConnection("127.0.0.1", port)
        headers = {"content-type": "application/vnd.restate.invocation.v6"}
        client.request("POST", "/invoke/Blocking/block_for_ever", frames.request(), headers)
        assert process.stdout.readline() == "blocked\n"

        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate()
        client.close()
    finally:
        process.kill()

    assert process.returncode == 0
    assert "1 blocking actions did not end" in errors
