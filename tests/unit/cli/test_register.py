"""`awaken serve --register` stops the endpoint if no runtime will ever call it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from awaken.cli.admin import register_deployment
from awaken.cli.failures import CommandError

#: Stands in for the endpoint: ends the registration when it is stopped, and exits with its status.
ENDPOINT = """
import os, signal, subprocess, sys
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
arguments = ["http://127.0.0.1:9080", "http://127.0.0.1:1", str(os.getpid()), "0"]
unblock = lambda: signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
command = [sys.executable, "-m", "awaken.cli.registrar", *arguments]
registration = subprocess.Popen(command, preexec_fn=unblock)
signal.sigwait([signal.SIGTERM])
registration.terminate()
sys.exit(registration.wait())
"""


@pytest.mark.slow
def test_failed_registration_stops_the_endpoint_and_is_seen_by_it() -> None:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}

    endpoint = subprocess.run(
        [sys.executable, "-c", ENDPOINT], env=environment, capture_output=True, text=True
    )

    assert endpoint.returncode == 1
    assert endpoint.stderr.startswith("error: nothing answers at http://127.0.0.1:1")
    assert endpoint.stderr.count("\n") == 1  # and Python has nothing to warn of


@pytest.mark.slow
def test_waiting_for_a_runtime_is_shown_and_ends(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(CommandError, match="nothing answers"):
        register_deployment("http://127.0.0.1:1", "http://127.0.0.1:9080", patience=1.0)

    assert capfd.readouterr().err.count("waiting for the admin API") == 1
