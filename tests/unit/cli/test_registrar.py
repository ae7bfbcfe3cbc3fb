"""`awaken serve --register` stops the endpoint when nobody will ever call it."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest
from awaken.cli import registrar
from awaken.cli.admin import register_deployment
from awaken.cli.failures import CommandError


@pytest.fixture
def bystander() -> subprocess.Popen[bytes]:
    """A process in the place of the endpoint."""
    return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])


def test_failed_registration_stops_the_endpoint(
    bystander: subprocess.Popen[bytes], capfd: pytest.CaptureFixture[str]
) -> None:
    status = registrar.main("http://127.0.0.1:9080", "http://127.0.0.1:1", bystander.pid, patience=0.0)

    assert status == 1
    assert bystander.wait() == -signal.SIGTERM
    assert "nothing answers at http://127.0.0.1:1" in capfd.readouterr().err


def test_waiting_for_a_runtime_is_shown_and_ends(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(CommandError, match="nothing answers"):
        register_deployment("http://127.0.0.1:1", "http://127.0.0.1:9080", patience=0.3)

    assert capfd.readouterr().err.count("waiting for the admin API") == 1
