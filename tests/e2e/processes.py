"""Child processes of the suite, with their output in a file."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

#: Below the ephemeral ranges of Linux and macOS, so that no outgoing connection takes a port between a kill and the
#: restart on it, and no client can connect to itself.
PORTS = range(15_000, 32_000)
_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_WORKERS = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
_given: set[int] = set()


def free_port() -> int:
    """Return a loopback port that nothing listens on, and that no other test of this run has been given."""
    ports = [port for port in PORTS if port % _WORKERS == _WORKER and port not in _given]
    for port in random.sample(ports, 100):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                _given.add(port)
                return port
    raise OSError(f"none of 100 ports tried in {PORTS} is free")


def is_listening(port: int) -> bool:
    """Return whether something accepts connections on this loopback port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Process:
    """A program that may run several times, one after the other; all runs write to one log."""

    def __init__(self, command: Sequence[str], *, log: Path, cwd: Path, env: Mapping[str, str]) -> None:
        self._command = list(command)
        self._log = log
        self._cwd = cwd
        self._env = env
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        return self._running().pid

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def start(self) -> None:
        if self.is_alive():
            raise RuntimeError(f"{self._command[0]} already runs as process {self.pid}")
        with self._log.open("ab") as output:
            self._child = subprocess.Popen(
                self._command,
                cwd=self._cwd,
                env={**os.environ, **self._env},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # so that `kill` reaches its workers
            )

    def is_alive(self) -> bool:
        return self._child is not None and self._child.poll() is None

    def terminate(self) -> None:
        """Send SIGTERM and return at once."""
        self._running().send_signal(signal.SIGTERM)

    def wait(self, *, within: float) -> int:
        """Wait for the end and return the exit code (negative: the signal that ended it)."""
        try:
            return self._running().wait(within)
        except subprocess.TimeoutExpired:
            raise TimeoutError(
                f"process {self.pid} ({self._command[0]}) still runs after {within:g} s"
            ) from None

    def stop(self, *, within: float = 20) -> int:
        """Send SIGTERM and wait for the end."""
        self.terminate()
        return self.wait(within=within)

    def kill(self) -> None:
        """Send SIGKILL to the process and its workers, unless they have ended already."""
        if self._child is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._child.pid, signal.SIGKILL)
            self._child.wait()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._child is None:
            raise RuntimeError(f"{self._command[0]} was never started")
        return self._child
